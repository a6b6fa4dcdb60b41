"""Candidates: what is compared, each as a spec with the same tasks, examples and batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mtlspec.baselines.alone import alone
from mtlspec.errors import MtlspecError
from mtlspec.spec import Spec, Training
from mtlspec.spec.value import nearest

Origin = Literal["alone", "joint", "balancer", "variant", "tuned"]
ALONE, JOINT, TUNED = "alone", "joint", "tuned weights"
BUDGET = ("epochs", "batch_size", "last_batch", "shuffle")
"""Fields of the training that have to be equal."""


@dataclass(frozen=True)
class Candidate:
    """A method by name, and what it trains: one spec, or one for each task."""

    name: str
    origin: Origin
    specs: tuple[Spec, ...]


def candidates(spec: Spec, balancers: Sequence[str], variants: Mapping[str, Spec]) -> tuple[Candidate, ...]:
    """Return each task alone, the joint model with its fixed weights, balancers and other specs.

    Raises:
        MtlspecError: two have one name, or a variant is no fair comparison.
        ValidationError: a balancer is unknown, or does not fit the spec.
    """
    found = [
        Candidate(ALONE, "alone", tuple(alone(spec, task.name) for task in spec.tasks)),
        Candidate(JOINT, "joint", (balanced(spec, None),)),
        *(Candidate(name, "balancer", (each,)) for name, each in _balancers(spec, balancers)),
        *(Candidate(name, "variant", (each,)) for name, each in variants.items()),
    ]
    names = [candidate.name for candidate in found]
    for name in [*names, TUNED]:
        if [*names, TUNED].count(name) > 1:
            raise MtlspecError(f"two methods are called {name!r}; give one another name")
    for name, each in variants.items():
        _expect_fair(name, each, spec)
    return tuple(found)


def balanced(spec: Spec, kind: str | None) -> Spec:
    """Return `spec` with the balancer of this kind; its own hyperparameters, if it has that one; None: fixed weights.

    Raises:
        MtlspecError: this version has no balancers.
        ValidationError: the balancer is unknown, or does not fit the spec.
    """
    own = getattr(spec.training, "balancing", None)
    if (own is None and kind is None) or (own is not None and own.kind == kind):
        return spec
    if "balancing" not in Training.model_fields:
        raise MtlspecError(f"no balancer {kind!r}: this version of mtlspec has none")
    given = {name: getattr(spec.training, name) for name in spec.training.model_fields_set - {"balancing"}}
    chosen = {} if kind is None else {"balancing": kind}
    return spec.replacing(lambda s: s.training, by=Training.model_validate({**given, **chosen}))


def _balancers(spec: Spec, kinds: Sequence[str]) -> Iterator[tuple[str, Spec]]:
    """Yield the balancers that are asked for, after the document's own."""
    own = getattr(spec.training, "balancing", None)
    for kind in dict.fromkeys([*([] if own is None else [own.kind]), *kinds]):
        yield kind, balanced(spec, kind)


def _expect_fair(name: str, variant: Spec, spec: Spec) -> None:
    """Raise unless a variant is trained on the same examples, in the same batches, for the same tasks."""
    if variant.inputs != spec.inputs:
        raise MtlspecError(f"{name}: expected the inputs of the document, to read the same examples; found others")
    ours = {task.name: task for task in spec.tasks}
    for task in variant.tasks:
        if task.name not in ours:
            raise MtlspecError(f"{name}: the document has no task {task.name!r}{nearest(task.name, ours)}")
        for field in ("loss", "metrics"):
            if getattr(task, field) != getattr(ours[task.name], field):
                raise MtlspecError(f"{name}: task {task.name!r} has another `{field}` than in the document")
    if [task.name for task in variant.tasks] != list(ours):
        told = ", ".join(task.name for task in variant.tasks)
        raise MtlspecError(f"{name}: expected the tasks {', '.join(ours)}, found {told}")
    for field in BUDGET:
        here, there = getattr(variant.training, field), getattr(spec.training, field)
        if here != there:
            message = f"expected `{field}: {there}` as in the document, found {here}"
            raise MtlspecError(f"{name}: {message}; methods are compared at equal budget")


def seeded(spec: Spec, seed: int) -> Spec:
    """Return `spec` with another seed of initial values, order and dropout."""
    return spec.replacing(lambda s: s.training.seed, by=seed)
