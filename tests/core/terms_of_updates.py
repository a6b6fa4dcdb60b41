"""Updates, clips and the way through a model with a mistake that somebody writing one makes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from bent_reference import Bend, Plant, placed, replaced
from mtlspec_conformance.mutants import mistaken_layers
from mtlspec_conformance.mutants import mistaken_updates as wrong
from mtlspec_numpy import clipping, merges, model, moments, optimizers, program
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.pullback import Applied, Cotangents
from test_reference_layers import test_the_pullback_of_a_merge_is_the_slope as check_merge
from test_reference_models import DENSE, RESIDUAL, assert_total
from test_reference_optimizers import AFTER, BEFORE, LARGEST
from test_reference_optimizers import test_adam as check_adam
from test_reference_optimizers import test_clipping as check_clipping
from test_reference_optimizers import test_decay_comes_first_and_is_scaled_by_its_law as check_adamw
from test_reference_optimizers import test_momentum_under_a_changing_rate as check_momentum
from test_reference_rows import test_a_norm_counts_repeated_ids_by_their_law as check_row_norm
from test_reference_rows import test_adamw_row_by_row as check_rows

from mtlspec.spec import optimizers as laws
from mtlspec.tensors import Array


def half_penalty(penalized: Any, arrays: Any, gradients: Any) -> dict[str, Array]:
    """A penalty with the gradient of l2/2·Σw²."""
    return {
        p.path: gradients[p.path] + p.penalty.l1 * np.sign(arrays[p.path]) + p.penalty.l2 * arrays[p.path]
        for p in penalized
    }


MODEL_TERMS = (
    Bend(
        "model",
        "half the penalty",
        replaced(program, "with_penalty", half_penalty),
        lambda: assert_total(DENSE, {"kind": 1.0, "size": 1.0}),
    ),
    Bend(
        "model",
        "only the last reader of a tensor counts",
        replaced(model, "_accumulate", mistaken_layers.of_the_last_reader),
        lambda: assert_total(RESIDUAL, dict.fromkeys("abc", 1.0)),
    ),
    Bend(
        "merge/multiply",
        "its own factor instead of the others",
        placed(
            merges.MERGES,
            "multiply",
            lambda sources: Applied(
                merges._multiplied(sources).output, lambda c: Cotangents(tuple(c * s for s in sources), {})
            ),
        ),
        lambda: check_merge("multiply", 2),
    ),
    Bend(
        "merge/average",
        "not divided on the way back",
        placed(
            merges.MERGES,
            "average",
            lambda sources: Applied(merges._averaged(sources).output, lambda c: Cotangents((c,) * len(sources), {})),
        ),
        lambda: check_merge("average", 2),
    ),
)


def _bent(kind: type[Any], function: Any) -> Plant:
    return placed(optimizers.UPDATES, kind, function)


def _adam(**changed: Any) -> Callable[..., Any]:
    """Return Adam with other arguments."""

    def update(optimizer: Any, w: Array, direction: Direction, slots: Any, rate: float, step: int) -> Any:
        arguments = {"w": w, "direction": direction, "slots": slots, "rate": rate, "step": step}
        arguments |= {name: change(**arguments) for name, change in changed.items()}
        return moments.adam(optimizer, **arguments)

    return update


def sums_squared(self: Direction) -> Array:
    """The square that forgets that occurrences stay separate."""
    return self.sum * self.sum


ADAM_AFTER = partial(check_adam, "after_correction", False, AFTER)
UPDATE_TERMS = (
    Bend(
        "optimizer/sgd",
        "the look-ahead forgotten",
        _bent(laws.Sgd, lambda o, *rest: optimizers.sgd(o.model_copy(update={"nesterov": False}), *rest)),
        lambda: check_momentum("at_update", True, [0.7, 0.375, 0.05]),
    ),
    Bend(
        "optimizer/sgd",
        "the rate on the other side",
        _bent(laws.Sgd, lambda o, *rest: optimizers.sgd(o.model_copy(update={"rate_applied": "into_velocity"}), *rest)),
        lambda: check_momentum("at_update", False, [0.8, 0.55, 0.0]),
    ),
    Bend("optimizer/adam", "time from 2", _bent(laws.Adam, _adam(step=lambda step, **_: step + 1)), ADAM_AFTER),
    Bend(
        "optimizer/adam",
        "the gradient not squared",
        lambda patch: patch.setattr(Direction, "square", property(lambda self: np.abs(self.sum))),
        ADAM_AFTER,
    ),
    Bend(
        "optimizer/adam",
        "epsilon on the other side",
        _bent(
            laws.Adam,
            lambda o, *rest: moments.adam(o.model_copy(update={"epsilon_placement": "after_correction"}), *rest),
        ),
        partial(check_adam, "before_correction", False, BEFORE),
    ),
    Bend(
        "optimizer/adam",
        "the maximum forgotten",
        _bent(
            laws.Adam,
            _adam(slots=lambda slots, **_: {**slots, "largest_second_moment": 0 * slots["second_moment"]}),
        ),
        partial(check_adam, "after_correction", True, LARGEST),
    ),
    Bend(
        "optimizer/adamw",
        "decays last",
        _bent(laws.AdamW, wrong.decay_last),
        lambda: check_adamw("learning_rate", (0.01, 0.005, 0.02)),
    ),
    Bend(
        "optimizer/adamw",
        "the decay by the other rate",
        replaced(optimizers, "decoupled", lambda phase, path, w, rate: w - rate * phase.numbers_of[path].decay * w),
        lambda: check_adamw("schedule", (0.025, 0.0125, 0.05)),
    ),
    Bend(
        "clipping/global_norm",
        "scales up too",
        replaced(clipping, "_factor", wrong.scales_up),
        lambda: check_clipping({"kind": "global_norm", "limit": 6.0}, (3.0, 4.0)),
    ),
    Bend(
        "clipping/per_tensor_norm",
        "no root of the squares",
        replaced(clipping, "_factor", wrong.without_root),
        lambda: check_clipping({"kind": "per_tensor_norm", "limit": 3.5}, (3.0, 3.5)),
    ),
    Bend(
        "clipping/global_norm",
        "occurrences summed before they are squared",
        lambda patch: patch.setattr(Direction, "square", property(sums_squared)),
        lambda: check_row_norm("global_norm", "separate", math.sqrt(14)),
    ),
    Bend(
        "optimizer/adamw",
        "untouched rows move",
        lambda patch: patch.setattr(Direction, "moved", lambda self, new, old: new),
        lambda: check_rows("sum", "skip"),
    ),
)
