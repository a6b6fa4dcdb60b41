"""Lowering: from a spec to the graph that spells it out."""

from __future__ import annotations

from mtlspec.graph.graph import Graph, Head, Node, Numbers, Parameter, Phase
from mtlspec.spec.advice import served
from mtlspec.spec.layers import Layer, Table
from mtlspec.spec.reach import Reach
from mtlspec.spec.signature import NO_PENALTY, channels
from mtlspec.spec.spec import Spec
from mtlspec.spec.training import PerTask
from mtlspec.spec.wiring import Wiring, rules


def lower(spec: Spec) -> Graph:
    """Return the graph of `spec`: shapes, parameter table, phases, every law explicit."""
    wiring = Wiring(spec)
    tasks = served(wiring)
    reach = Reach(spec.training, wiring)
    parameters = _parameters(wiring, tasks, reach)
    phases = spec.training.phases
    return Graph(
        inputs=spec.inputs,
        nodes=tuple(
            Node(
                path=step.path,
                layer=step.operation if isinstance(step.operation, Layer) else None,
                merge=None if isinstance(step.operation, Layer) else step.operation,
                sources=step.sources,
                shape=step.signature.shape,
                tasks=_in_order(spec, tasks.get(step.path, ())),
                reuses=step.reuses,
            )
            for step in wiring.steps
        ),
        parameters=parameters,
        heads=tuple(
            Head(
                task=task.name,
                output=wiring.outputs[task.name].path,
                units=channels(wiring.outputs[task.name].shape),
                positions=wiring.outputs[task.name].shape[:-1],
                loss=task.loss,
                weight=task.weight,
                metrics=task.metrics,
            )
            for task in spec.tasks
        ),
        phases=_phases(spec, parameters, reach),
        gradient=phases.gradient if isinstance(phases, PerTask) else "summed",
        forward=phases.forward if isinstance(phases, PerTask) else "once",
        seed=spec.training.seed,
        training=spec.training,
        model_digest=spec.digest(part="model"),
    )


def _in_order(spec: Spec, tasks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(task.name for task in spec.tasks if task.name in tasks)


def _parameters(wiring: Wiring, tasks: dict[str, tuple[str, ...]], reach: Reach) -> tuple[Parameter, ...]:
    used = dict(tasks)
    for step in wiring.steps:
        if step.reuses is not None:
            used[step.reuses] = (*used.get(step.reuses, ()), *tasks.get(step.path, ()))
    return tuple(
        Parameter(
            path=f"{step.path}.{rule.leaf}",
            node=step.path,
            leaf=rule.leaf,
            shape=rule.shape,
            role=rule.role,
            dtype=rule.dtype,
            initializer=rule.initializer,
            fan_in=rule.fan_in,
            fan_out=rule.fan_out,
            penalty=NO_PENALTY if reach.frozen(f"{step.path}.{rule.leaf}") else rule.penalty,
            tasks=_in_order(wiring.spec, used.get(step.path, ())),
            zero_row=rule.zero_row,
            by_row=isinstance(step.operation, Table) and step.operation.by_row,
            constraint=rule.constraint,
        )
        for step, rule in rules(wiring)
    )


def _phases(spec: Spec, parameters: tuple[Parameter, ...], reach: Reach) -> tuple[Phase, ...]:
    moving = [p for p in parameters if p.role == "trainable" and not reach.frozen(p.path)]
    names = tuple(task.name for task in spec.tasks)
    if not isinstance(spec.training.phases, PerTask):
        return (_phase("joint", names, moving, reach),)
    return tuple(_phase(name, (name,), [p for p in moving if name in p.tasks], reach) for name in names)


def _phase(name: str, tasks: tuple[str, ...], parameters: list[Parameter], reach: Reach) -> Phase:
    training = reach.training
    return Phase(
        name=name,
        tasks=tasks,
        parameters=tuple(p.path for p in parameters),
        optimizer=training.optimizer,
        clipping=training.clipping,
        decay=training.decay_law,
        numbers=tuple(Numbers(rate_factor=reach.rate_factor(p.path), decay=reach.decay(p.path)) for p in parameters),
        average=training.average,
        batches=1 if training.accumulation is None else training.accumulation.batches,
    )
