"""Layouts: how a parameter lies in memory natively, and how that is seen in canonical layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from mtlspec.spec.signature import Sizes


@dataclass(frozen=True)
class Layout:
    """The canonical shape of a parameter, and how a native tensor of another shape holds its numbers."""

    shape: Sizes
    axes: Sizes
    """The canonical axes in their native order."""
    native_shape: Sizes
    """The native shape, in which neighbouring axes may be one, or an axis of 1 may be added."""
    blocks: Sizes = ()
    """The canonical block behind each native one on the first native axis; nothing where the order is the same."""

    @cached_property
    def plain(self) -> bool:
        """Whether both are the same."""
        return self.axes == tuple(range(len(self.shape))) and self.native_shape == self.shape and not self.blocks

    def native(self, canonical: Tensor) -> Tensor:
        """Return a tensor in canonical layout as it lies natively."""
        if self.plain:
            return canonical
        return _reordered(canonical.permute(self.axes).reshape(self.native_shape), self.blocks)

    def canonical(self, native: Tensor) -> Tensor:
        """Return a native tensor in canonical layout."""
        if self.plain:
            return native
        ordered = _reordered(native, tuple(np.argsort(self.blocks)))
        back = [int(axis) for axis in np.argsort(self.axes)]
        return ordered.reshape([self.shape[axis] for axis in self.axes]).permute(back)


def _reordered(tensor: Tensor, blocks: Sizes) -> Tensor:
    """Return `tensor` with equal blocks of its first axis in another order."""
    if not blocks:
        return tensor
    parts = tensor.chunk(len(blocks))
    return torch.cat([parts[block] for block in blocks])
