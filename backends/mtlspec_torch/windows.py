"""Borders of layers that move a window, padded as TensorFlow's SAME: the odd row and column come after."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec.signature import Ends, Shape, Sizes, Window

Pads = tuple[int, ...]
"""Before and after each axis, the last axis first: the order of `torch.nn.functional.pad`."""


def pads(size: Sizes, window: Window) -> Pads:
    """Return what is around an image of `size`; for `same` max((ceil(n/s) - 1)·s + reach - n, 0), half of it before."""
    sides: list[Ends] = []
    for axis, (n, k, s) in enumerate(zip(size, window.reach, window.strides, strict=True)):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        match window.padding:
            case "same":
                sides.append((total // 2, total - total // 2))
            case "causal":
                sides.append((k - 1, 0))
            case str():
                sides.append((0, 0))
            case border:
                sides.append(border[axis])
    return in_order(sides)


def known_pads(size: Shape, window: Window) -> Pads | None:
    """Return what is around an image; None where that depends on a length that the data chooses."""
    each = zip(size, window.strides, strict=True)
    if window.padding == "same" and any(n is None and s > 1 for n, s in each):
        return None
    return pads(tuple(n or 1 for n in size), window)


def in_order(sides: list[Ends]) -> Pads:
    """Return what `sides` say of each axis in the order of `torch.nn.functional.pad`."""
    return tuple(number for ends in reversed(sides) for number in ends)


def even(around: Pads | None) -> Sizes | None:
    """Return the padding of each axis where both ends are padded alike, as native layers do; else None."""
    if around is None:
        return None
    before, after = around[::2], around[1::2]
    return tuple(reversed(before)) if before == after else None


class Padded(nn.Module):
    """A native layer, the next base, with a border that differs from side to side, or from length to length."""

    window: Window
    around: Pads | None
    fill = 0.0

    def bordered_by(self, around: Pads | None, window: Window) -> None:
        """Have the border `around`, or what `window` asks for at each length."""
        self.around, self.window = around, window

    def forward(self, input: Tensor) -> Tensor:
        around = pads(tuple(input.shape[2:]), self.window) if self.around is None else self.around
        output: Tensor = super().forward(functional.pad(input, around, value=self.fill))
        return output

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, around={self.around}"
