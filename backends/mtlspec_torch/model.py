"""The model: a plain module whose submodules are named by key path and called in the order of the graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.graph import Graph, Node
from mtlspec.spec.layers import ActivationLayer
from mtlspec.spec.model import Merge
from mtlspec_torch.activations import activation
from mtlspec_torch.embeddings import JointEmbedding
from mtlspec_torch.extension import extension_layer
from mtlspec_torch.layers import CHANNELS_FIRST, LAYERS, Site
from mtlspec_torch.merges import MERGES

FUSED = ".activation"
"""How the path of an activation ends that belongs to the layer before it; no module of its own."""


@dataclass(frozen=True)
class Operation:
    """One node of the graph, as `forward` computes it."""

    path: str
    sources: tuple[str, ...]
    module: tuple[str, ...] = ()
    """Attribute names from the model down to the module that computes it."""
    channels_first: bool = False
    """Whether the module takes (batch, channels, ...)."""
    function: nn.Module | None = None
    """A fused activation."""
    merge: Merge | None = None
    finished: tuple[str, ...] = ()
    """Values that no later operation reads."""


class MultiTaskModel(nn.Module):
    """Inputs by name (channels last) to logits by task.

    Submodules are reached by key path: `trunk[0]` is `model.trunk[0]`, and `tasks.mass.head[0]` is
    `model.tasks["mass"]["head"][0]`. A name that is an attribute already ends in `_`. What serves no task has its
    modules, and is not computed.
    """

    def __init__(self, graph: Graph, *, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self._outputs = {head.task: head.output for head in graph.heads}
        self._operations: tuple[Operation, ...] = ()
        self.module_names: dict[str, str] = {}
        """The dotted name of the module of each node; none for a merge or a fused activation."""
        tree = _Tree(self)
        shapes = {entry.name: entry.shape for entry in graph.inputs} | {node.path: node.shape for node in graph.nodes}
        operations = []
        reused = {node.reuses for node in graph.nodes}
        for node in graph.nodes:
            shape = shapes[node.sources[0]]
            others = tuple(shapes[source] for source in node.sources[1:])
            site = Site(node.path, shape, others, graph.seed, device, dtype, reused=node.path in reused)
            operation = _operation(node, site, tree)
            self.module_names[node.path] = ".".join(operation.module)
            if node.tasks:
                operations.append(operation)
        self._operations = _with_finished(operations, set(self._outputs.values()))
        self._joint = self._joint_tables()

    def _joint_tables(self) -> tuple[tuple[Operation, ...], ...]:
        """Return the uses of each table that several nodes read."""
        uses: dict[tuple[str, ...], list[Operation]] = {}
        for operation in self._operations:
            if operation.module and isinstance(self._module(operation), JointEmbedding):
                uses.setdefault(operation.module, []).append(operation)
        return tuple(tuple(own) for own in uses.values() if len(own) > 1)

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        values = dict(inputs)
        rows = self._looked_up(values)
        for operation in self._operations:
            if operation.merge is not None:
                output = MERGES[operation.merge]([values[source] for source in operation.sources])
            elif operation.function is not None:
                output = operation.function.forward(values[operation.sources[0]])
            elif operation.path in rows:
                sources = [values[source] for source in operation.sources]
                output = self._module(operation)(*sources, rows=rows.pop(operation.path))
            elif len(operation.sources) > 1:
                output = self._module(operation)(*[values[source] for source in operation.sources])
            elif operation.channels_first:
                output = self._module(operation)(values[operation.sources[0]].movedim(-1, 1)).movedim(1, -1)
            else:
                output = self._module(operation)(values[operation.sources[0]])
            values[operation.path] = output
            for name in operation.finished:
                del values[name]
        return {task: values[output] for task, output in self._outputs.items()}

    def _looked_up(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the rows of the tables that several nodes read, by path; what reads ids reads inputs."""
        rows: dict[str, Tensor] = {}
        for uses in self._joint:
            found = self._module(uses[0]).lookup(*[inputs[use.sources[0]] for use in uses])
            rows |= {use.path: each for use, each in zip(uses, found, strict=True)}
        return rows

    def _module(self, operation: Operation) -> Any:
        """Return the module of an operation, looked up anew so that it may be exchanged."""
        module: Any = self
        for name in operation.module:
            module = module._modules[name]  # getattr takes ten times as long
        return module


def _operation(node: Node, site: Site, tree: _Tree) -> Operation:
    if node.layer is None:
        return Operation(node.path, node.sources, merge=node.merge)
    if node.path.endswith(FUSED) and isinstance(node.layer, ActivationLayer):
        return Operation(node.path, node.sources, function=activation(node.layer.function))
    if node.reuses is not None:
        module, names = tree.placed(node.reuses)
    else:
        build: Callable[[Any, Site], nn.Module] = LAYERS.get(type(node.layer), extension_layer)
        module = build(node.layer, site)
        names = tree.place(module, at=node.path)
    # a batch of vectors has its channels on axis 1 already
    channels_first = isinstance(module, CHANNELS_FIRST) and len(site.shape) > 1
    return Operation(node.path, node.sources, module=names, channels_first=channels_first)


def _with_finished(operations: list[Operation], outputs: set[str]) -> tuple[Operation, ...]:
    """Return the operations, each with the values that it is the last to read, so that inference can free them."""
    read_later = set(outputs)
    found: list[Operation] = []
    for operation in reversed(operations):
        finished = tuple(dict.fromkeys(source for source in operation.sources if source not in read_later))
        read_later.update(finished)
        found.append(replace(operation, finished=finished))
    return tuple(reversed(found))


class _Tree:
    """Nested containers, made as key paths need them: a `ModuleList` below an index, else a `ModuleDict`."""

    def __init__(self, root: nn.Module) -> None:
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
        self._modules: dict[tuple[str, ...], nn.Module] = {(): root}

    def placed(self, at: str) -> tuple[nn.Module, tuple[str, ...]]:
        """Return the module at a key path, and the attribute names that lead to it."""
        parts = _parts(at)
        return self._modules[parts], self._names[parts]

    def place(self, module: nn.Module, *, at: str) -> tuple[str, ...]:
        """Add `module` at a key path, and return the attribute names that lead to it."""
        parts = _parts(at)
        for depth in range(1, len(parts)):
            if parts[:depth] not in self._modules:
                below: nn.Module = nn.ModuleList() if parts[depth].startswith("[") else nn.ModuleDict()
                self._add(parts[:depth], below)
        self._add(parts, module)
        return self._names[parts]

    def _add(self, parts: tuple[str, ...], module: nn.Module) -> None:
        container = self._modules[parts[:-1]]
        name = parts[-1].strip("[]")
        while not isinstance(container, nn.ModuleList) and hasattr(container, name):
            name += "_"
        container.add_module(name, module)
        self._names[parts] = (*self._names[parts[:-1]], name)
        self._modules[parts] = module


def _parts(path: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\[\d+\]|[^.\[\]]+", path))
