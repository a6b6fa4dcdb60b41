"""Optimizers that keep the square of a gradient in factors: Adafactor."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.optimizer import Optimizer, RowLaw
from mtlspec.spec.signature import Sizes
from mtlspec.spec.slots import SlotRule, averaging, like_parameter


class Adafactor(Optimizer):
    """u = g / sqrt(v); w -= max(ε2, rms(w))·ρ·u / max(1, rms(u) / clip_threshold).

    Shazeer and Stern 2018, algorithms 4 and 5.

    ρ = min(r, 1/√t), or r without `relative_step`; β = 1 - t^beta_2_decay; rms(x) = sqrt(mean(x²)).
    Of a parameter with two axes or more, R and C average the square over one axis each:
    R = β·R + (1-β)·mean_columns(g² + ε1), C = β·C + (1-β)·mean_rows(g² + ε1), v = R·C / mean(R); of others
    v = β·v + (1-β)·(g² + ε1).
    """

    kind: Literal["adafactor"] = "adafactor"
    row_laws: ClassVar[frozenset[RowLaw]] = frozenset()
    learning_rate: float = law(published=0.01, keras=0.001, torch=0.01, gt=0)
    beta_2_decay: float = Field(default=-0.8, le=0)
    epsilon_1: float = law(published=1e-30, keras=1e-30, torch=2.0**-52, gt=0)
    """PyTorch's is the machine epsilon of the parameter's type, here that of float64."""
    epsilon_2: float = Field(default=1e-3, gt=0)
    clip_threshold: float = Field(default=1.0, gt=0)
    relative_step: bool = True
    epsilon_1_use: Literal["added", "clamped"] = law(published="added", keras="added", torch="clamped")
    """`clamped`: nothing is added to g²; v = max(R·C / max(mean(R), ε1), ε1²)."""
    scale_from: Literal["decayed", "undecayed"] = law(published="decayed", keras="decayed", torch="undecayed")
    """Whether rms(w) is that of the parameter after its decoupled decay, or before it; the paper has no decay."""
    factored_axes: Literal["last", "first"] = law(published="last", keras="last", torch="first")
    """Which two axes of a kernel with more than two are factored: (in, out), or those of the window, which come last
    in PyTorch's layout."""

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        if len(shape) < 2:
            return like_parameter(shape, "second_moment")
        row, column = self.axes(shape)
        return averaging("row_factor", shape, column), averaging("column_factor", shape, row)

    def axes(self, shape: Sizes) -> tuple[int, int]:
        """Return which axes of a parameter are its rows and columns."""
        last = self.factored_axes == "last" or len(shape) == 2
        return (len(shape) - 2, len(shape) - 1) if last else (0, 1)
