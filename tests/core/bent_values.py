"""Bent values: every output, statistic, slot and update of the reference wrong in turn, the gradients with it.

What is wrong in value and slope alike agrees with its central differences; only numbers derived by hand tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from bent_reference import LOSSES, Bend, longer, placed, word
from layer_cases import CASES, TRAINING, called, layer_of
from mtlspec_numpy import activations, clipping, layers, merges, optimizers
from mtlspec_numpy.pullback import Applied
from test_masks import test_a_padding_mask_is_1_where_an_id_is_none_of_padding as check_padding_mask
from test_reference_activations import VALUES
from test_reference_activations import test_values_follow_the_definition as check_value
from test_reference_layers import GOLDEN as LAYERS_BY_HAND
from test_reference_layers import test_a_layer_makes_the_number_derived_by_hand as check_layer
from test_reference_layers import test_merges_by_hand as check_merges
from test_reference_losses import GOLDEN as LOSSES_BY_HAND
from test_reference_losses import test_a_loss_is_the_number_derived_by_hand as check_loss
from test_reference_optimizers import AFTER
from test_reference_optimizers import test_adam as check_adam
from test_reference_optimizers import test_clipping as check_clipping
from test_reference_optimizers import test_decay_comes_first_and_is_scaled_by_its_law as check_adamw
from test_reference_optimizers import test_descent as check_sgd
from test_reference_optimizers import test_momentum_under_a_changing_rate as check_momentum
from test_reference_optimizers import test_slots_hold_what_the_formulas_name as check_slots
from test_reference_statistics import test_a_gradient_carries_new_statistics_and_changes_nothing as check_step
from test_reference_statistics import test_cumulative_statistics_are_the_mean_of_all_batches as check_counted
from test_reference_statistics import test_running_statistics_move_toward_the_batch as check_statistics
from test_reference_statistics import test_the_dropout_mask_is_the_hash_of_seed_path_step_and_element as check_mask
from test_reference_updates import BY_HAND
from test_reference_updates import test_an_update_by_hand as check_update
from test_reference_windows import test_windows_are_what_loops_give as check_windows

Check = Callable[[], None]


def check_activation_layer() -> None:
    layer = layer_of({"kind": "activation", "function": "relu"})
    assert called(layer, {"x": np.array([[-2.0, 3.0]])}, TRAINING).output.tolist() == [[0.0, 3.0]]


def _windows(kind: str) -> Check:
    return partial(check_windows, *next(case for case in CASES if case[0]["kind"] == kind))


LAYER_CHECKS: dict[str, Check] = {
    **{case[0]["kind"]: partial(check_layer, *case) for case in reversed(LAYERS_BY_HAND)},
    **{kind: _windows(kind) for kind in ("conv2d", "max_pool2d", "average_pool2d")},
    "activation": check_activation_layer,
    "batch_normalization": lambda: check_statistics("biased", 14 / 4),
    "dropout": check_mask,
    "padding_mask": check_padding_mask,
}


def layer_values() -> Iterator[Bend]:
    """Yield the output of every layer and merge, wrong."""
    for kind, function in layers.LAYERS.items():
        check = LAYER_CHECKS[word(kind)]
        yield Bend(f"layer/{word(kind)}", "output", placed(layers.LAYERS, kind, _outputs(function)), check)
    for merge, function in merges.MERGES.items():
        yield Bend(f"merge/{merge}", "output", placed(merges.MERGES, merge, _outputs(function)), check_merges)


def _outputs(function: Callable[..., Applied]) -> Callable[..., Applied]:
    def bent(*arguments: Any) -> Applied:
        result = function(*arguments)
        return replace(
            result, output=longer(result.output), pullback=lambda cotangent: result.pullback(longer(cotangent))
        )

    return bent


def statistic_values() -> Iterator[Bend]:
    """Yield every statistic that a layer writes, wrong."""
    for leaf, wrong, check in (
        ("running_mean", longer, lambda: check_statistics("biased", 14 / 4)),
        ("running_variance", longer, lambda: check_statistics("unbiased", 14 / 3)),
        ("step", lambda step: step + 1, check_step),
        ("batches", lambda batches: batches + 1, check_counted),
    ):
        kind = next(k for k in layers.LAYERS if word(k) == ("dropout" if leaf == "step" else "batch_normalization"))
        bent = _statistics(layers.LAYERS[kind], leaf, wrong)
        yield Bend(f"layer/{word(kind)}", leaf, placed(layers.LAYERS, kind, bent), check)


def _statistics(function: Callable[..., Applied], leaf: str, wrong: Callable[[Any], Any]) -> Callable[..., Applied]:
    def bent(*arguments: Any) -> Applied:
        result = function(*arguments)
        changed = {name: np.asarray(wrong(s)) if name == leaf else s for name, s in result.statistics.items()}
        return replace(result, statistics=changed)

    return bent


def function_values() -> Iterator[Bend]:
    """Yield the value of every activation and loss, wrong."""
    for kind, function in activations.ACTIVATIONS.items():
        at = next(case for case in VALUES if case[0]["kind"] == word(kind))
        plant = placed(activations.ACTIVATIONS, kind, _values(function))
        yield Bend(f"activation/{word(kind)}", "value", plant, partial(check_value, *at))
    for table in LOSSES:
        for kind, function in table.items():
            golden = next(case for case in LOSSES_BY_HAND if case[0]["kind"] == word(kind))
            yield Bend(
                f"loss/{word(kind)}", "value", placed(table, kind, _values(function)), partial(check_loss, *golden)
            )


def _values(function: Callable[..., Any]) -> Callable[..., Any]:
    def bent(*arguments: Any) -> Any:
        values, pullback = function(*arguments)
        return longer(values), lambda cotangent: pullback(longer(cotangent))

    return bent


def update_values() -> Iterator[Bend]:
    """Yield the update and every slot of every optimizer, and every clip, wrong."""
    momentum = partial(check_momentum, "at_update", False, [0.8, 0.55, 0.0])
    adam = partial(check_adam, "after_correction", False, AFTER)
    adamw = partial(check_adamw, "learning_rate", (0.01, 0.005, 0.02))
    for name, of, check in (
        ("sgd", "", check_sgd),
        ("sgd", "velocity", momentum),
        ("adam", "", adam),
        ("adam", "first_moment", adam),
        ("adam", "second_moment", adam),
        ("adam", "largest_second_moment", check_slots),
        ("adamw", "", adamw),
        ("adamw", "first_moment", adamw),
        ("adamw", "second_moment", adamw),
    ):
        kind = next(k for k in optimizers.UPDATES if word(k) == name)
        plant = placed(optimizers.UPDATES, kind, _moves(optimizers.UPDATES[kind], of))
        yield Bend(f"optimizer/{name}", of or "update", plant, check)
    for optimizer, gradients, steps, slots in {row[0]["kind"]: row for row in reversed(BY_HAND)}.values():
        kind = next(k for k in optimizers.UPDATES if word(k) == optimizer["kind"])
        for of in ("", *slots):
            plant = placed(optimizers.UPDATES, kind, _moves(optimizers.UPDATES[kind], of))
            check = partial(check_update, optimizer, gradients, steps, slots)
            yield Bend(f"optimizer/{optimizer['kind']}", of or "update", plant, check)
    for kind, function in clipping.CLIPPINGS.items():
        plant = placed(clipping.CLIPPINGS, kind, _clips(function))
        document = {"kind": word(kind), "limit": 1.0} | ({} if word(kind) == "value" else {"epsilon": 1.0})
        norms = {"global_norm": (0.5, 4 / 6), "per_tensor_norm": (0.75, 0.8), "value": (1.0, 1.0)}[word(kind)]
        yield Bend(f"clipping/{word(kind)}", "factor", plant, partial(check_clipping, document, norms))


def _moves(function: Callable[..., Any], slot: str) -> Callable[..., Any]:
    def bent(optimizer: Any, w: Any, *rest: Any) -> Any:
        new, slots = function(optimizer, w, *rest)
        changed = {name: longer(array) if name == slot else array for name, array in slots.items()}
        return (new if slot else w + longer(new - w)), changed

    return bent


def _clips(function: Callable[..., Any]) -> Callable[..., Any]:
    def bent(*arguments: Any) -> Any:
        return {path: direction.scaled(by=longer(1.0)) for path, direction in function(*arguments).items()}

    return bent


BENT_VALUES = (*layer_values(), *statistic_values(), *function_values(), *update_values())
