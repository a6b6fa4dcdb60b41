"""The probe: a step of one task on the shared parameters, the losses after it, and everything put back."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtlspec.backend import Program, Statistics
from mtlspec.batch import Batch
from mtlspec.errors import MtlspecError
from mtlspec.tensors import Array, Tensors, dense

StepRule = Literal["gradient", "optimizer"]


class Probe:
    """Measures Z_ij = 1 - L_j(θ after a step of i)/L_j(θ) on one batch; the program is left as it was.

    Fifty et al. 2021 (TAG), equation 1, over |L_j|, so that above 0 helps where a loss is negative, too. Only
    parameters that serve two tasks or more move. `gradient`: θ - rate·∇L_i, as in the paper. `optimizer`: the update
    of the document for the loss of i alone, with clipping, penalty and decay, from a copy of the optimizer's state,
    whose momentum is that of all tasks.
    """

    def __init__(self, program: Program, step: StepRule = "gradient") -> None:
        """Look at what tasks share.

        Raises:
            MtlspecError: they share nothing that moves, or the optimizer does not move at every batch.
        """
        graph = program.graph
        moving = {path for phase in graph.phases for path in phase.parameters}
        self.shared = tuple(p.path for p in graph.parameters if len(p.tasks) > 1 and p.path in moving)
        if not self.shared:
            raise MtlspecError(
                "no parameter that is trained serves two tasks: a task's step does nothing to the others"
            )
        if step == "optimizer" and any(phase.batches > 1 for phase in graph.phases):
            raise MtlspecError("with `accumulation` most batches move nothing; take the step `gradient`")
        self._program, self._step = program, step

    def measure(self, *, on: Batch, learning_rates: Array) -> NDArray[np.float64]:
        """Return Z [T, T] on a batch; NaN where a task has no label there, or a loss is 0."""
        program, tasks = self._program, self._program.graph.tasks
        labelled = [bool(np.any(on.weights[task] > 0)) for task in tasks]
        before, parameters, state = program.losses(on=on), _copied(program.parameters), program.state
        found = np.full((len(tasks), len(tasks)), np.nan)
        for i, task in enumerate(tasks):
            if labelled[i]:
                try:
                    self._move(task, on, learning_rates, parameters)
                    after = program.losses(on=on)
                finally:
                    program.parameters, program.state = parameters, state
                for j, other in enumerate(tasks):
                    if labelled[j] and before[other] != 0:
                        found[i, j] = (before[other] - after[other]) / abs(before[other])
        return found

    def _move(self, task: str, on: Batch, rates: Array, parameters: Tensors) -> None:
        program = self._program
        weights = {name: float(name == task) for name in program.graph.tasks}
        gradients = program.value_with_gradient(on=on, weights=weights).gradients
        phases = [
            (index, phase)
            for index, phase in enumerate(program.graph.phases)
            if program.graph.gradient == "summed" or task in phase.tasks
        ]
        if self._step == "optimizer":
            for index, _ in phases:
                program.update(along=gradients, statistics=Statistics(), learning_rate=float(rates[index]), phase=index)
            program.parameters = Tensors({path: a for path, a in parameters.items() if path not in self.shared})
            return
        own = self._of_the_loss(gradients, on)
        moved = {path: np.array(parameters[path]) for path in self.shared}
        for index, phase in phases:
            for path in phase.parameters:
                if path in moved:
                    moved[path] = moved[path] - float(rates[index]) * phase.numbers_of[path].rate_factor * own[path]
        program.parameters = Tensors(moved)

    def _of_the_loss(self, gradients: Tensors, on: Batch) -> dict[str, Array]:
        """Return the gradients of the shared parameters without that of the penalty."""
        graph = self._program.graph
        own = {path: dense(gradients[path]) for path in self.shared}
        penalized = {parameter.path for parameter in graph.penalized} & own.keys()
        if not penalized:
            return own
        nothing = self._program.value_with_gradient(on=on, weights=dict.fromkeys(graph.tasks, 0.0)).gradients
        return {path: array - dense(nothing[path]) if path in penalized else array for path, array in own.items()}


def _copied(parameters: Tensors) -> Tensors:
    return Tensors({path: np.array(array) for path, array in parameters.items()})
