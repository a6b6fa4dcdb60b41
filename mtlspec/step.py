"""One step: the parts of a program put together in order, phase by phase; what `train` has to equal."""

from __future__ import annotations

from mtlspec.backend import Program, Statistics, TaskWeights, TotalLoss, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.tensors import Array


def one_step(program: Program, *, on: Batch, weights: TaskWeights, learning_rates: Array) -> TotalLoss:
    """Make one whole step of `program`, and return its losses and penalty.

    `learning_rates` by phase. The losses are those of the pass in which each task's gradient was taken.
    """
    graph = program.graph
    if graph.gradient == "summed":
        value, gradients, statistics = program.value_with_gradient(on=on, weights=weights)
        for index, rate in enumerate(learning_rates):
            program.update(along=gradients, statistics=statistics, learning_rate=float(rate), phase=index)
            statistics = Statistics()
        return value
    return _own_gradients(program, on, weights, learning_rates)


def _own_gradients(program: Program, batch: Batch, weights: TaskWeights, rates: Array) -> TotalLoss:
    graph = program.graph

    def of(index: int) -> ValueWithGradient:
        own = graph.phases[index].tasks
        return program.value_with_gradient(on=batch, weights={t: weights[t] * (t in own) for t in graph.tasks})

    once = [of(index) for index in range(len(rates))] if graph.forward == "once" else []
    losses: dict[str, float] = {}
    penalty = 0.0
    for index, rate in enumerate(rates):
        value, gradients, statistics = once[index] if once else of(index)
        if once and index:
            statistics = Statistics()
        losses |= {task: value.losses[task] for task in graph.phases[index].tasks}
        penalty = value.penalty
        program.update(along=gradients, statistics=statistics, learning_rate=float(rate), phase=index)
    return TotalLoss({task: losses[task] for task in graph.tasks}, penalty)
