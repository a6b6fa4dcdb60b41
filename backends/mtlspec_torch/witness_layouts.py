"""Layouts of foreign modules: which parameters each owns, and how they become canonical: kernels (..., in, out)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mtlspec.tensors import Array

Axes = Callable[[int], tuple[int, ...]]
"""The axes of the canonical array in terms of the native one, for a number of axes."""


def _same(rank: int) -> tuple[int, ...]:
    return tuple(range(rank))


def _out_first(rank: int) -> tuple[int, ...]:
    """(out, in, *window) becomes (*window, in, out)."""
    return (*range(2, rank), 1, 0)


def _in_first(rank: int) -> tuple[int, ...]:
    """(in, out, *window) becomes (*window, in, out)."""
    return (*range(2, rank), 0, 1)


NORMALIZATION: dict[str, tuple[str, Axes]] = {
    "weight": ("scale", _same),
    "bias": ("offset", _same),
    "running_mean": ("running_mean", _same),
    "running_var": ("running_variance", _same),
}
CHANNELS_FIRST = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.PReLU,
)
"""Modules whose examples have their channels before the window; the kit compares them channels-last."""
LAYOUTS: tuple[tuple[type[nn.Module] | tuple[type[nn.Module], ...], dict[str, tuple[str, Axes]]], ...] = (
    (nn.Linear, {"weight": ("kernel", _out_first), "bias": ("bias", _same)}),
    (nn.modules.conv._ConvTransposeNd, {"weight": ("kernel", _in_first), "bias": ("bias", _same)}),
    (nn.modules.conv._ConvNd, {"weight": ("kernel", _out_first), "bias": ("bias", _same)}),
    (nn.Embedding, {"weight": ("table", _same)}),
    (nn.PReLU, {"weight": ("slope", _same)}),
    ((nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm), NORMALIZATION),
)


@dataclass(frozen=True, eq=False)
class Held:
    """One parameter or statistic of a module, under its canonical name."""

    name: str
    layer: str
    native: str
    tensor: Tensor
    axes: tuple[int, ...]
    known: bool
    """Whether the layout is canonical; otherwise it is the module's own."""

    @property
    def trainable(self) -> bool:
        """Whether gradients reach it: a parameter that is not frozen."""
        return self.tensor.requires_grad

    def canonical(self, tensor: Tensor) -> Array:
        """Return a copy of `tensor`, the parameter or its gradient, in the canonical layout."""
        return np.ascontiguousarray(tensor.detach().cpu().numpy().transpose(self.axes)).copy()

    def assign(self, array: Array) -> None:
        """Take the values of a canonical array."""
        native = np.ascontiguousarray(np.asarray(array).transpose(np.argsort(self.axes)))
        with torch.no_grad():
            self.tensor.copy_(torch.from_numpy(native))


def held_by(model: nn.Module) -> Iterator[Held]:
    """Yield what `model` learns and the statistics it keeps, module by module; counters are left out."""
    stored = model.state_dict(keep_vars=True)
    first = {id(tensor): name for name, tensor in reversed(stored.items())}
    for native, tensor in stored.items():
        if not tensor.is_floating_point() or first[id(tensor)] != native:  # a shared one has its first name
            continue
        layer, _, own = native.rpartition(".")
        table = table_of(model.get_submodule(layer))
        leaf, axes = table.get(own, (own, _same))
        name = f"{layer}.{leaf}" if layer else leaf
        yield Held(name, layer, native, tensor, axes(tensor.dim()), known=own in table)


def table_of(module: nn.Module) -> dict[str, tuple[str, Axes]]:
    """Return the layouts of a module's parameters by their native names: those that are known."""
    return next((table for kinds, table in LAYOUTS if isinstance(module, kinds)), {})


def channels_last(module: nn.Module, tensor: Tensor) -> Array:
    """Return an activation of `module` with its channels last."""
    array = tensor.detach().cpu().numpy()
    if isinstance(module, CHANNELS_FIRST) and array.ndim > 2:
        array = np.moveaxis(array, 1, -1)
    return np.ascontiguousarray(array).copy()
