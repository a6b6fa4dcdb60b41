"""Windows that move over images (batch, height, width, channels), one tap at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mtlspec.tensors import Array

Sizes = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """The geometry of a window: its size, its step, and the border before and after each spatial axis."""

    image: Sizes
    size: Sizes
    strides: Sizes
    border: tuple[Sizes, Sizes]

    @classmethod
    def over(cls, x: Array, *, size: Sizes, strides: Sizes, padding: str) -> Windows:
        """Return the windows of a layer over images `x`; `same` puts the odd zero after."""
        height, width = x.shape[1:3]
        if padding == "valid":
            return cls((height, width), size, strides, ((0, 0), (0, 0)))
        vertical, horizontal = _border(height, size[0], strides[0]), _border(width, size[1], strides[1])
        return cls((height, width), size, strides, (vertical, horizontal))

    def padded(self, x: Array, *, fill: float = 0.0) -> Array:
        """Return images with their border."""
        if self.border == ((0, 0), (0, 0)):
            return x
        return np.pad(x, ((0, 0), *self.border, (0, 0)), constant_values=fill)

    def cropped(self, padded: Array) -> Array:
        """Return images without their border."""
        (top, _), (left, _) = self.border
        return padded[:, top : top + self.image[0], left : left + self.image[1]]

    def taps(self, padded: Array) -> Iterator[Array]:
        """Yield for each element of the window, in row order, a view of what it meets (batch, out h, out w, channels).

        Views, so that what is added to them adds up in the images; and single taps rather than one matrix of whole
        windows, which is several times slower as soon as it leaves the cache.
        """
        (height, width), (down, across) = padded.shape[1:3], self.strides
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                below, right = height - self.size[0] + i + 1, width - self.size[1] + j + 1
                yield padded[:, i:below:down, j:right:across]


def _border(size: int, window: int, stride: int) -> Sizes:
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2
