"""Initializers: how a parameter gets its first values, from the named random streams of the host."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law
from mtlspec.spec.value import problem, raise_problems


class Initializer(Kind):
    """Draws the initial values of one parameter; fans are those of the layer that owns it."""

    family: ClassVar[str] = "initializer"


class Zeros(Initializer):
    """0."""

    kind: Literal["zeros"] = "zeros"


class Ones(Initializer):
    """1."""

    kind: Literal["ones"] = "ones"


class Constant(Initializer):
    """`value`."""

    kind: Literal["constant"] = "constant"
    value: float


class Uniform(Initializer):
    """U(low, high)."""

    kind: Literal["uniform"] = "uniform"
    low: float = -0.05
    high: float = 0.05

    def model_post_init(self, context: object) -> None:
        """Refuse an empty interval."""
        if self.low > self.high:
            message = f"expected high to be at least low, {self.low}"
            raise_problems("Uniform", [problem(message, ("high",), self.high)])


class Normal(Initializer):
    """N(mean, standard_deviation²), not truncated."""

    kind: Literal["normal"] = "normal"
    mean: float = 0.0
    standard_deviation: float = Field(default=0.05, gt=0)


class GlorotUniform(Initializer):
    """U(-a, a), a = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 16)."""

    kind: Literal["glorot_uniform"] = "glorot_uniform"


class HeUniform(Initializer):
    """U(-a, a), a = sqrt(6 / fan_in) (He et al. 2015, equation 10, as a uniform law of the same variance)."""

    kind: Literal["he_uniform"] = "he_uniform"


class LecunUniform(Initializer):
    """U(-a, a), a = sqrt(3 / fan_in) (LeCun et al. 1998, section 4.6)."""

    kind: Literal["lecun_uniform"] = "lecun_uniform"


class FanInUniform(Initializer):
    """U(-a, a), a = 1 / sqrt(fan_in): what PyTorch's linear and convolution layers do, for kernel and bias."""

    kind: Literal["fan_in_uniform"] = "fan_in_uniform"


class GlorotNormal(Initializer):
    """N(0, 2 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 12)."""

    kind: Literal["glorot_normal"] = "glorot_normal"
    truncated: bool = law(published=False, keras=True, torch=False)
    """Cut at two standard deviations and widen so that the variance stays (Keras), or not (PyTorch)."""


class HeNormal(Initializer):
    """N(0, 2 / fan_in) (He et al. 2015, equation 10)."""

    kind: Literal["he_normal"] = "he_normal"
    truncated: bool = law(published=False, keras=True, torch=False)
    """Cut at two standard deviations and widen so that the variance stays (Keras), or not (PyTorch)."""


class LecunNormal(Initializer):
    """N(0, 1 / fan_in) (LeCun et al. 1998, equation 16)."""

    kind: Literal["lecun_normal"] = "lecun_normal"
    truncated: bool = law(published=False, keras=True, torch=False)
    """Cut at two standard deviations and widen so that the variance stays (Keras), or not (PyTorch)."""


Initializer.admit(
    Zeros,
    Ones,
    Constant,
    Uniform,
    Normal,
    GlorotUniform,
    HeUniform,
    LecunUniform,
    FanInUniform,
    GlorotNormal,
    HeNormal,
    LecunNormal,
)
