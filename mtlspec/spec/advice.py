"""Advice: what a spec may say and probably does not mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mtlspec.spec.layers import ActivationLayer, BatchNormalization, Convolution, Dense, GroupNormalization, Layer
from mtlspec.spec.training import PerTask
from mtlspec.spec.wiring import Step, Wiring

if TYPE_CHECKING:
    from mtlspec.spec.spec import Spec


def advice(spec: Spec) -> Iterator[str]:
    """Yield one sentence for each thing that is allowed and probably not meant."""
    wiring = Wiring(spec)
    operations = {step.path: step.operation for step in wiring.steps}
    yield from _unused(spec, wiring)
    for step in wiring.steps:
        before = operations.get(step.sources[0])
        if isinstance(step.operation, Layer) and _takes_a_bias_out(step) and _biased(before):
            kind = step.operation.kind.replace("_", " ")
            yield (
                f"{step.sources[0]}.bias comes before a {kind}: its gradient is zero up to rounding and it drifts; "
                "set `bias: false`"
            )
    for task in spec.tasks:
        last = operations.get(wiring.outputs[task.name].path)
        if isinstance(last, ActivationLayer) and last.function.kind == task.loss.link:
            yield (
                f"tasks.{task.name}: the head ends in {task.loss.link} and {task.loss.kind} applies it again; "
                "leave it out of the head"
            )
    if not any(task.weight for task in spec.tasks):
        yield "every task has weight 0: only penalties would move the parameters"
    if isinstance(spec.training.phases, PerTask) and len(spec.tasks) == 1:
        yield "training.phases: per_task with one task is the same as joint"


def _takes_a_bias_out(step: Step) -> bool:
    """Return whether a step subtracts from each channel a mean of its own."""
    match step.operation:
        case BatchNormalization(frozen=frozen):
            return frozen == "nothing"
        case GroupNormalization(groups=groups):
            return groups == step.signature.shape[-1]
    return False


def _biased(operation: object) -> bool:
    return isinstance(operation, Dense | Convolution) and bool(getattr(operation, "bias", False))


def _unused(spec: Spec, wiring: Wiring) -> Iterator[str]:
    reached = served(wiring)
    for part in spec.inputs:
        if part.name not in reached:
            yield f"input {part.name!r} serves no task"
    for block in spec.blocks:
        paths = [step.path for step in wiring.steps if step.path.startswith((f"{block.name}[", f"{block.name}."))]
        if paths and not any(path in reached for path in paths):
            yield f"block {block.name!r} serves no task"


def served(wiring: Wiring) -> dict[str, tuple[str, ...]]:
    """Return for each node (and input) that a task depends on, the names of those tasks, in order."""
    sources = {step.path: step.sources for step in wiring.steps}
    tasks: dict[str, tuple[str, ...]] = {}
    for name, output in wiring.outputs.items():
        waiting, seen = [output.path], set()
        while waiting:
            path = waiting.pop()
            if path not in seen:
                seen.add(path)
                tasks[path] = (*tasks.get(path, ()), name)
                waiting.extend(sources.get(path, ()))
    return tasks
