"""The model: nodes applied in order, and their pullbacks in reverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtlspec.graph import Graph, Node, Parameter
from mtlspec.randomness import dropout_key
from mtlspec.tensors import Array, Arrays, Rows, dense
from mtlspec_numpy.layers import applied
from mtlspec_numpy.merges import merged
from mtlspec_numpy.parameters import ParameterTable
from mtlspec_numpy.pullback import Applied, Cotangents, Mode


@dataclass(frozen=True, eq=False)
class Trace:
    """One pass forward: the logits by task, the new statistics by key path, and the way back."""

    logits: dict[str, Array]
    statistics: dict[str, Array]
    outputs: Mapping[str, str]
    """The key path of each task's logits."""
    tape: list[tuple[Node, Callable[[Array], Cotangents]]]
    owners: Mapping[str, str]
    """The key paths of the parameters that a reused node's leaves are."""

    def gradients(self, cotangents: Mapping[str, Array]) -> dict[str, Array | Rows]:
        """Return the gradients of all parameters that `cotangents`, the gradients of the logits by task, reach."""
        waiting: dict[str, Array] = {}
        gradients: dict[str, Array | Rows] = {}
        for task, cotangent in cotangents.items():
            _accumulate(waiting, self.outputs[task], cotangent)
        for node, pullback in reversed(self.tape):
            arrived = waiting.pop(node.path, None)
            if arrived is None:
                continue
            sources, parameters = pullback(arrived)
            for leaf, gradient in parameters.items():
                path = self.owners.get(f"{node.path}.{leaf}", f"{node.path}.{leaf}")
                gradients[path] = summed(gradient, gradients[path]) if path in gradients else gradient
            for path, source in zip(node.sources, sources, strict=True):
                if source is not None:
                    _accumulate(waiting, path, source)
        return gradients


def summed(first: Array | Rows, second: Array | Rows) -> Array | Rows:
    """Return the gradient of a parameter that two nodes use; rows stay one by one, those of the first node first."""
    if isinstance(first, Rows) and isinstance(second, Rows):
        ids, values = np.concatenate([first.ids, second.ids]), np.concatenate([first.values, second.values])
        return Rows(ids, values, first.count)
    return dense(first) + dense(second)


def _accumulate(waiting: dict[str, Array], path: str, cotangent: Array) -> None:
    waiting[path] = waiting[path] + cotangent if path in waiting else cotangent


class Model:
    """A function from inputs by name to logits by task, over a table of parameters."""

    def __init__(self, graph: Graph, dtype: np.dtype[Any]) -> None:
        self.graph, self.dtype = graph, dtype
        self.parameters = ParameterTable(graph, dtype)
        self.nodes = tuple(node for node in graph.nodes if node.tasks)
        self._used = {node.path for node in graph.nodes if node.reuses is not None}
        self.owners = {
            f"{node.path}.{parameter.leaf}": parameter.path
            for node in graph.nodes
            for parameter in graph.parameters
            if parameter.node == node.reuses and f"{node.path}.{parameter.leaf}" not in graph.by_path
        }
        self._dropout_keys = {node.path: dropout_key(graph.seed, node.path) for node in self.nodes}

    def __call__(self, inputs: Arrays, *, training: bool = False) -> dict[str, Array]:
        """Return the logits of each task; nothing changes."""
        return self.traced(inputs, training=training).logits

    def traced(self, inputs: Arrays, *, training: bool) -> Trace:
        """Return a pass forward that can be pulled back."""
        values = self._read(inputs)
        statistics: dict[str, Array] = {}
        tape = []
        for node in self.nodes:
            result = self._applied(node, [values[path] for path in node.sources], training, statistics)
            values[node.path] = result.output
            written = {f"{node.path}.{leaf}": value for leaf, value in result.statistics.items()}
            statistics |= {self.owners.get(path, path): value for path, value in written.items()}
            tape.append((node, result.pullback))
        outputs = {head.task: head.output for head in self.graph.heads}
        logits = {task: values[path] for task, path in outputs.items()}
        return Trace(logits, statistics, outputs, tape, self.owners)

    def _applied(self, node: Node, sources: list[Array], training: bool, statistics: Mapping[str, Array]) -> Applied:
        if node.merge is not None:
            return merged(node.merge, sources)
        if node.layer is None:
            raise ValueError(f"{node.path}: expected a layer or a merge, found neither")
        mode = Mode(training, self._dropout_keys[node.path], self.dtype.type)
        return applied(node.layer, sources, self._leaves(node, statistics), mode)

    def _leaves(self, node: Node, statistics: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters of a node by leaf; a statistic that an earlier use has written in this pass is new."""
        own = self.parameters.of_node(node.path)
        if node.path not in self._used:
            return own
        leaves = self.parameters.of_node(node.reuses or node.path) | own
        new = {leaf: f"{node.path}.{leaf}" for leaf in leaves}
        paths = {leaf: self.owners.get(path, path) for leaf, path in new.items()}
        return {leaf: statistics.get(paths[leaf], array) for leaf, array in leaves.items()}

    def _read(self, inputs: Arrays) -> dict[str, Array]:
        absent = [part.name for part in self.graph.inputs if part.name not in inputs]
        if absent:
            raise ValueError(
                f"expected the inputs {', '.join(p.name for p in self.graph.inputs)}; absent: {', '.join(absent)}"
            )
        kinds = {"float": self.dtype, "integer": np.dtype(np.int64)}
        return {part.name: np.asarray(inputs[part.name], dtype=kinds[part.dtype]) for part in self.graph.inputs}

    def zero(self, parameter: Parameter) -> Array | Rows:
        """Return the gradient of a parameter that nothing reaches."""
        if parameter.by_row:
            empty = np.zeros((0, *parameter.shape[1:]), dtype=self.dtype)
            return Rows(np.zeros(0, dtype=np.int64), empty, parameter.shape[0])
        return np.zeros(parameter.shape, dtype=self.dtype)
