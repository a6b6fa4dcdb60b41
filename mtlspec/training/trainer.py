"""The trainer: whole steps in chunks, schedule and order from the host, a record of every loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mtlspec.backend import Program, StepLosses
from mtlspec.batch import Dataset
from mtlspec.errors import MtlspecError
from mtlspec.graph import Graph
from mtlspec.spec import Training
from mtlspec.training.adaptation import adapt
from mtlspec.training.batches import STEPS_PER_CHUNK, Chunk, plan, steps_per_epoch
from mtlspec.training.dataset import expect_dataset_of
from mtlspec.training.evaluation import evaluate
from mtlspec.training.history import Epoch, History
from mtlspec.training.interruption import Interruption
from mtlspec.training.plateau import Plateau, plateau
from mtlspec.training.progress import progress_bar

AfterEpoch = Callable[[History], None]
"""Is given the history so far."""
BeforeChunk = Callable[[Chunk], None]
"""Is given the steps that come next; what it changes of the program it has to put back."""


def train(
    program: Program,
    data: Dataset,
    *,
    validation: Dataset | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    training: Training | None = None,
    history: History | None = None,
    progress: bool = True,
    callback: AfterEpoch | None = None,
    steps_per_chunk: int = STEPS_PER_CHUNK,
    watch: BeforeChunk | None = None,
) -> History:
    """Return the history of training `program` on `data` from the step at which it is.

    Before the first step of all, normalization layers are adapted to `data`. A program that has made steps goes on
    where it stopped, in the middle of an epoch too, and makes the same steps as one that never stopped.

    Args:
        program: What is trained; its parameters and state change.
        data: The examples to train on.
        validation: Examples to evaluate on after each epoch.
        epochs: How many there are in all, those already made included; by default as in the spec.
        steps: How many updates there are in all, those already made included, in place of `epochs`.
        training: Batches and schedule, where they are not to be those of the program's graph.
        history: That of the steps already made, which the new one continues.
        progress: Show a bar, if the error stream is a terminal.
        callback: Is called after each epoch, for instance to save a checkpoint.
        steps_per_chunk: How many steps the program makes between two looks at the keyboard.
        watch: Is called before these steps, for instance to look at the program.

    Raises:
        DataError: the data was made for another spec, or does not fill a batch.
        MtlspecError: a loss is not finite, or the schedule listens to a measure that is not known.
    """
    graph = program.graph
    settings = graph.training if training is None else training
    for examples in (data, *(() if validation is None else (validation,))):
        expect_dataset_of(graph, examples)
    per_epoch = steps_per_epoch(len(data), settings)
    start = program.state.steps[0]
    stop = _stop(epochs, steps, settings, per_epoch)
    past = _past(history, graph, start)
    if start >= stop:
        return past
    listening = plateau(settings, graph, past=past, validated=validation is not None)
    if start == 0:
        adapt(program, data)
    recorder = _Recorder(graph, past, per_epoch)
    source = program.place(data)
    chunks = plan(
        data,
        graph,
        training=settings,
        start=start,
        stop=stop,
        steps_per_chunk=steps_per_chunk,
        plateau=listening,
    )
    with Interruption() as interruption, progress_bar(wanted=progress, total=stop, done=start) as bar:
        for chunk in chunks:
            if watch is not None:
                watch(chunk)
            found = program.train(source, chunk.steps)
            _refuse_not_finite(found, chunk, graph, per_epoch)
            recorder.add(chunk, found)
            bar.show(step=chunk.stop, epoch=chunk.first // per_epoch + 1, losses=recorder.last_losses)
            if chunk.stop % per_epoch == 0:
                found_now = {} if validation is None else evaluate(program, validation)
                epoch = recorder.end_epoch(found_now, _wanted(listening, program, data))
                if listening is not None:
                    listening.follow([epoch])
                if callback is not None:
                    callback(recorder.history())
            if interruption.asked:
                return recorder.history(interrupted=True)
    return recorder.history()


def _stop(epochs: int | None, steps: int | None, training: Training, per_epoch: int) -> int:
    for name, given in (("epochs", epochs), ("steps", steps)):
        if given is not None and given < 0:
            raise MtlspecError(f"expected a number of `{name}` from 0, found {given}")
    if steps is None:
        return (training.epochs if epochs is None else epochs) * per_epoch
    if epochs is not None:
        raise MtlspecError(f"expected `epochs` or `steps`, found both: {epochs} and {steps}; leave one out")
    return steps


def _past(history: History | None, graph: Graph, start: int) -> History:
    fresh = History.empty(graph.tasks, phases=len(graph.phases), first_step=start)
    return fresh if history is None else history + fresh


def _wanted(listening: Plateau | None, program: Program, data: Dataset) -> dict[str, float]:
    """Return the metric of the training examples that the schedule listens to, if there is one."""
    name = None if listening is None else listening.wanted_of_training
    return {} if name is None else {name: evaluate(program, data)[name]}


class _Recorder:
    """Gathers what chunks bring, without joining arrays each time."""

    def __init__(self, graph: Graph, past: History, per_epoch: int) -> None:
        self._tasks, self._parts, self._per_epoch = graph.tasks, [past], per_epoch

    @property
    def last_losses(self) -> dict[str, float]:
        """The losses of the last step, by task."""
        return dict(zip(self._tasks, self._parts[-1].losses[-1].tolist(), strict=True))

    def add(self, chunk: Chunk, found: StepLosses) -> None:
        """Add the steps of a chunk."""
        losses = np.asarray(found.losses, dtype=np.float64)
        penalties = np.asarray(found.penalties, dtype=np.float64)
        rates = chunk.steps.learning_rates
        self._parts.append(History(self._tasks, chunk.first, losses, penalties, rates, chunk.denominators))

    def end_epoch(self, validation: dict[str, float], training: dict[str, float]) -> Epoch:
        """Add the record of the epoch that the last chunk ends, and return it."""
        history = self.history()
        stop = history.last_step
        losses = history.mean_losses(start=stop - self._per_epoch, stop=stop)
        means = {f"{task}/loss": loss for task, loss in losses.items()}
        rate = float(history.learning_rates[-1, 0])
        epoch = Epoch(stop // self._per_epoch, stop, rate, means | training, validation)
        self._parts = [history.with_epoch(epoch)]
        return epoch

    def history(self, *, interrupted: bool = False) -> History:
        """Return all so far."""
        parts, first = self._parts, self._parts[0]
        joined = History(
            tasks=self._tasks,
            first_step=first.first_step,
            losses=np.concatenate([part.losses for part in parts]),
            penalties=np.concatenate([part.penalties for part in parts]),
            learning_rates=np.concatenate([part.learning_rates for part in parts]),
            denominators=np.concatenate([part.denominators for part in parts]),
            epochs=first.epochs,
        )
        self._parts = [joined]
        return replace(joined, interrupted=interrupted)


def _refuse_not_finite(found: StepLosses, chunk: Chunk, graph: Graph, per_epoch: int) -> None:
    losses = np.column_stack([found.losses, found.penalties])
    wrong = np.argwhere(~np.isfinite(losses))
    if wrong.size:
        index, column = map(int, wrong[0])
        what = "the penalty" if column == len(graph.tasks) else f"the loss of task {graph.tasks[column]!r}"
        step = chunk.first + index
        raise MtlspecError(
            f"{what} is {losses[index, column]} at step {step + 1} (epoch {step // per_epoch + 1}); "
            "lower the learning rate, set `clipping:`, or begin the model with `normalization`"
        )
