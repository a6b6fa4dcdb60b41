"""Gates and activations of the reference with a mistake in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mtlspec_numpy import activations, gates
from mtlspec_numpy.activations import activated
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback, without_parameters
from scipy.special import expit

from mtlspec.spec import activations as functions
from mtlspec.spec import layers as kinds
from mtlspec.tensors import Array

Leaves = Mapping[str, Array]
Returned = tuple[Array, Pullback]
AS_WRITTEN = dict(activations.ACTIVATIONS)


def slope_of_the_right(layer: kinds.Prelu, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A trained rectifier whose slope at 0 is 1."""
    right = gates.prelu(layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        (source,), own = right.pullback(cotangent)
        return Cotangents((np.where(x == 0, cotangent, np.asarray(source)),), own)

    return Applied(right.output, pullback)


def slopes_turned(layer: kinds.Prelu, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A trained rectifier that gives its slopes to other elements."""
    turned = {"slope": np.flip(parameters["slope"])}
    right = gates.prelu(layer, x, turned, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, own = right.pullback(cotangent)
        return Cotangents(sources, {"slope": np.flip(np.asarray(own["slope"]))})

    return Applied(right.output, pullback)


def mean_slope(layer: kinds.Prelu, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A trained rectifier whose slopes take the mean over the batch."""
    right = gates.prelu(layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, own = right.pullback(cotangent)
        return Cotangents(sources, {"slope": np.asarray(own["slope"]) / len(x)})

    return Applied(right.output, pullback)


def gate_is_constant(layer: kinds.GatedLinearUnit, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A gated unit that learns nothing of its gate."""
    halves = np.split(x, 2, axis=-1)
    gate = halves[0] if layer.gate == "first" else halves[1]
    opened, _ = activated(layer.function, gate)

    def pullback(cotangent: Array) -> Array:
        both = [cotangent * opened, np.zeros_like(cotangent)]
        return np.concatenate(both[::-1] if layer.gate == "first" else both, axis=-1)

    return without_parameters(gates.gated_linear_unit(layer, x, parameters, mode).output, pullback)


def not_reversed(layer: kinds.GradientReversal, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A reversal that only scales."""
    return without_parameters(x, lambda cotangent: cotangent * layer.factor)


def reversed_forward(layer: kinds.GradientReversal, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A reversal that turns the values, too."""
    return without_parameters(-layer.factor * x, lambda cotangent: cotangent * -layer.factor)


def not_stopped(layer: kinds.StopGradient, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A stop that lets the gradient through."""
    return without_parameters(x, lambda cotangent: cotangent)


def sloped(*places: float, slope: float) -> Callable[[Any, Array], Returned]:
    """Return an activation whose slope at some places is another."""

    def function(kind: Any, x: Array) -> Returned:
        values, pullback = AS_WRITTEN[type(kind)](kind, x)
        return values, lambda c: np.where(np.isin(x, places), slope * c, pullback(c))

    return function


def selu_in_float32(kind: functions.Selu, x: Array) -> Returned:
    """Selu whose constants were rounded to float32."""
    values, pullback = AS_WRITTEN[functions.Selu](kind, x)
    return values * float(np.float32(activations.SELU_SCALE)) / activations.SELU_SCALE, pullback


def alpha_outside(kind: functions.Celu, x: Array) -> Returned:
    """Celu without alpha in its exponent, which is elu."""
    return activated(functions.Elu(alpha=kind.alpha), x)


def gate_constant(kind: functions.Mish, x: Array) -> Returned:
    """Mish whose gate is a constant in its slope."""
    gate = np.tanh(np.logaddexp(x, 0))
    return x * gate, lambda cotangent: cotangent * gate


def once(kind: functions.Softsign, x: Array) -> Returned:
    """Softsign whose slope has its divisor once."""
    return x / (1 + np.abs(x)), lambda cotangent: cotangent / (1 + np.abs(x))


def of_keras_2(kind: functions.HardSigmoid, x: Array) -> Returned:
    """The hard sigmoid of Keras 2, 0.2·x + 0.5."""
    values = np.clip(0.2 * x + 0.5, 0, 1)
    return values, lambda cotangent: 0.2 * cotangent * ((values > 0) & (values < 1))


def hard_gate_constant(kind: functions.HardSilu, x: Array) -> Returned:
    """The hard silu whose gate is a constant in its slope."""
    gate, _ = activated(functions.HardSigmoid(), x)
    return x * gate, lambda cotangent: cotangent * gate


def logarithm_of_sigmoid(kind: functions.LogSigmoid, x: Array) -> Returned:
    """The logarithm of what has underflowed."""
    return np.log(expit(x)), AS_WRITTEN[functions.LogSigmoid](kind, x)[1]


def logarithm_of_softmax(kind: functions.LogSoftmax, x: Array) -> Returned:
    """The logarithm of what has underflowed."""
    return np.log(activations.softmax(x)), AS_WRITTEN[functions.LogSoftmax](kind, x)[1]


def own_logit_alone(kind: functions.LogSoftmax, x: Array) -> Returned:
    """A logarithm of softmax without the mixed terms of its slope."""
    values, _ = AS_WRITTEN[functions.LogSoftmax](kind, x)
    return values, lambda cotangent: cotangent * (1 - np.exp(values))


def slope_of_tanh(kind: functions.TanhShrink, x: Array) -> Returned:
    """x - tanh(x) with the slope of tanh."""
    return x - np.tanh(x), lambda cotangent: cotangent * (1 - np.tanh(x) ** 2)


def not_moved(kind: functions.SoftShrink, x: Array) -> Returned:
    """The soft shrinkage that is the hard one."""
    return activated(functions.HardShrink(threshold=kind.threshold), x)


def closed(kind: functions.HardShrink, x: Array) -> Returned:
    """The hard shrinkage that keeps what lies on a threshold."""
    kept = np.abs(x) >= kind.threshold
    return np.where(kept, x, 0), lambda cotangent: cotangent * kept


def at_least(kind: functions.Threshold, x: Array) -> Returned:
    """The threshold that keeps what lies on it."""
    kept = x >= kind.threshold
    return np.where(kept, x, kind.value), lambda cotangent: cotangent * kept


def minus_one(kind: functions.Exp, x: Array) -> Returned:
    """exp(x) - 1."""
    return np.expm1(x), lambda cotangent: cotangent * np.exp(x)
