"""Phases: the Keras optimizer of each phase of a graph, over the variables that it moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.backend import Slot
from mtlspec.graph import Graph, Phase
from mtlspec.spec import optimizers as kinds
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import keras
from mtlspec_keras.extension import ExtensionOptimizer
from mtlspec_keras.optimizers import OPTIMIZERS, LawfulOptimizer
from mtlspec_keras.parameters import ParameterTable


class PhaseOptimizer:
    """An optimizer with its variables, in the order of the phase's parameters."""

    def __init__(self, graph: Graph, phase: Phase, table: ParameterTable, precision: Precision) -> None:
        self.paths = phase.parameters
        self.variables = [table.variables[path] for path in phase.parameters]
        self.native = _native(graph, phase, table, precision)
        self.native.build([*self.variables, *(table.variables[path] for path in _frozen(graph))])
        self.batches = phase.batches

    def apply(self, gradients: Mapping[str, Any], learning_rate: Any) -> None:
        """Clip, decay and move the variables of the phase; a slot and the count of steps move with them."""
        self.native.learning_rate.assign(learning_rate)
        if self.variables:
            self.native.apply([gradients[path] for path in self.paths], self.variables)
        else:
            self._counter.assign_add(1)

    @property
    def _counter(self) -> Any:
        return self.native.seen if self.batches > 1 else self.native.iterations

    @property
    def steps(self) -> int:
        """The number of batches so far."""
        return int(self._counter.numpy())

    def count(self, steps: int) -> None:
        """Go on as after `steps` batches."""
        self.native.iterations.assign(steps // self.batches)
        self._counter.assign(steps)

    def slots(self, phase: int) -> dict[Slot, Any]:
        """Return the variable of every slot, in canonical layout, which is Keras' own."""
        if not isinstance(self.native, LawfulOptimizer):
            return {}
        return {
            Slot(phase, name, path): variable
            for path, slots in zip(self.paths, self.native.slots, strict=False)
            for name, variable in slots.items()
        }


def _native(graph: Graph, phase: Phase, table: ParameterTable, precision: Precision) -> Any:
    optimizer, options = phase.optimizer, _options(graph, phase, table)
    plain = isinstance(optimizer, kinds.Sgd) and not optimizer.momentum and not any(options.values())
    if plain and phase.batches == 1 and precision == "float32":
        return keras.optimizers.SGD(optimizer.learning_rate, name=phase.name)
    around = {"batches": phase.batches, "base_rate": optimizer.learning_rate, "name": phase.name}
    own: Callable[[Any, dict[str, Any]], LawfulOptimizer] = ExtensionOptimizer.from_law
    return OPTIMIZERS.get(type(optimizer), own)(optimizer, {**options, **around})


def _options(graph: Graph, phase: Phase, table: ParameterTable) -> dict[str, Any]:
    """Return what is around an update, as configurations; what a phase does not have is None or empty."""
    parts = {"clipping": phase.clipping, "decay": phase.decay, "average": phase.average}
    own = {name: None if part is None else part.model_dump() for name, part in parts.items()}
    numbers = {table.variables[path].path: _numbers(graph, phase, path) for path in phase.parameters}
    numbers |= {table.variables[path].path: {"frozen": True} for path in _frozen(graph)}
    different = {path: found for path, found in numbers.items() if found}
    own |= {"tables": _tables(graph, phase, table), "numbers": different}
    return own


def _frozen(graph: Graph) -> list[str]:
    """Return the parameters that no phase moves: `fit` gives an optimizer their gradients too, since a Keras layer is
    saved as trainable as a whole."""
    moving = {path for phase in graph.phases for path in phase.parameters}
    return [path for path in graph.trainable if path not in moving]


def _numbers(graph: Graph, phase: Phase, path: str) -> dict[str, Any]:
    own, constraint = phase.numbers_of[path], graph.by_path[path].constraint
    found: dict[str, Any] = {} if own.rate_factor == 1 else {"rate_factor": own.rate_factor}
    if own.decay and phase.decay is not None:
        found["decay"] = own.decay
    return found if constraint is None else {**found, "constraint": constraint.model_dump()}


def _tables(graph: Graph, phase: Phase, table: ParameterTable) -> dict[str, dict[str, str]]:
    by_row = [graph.by_path[path] for path in phase.parameters if graph.by_path[path].by_row]
    embeddings = {table.variables[parameter.path].path: graph.embedding(parameter) for parameter in by_row}
    return {
        path: {"repeated_ids": layer.repeated_ids, "untouched_rows": layer.untouched_rows}
        for path, layer in embeddings.items()
    }
