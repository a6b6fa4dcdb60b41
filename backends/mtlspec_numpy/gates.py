"""Gates: layers that let elements, or their gradients, through in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec.gates import GatedLinearUnit, GradientReversal, Prelu, StopGradient
from mtlspec.spec.layer import Layer
from mtlspec.tensors import Array
from mtlspec_numpy.activations import activated
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, without_parameters

Leaves = Mapping[str, Array]


def prelu(layer: Prelu, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x where x > 0, slope·x elsewhere."""
    above, slope = x > 0, parameters["slope"]

    def pullback(cotangent: Array) -> Cotangents:
        below = np.where(above, x.dtype.type(0), cotangent * x)
        shared = slope.ndim if layer.slopes != "one" else 0
        own = below.sum(axis=tuple(range(x.ndim - shared))).reshape(slope.shape)
        return Cotangents((np.where(above, cotangent, slope * cotangent),), {"slope": own})

    return Applied(np.where(above, x, slope * x), pullback)


def gated_linear_unit(layer: GatedLinearUnit, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """value·function(gate), where value and gate are the halves of the last axis."""
    turned = layer.gate == "first"
    halves = np.split(x, 2, axis=-1)
    value, gate = halves[::-1] if turned else halves
    opened, back = activated(layer.function, gate)

    def pullback(cotangent: Array) -> Array:
        both = cotangent * opened, back(cotangent * value)
        return np.concatenate(both[::-1] if turned else both, axis=-1)

    return without_parameters(value * opened, pullback)


def gradient_reversal(layer: GradientReversal, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x, whose gradient is multiplied by -factor."""
    return without_parameters(x, lambda cotangent: cotangent * -layer.factor)


def stop_gradient(layer: StopGradient, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x, without a gradient."""
    return Applied(x, lambda cotangent: Cotangents((None,), {}))


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    Prelu: prelu,
    GatedLinearUnit: gated_linear_unit,
    GradientReversal: gradient_reversal,
    StopGradient: stop_gradient,
}
