"""Initializers: how a parameter gets its first values, from the named random streams of the host."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law
from mtlspec.spec.value import problem, raise_problems

FARTHEST = 8.0
"""How far from the mean, in standard deviations, an interval may lie: beyond is less than 1e-15 of a normal law."""


class Initializer(Kind):
    """Draws the initial values of one parameter; fans are those of the layer that owns it."""

    family: ClassVar[str] = "initializer"

    def misfit(self, shape: tuple[int, ...]) -> str:
        """Return why it cannot make a parameter of this shape, or an empty string."""
        return ""


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


class TruncatedNormal(Initializer):
    """N(mean, standard_deviation²), drawn again outside [low, high]; its variance shrinks accordingly.

    Keras's `TruncatedNormal` cuts at two standard deviations from the mean, which PyTorch's `trunc_normal_` expresses
    by absolute bounds: its own, -2 and 2, cut next to nothing of a small standard deviation.
    """

    kind: Literal["truncated_normal"] = "truncated_normal"
    mean: float = 0.0
    standard_deviation: float = law(published=0.05, keras=0.05, torch=1.0, gt=0)
    low: float = -2.0
    high: float = 2.0
    bounds: Literal["in_deviations", "absolute"] = law(
        published="in_deviations", keras="in_deviations", torch="absolute"
    )
    """Whether `low` and `high` count standard deviations from the mean, or are the numbers themselves."""

    def model_post_init(self, context: object) -> None:
        """Refuse bounds with nothing between them."""
        if self.low >= self.high:
            message = f"expected high to be above low, {self.low}"
            raise_problems("TruncatedNormal", [problem(message, ("high",), self.high)])

    def misfit(self, shape: tuple[int, ...]) -> str:
        low, high = self.cut
        if low <= FARTHEST and high >= -FARTHEST:
            return ""
        return f"truncated_normal from {low:g} to {high:g} standard deviations off the mean is too far out to be drawn"

    @property
    def cut(self) -> tuple[float, float]:
        """The bounds in standard deviations from the mean."""
        if self.bounds == "in_deviations":
            return self.low, self.high
        return (self.low - self.mean) / self.standard_deviation, (self.high - self.mean) / self.standard_deviation


class VarianceScaling(Initializer):
    """A law of mean 0 and variance scale / n, n the fan in, the fan out or their mean.

    `truncated_normal` is cut at two standard deviations and widened so that the variance stays; `uniform` is
    U(-a, a), a = sqrt(3·scale / n). Keras's `VarianceScaling`; PyTorch's `kaiming_*` and `xavier_*` are cases of it,
    their normal ones not truncated. (He et al. 2015: scale 2, fan_in; Glorot and Bengio 2010: scale 1, fan_average.)
    """

    kind: Literal["variance_scaling"] = "variance_scaling"
    scale: float = Field(default=1.0, gt=0)
    mode: Literal["fan_in", "fan_out", "fan_average"] = "fan_in"
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = law(
        published="untruncated_normal", keras="truncated_normal", torch="untruncated_normal"
    )


class Orthogonal(Initializer):
    """gain·Q, Q the orthogonal factor of a matrix of N(0, 1), uniform among those (Saxe et al. 2014, Mezzadri 2007).

    The matrix has the last axis as its columns and all others as its rows; the longer side has orthonormal vectors.
    The signs are those that make the diagonal of R positive, as in Keras's `Orthogonal` and PyTorch's `orthogonal_`.
    """

    kind: Literal["orthogonal"] = "orthogonal"
    gain: float = Field(default=1.0, gt=0)

    def misfit(self, shape: tuple[int, ...]) -> str:
        return "" if len(shape) >= 2 else f"orthogonal makes a matrix, not the shape {list(shape)}; use normal or zeros"


class Identity(Initializer):
    """gain on the diagonal, 0 beside it (Keras's `Identity`; PyTorch's `eye_` with gain 1)."""

    kind: Literal["identity"] = "identity"
    gain: float = 1.0

    def misfit(self, shape: tuple[int, ...]) -> str:
        return "" if len(shape) == 2 else f"identity makes a matrix, not the shape {list(shape)}; use another one"


class UnitForget(Initializer):
    """0, and 1 for the second of four gates: an LSTM's bias that forgets little at first (Jozefowicz et al. 2015)."""

    kind: Literal["unit_forget"] = "unit_forget"

    def misfit(self, shape: tuple[int, ...]) -> str:
        fits = len(shape) == 1 and shape[0] % 4 == 0
        return "" if fits else f"unit_forget makes the bias of four gates, not the shape {list(shape)}; use zeros"


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
    TruncatedNormal,
    VarianceScaling,
    Orthogonal,
    Identity,
    UnitForget,
)
