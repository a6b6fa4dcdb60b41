"""Clipping: gradients times min(1, limit / (norm + epsilon)), or element by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.spec import optimizers as spec
from mtlspec_torch.rows import RowGradient

Rows = Mapping[nn.Parameter, RowGradient]
Clipped = tuple[list[Tensor], dict[nn.Parameter, RowGradient]]


def clipped(clipping: spec.Clipping, gradients: list[Tensor], rows: Rows) -> Clipped:
    """Return new gradients, the dense ones and those by row."""
    if not gradients and not rows:
        return [], {}
    return CLIPPINGS[type(clipping)](clipping, gradients, rows)


def _by_global_norm(clipping: spec.GlobalNorm, gradients: list[Tensor], rows: Rows) -> Clipped:
    factor = _factor(torch.linalg.vector_norm(torch.stack(_norms(gradients, rows))), clipping)
    return [gradient * factor for gradient in gradients], {p: rows[p].scaled(by=factor) for p in rows}


def _by_tensor_norm(clipping: spec.PerTensorNorm, gradients: list[Tensor], rows: Rows) -> Clipped:
    factors = [_factor(norm, clipping) for norm in _norms(gradients, rows)]
    dense = [gradient * factor for gradient, factor in zip(gradients, factors, strict=False)]
    by_row = zip(rows.items(), factors[len(gradients) :], strict=True)
    return dense, {parameter: gradient.scaled(by=factor) for (parameter, gradient), factor in by_row}


def _by_value(clipping: spec.ValueClipping, gradients: list[Tensor], rows: Rows) -> Clipped:
    bounded = torch._foreach_clamp_max(gradients, clipping.limit) if gradients else ()
    bounded = torch._foreach_clamp_min(bounded, -clipping.limit) if bounded else ()
    return list(bounded), {p: rows[p].bounded(by=clipping.limit) for p in rows}


def _norms(gradients: list[Tensor], rows: Rows) -> list[Tensor]:
    dense = torch._foreach_norm(gradients) if gradients else ()
    return [*dense, *(gradient.squared_norm.sqrt() for gradient in rows.values())]


def _factor(norm: Tensor, clipping: spec.GlobalNorm | spec.PerTensorNorm) -> Tensor:
    factor: Tensor = (clipping.limit / (norm + clipping.epsilon)).clamp(max=1)
    return factor


CLIPPINGS: dict[type[spec.Clipping], Callable[[Any, list[Tensor], Rows], Clipped]] = {
    spec.GlobalNorm: _by_global_norm,
    spec.PerTensorNorm: _by_tensor_norm,
    spec.ValueClipping: _by_value,
}
