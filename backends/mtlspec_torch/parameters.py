"""Parameters: where each key path lies in the native model, and in which layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mtlspec.expectation import expect_parameters
from mtlspec.graph import Graph, Parameter
from mtlspec.spec import layers
from mtlspec.spec.signature import Sizes
from mtlspec.tensors import Array, Tensors
from mtlspec_torch import attention, positions
from mtlspec_torch.arrays import tensor_of

LEAVES = {
    "kernel": "weight",
    "down": "down.weight",
    "up": "up.weight",
    "table": "weight",
    "scale": "weight",
    "bias": "bias",
    "offset": "bias",
    "running_mean": "running_mean",
    "running_variance": "running_var",
    "mean": "mean",
    "variance": "variance",
    "step": "step",
    "depthwise_kernel": "depthwise.weight",
    "pointwise_kernel": "pointwise.weight",
    **positions.LEAVES,
}
"""The native name of the last part of a key path."""

KERNELS = ("kernel", "down", "up", "pointwise_kernel")
"""Leaves whose last axes are (in, out) where the native ones are (out, in)."""
RECURRENT_LEAVES = {
    "kernel": "weight_ih_l0",
    "recurrent_kernel": "weight_hh_l0",
    "bias": "bias_ih_l0",
    "recurrent_bias": "bias_hh_l0",
}
"""Those of a recurrent layer, which has its gates on the first native axis."""
GATES: dict[type[layers.Layer], Sizes] = {layers.Gru: (1, 0, 2)}
"""The canonical gate behind each native one, where the order is another: z, r, g and r, z, n."""

KERNEL_AXES: dict[int, Sizes] = {2: (1, 0), 3: (2, 1, 0), 4: (3, 2, 0, 1)}
"""For a kernel of so many axes, the canonical axis behind each native one: (out, in) and (out, in, kh, kw)."""
BY_CHANNEL: dict[int, Sizes] = {3: (1, 2, 0), 4: (2, 3, 0, 1)}
"""The same for a kernel (..., in, multiplier); of (in, multiplier, ...) natively the first two are one axis."""
SEPARABLE = (layers.SeparableConv1d, layers.SeparableConv2d)
DEPTHWISE = (layers.DepthwiseConv1d, layers.DepthwiseConv2d)


@dataclass(frozen=True)
class Place:
    """One row of the table: a parameter, its native name and its axes."""

    parameter: Parameter
    name: str
    axes: Sizes
    by_channel: bool = False
    """Whether the first two axes of `axes` are natively one, before an axis of 1."""
    blocks: Sizes = ()
    """The canonical block behind each native one on the first native axis; nothing where the order is the same."""
    folded: Sizes | None = None
    """The shape, of as many axes as the native tensor has, that the canonical array takes before its axes move."""

    @property
    def shape(self) -> list[int]:
        """The sizes of the native axes."""
        shape = self.folded or self.parameter.shape
        return [shape[axis] for axis in self.axes]

    def native(self, array: Any, *, dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return a new tensor in native layout."""
        shape = self.shape
        native = [shape[0] * shape[1], 1, *shape[2:]] if self.by_channel else shape
        folded = np.reshape(array, self.folded or self.parameter.shape)
        arranged = np.ascontiguousarray(np.transpose(folded, self.axes)).reshape(native)
        return tensor_of(_reordered(arranged, self.blocks), dtype=dtype, device=device)

    def canonical(self, tensor: Tensor) -> Array:
        """Return a new array in canonical layout."""
        native = _reordered(tensor.detach().to("cpu").numpy(), tuple(np.argsort(self.blocks)))
        array = np.transpose(native.reshape(self.shape), np.argsort(self.axes))
        return np.array(array, order="C", copy=True).reshape(self.parameter.shape)


def places(graph: Graph, modules: Mapping[str, str]) -> dict[str, Place]:
    """Return the table for a model whose module names are given by node path."""
    return {p.path: _place(p, graph.node(p.node).layer, modules[p.node]) for p in graph.parameters}


def _place(parameter: Parameter, layer: layers.Layer | None, module: str) -> Place:
    leaf, rank = parameter.leaf, len(parameter.shape)
    if isinstance(layer, layers.Attention):
        folded = attention.folded(parameter)
        axes = KERNEL_AXES[2] if leaf in attention.KERNELS else tuple(range(len(folded)))
        return Place(parameter, f"{module}.{attention.LEAVES[leaf]}", axes, folded=folded)
    if isinstance(layer, layers.Recurrent):
        gates = GATES.get(type(layer), ())
        return Place(parameter, f"{module}.{RECURRENT_LEAVES[leaf]}", tuple(range(rank))[::-1], blocks=gates)
    name = "pointwise.bias" if leaf == "bias" and isinstance(layer, SEPARABLE) else LEAVES[leaf]
    if leaf == "depthwise_kernel" or (leaf == "kernel" and isinstance(layer, DEPTHWISE)):
        return Place(parameter, f"{module}.{name}", BY_CHANNEL[rank], by_channel=True)
    axes = KERNEL_AXES[rank] if leaf in KERNELS else tuple(range(rank))
    return Place(parameter, f"{module}.{name}", axes)


def _reordered(array: Array, blocks: Sizes) -> Array:
    """Return `array` with equal blocks of its first axis in another order."""
    if not blocks:
        return array
    parts = np.split(array, len(blocks))
    return np.concatenate([parts[block] for block in blocks])


class ParameterTable:
    """The parameters of a native model by key path."""

    def __init__(self, graph: Graph, model: nn.Module, modules: Mapping[str, str]) -> None:
        self.graph, self.model = graph, model
        self.places = places(graph, modules)

    def tensor(self, path: str) -> Tensor:
        """Return the native tensor itself, a parameter or a buffer."""
        owner, _, leaf = self.places[path].name.rpartition(".")
        tensor: Tensor = getattr(self.model.get_submodule(owner), leaf)
        return tensor

    def trained(self, path: str) -> nn.Parameter:
        """Return the native parameter at `path`, of role trainable."""
        return self.model.get_parameter(self.places[path].name)

    def tensors(self) -> Tensors:
        """Return all parameters in canonical layout."""
        return Tensors({path: place.canonical(self.tensor(path)) for path, place in self.places.items()})

    @torch.no_grad()
    def assign(self, values: Mapping[str, Any]) -> None:
        """Copy in the values of some or all parameters.

        Raises:
            ValueError: a key path is unknown, or a shape is another; then nothing is assigned.
        """
        expect_parameters(self.graph, values)
        targets = {path: self.tensor(path) for path in values}
        fitting = {path: self.native(path, value, like=targets[path]) for path, value in values.items()}
        for path, tensor in fitting.items():
            targets[path].copy_(tensor)

    def native(self, path: str, array: Any, *, like: Tensor) -> Tensor:
        """Return `array` in the native layout of `path`, with dtype and device of `like`."""
        return self.places[path].native(array, dtype=like.dtype, device=like.device)
