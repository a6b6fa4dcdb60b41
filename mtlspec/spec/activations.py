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


Activation.admit(Linear, Relu, LeakyRelu, Elu, Gelu, Silu, Tanh, Sigmoid, Softplus, Softmax)
