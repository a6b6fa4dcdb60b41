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
from mtlspec_torch.extension import native_leaf
from mtlspec_torch.layouts import Layout

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
    "slope": "weight",
    "batches": "num_batches_tracked",
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
    """One row of the table: a parameter, its native name and its layout."""

    parameter: Parameter
    name: str
    layout: Layout

    def native(self, array: Any, *, dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return a new tensor in native layout."""
        return self.layout.native(tensor_of(array, dtype=dtype, device=device)).contiguous()

    def canonical(self, tensor: Tensor) -> Array:
        """Return a new array in canonical layout."""
        return np.array(self.layout.canonical(tensor.detach().to("cpu")).numpy(), order="C", copy=True)


def places(graph: Graph, modules: Mapping[str, str]) -> dict[str, Place]:
    """Return the table for a model whose module names are given by node path."""
    return {p.path: _place(p, graph.node(p.node).layer, modules[p.node]) for p in graph.parameters}


def _place(parameter: Parameter, layer: layers.Layer | None, module: str) -> Place:
    leaf, shape = parameter.leaf, parameter.shape
    if isinstance(layer, layers.Attention):
        return Place(parameter, f"{module}.{attention.LEAVES[leaf]}", attention.layout(parameter))
    if layer is not None and "." in layer.kind:  # a user's own has its parameters as they are
        return Place(parameter, f"{module}.{native_leaf(leaf)}", Layout(shape, tuple(range(len(shape))), shape))
    if isinstance(layer, layers.Recurrent):
        gates = GATES.get(type(layer), ())
        return Place(parameter, f"{module}.{RECURRENT_LEAVES[leaf]}", _transposed(shape, blocks=gates))
    name = "pointwise.bias" if leaf == "bias" and isinstance(layer, SEPARABLE) else LEAVES[leaf]
    return Place(parameter, f"{module}.{name}", _layout(leaf, shape, layer))


def _layout(leaf: str, shape: Sizes, layer: layers.Layer | None) -> Layout:
    if leaf == "depthwise_kernel" or (leaf == "kernel" and isinstance(layer, DEPTHWISE)):
        *window, channels, multiplier = shape
        return Layout(shape, BY_CHANNEL[len(shape)], (channels * multiplier, 1, *window))
    if leaf in KERNELS:
        axes = KERNEL_AXES[len(shape)]
        return Layout(shape, axes, tuple(shape[axis] for axis in axes))
    return Layout(shape, tuple(range(len(shape))), shape)


def _transposed(shape: Sizes, *, blocks: Sizes) -> Layout:
    return Layout(shape, tuple(range(len(shape)))[::-1], shape[::-1], blocks)


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
