"""Windows that move over sequences (batch, steps, channels) and images (batch, height, width, channels), by taps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mtlspec.spec.signature import Ends, Sizes, Window, known
from mtlspec.tensors import Array


@dataclass(frozen=True)
class Windows:
    """The geometry of a window: its size, step and gaps, and the border before and after each spatial axis."""

    image: Sizes
    size: Sizes
    strides: Sizes
    dilation: Sizes
    border: tuple[Ends, ...]

    @classmethod
    def over(cls, x: Array, window: Window) -> Windows:
        """Return the windows of a layer over `x`; `same` puts the odd zero after."""
        image = x.shape[1:-1]
        axes = list(zip(image, window.reach, window.strides, strict=True))
        if window.padding == "causal":
            border: tuple[Ends, ...] = tuple((k - 1, 0) for k in window.reach)
        elif window.padding == "same":
            border = tuple(_border(n, k, s) for n, k, s in axes)
        else:
            border = _none(window) if isinstance(window.padding, str) else window.padding
        return cls(image, window.size, window.strides, window.dilation, border)

    @classmethod
    def under(cls, x: Array, window: Window) -> Windows:
        """Return the windows that the elements of `x` stand for in what a transposed convolution makes of it."""
        if window.padding == "same":
            border = tuple(_halves(max(k - s, 0)) for k, s in zip(window.reach, window.strides, strict=True))
        elif isinstance(window.padding, str):
            border = _none(window)
        else:
            border = tuple((before, max(after, 0)) for before, after in window.padding)
        return cls(known(window.transposed(x.shape[1:-1])), window.size, window.strides, window.dilation, border)

    def padded(self, x: Array, *, fill: float = 0.0) -> Array:
        """Return images with their border."""
        if not any(map(any, self.border)):
            return x
        return np.pad(x, ((0, 0), *self.border, (0, 0)), constant_values=fill)

    def empty(self, x: Array, channels: int) -> Array:
        """Return zeros for as many examples as `x` has, with their border and so many channels."""
        spatial = (n + before + after for n, (before, after) in zip(self.image, self.border, strict=True))
        return np.zeros((len(x), *spatial, channels), dtype=x.dtype)

    def cropped(self, padded: Array) -> Array:
        """Return images without their border."""
        inside = (slice(before, before + n) for n, (before, _) in zip(self.image, self.border, strict=True))
        return padded[:, *inside]

    def taps(self, padded: Array) -> Iterator[Array]:
        """Yield for each element of the window, in row order, a view of what it meets (batch, ..., channels).

        Views, so that what is added to them adds up in the images; and single taps rather than one matrix of whole
        windows, which is several times slower as soon as it leaves the cache.
        """
        axes = list(zip(padded.shape[1:-1], self.size, self.dilation, self.strides, strict=True))
        for place in np.ndindex(*self.size):
            met = []
            for index, (extent, size, gap, stride) in zip(place, axes, strict=True):
                start = index * gap
                met.append(slice(start, extent - (size - 1) * gap + start, stride))
            yield padded[:, *met]


def _border(size: int, window: int, stride: int) -> Ends:
    return _halves(max((-(-size // stride) - 1) * stride + window - size, 0))


def _halves(total: int) -> Ends:
    return total // 2, total - total // 2


def _none(window: Window) -> tuple[Ends, ...]:
    return tuple((0, 0) for _ in window.size)
