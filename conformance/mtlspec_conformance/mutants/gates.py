"""Mutants of gates, trained slopes, reversed gradients and the remaining activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtlspec_numpy import activations, layers

from mtlspec.spec import activations as functions
from mtlspec.spec import layers as kinds
from mtlspec_conformance.mutants import mistaken_gates as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every, other


def _layer(
    name: str, mistake: str, level: str, case: str, kind: type[kinds.Layer], function: Callable[..., Any]
) -> Mutant:
    return Mutant(name, mistake, level, (f"layer/{case}",), grafts=(Graft(layers.LAYERS, kind, function),))


GATE_MUTANTS = (
    _layer("prelu-one-at-zero", "Has slope 1 at 0.", "gradient", "prelu", kinds.Prelu, wrong.slope_of_the_right),
    _layer(
        "prelu-slopes-turned", "Exchanges slopes.", "forward", "prelu-of-an-image", kinds.Prelu, wrong.slopes_turned
    ),
    _layer("prelu-slope-by-mean", "Averages over the batch.", "gradient", "prelu", kinds.Prelu, wrong.mean_slope),
    Mutant(
        "glu-gate-turned",
        "Takes the other half for the gate.",
        "forward",
        ("layer/glu", "layer/glu-of-an-image"),
        every(kinds.GatedLinearUnit, gate=other("first", "second")),
    ),
    Mutant(
        "glu-by-sigmoid",
        "Opens every gate by a sigmoid.",
        "forward",
        ("layer/glu",),
        every(kinds.GatedLinearUnit, function=functions.Sigmoid()),
    ),
    _layer(
        "glu-gate-constant",
        "Takes the gate for a constant.",
        "gradient",
        "glu",
        kinds.GatedLinearUnit,
        wrong.gate_is_constant,
    ),
    _layer(
        "gradient-not-reversed",
        "Scales a gradient and does not turn it.",
        "gradient",
        "gradient-reversal",
        kinds.GradientReversal,
        wrong.not_reversed,
    ),
    _layer(
        "values-reversed",
        "Turns the values with the gradient.",
        "forward",
        "gradient-reversal",
        kinds.GradientReversal,
        wrong.reversed_forward,
    ),
    Mutant(
        "reversal-of-factor-one",
        "Ignores the factor of a reversal.",
        "gradient",
        ("layer/gradient-reversal",),
        every(kinds.GradientReversal, factor=1.0),
    ),
    _layer(
        "gradient-not-stopped",
        "Lets a stopped gradient through.",
        "gradient",
        "gradient-reversal",
        kinds.StopGradient,
        wrong.not_stopped,
    ),
)


def _function(name: str, mistake: str, level: str, case: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return Mutant(
        name, mistake, level, (f"activation/{case}",), grafts=(Graft(activations.ACTIVATIONS, kind, function),)
    )


def _curve(name: str, mistake: str, level: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return _function(name, mistake, level, "curves", kind, function)


def _piece(name: str, mistake: str, level: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return _function(name, mistake, level, "pieces", kind, function)


OTHER_FUNCTION_MUTANTS = (
    _piece("relu6-one-at-six", "Has slope 1 at 6.", "gradient", functions.Relu6, wrong.sloped(6.0, slope=1)),
    _piece(
        "hard-tanh-one-at-one",
        "Has slope 1 at -1 and 1, as TensorFlow.",
        "gradient",
        functions.HardTanh,
        wrong.sloped(-1.0, 1.0, slope=1),
    ),
    _piece(
        "hard-sigmoid-of-keras-2",
        "Has the slope of Keras 2.",
        "forward",
        functions.HardSigmoid,
        wrong.of_keras_2,
    ),
    _piece(
        "hard-silu-gate-constant",
        "Takes its gate for a constant.",
        "gradient",
        functions.HardSilu,
        wrong.hard_gate_constant,
    ),
    _piece("soft-shrink-hard", "Does not move what it keeps.", "forward", functions.SoftShrink, wrong.not_moved),
    _piece("hard-shrink-closed", "Keeps what lies on it.", "forward", functions.HardShrink, wrong.closed),
    _piece("threshold-closed", "Keeps what lies on it.", "forward", functions.Threshold, wrong.at_least),
    _curve(
        "selu-of-tensorflow-at-zero",
        "Has the slope of the right at 0.",
        "gradient",
        functions.Selu,
        wrong.sloped(0.0, slope=activations.SELU_SCALE),
    ),
    _curve("selu-in-float32", "Rounds its scale to float32.", "forward", functions.Selu, wrong.selu_in_float32),
    _curve(
        "celu-two-at-zero",
        "Has slope 2 at 0, as a sum of two pieces.",
        "gradient",
        functions.Celu,
        wrong.sloped(0.0, slope=2),
    ),
    _curve("celu-is-elu", "Leaves alpha out of the exponent.", "forward", functions.Celu, wrong.alpha_outside),
    _curve("mish-gate-constant", "Takes its gate for a constant.", "gradient", functions.Mish, wrong.gate_constant),
    _curve("softsign-once", "Divides its slope once.", "gradient", functions.Softsign, wrong.once),
    _function(
        "log-of-sigmoid",
        "Takes the logarithm of what has underflowed.",
        "forward",
        "curves-far-out",
        functions.LogSigmoid,
        wrong.logarithm_of_sigmoid,
    ),
    _function(
        "log-of-softmax",
        "Takes the logarithm of what has underflowed.",
        "forward",
        "curves-far-out",
        functions.LogSoftmax,
        wrong.logarithm_of_softmax,
    ),
    _curve(
        "log-softmax-diagonal",
        "Leaves out the mixed terms of its slope.",
        "gradient",
        functions.LogSoftmax,
        wrong.own_logit_alone,
    ),
    _curve("tanh-shrink-as-tanh", "Has the slope of tanh.", "gradient", functions.TanhShrink, wrong.slope_of_tanh),
    _function("exponential-minus-one", "Subtracts 1.", "forward", "exponential", functions.Exp, wrong.minus_one),
)
