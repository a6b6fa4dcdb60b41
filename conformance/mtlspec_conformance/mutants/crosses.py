"""Mutants of feature crosses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy import crosses
from mtlspec_numpy.layers import LAYERS, LAYERS_OF_SEVERAL
from mtlspec_numpy.pullback import Applied, Cotangents, without_parameters

from mtlspec.spec.crosses import Cross, DotInteraction, DotProduct, FactorizationMachine
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant


def _one_sided(function: Callable[..., Applied]) -> Callable[..., Applied]:
    """The layer whose second tensor has no gradient."""

    def bent(layer: Any, sources: Any, parameters: Any, mode: Any) -> Applied:
        result = function(layer, sources, parameters, mode)

        def pullback(cotangent: Array) -> Cotangents:
            (first, second), gradients = result.pullback(cotangent)
            return Cotangents((first, np.zeros_like(second)), gradients)

        return replace(result, pullback=pullback)

    return bent


def _not_normalized(layer: DotProduct, sources: Any, parameters: Any, mode: Any) -> Applied:
    return crosses.dot_product(layer.replacing(lambda own: own.normalize, by=False), sources, parameters, mode)


def _length_plus_epsilon(x: Array, epsilon: float) -> tuple[Array, Any]:
    """x / sqrt(Σ x² + epsilon)."""
    scale = 1 / np.sqrt((x * x).sum(axis=-1, keepdims=True) + epsilon)
    unit = x * scale
    return unit, lambda g: scale * (g - (g * unit).sum(axis=-1, keepdims=True) * unit)


def _upper(layer: DotInteraction, x: Array, parameters: Any, mode: Any) -> Applied:
    """Pairs i < j row by row, which is another order."""
    rows, columns = np.triu_indices(x.shape[1], 0 if layer.itself else 1)

    def pullback(cotangent: Array) -> Array:
        products = np.zeros((len(x), x.shape[1], x.shape[1]), dtype=x.dtype)
        products[:, rows, columns] = cotangent
        return (products + products.transpose(0, 2, 1)) @ x

    return without_parameters((x @ x.transpose(0, 2, 1))[:, rows, columns], pullback)


def _ordered_pairs(layer: FactorizationMachine, x: Array, parameters: Any, mode: Any) -> Applied:
    """Every pair twice."""
    result = crosses.factorization_machine(layer, x, parameters, mode)
    return Applied(2 * result.output, lambda cotangent: result.pullback(2 * cotangent))


def _without_itself(layer: Cross, sources: Any, parameters: Any, mode: Any) -> Applied:
    """x_0 ⊙ (x·kernel + bias)."""
    result = crosses.cross(layer, sources, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        (x, start), gradients = result.pullback(cotangent)
        return Cotangents((np.asarray(x) - cotangent, start), gradients)

    return replace(result, output=result.output - sources[0], pullback=pullback)


def _own_start(layer: Cross, sources: Any, parameters: Any, mode: Any) -> Applied:
    """x ⊙ (x·kernel + bias) + x."""
    result = crosses.cross(layer, (sources[0], sources[0]), parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, gradients = result.pullback(cotangent)
        x, start = map(np.asarray, sources)
        return Cotangents((x + start, np.zeros_like(start)), gradients)

    return replace(result, pullback=pullback)


CROSS_MUTANTS = (
    Mutant(
        "one-tower-detached",
        "Trains one side of a product alone.",
        "gradient",
        ("layer/dot-product",),
        grafts=(Graft(LAYERS_OF_SEVERAL, DotProduct, _one_sided(crosses.dot_product)),),
    ),
    Mutant(
        "product-not-normalized",
        "Takes the product where the cosine is asked for.",
        "forward",
        ("layer/dot-product-normalized",),
        grafts=(Graft(LAYERS_OF_SEVERAL, DotProduct, _not_normalized),),
    ),
    Mutant(
        "length-plus-epsilon",
        "Adds epsilon to the squared length, in place of their maximum.",
        "forward",
        ("layer/dot-product-normalized",),
        grafts=(Graft(crosses, "_normalized", _length_plus_epsilon),),
    ),
    Mutant(
        "pairs-in-another-order",
        "Lists the pairs of the upper triangle.",
        "forward",
        ("layer/dot-interaction-itself",),
        grafts=(Graft(LAYERS, DotInteraction, _upper),),
    ),
    Mutant(
        "pairs-counted-twice",
        "Leaves out the half of a factorization machine.",
        "forward",
        ("layer/factorization-machine", "layer/bi-interaction"),
        grafts=(Graft(LAYERS, FactorizationMachine, _ordered_pairs),),
    ),
    Mutant(
        "cross-without-itself",
        "Does not add what a cross reads.",
        "forward",
        ("layer/cross-network",),
        grafts=(Graft(LAYERS_OF_SEVERAL, Cross, _without_itself),),
    ),
    Mutant(
        "cross-with-the-layer-before",
        "Multiplies with the tensor before it, in place of where the network began.",
        "forward",
        ("layer/cross-network", "layer/cross"),
        grafts=(Graft(LAYERS_OF_SEVERAL, Cross, _own_start),),
    ),
    Mutant(
        "start-detached",
        "Gives the start of a cross network no gradient.",
        "gradient",
        ("layer/cross-network",),
        grafts=(Graft(LAYERS_OF_SEVERAL, Cross, _one_sided(crosses.cross)),),
    ),
)
