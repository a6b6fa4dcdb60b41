"""Steps: a chunk of whole training steps as one loop on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtlspec.graph import Graph
from mtlspec_keras.engine import tf
from mtlspec_keras.passes import Passes, Pulled
from mtlspec_keras.phases import PhaseOptimizer

CHUNK = 128
"""The number of steps that one call of the loop has room for."""


class StepLoop:
    """Whole steps by the law of the graph's phases."""

    def __init__(self, graph: Graph, passes: Passes, optimizers: Sequence[PhaseOptimizer]) -> None:
        self.graph, self.passes, self.optimizers = graph, passes, optimizers

    def run(self, data: Mapping[str, Any], steps: Mapping[str, Any], count: Any) -> tuple[Any, Any]:
        """Make the first `count` of the steps; return losses [CHUNK, T] and penalties [CHUNK] of those made."""

        def step(index: Any, losses: Any, penalties: Any) -> tuple[Any, Any, Any]:
            batch = self._batch(data, steps, index)
            loss, penalty = self.step(batch, steps["weights"][index], steps["learning_rates"][index])
            losses = tf.tensor_scatter_nd_update(losses, [[index]], [loss])
            return index + 1, losses, tf.tensor_scatter_nd_update(penalties, [[index]], [penalty])

        losses = tf.zeros_like(steps["weights"])
        start = (tf.constant(0), losses, losses[:, 0])
        # One iteration at a time: a step reads the variables that the one before it wrote.
        _, losses, penalties = tf.while_loop(lambda index, *_: index < count, step, start, parallel_iterations=1)
        return losses, penalties

    def _batch(self, data: Mapping[str, Any], steps: Mapping[str, Any], index: Any) -> dict[str, Any]:
        rows = steps["rows"][index]
        batch = {group: {name: tf.gather(t, rows) for name, t in tensors.items()} for group, tensors in data.items()}
        return {**batch, "denominators": steps["denominators"][index]}

    def step(self, batch: Mapping[str, Any], weights: Any, rates: Any) -> tuple[Any, Any]:
        """Make one whole step; return the losses [T] of the passes in which gradients were taken, and the penalty."""
        graph = self.graph
        if graph.gradient == "summed":
            pulled = self.passes.pulled(batch, [weights])
            self._write(pulled)
            for phase, optimizer in enumerate(self.optimizers):
                optimizer.apply(pulled.gradients[0], rates[phase])
            return pulled.losses, pulled.penalty
        own = [weights * mask for mask in self._masks(weights.dtype)]
        if graph.forward == "once":
            pulled = self.passes.pulled(batch, own)
            self._write(pulled)
            for phase, optimizer in enumerate(self.optimizers):
                optimizer.apply(pulled.gradients[phase], rates[phase])
            return pulled.losses, pulled.penalty
        return self._step_by_step(batch, own, rates)

    def _step_by_step(self, batch: Mapping[str, Any], own: Sequence[Any], rates: Any) -> tuple[Any, Any]:
        losses = tf.zeros_like(own[0])
        penalty = losses[0]
        for phase, (optimizer, mask) in enumerate(zip(self.optimizers, self._masks(losses.dtype), strict=True)):
            pulled = self.passes.pulled(batch, [own[phase]])
            self._write(pulled)
            optimizer.apply(pulled.gradients[0], rates[phase])
            losses, penalty = tf.where(mask > 0, pulled.losses, losses), pulled.penalty
        return losses, penalty

    def _masks(self, dtype: Any) -> list[Any]:
        """Return for each phase 1 for its own tasks, 0 for the others [T]."""
        tasks = self.graph.tasks
        return [tf.constant([float(task in phase.tasks) for task in tasks], dtype) for phase in self.graph.phases]

    def _write(self, pulled: Pulled) -> None:
        for path, value in pulled.statistics.items():
            self.passes.table.variables[path].assign(value)
