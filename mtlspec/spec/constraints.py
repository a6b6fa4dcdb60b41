"""Constraints: what a parameter is put back to after every update of it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law


class Constraint(Kind):
    """A projection of a parameter, after its update and before its average."""

    family: ClassVar[str] = "constraint"

    def complaint(self, shape: tuple[int, ...]) -> str:
        """Return why it cannot hold a parameter of `shape`, or an empty string."""
        return ""

    @property
    def by_row(self) -> bool:
        """Whether it holds each row of a table without looking at the others."""
        return True


class NonNegative(Constraint):
    """w = max(w, 0)."""

    kind: Literal["non_negative"] = "non_negative"


class _Norms(Constraint):
    """The norm is sqrt(Σ w²) over `axes` of the canonical layout (..., in, out), kept for each place of the others."""

    axes: tuple[int, ...] = Field(default=(0,), min_length=1)
    """(0,) is what enters a unit of a dense layer, as Keras' default; (0, 1, 2) a filter of conv2d; (1,) a row of
    a table."""
    epsilon: float = law(published=0.0, keras=1e-7, torch=0.0, ge=0)
    """Where the norm and epsilon are 0, w stays 0."""

    def complaint(self, shape: tuple[int, ...]) -> str:
        wrong = [axis for axis in self.axes if not 0 <= axis < len(shape)]
        if wrong or len(set(self.axes)) < len(self.axes):
            last = len(shape) - 1
            return f"expected different `axes` from 0 to {last} for a parameter of shape {shape}, found {self.axes}"
        return ""

    @property
    def by_row(self) -> bool:
        return 0 not in self.axes


class MaxNorm(_Norms):
    """w = w·(min(norm, limit) / (norm + epsilon)) (Srebro and Shraibman 2005; Srivastava et al. 2014, section 5.1)."""

    kind: Literal["max_norm"] = "max_norm"
    limit: float = Field(gt=0)


class UnitNorm(_Norms):
    """w = w / (norm + epsilon)."""

    kind: Literal["unit_norm"] = "unit_norm"


Constraint.admit(NonNegative, MaxNorm, UnitNorm)
