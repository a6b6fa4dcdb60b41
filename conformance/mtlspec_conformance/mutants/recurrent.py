"""Mutants of recurrent layers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from mtlspec_numpy import layers
from mtlspec_numpy.recurrent_steps import STEPS, gru, lstm

from mtlspec.graph import Graph, Node, Parameter
from mtlspec.spec import layers as kinds
from mtlspec.spec.initializers import UnitForget
from mtlspec.tensors import Array
from mtlspec_conformance.mutants import mistaken_recurrent as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every, having, other, rebuilt

EVERY = (kinds.SimpleRnn, kinds.Lstm, kinds.Gru)
FORMS = ("layer/simple-rnn-forms", "layer/lstm-forms", "layer/gru-reset-before")
MASKED = ("layer/simple-rnn-masked", "layer/lstm-masked", "layer/gru-masked")


def _step(kind: type[Any], function: wrong.Step) -> tuple[Graft, ...]:
    return (Graft(STEPS, kind, function),)


def _layer(function: Any) -> tuple[Graft, ...]:
    return tuple(Graft(layers.LAYERS, kind, function) for kind in EVERY)


def _masked(function: wrong.Masks) -> tuple[Graft, ...]:
    return tuple(Graft(layers.LAYERS_OF_SEVERAL, kind, function) for kind in EVERY)


initial = import_module("mtlspec.graph.initial")
drawn = initial._drawn


def _by_input(parameter: Parameter, seed: int, size: int) -> Array:
    """The values of a kernel whose fan in is its input, whatever its law, and of others."""
    fan_in = parameter.shape[0] if parameter.leaf == "kernel" else parameter.fan_in
    return np.asarray(drawn(having(parameter, fan_in=fan_in), seed, size))


def _shut(parameter: Parameter, seed: int, size: int) -> Array:
    """The values of a parameter; an LSTM's forget gate is as shut as its other gates."""
    shut = isinstance(parameter.initializer, UnitForget)
    return np.zeros(size) if shut else np.asarray(drawn(parameter, seed, size))


def _side_by_side(graph: Graph) -> Graph:
    """Return `graph` with every layer of its stacks reading the sequence itself."""

    def change(value: Any) -> Any:
        return having(value, sources=("x",)) if isinstance(value, Node) and ".layers[1]" in value.path else value

    return rebuilt(graph, change)  # type: ignore[no-any-return]


RECURRENT_MUTANTS = (
    Mutant(
        "stack-side-by-side",
        "Has every layer of a stack read the sequence itself.",
        "forward",
        ("layer/stacked-recurrent",),
        graph=_side_by_side,
    ),
    Mutant(
        "units-for-inputs",
        "Draws the kernel of PyTorch's recurrent layers by its inputs in place of its units.",
        "chance",
        ("chance/recurrent-laws",),
        host=(Graft(initial, "_drawn", _by_input),),
    ),
    Mutant(
        "forget-gate-shut",
        "Begins with a forget gate that is half shut.",
        "chance",
        ("chance/recurrent-laws",),
        host=(Graft(initial, "_drawn", _shut),),
    ),
    Mutant(
        "reset-gate-first",
        "Takes the gates of a GRU in PyTorch's order, r before z.",
        "forward",
        ("layer/gru",),
        grafts=_step(kinds.Gru, wrong.gru_of_torch),
    ),
    Mutant(
        "output-gate-third",
        "Takes the output gate of an LSTM for its candidate.",
        "forward",
        ("layer/lstm",),
        grafts=_step(kinds.Lstm, wrong.lstm_with_output_third),
    ),
    Mutant(
        "reset-flipped",
        "Resets the state of a GRU after its product in place of before, or the other way round.",
        "forward",
        ("layer/gru-reset-before", "layer/gru-reset-after"),
        every(kinds.Gru, reset=other("before", "after")),
    ),
    Mutant(
        "candidate-bias-not-reset",
        "Leaves the recurrent bias of a GRU's candidate out of its reset.",
        "forward",
        ("layer/gru-reset-after",),
        grafts=_step(kinds.Gru, wrong.unreset_bias),
    ),
    Mutant(
        "backward-as-read",
        "Gives a sequence that is read backward in the order of reading.",
        "forward",
        FORMS,
        grafts=_layer(wrong.turned),
    ),
    Mutant(
        "end-of-the-sequence",
        "Takes what stands at the last step for the state after all, also where the last step is read first.",
        "forward",
        ("layer/bidirectional", *FORMS),
        grafts=_layer(wrong.end_of_the_sequence),
    ),
    Mutant(
        "masked-steps-read",
        "Reads the steps that a mask leaves out.",
        "forward",
        MASKED,
        grafts=_masked(wrong.every_step),
    ),
    Mutant(
        "mask-as-a-length",
        "Takes a mask for the number of its steps, as a packed sequence does, whatever holes it has.",
        "forward",
        MASKED,
        grafts=_masked(wrong.first_steps),
    ),
    Mutant(
        "last-output-for-last-state",
        "Gives 0 for the last state where the step read last is left out.",
        "forward",
        MASKED,
        grafts=_masked(wrong.zero_at_the_end),
    ),
    Mutant(
        "masked-outputs-flipped",
        "Repeats the state where a sequence should be 0, or the other way round.",
        "forward",
        MASKED,
        every(EVERY, masked_outputs=other("repeat", "zero")),
    ),
    Mutant(
        "one-step-of-time",
        "Takes the state before a step for a constant.",
        "gradient",
        ("layer/gru",),
        grafts=_step(kinds.Gru, wrong.detached_state(gru)),
    ),
    Mutant(
        "cell-detached",
        "Takes the cell of an LSTM for a constant on the way back.",
        "gradient",
        ("layer/lstm",),
        grafts=_step(kinds.Lstm, wrong.detached_cell),
    ),
    Mutant(
        "second-bias-frozen",
        "Trains one of two biases, so that their sum moves half as far.",
        "gradient",
        ("layer/lstm",),
        grafts=_step(kinds.Lstm, wrong.frozen_bias(lstm)),
    ),
)
