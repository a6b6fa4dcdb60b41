"""Coverage of the schema: every value of every field that a backend has to obey, and those that no case exercises."""

from __future__ import annotations

import types
import typing
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

from mtlspec.spec import (
    Spec,
    activations,
    constraints,
    decay,
    groups,
    initializers,
    layers,
    losses,
    model,
    optimizers,
    schedules,
    signature,
    training,
)
from mtlspec.spec.kind import Kind
from mtlspec.spec.value import Value
from mtlspec_conformance.case import Case

FAMILIES: tuple[type[Kind], ...] = (
    layers.Layer,
    activations.Activation,
    initializers.Initializer,
    losses.Loss,
    losses.Prediction,
    optimizers.Optimizer,
    optimizers.Clipping,
    schedules.Schedule,
    training.Phases,
    decay.Decay,
    constraints.Constraint,
)
PARTS: tuple[type[Value], ...] = (
    Spec,
    model.Input,
    model.Block,
    model.Task,
    training.Training,
    signature.Penalty,
    schedules.WarmUp,
    losses.Term,
    groups.Group,
    groups.Average,
    groups.Accumulation,
)

Seen = dict[tuple[type[Value], str], set[Any]]
"""By class and field, the values that cases have."""

OF_THE_HOST = {
    "Spec": {"mtlspec", "data"},
    "Task": {"metrics"},
    "Training": {"epochs", "batch_size", "last_batch", "shuffle", "precision"},
    "ReduceOnPlateau": set(schedules.ReduceOnPlateau.model_fields) - {"kind"},
}
"""Fields that the host obeys before a backend sees anything; the precision is that of the run."""


def untested(cases: Iterable[Case]) -> tuple[str, ...]:
    """Return `Class.field: value` for each value that no case exercises, and `family/kind` for each kind."""
    seen = _seen(cases)
    return tuple(gap for cls in covered() for gap in _gaps(cls, seen))


def untested_of(cls: type[Value], cases: Iterable[Case]) -> tuple[str, ...]:
    """Return the same of one kind, such as one of a user's own, of which the suite knows nothing."""
    return tuple(_gaps(cls, _seen(cases)))


def _seen(cases: Iterable[Case]) -> Seen:
    seen: Seen = defaultdict(set)
    for case in cases:
        for value in values_in(case.spec):
            for name in type(value).model_fields:
                seen[type(value), name].add(getattr(value, name))
    return seen


def covered() -> Iterator[type[Value]]:
    """Yield every class whose fields cases have to exercise."""
    yield from PARTS
    for family in FAMILIES:
        yield from (cls for name, cls in family.kinds.items() if "." not in name)  # nobody's own


def _gaps(cls: type[Value], seen: Seen) -> Iterator[str]:
    if issubclass(cls, Kind) and not seen[cls, "kind"]:
        yield f"{cls.family}/{cls.model_fields['kind'].default}"
        return
    for name, field in cls.model_fields.items():
        if name in ("kind", "name") or name in OF_THE_HOST.get(cls.__name__, ()):
            continue
        found = seen[cls, name]
        for wanted in _wanted(field.annotation):
            if wanted not in found:
                yield f"{cls.__name__}.{name}: {wanted}"
        if len(found) < 2 and not (found and field.annotation is str):  # one name of another tensor says as much as two
            yield f"{cls.__name__}.{name}: another value than {', '.join(map(str, found))}"
        if not field.is_required() and all(_is_default(value, field.default) for value in found):
            yield f"{cls.__name__}.{name}: another value than the default"


def _is_default(value: Any, default: Any) -> bool:
    return bool(value == default)


def _wanted(annotation: Any) -> Iterator[Any]:
    """Yield the values that a closed field can have."""
    origin = get_origin(annotation)
    if origin is Literal:
        yield from get_args(annotation)
    elif annotation is bool:
        yield from (False, True)
    elif origin in (typing.Union, types.UnionType):
        for part in get_args(annotation):
            yield from (None,) if part is type(None) else _wanted(part)
    elif origin is typing.Annotated:
        yield from _wanted(get_args(annotation)[0])


def values_in(item: Any) -> Iterator[Value]:
    """Yield a value and all that it is made of."""
    if isinstance(item, Value):
        yield item
        for name in type(item).model_fields:
            yield from values_in(getattr(item, name))
    elif isinstance(item, tuple):
        for part in item:
            yield from values_in(part)
