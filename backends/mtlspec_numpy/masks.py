"""Masks: 1 where a position counts, 0 where it is padding; nothing is differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec.layer import Layer
from mtlspec.spec.masks import LengthMask, PaddingMask
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode

Leaves = Mapping[str, Array]


def padding_mask(layer: PaddingMask, ids: Array, parameters: Leaves, mode: Mode) -> Applied:
    """1 where id ≠ padding."""
    return Applied((ids != layer.padding).astype(mode.dtype), lambda cotangent: Cotangents((None,), {}))


def length_mask(layer: LengthMask, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """1 at position t where t < length."""
    lengths, sequence = sources
    mask = np.arange(sequence.shape[1]) < lengths[:, None]
    return Applied(mask.astype(mode.dtype), lambda cotangent: Cotangents((None, None), {}))


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {PaddingMask: padding_mask}
LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = {
    LengthMask: length_mask
}
