"""Phases: the Keras optimizer of each phase of a graph, over the variables that it moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.backend import Slot
from mtlspec.graph import Graph, Phase
from mtlspec.spec import optimizers as kinds
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import keras
from mtlspec_keras.optimizers import Adam, LawfulOptimizer, Sgd
from mtlspec_keras.parameters import ParameterTable


class PhaseOptimizer:
    """An optimizer with its variables, in the order of the phase's parameters."""

    def __init__(self, graph: Graph, phase: Phase, table: ParameterTable, precision: Precision) -> None:
        self.paths = phase.parameters
        self.variables = [table.variables[path] for path in phase.parameters]
        self.native = _native(graph, phase, table, precision)
        self.native.build(self.variables)

    def apply(self, gradients: Mapping[str, Any], learning_rate: Any) -> None:
        """Clip, decay and move the variables of the phase; a slot and the count of steps move with them."""
        self.native.learning_rate.assign(learning_rate)
        if self.variables:
            self.native.apply([gradients[path] for path in self.paths], self.variables)
        else:
            self.native.iterations.assign_add(1)

    def slots(self, phase: int) -> dict[Slot, Any]:
        """Return the variable of every slot, in canonical layout, which is Keras' own."""
        named = self.native.slots if isinstance(self.native, LawfulOptimizer) else {}
        return {
            Slot(phase, name, path): variable
            for name, variables in named.items()
            for path, variable in zip(self.paths, variables, strict=True)
        }


def _native(graph: Graph, phase: Phase, table: ParameterTable, precision: Precision) -> Any:
    optimizer = phase.optimizer
    tables = _tables(graph, phase, table)
    plain = isinstance(optimizer, kinds.Sgd) and not optimizer.momentum and phase.clipping is None and not tables
    if plain and precision == "float32":
        return keras.optimizers.SGD(optimizer.learning_rate, name=phase.name)
    clipping = None if phase.clipping is None else phase.clipping.model_dump()
    return OPTIMIZERS[type(optimizer)](optimizer, {"clipping": clipping, "tables": tables, "name": phase.name})


def _tables(graph: Graph, phase: Phase, table: ParameterTable) -> dict[str, dict[str, str]]:
    by_row = [graph.by_path[path] for path in phase.parameters if graph.by_path[path].by_row]
    embeddings = {table.variables[parameter.path].path: graph.embedding(parameter) for parameter in by_row}
    return {
        path: {"repeated_ids": layer.repeated_ids, "untouched_rows": layer.untouched_rows}
        for path, layer in embeddings.items()
    }


def _sgd(law: kinds.Sgd, options: dict[str, Any]) -> Sgd:
    return Sgd(
        law.learning_rate,
        momentum=law.momentum,
        nesterov=law.nesterov,
        rate_applied=law.rate_applied,
        **options,
    )


def _adam(law: kinds.Adam | kinds.AdamW, options: dict[str, Any]) -> Adam:
    if isinstance(law, kinds.AdamW):
        relative = law.learning_rate if law.decay_scaled_by == "schedule" else None
        options = {**options, "decoupled_decay": law.weight_decay, "decay_relative_to": relative}
    return Adam(
        law.learning_rate,
        beta_1=law.beta_1,
        beta_2=law.beta_2,
        epsilon=law.epsilon,
        epsilon_placement=law.epsilon_placement,
        amsgrad=law.amsgrad,
        **options,
    )


OPTIMIZERS: Mapping[type[kinds.Optimizer], Callable[[Any, dict[str, Any]], LawfulOptimizer]] = {
    kinds.Sgd: _sgd,
    kinds.Adam: _adam,
    kinds.AdamW: _adam,
}
CLIPPINGS: tuple[type[kinds.Clipping], ...] = (kinds.GlobalNorm, kinds.PerTensorNorm)
