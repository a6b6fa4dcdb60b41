"""Bends: every gradient and every value that the reference has a function for, each wrong in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from layer_cases import CASES, TRAINING, layer_of
from mtlspec_conformance.mutants.mistaken_gates import not_stopped as through
from mtlspec_numpy import activations, clipping, layers, losses, merges, optimizers
from mtlspec_numpy.pullback import Applied, Cotangents, Pullback
from test_reference_activations import CASES as FUNCTIONS
from test_reference_activations import test_the_pullback_is_the_slope as check_activation
from test_reference_layers import assert_pullback
from test_reference_layers import test_the_pullback_of_a_merge_is_the_slope as check_merge
from test_reference_losses import SLOPES
from test_reference_losses import test_the_pullback_of_a_loss_is_the_slope as check_loss

from mtlspec.spec.layers import StopGradient
from mtlspec.tensors import Array, Rows

Plant = Callable[[pytest.MonkeyPatch], None]
Wrong = Callable[[Any], Any]
WRONG: Mapping[str, Wrong] = {
    "forgotten": lambda g: 0 * g,
    "uphill": lambda g: -g,
    "a thousandth too long": lambda g: 1.001 * g,
}
"""What is done to a gradient."""


def longer(value: Any) -> Any:
    """Return a value that is off by a part in a billion."""
    return value * (1 + 1e-9)


class Bend(NamedTuple):
    """One wrong reference: the kind that it is wrong in, what is wrong, how to plant it, and what has to see it."""

    kind: str
    what: str
    plant: Plant
    check: Callable[[], None]

    @property
    def name(self) -> str:
        """The kind and what is wrong."""
        return f"{self.kind}: {self.what}"


def word(kind: type[Any]) -> str:
    """Return the word that documents have for a kind."""
    return str(kind.model_fields["kind"].default)


def replaced(owner: Any, name: str, function: Any) -> Plant:
    """Return what puts `function` under a name of a module or class of the reference."""
    return lambda patch: patch.setattr(owner, name, function)


def placed(table: Mapping[Any, Any], key: Any, function: Any) -> Plant:
    """Return what puts `function` into a table of the reference."""
    assert isinstance(table, MutableMapping)
    return lambda patch: patch.setitem(table, key, function)


def _of(entry: Array | Rows, wrong: Wrong) -> Array | Rows:
    return Rows(entry.ids, wrong(entry.values), entry.count) if isinstance(entry, Rows) else wrong(entry)


def _way_back(result: Applied, name: str | int, wrong: Wrong) -> Applied:
    """Return `result` with one gradient wrong: of a source by its index, of a parameter by its leaf."""

    def pullback(cotangent: Array) -> Cotangents:
        sources, parameters = result.pullback(cotangent)
        changed = tuple(wrong(s) if index == name and s is not None else s for index, s in enumerate(sources))
        return Cotangents(changed, {leaf: _of(g, wrong) if leaf == name else g for leaf, g in parameters.items()})

    return replace(result, pullback=pullback)


def layer_bends() -> Iterator[Bend]:
    """Yield every gradient of every layer, wrong."""
    for kind, function in layers.LAYERS.items():
        document, shape = next(case for case in CASES if case[0]["kind"] == word(kind))
        layer = layer_of(document)
        leaves = [rule.leaf for rule in layer.signature(shape).parameters if rule.role == "trainable"]
        for name in ([] if layer.reads == "integer" or isinstance(layer, StopGradient) else [0]) + leaves:
            for what, wrong in WRONG.items():
                bent = _bent_layer(function, name, wrong)
                yield Bend(
                    f"layer/{word(kind)}",
                    f"gradient of {name or 'its argument'} {what}",
                    placed(layers.LAYERS, kind, bent),
                    lambda document=document, shape=shape: assert_pullback(document, shape, TRAINING),
                )


def stop_bends() -> Iterator[Bend]:
    """Yield the stop that lets a gradient through."""
    document, shape = next(case for case in CASES if case[0]["kind"] == "stop_gradient")
    plant = placed(layers.LAYERS, StopGradient, through)
    yield Bend("layer/stop_gradient", "let through", plant, lambda: assert_pullback(document, shape, TRAINING))


def _bent_layer(function: Callable[..., Applied], name: str | int, wrong: Wrong) -> Callable[..., Applied]:
    return lambda *arguments: _way_back(function(*arguments), name, wrong)


def merge_bends() -> Iterator[Bend]:
    """Yield the gradient of every source of every merge, wrong."""
    for merge, function in merges.MERGES.items():
        for index in range(2):
            for what, wrong in WRONG.items():
                yield Bend(
                    f"merge/{merge}",
                    f"gradient of source {index} {what}",
                    placed(merges.MERGES, merge, _bent_layer(function, index, wrong)),
                    lambda merge=merge: check_merge(merge, 2),
                )


Returned = tuple[Array, Pullback]
LOSSES: tuple[Mapping[Any, Any], ...] = (losses.LOSSES, losses.EXAMPLE_LOSSES, losses.COMBINATIONS)


def _bent_function(function: Callable[..., Returned], wrong: Wrong) -> Callable[..., Returned]:
    def bent(*arguments: Any) -> Returned:
        values, pullback = function(*arguments)
        return values, lambda cotangent: wrong(pullback(cotangent))

    return bent


def function_bends() -> Iterator[Bend]:
    """Yield the gradient of every activation and loss, wrong."""
    tables: list[tuple[str, Mapping[Any, Any], list[dict[str, Any]], Callable[[dict[str, Any]], None]]] = [
        ("activation", activations.ACTIVATIONS, FUNCTIONS, check_activation),
        *(("loss", table, SLOPES, check_loss) for table in LOSSES),
    ]
    for family, table, cases, check in tables:
        for kind, function in table.items():
            document = next(case for case in cases if case["kind"] == word(kind))
            for what, wrong in WRONG.items():
                yield Bend(
                    f"{family}/{word(kind)}",
                    f"gradient {what}",
                    placed(table, kind, _bent_function(function, wrong)),
                    lambda check=check, document=document: check(document),
                )


BENT_GRADIENTS = (*layer_bends(), *stop_bends(), *merge_bends(), *function_bends())
KINDS = frozenset(
    [f"merge/{merge}" for merge in merges.MERGES]
    + [
        f"{family}/{word(kind)}"
        for family, table in (
            ("layer", layers.LAYERS),
            ("activation", activations.ACTIVATIONS),
            *(("loss", table) for table in LOSSES),
            ("optimizer", optimizers.UPDATES),
            ("clipping", clipping.CLIPPINGS),
        )
        for kind in table
    ]
)
"""Every kind that the reference has a function for."""
