"""Channels: which axes of a graph may be put in another order together, so that the program stays the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from mtlspec.graph import Graph, Node
from mtlspec.spec import layers as kinds
from mtlspec.spec.signature import Shape, channels, elements
from mtlspec.spec.slots import SlotRule
from mtlspec.tensors import Array

WITHIN_CHANNELS = (
    *(kinds.MaxPool1d, kinds.MaxPool2d, kinds.AveragePool1d, kinds.AveragePool2d),
    *(kinds.GlobalMaxPool, kinds.GlobalAveragePool),
    *(kinds.ZeroPadding1d, kinds.ZeroPadding2d, kinds.Cropping1d, kinds.Cropping2d),
    *(kinds.UpSampling1d, kinds.UpSampling2d),
)
"""Layers that take each channel by itself, alike."""

Order = NDArray[np.int64]
Channels = tuple[int, ...]
"""The last axis of a tensor, as groups side by side; a group that occurs twice has one order at both places."""


@dataclass(frozen=True, eq=False)
class Orders:
    """New orders: of the last axis of each input, and of axes of each parameter; what is absent stays."""

    inputs: Mapping[str, Order]
    parameters: Mapping[str, Mapping[int, Order]]

    @property
    def moving(self) -> bool:
        """Whether anything leaves its place."""
        axes = [*self.inputs.values(), *(order for own in self.parameters.values() for order in own.values())]
        return any((order != np.arange(len(order))).any() for order in axes)

    def of_input(self, name: str, array: Array) -> Array:
        """Return the examples of an input in their new order of features."""
        return np.take(array, self.inputs[name], axis=-1) if name in self.inputs else array

    def of_parameter(self, path: str, array: Array, *, inverse: bool = False) -> Array:
        """Return what has the shape of a parameter in the new order, or back in the old one."""
        for axis, order in self.parameters.get(path, {}).items():
            array = np.take(array, np.argsort(order) if inverse else order, axis=axis)
        return array

    def of_slot(self, path: str, rule: SlotRule, array: Array, *, inverse: bool = False) -> Array:
        """Return what an optimizer keeps for a parameter in the new order, or back in the old one."""
        if rule.averaged is None:
            return array if not rule.shape else self.of_parameter(path, array, inverse=inverse)
        whole = np.expand_dims(array, rule.averaged)
        orders = {axis: order for axis, order in self.parameters.get(path, {}).items() if axis != rule.averaged}
        return Orders({}, {path: orders}).of_parameter(path, whole, inverse=inverse).squeeze(rule.averaged)

    def of_rows(self, path: str, values: Array, *, inverse: bool = False) -> Array:
        """Return rows of a table with their elements in the new order, or back in the old one."""
        order = self.parameters.get(path, {}).get(1)
        return values if order is None else np.take(values, np.argsort(order) if inverse else order, axis=-1)


class _Groups:
    """Groups of channels; those that meet element by element become one."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.parents: list[int] = []
        self.held: list[bool] = []

    def new(self, size: int, *, held: bool = False) -> Channels:
        """Return an axis that is one group."""
        self.sizes.append(size)
        self.parents.append(len(self.parents))
        self.held.append(held)
        return (len(self.parents) - 1,)

    def root(self, group: int) -> int:
        while self.parents[group] != group:
            group = self.parents[group]
        return group

    def hold(self, channels: Channels) -> None:
        """Leave an axis as it is."""
        for group in channels:
            self.held[self.root(group)] = True

    def join(self, first: Channels, second: Channels) -> None:
        """Give two axes one order; axes that are not cut alike stay as they are."""
        pairs = list(zip_longest(first, second))
        if any(a is None or b is None or self.sizes[a] != self.sizes[b] for a, b in pairs):
            self.hold((*first, *second))
            return
        for a, b in pairs:
            own, other = self.root(a), self.root(b)
            self.parents[other] = own
            self.held[own] |= self.held[other]


class _Tracing:
    """The channels of every tensor and parameter of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.groups = graph, _Groups()
        self.tensors: dict[str, Channels] = {}
        self.axes: dict[str, dict[int, Channels]] = {parameter.path: {} for parameter in graph.parameters}
        for part in graph.inputs:
            size, free = _last(part.shape), part.dtype == "float"
            self.tensors[part.name] = self.groups.new(size, held=not free)
        shared = {path for node in graph.nodes if node.reuses is not None for path in (node.path, node.reuses)}
        for node in graph.nodes:
            several = len(node.sources) > 1 and not isinstance(node.layer, kinds.Recurrent)
            held = node.path in shared or (node.layer is not None and several)
            self.tensors[node.path] = self._held(node) if held else self._through(node)
        for head in graph.heads:
            self.groups.hold(self.tensors[head.output])

    def _through(self, node: Node) -> Channels:
        sources = [self.tensors[path] for path in node.sources]
        if node.merge == "concatenate":
            return tuple(group for source in sources for group in source)
        if isinstance(node.layer, kinds.Recurrent):
            return self._recurrent(node, node.layer, sources)
        for other in sources[1:]:
            self.groups.join(sources[0], other)
        return sources[0] if node.layer is None else self._layer(node, node.layer, sources[0])

    def _recurrent(self, node: Node, layer: kinds.Recurrent, sources: list[Channels]) -> Channels:
        """Note the axes of a layer whose gates stand side by side, each with all units; a mask stays as it is."""
        for mask in sources[1:]:
            self.groups.hold(mask)
        units = self.groups.new(layer.units)
        for leaf, axes in (
            ("kernel", (sources[0], units * layer.gates)),
            ("recurrent_kernel", (units, units * layer.gates)),
        ):
            self.axes[f"{node.path}.{leaf}"] = dict(enumerate(axes))
        for leaf in ("bias", "recurrent_bias"):
            if f"{node.path}.{leaf}" in self.axes:
                self.axes[f"{node.path}.{leaf}"] = {0: units * layer.gates}
        return units

    def _held(self, node: Node) -> Channels:
        """Return the channels of a node that reads several tensors, or shares parameters: none of them moves."""
        for path in node.sources:
            self.groups.hold(self.tensors[path])
        return self.groups.new(_last(node.shape), held=True)

    def _layer(self, node: Node, layer: kinds.Layer, source: Channels) -> Channels:
        match layer:
            case kinds.Convolution():
                return self._convolution(node, layer, source)
            case kinds.Dense() | kinds.Embedding():
                out = self.groups.new(channels(node.shape))
                self._affine(node, source, out)
                return out
            case kinds.Flatten():
                times = elements(node.shape) // sum(self.groups.sizes[group] for group in source)
                return source * times
            case kinds.ActivationLayer():
                return source
            case _ if isinstance(layer, WITHIN_CHANNELS):
                return source
            case (
                kinds.BatchNormalization()
                | kinds.LayerNormalization()
                | kinds.RmsNormalization()
                | kinds.Normalization()
            ):
                for parameter in self.graph.parameters:
                    if parameter.node == node.path and parameter.shape:
                        self.axes[parameter.path][len(parameter.shape) - 1] = source
                return source
        self.groups.hold(source)
        return self.groups.new(_last(node.shape), held=True)

    def _convolution(self, node: Node, layer: kinds.Convolution, source: Channels) -> Channels:
        """Note the axes of a convolution's parameters; channels that are cut into groups stay where they are."""
        groups, multiplier = getattr(layer, "groups", 1), getattr(layer, "depth_multiplier", 1)
        if groups > 1 or multiplier > 1:
            self.groups.hold(source)
        made = channels(node.shape)
        free: tuple[Channels, Channels]
        match layer:
            case kinds.DepthwiseConv1d() | kinds.DepthwiseConv2d():
                out = source if multiplier == 1 else self.groups.new(made, held=True)
                free = (source, ())
            case kinds.TransposedConv1d() | kinds.TransposedConv2d():
                out = self.groups.new(made)
                free = (out, source)
            case _:
                out = tuple(group for _ in range(groups) for group in self.groups.new(made // groups))
                free = (source if groups == multiplier == 1 else (), out)
        for parameter in self.graph.parameters:
            if parameter.node == node.path:
                last, axes = len(parameter.shape) - 1, self.axes[parameter.path]
                of_kernel = {last - 1: free[0], last: () if parameter.leaf == "depthwise_kernel" else free[1]}
                axes |= {0: out} if parameter.leaf == "bias" else {axis: own for axis, own in of_kernel.items() if own}
        return out

    def _affine(self, node: Node, source: Channels, out: Channels) -> None:
        """Note the axes of kernel (..., in, out), table (rows, out) and bias (out)."""
        for parameter in self.graph.parameters:
            if parameter.node == node.path:
                last = len(parameter.shape) - 1
                self.axes[parameter.path][last] = out
                if parameter.leaf == "kernel":
                    self.axes[parameter.path][last - 1] = source


def orders(graph: Graph, draw: Callable[[str, int], Order]) -> Orders:
    """Return orders under which the program of `graph` is the same in real arithmetic; `draw` gives one of a group.

    Held in place: outputs of heads, rows of tables, features of integer inputs, and both sides of dropout, whose
    mask is keyed by element, and of reshape.
    """
    traced = _Tracing(graph)
    groups = traced.groups

    def order_of(channels: Channels) -> Order:
        parts, start = [], 0
        for group in channels:
            root, size = groups.root(group), groups.sizes[group]
            own = np.arange(size) if groups.held[root] else draw(f"channels {root}", size)
            parts.append(start + own)
            start += size
        return np.concatenate(parts)

    return Orders(
        inputs={
            part.name: order_of(traced.tensors[part.name])
            for part in graph.inputs
            if part.shape[-1:] not in ((), (None,))
        },
        parameters={path: {axis: order_of(own) for axis, own in axes.items()} for path, axes in traced.axes.items()},
    )


def _last(shape: Shape) -> int:
    """Return the size of the last axis; 1 where there is none, or where it varies and nothing moves along it."""
    return shape[-1] or 1 if shape else 1
