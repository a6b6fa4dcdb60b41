"""Mutants of attention, positions, class tokens, and pools of the positions that count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from mtlspec_numpy import attention, positions
from mtlspec_numpy.layers import LAYERS, LAYERS_OF_SEVERAL

from mtlspec.spec.layers import ClassToken, GlobalAveragePool, GlobalMaxPool, LearnedPositions, Scale
from mtlspec_conformance.mutants import mistaken_attention as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every
from mtlspec_conformance.mutants.roundings import single

SELF, UNIFORM, MEMORY = ("layer/attention",), ("layer/attention-uniform",), ("layer/attention-of-a-memory",)
DROPPING, POOLS, TOKEN = ("layer/attention-dropout",), ("layer/masked-pools",), ("layer/class-token",)
LEARNED, KNOWN = ("layer/positions",), ("layer/positions-of-a-known-length",)


def _in(name: str, function: Callable[..., Any]) -> tuple[Graft, ...]:
    return (Graft(attention, name, function),)


def _single_root(units: int) -> float:
    return float(np.float32(1 / math.sqrt(units)))


SCORES = (
    Mutant("scores-unscaled", "Does not scale.", "forward", SELF, grafts=_in("projected", wrong.scaled(lambda n: 1.0))),
    Mutant(
        "scores-by-units",
        "Divides scores by the units, in place of their root.",
        "forward",
        SELF,
        grafts=_in("projected", wrong.scaled(lambda units: 1 / units)),
    ),
    Mutant(
        "attention-scale-in-float32",
        "Rounds the scale of scores, as Keras does.",
        "forward",
        SELF,
        grafts=_in("projected", wrong.scaled(_single_root)),
    ),
    Mutant(
        "units-for-heads",
        "Takes the units of a head for its heads.",
        "forward",
        SELF,
        grafts=_in("projected", wrong.heads_turned),
    ),
    Mutant(
        "weights-detached",
        "Takes weights for constants on the way back.",
        "gradient",
        SELF,
        grafts=_in("weights", wrong.constant_weights),
    ),
    Mutant(
        "masked-after-the-softmax",
        "Cuts weights off after the softmax.",
        "forward",
        SELF,
        grafts=_in("weights", wrong.masked_after),
    ),
    Mutant(
        "nothing-seen-is-the-mean",
        "Shares out among all where a position sees none.",
        "forward",
        SELF,
        grafts=_in("weights", wrong.uniform_rows),
    ),
    Mutant(
        "nothing-seen-is-zero",
        "Takes nothing where the mean is asked for.",
        "forward",
        UNIFORM,
        grafts=_in("weights", wrong.zero_rows),
    ),
    Mutant(
        "gradient-of-masked-scores",
        "Sends a gradient into scores that the mask replaced.",
        "gradient",
        UNIFORM,
        grafts=_in("weights", wrong.through_masked),
    ),
)

SEEING = (
    Mutant("mask-blocks", "Leaves out what counts.", "forward", SELF, grafts=_in("seen", wrong.blocked)),
    Mutant("mask-of-queries", "Masks who looks.", "forward", SELF, grafts=_in("seen", wrong.of_queries)),
    Mutant(
        "mask-forgotten-if-causal",
        "Forgets the mask where it is causal.",
        "forward",
        UNIFORM,
        grafts=_in("seen", wrong.without_mask),
    ),
    Mutant(
        "sees-the-next",
        "Sees one position after its own.",
        "forward",
        UNIFORM,
        grafts=_in("seen", wrong.causal_by(lambda count, memory: 1)),
    ),
    Mutant(
        "causal-from-the-end",
        "Lets the last position see all of a longer memory.",
        "forward",
        MEMORY,
        grafts=_in("seen", wrong.causal_by(lambda count, memory: memory - count)),
    ),
    Mutant(
        "one-mask-for-all-heads",
        "Drops the same weights in every head.",
        "loss",
        DROPPING,
        grafts=_in("dropped", wrong.one_mask_for_all_heads),
    ),
    Mutant(
        "kept-weights-made-whole",
        "Divides kept weights by their sum.",
        "loss",
        DROPPING,
        grafts=_in("dropped", wrong.made_whole_again),
    ),
    Mutant(
        "around-the-normalized",
        "Adds what is normalized, where x itself goes around.",
        "forward",
        ("layer/transformer-encoder-normalized-before",),
        wrong.around_the_normalized,
    ),
)

PLACES = (
    Mutant(
        "positions-by-mean",
        "Averages the gradient of a table of positions over the batch.",
        "gradient",
        LEARNED,
        grafts=(Graft(LAYERS, LearnedPositions, wrong.table_by_mean),),
    ),
    Mutant(
        "rows-from-the-end",
        "Takes the last rows of a table of positions.",
        "forward",
        LEARNED,
        grafts=(Graft(LAYERS, LearnedPositions, wrong.rows_from_the_end),),
    ),
    Mutant(
        "sines-interleaved",
        "Puts each cosine beside its sine, where halves are asked for.",
        "forward",
        KNOWN,
        grafts=(Graft(positions, "sines", wrong.sines_as(arrangement="interleaved")),),
    ),
    Mutant(
        "slowest-sine",
        "Ends its rates above the base, where the base is asked for.",
        "forward",
        KNOWN,
        grafts=(Graft(positions, "sines", wrong.sines_as(slowest="above_base")),),
    ),
    Mutant(
        "sines-from-one",
        "Counts positions from 1.",
        "forward",
        LEARNED,
        grafts=(Graft(positions, "sines", wrong.from_one),),
    ),
    Mutant("factor-in-float32", "Rounds a factor.", "forward", KNOWN, every(Scale, by=single)),
    Mutant("token-last", "Puts it last.", "forward", TOKEN, grafts=(Graft(LAYERS, ClassToken, wrong.token_last),)),
    Mutant(
        "token-of-one-example",
        "Trains a class token by one example.",
        "gradient",
        TOKEN,
        grafts=(Graft(LAYERS, ClassToken, wrong.token_of_one),),
    ),
)

COUNTING = (
    Mutant(
        "padding-in-the-mean",
        "Divides by the number of all positions.",
        "forward",
        POOLS,
        grafts=(Graft(LAYERS_OF_SEVERAL, GlobalAveragePool, wrong.padding_in_the_mean),),
    ),
    Mutant(
        "padding-is-zero",
        "Lets padding of 0 win.",
        "forward",
        POOLS,
        grafts=(Graft(LAYERS_OF_SEVERAL, GlobalMaxPool, wrong.padding_is_zero),),
    ),
    Mutant(
        "padding-shares-the-maximum",
        "Gives padding of the same height a share of the gradient.",
        "gradient",
        POOLS,
        grafts=(Graft(LAYERS_OF_SEVERAL, GlobalMaxPool, wrong.padding_shares),),
    ),
)

ATTENTION_MUTANTS = (*SCORES, *SEEING, *PLACES, *COUNTING)
