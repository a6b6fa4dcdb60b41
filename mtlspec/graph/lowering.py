"""Lowering: from a spec to the graph that spells it out."""

from __future__ import annotations

from mtlspec.graph.graph import Graph, Head, Node, Parameter, Phase
from mtlspec.spec.advice import served
from mtlspec.spec.layers import Layer, Table
from mtlspec.spec.signature import channels
from mtlspec.spec.spec import Spec
from mtlspec.spec.training import PerTask
from mtlspec.spec.wiring import Wiring, rules


def lower(spec: Spec) -> Graph:
    """Return the graph of `spec`: shapes, parameter table, phases, every law explicit."""
    wiring = Wiring(spec)
    tasks = served(wiring)
    parameters = _parameters(wiring, tasks)
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
        phases=_phases(spec, parameters),
        gradient=phases.gradient if isinstance(phases, PerTask) else "summed",
        forward=phases.forward if isinstance(phases, PerTask) else "once",
        seed=spec.training.seed,
        training=spec.training,
        model_digest=spec.digest(part="model"),
    )


def _in_order(spec: Spec, tasks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(task.name for task in spec.tasks if task.name in tasks)


def _parameters(wiring: Wiring, tasks: dict[str, tuple[str, ...]]) -> tuple[Parameter, ...]:
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
            penalty=rule.penalty,
            tasks=_in_order(wiring.spec, used.get(step.path, ())),
            zero_row=rule.zero_row,
            by_row=isinstance(step.operation, Table) and step.operation.by_row,
        )
        for step, rule in rules(wiring)
    )


def _phases(spec: Spec, parameters: tuple[Parameter, ...]) -> tuple[Phase, ...]:
    training = spec.training
    trainable = [p for p in parameters if p.role == "trainable"]
    names = tuple(task.name for task in spec.tasks)
    if not isinstance(training.phases, PerTask):
        paths = tuple(p.path for p in trainable)
        return (
            Phase(
                name="joint", tasks=names, parameters=paths, optimizer=training.optimizer, clipping=training.clipping
            ),
        )
    return tuple(
        Phase(
            name=name,
            tasks=(name,),
            parameters=tuple(p.path for p in trainable if name in p.tasks),
            optimizer=training.optimizer,
            clipping=training.clipping,
        )
        for name in names
    )
