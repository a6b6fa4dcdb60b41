"""Clipping: what bounds a gradient before it is followed."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law


class Clipping(Kind):
    """Bounds gradients by `limit`, after the penalty and before the update."""

    family: ClassVar[str] = "clipping"
    limit: float = Field(gt=0)


class _NormClipping(Clipping):
    """Scales gradients by min(1, limit / (norm + epsilon))."""

    epsilon: float = law(published=0.0, keras=0.0, torch=1e-6, ge=0)


class GlobalNorm(_NormClipping):
    """One norm over all parameters of the phase (Pascanu et al. 2013, algorithm 1)."""

    kind: Literal["global_norm"] = "global_norm"


class PerTensorNorm(_NormClipping):
    """A norm for each parameter (Keras' `clipnorm`)."""

    kind: Literal["per_tensor_norm"] = "per_tensor_norm"


class ValueClipping(Clipping):
    """g = min(max(g, -limit), limit), element by element (Keras' `clipvalue`, PyTorch's `clip_grad_value_`).

    Of a table whose repeated ids stay separate, each occurrence is bounded before the sum.
    """

    kind: Literal["value"] = "value"


Clipping.admit(GlobalNorm, PerTensorNorm, ValueClipping)
