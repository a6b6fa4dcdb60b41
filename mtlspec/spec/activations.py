"""Activations: functions applied to each element (softmax: to the last axis)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind


class Activation(Kind):
    """A function without parameters."""

    family: ClassVar[str] = "activation"


class Linear(Activation):
    """x."""

    kind: Literal["linear"] = "linear"


class Relu(Activation):
    """max(x, 0); its slope at 0 is 0."""

    kind: Literal["relu"] = "relu"


class LeakyRelu(Activation):
    """x where x > 0, slope·x elsewhere; the slope has no default, since Keras takes 0.3 and PyTorch 0.01."""

    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: float


class Elu(Activation):
    """x where x > 0, alpha·(exp(x) - 1) elsewhere (Clevert et al. 2016)."""

    kind: Literal["elu"] = "elu"
    alpha: float = Field(default=1.0, gt=0)


class Gelu(Activation):
    """x·Φ(x) (Hendrycks and Gimpel 2016)."""

    kind: Literal["gelu"] = "gelu"
    approximation: Literal["none", "tanh"] = "none"
    """`none`: Φ through the error function; `tanh`: x/2·(1 + tanh(sqrt(2/π)·(x + 0.044715·x³)))."""


class Silu(Activation):
    """x·sigmoid(x), also called swish."""

    kind: Literal["silu"] = "silu"


class Tanh(Activation):
    """tanh(x)."""

    kind: Literal["tanh"] = "tanh"


class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    kind: Literal["sigmoid"] = "sigmoid"


class Softplus(Activation):
    """log(1 + exp(x)), without the linear branch that PyTorch takes above 20."""

    kind: Literal["softplus"] = "softplus"


class Softmax(Activation):
    """exp(x) / Σ exp(x) over the last axis."""

    kind: Literal["softmax"] = "softmax"


class Relu6(Activation):
    """min(max(x, 0), 6); its slope is 0 at 0 and at 6 (Krizhevsky 2010)."""

    kind: Literal["relu6"] = "relu6"


class Selu(Activation):
    """λ·x where x > 0, λ·α·(exp(x) - 1) elsewhere (Klambauer et al. 2017).

    λ = 1.0507009873554805, α = 1.6732632423543772. Its slope at 0 is that of the left, λ·α, as in PyTorch; TensorFlow
    takes λ.
    """

    kind: Literal["selu"] = "selu"


class Celu(Activation):
    """x where x > 0, alpha·(exp(x/alpha) - 1) elsewhere (Barron 2017); its slope at 0 is 1 (TensorFlow: 2)."""

    kind: Literal["celu"] = "celu"
    alpha: float = Field(default=1.0, gt=0)


class Mish(Activation):
    """x·tanh(log(1 + exp(x))) (Misra 2019)."""

    kind: Literal["mish"] = "mish"


class Softsign(Activation):
    """x / (1 + |x|); its slope at 0 is 1."""

    kind: Literal["softsign"] = "softsign"


class HardSigmoid(Activation):
    """min(max(x + 3, 0), 6) / 6; its slope is 0 at -3 and at 3 (Keras 3 and PyTorch; Keras 2 had 0.2·x + 0.5)."""

    kind: Literal["hard_sigmoid"] = "hard_sigmoid"


class HardSilu(Activation):
    """x·min(max(x + 3, 0), 6) / 6, also called hard swish; its slope is 0 at -3 and 1 at 3 (Howard et al. 2019)."""

    kind: Literal["hard_silu"] = "hard_silu"


class HardTanh(Activation):
    """min(max(x, -1), 1); its slope is 0 at -1 and at 1, as in PyTorch; TensorFlow takes 1."""

    kind: Literal["hard_tanh"] = "hard_tanh"


class LogSigmoid(Activation):
    """-log(1 + exp(-x))."""

    kind: Literal["log_sigmoid"] = "log_sigmoid"


class LogSoftmax(Activation):
    """x - log Σ exp(x) over the last axis."""

    kind: Literal["log_softmax"] = "log_softmax"


class TanhShrink(Activation):
    """x - tanh(x)."""

    kind: Literal["tanh_shrink"] = "tanh_shrink"


class SoftShrink(Activation):
    """sign(x)·max(|x| - threshold, 0); its slope at both thresholds is 0."""

    kind: Literal["soft_shrink"] = "soft_shrink"
    threshold: float = Field(default=0.5, ge=0)


class HardShrink(Activation):
    """x where |x| > threshold, 0 elsewhere; its slope at both thresholds is 0."""

    kind: Literal["hard_shrink"] = "hard_shrink"
    threshold: float = Field(default=0.5, ge=0)


class Threshold(Activation):
    """x where x > threshold, value elsewhere; its slope at the threshold is 0."""

    kind: Literal["threshold"] = "threshold"
    threshold: float
    value: float


class Exp(Activation):
    """exp(x)."""

    kind: Literal["exponential"] = "exponential"


Activation.admit(Linear, Relu, LeakyRelu, Elu, Gelu, Silu, Tanh, Sigmoid, Softplus, Softmax)
Activation.admit(Relu6, Selu, Celu, Mish, Softsign, HardSigmoid, HardSilu, HardTanh, LogSigmoid, LogSoftmax)
Activation.admit(TanhShrink, SoftShrink, HardShrink, Threshold, Exp)
