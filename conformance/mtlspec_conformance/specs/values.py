"""Values: a strategy for any value of the spec, made of the annotations of its fields.

A field that has a default is left out first. A kind, law or field that the schema gains is drawn without a change here.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Literal, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from mtlspec.errors import MtlspecError
from mtlspec.profiles import DISSOLVED, VOCABULARY
from mtlspec.spec.constraints import Constraint
from mtlspec.spec.decay import Decay
from mtlspec.spec.groups import Group
from mtlspec.spec.initializers import Identity, Initializer, Orthogonal, UnitForget
from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import (
    Bidirectional,
    Dense,
    Embedding,
    Gru,
    Lstm,
    SimpleRnn,
    StackedRecurrent,
)
from mtlspec.spec.losses import (
    SquaredError,
)
from mtlspec.spec.signature import Penalty
from mtlspec.spec.training import PerTask
from mtlspec.spec.value import Value
from mtlspec_conformance.coverage import OF_THE_HOST
from mtlspec_conformance.specs.mending import MENDED, Fields

Kinds = frozenset[str]
"""Kinds and features, as a backend claims them: `family/kind`."""
Strategy = st.SearchStrategy[Any]

ALL: Kinds = VOCABULARY | DISSOLVED
"""All that the schema has."""
FLOATS = (0.0, 1.0, 0.5, 0.1, 2.0, 0.25, 0.9, 0.01, 1e-3, -0.5)
INTEGERS = (0, 1, 2, 3)
BARE = (True, False, False, False)
"""How often all that can be left out of a value is."""
TAME: dict[str, tuple[float, ...]] = {
    "learning_rate": (0.1, 0.01, 0.05),
    "weight_decay": (0.1, 0.5, 0.0),
    "weight": (1.0, 0.5, 0.0, 2.0),
    "Step.rate": (0.5, 1.0, 0.9),
    "Exponential.rate": (0.5, 1.0, 0.9),
    "OneCycle.length": (20, 40),
    "OneCycle.rise": (0.3, 0.2),
    "TruncatedNormal.mean": (0.0, 0.1),
    "TruncatedNormal.low": (-2.0, -0.5),
    "TruncatedNormal.high": (2.0, 0.5),
}
"""Numbers of fields, by name or by class and name, with which training stays on firm ground."""


class NoStrategyError(MtlspecError, TypeError):
    """Nothing is known of the values that a field may have."""


@cache
def value(cls: type[Value], kinds: Kinds = ALL) -> Strategy:
    """Return a strategy for values of `cls`; of a family, for all its members that are in `kinds`."""
    return having(cls, kinds)


def having(cls: type[Value], kinds: Kinds = ALL, **fields: Strategy) -> Strategy:
    """Return a strategy for values of `cls` whose `fields` come from strategies of their own."""
    if issubclass(cls, Kind) and cls.is_family():
        return st.one_of([value(member, kinds) for member in members(cls, kinds)])
    if cls is Penalty and "penalty/l1_l2" not in kinds:
        return st.just(Penalty())
    required: dict[str, Strategy] = dict(fields)
    optional: dict[str, Strategy] = {}
    skipped = {"kind", *OF_THE_HOST.get(cls.__name__, ()), *fields}
    for name, field in cls.model_fields.items():
        named = tells_a_name(field) and not field.is_required() and _fitting(cls, name) is None
        if name not in skipped and not named:
            of_field = required if field.is_required() else optional
            of_field[name] = field_of(cls, name, kinds)
    full = st.fixed_dictionaries(required, optional=optional)
    if len(optional) > 1:  # one choice for all that is left out: the fewer a plain value takes, the quicker it shrinks
        bare = st.fixed_dictionaries(required)
        return st.sampled_from(BARE).flatmap(lambda choice: bare if choice else full).map(lambda own: _made(cls, own))
    return full.map(lambda fields: _made(cls, fields))


def _fitting(cls: type[Value], name: str) -> Callable[[Kinds], Strategy] | None:
    return next((made for (owner, field), made in FITTING.items() if field == name and issubclass(cls, owner)), None)


def tells_a_name(field: FieldInfo) -> bool:
    """Return whether a field is for the name of another tensor, which a layer alone does not have."""
    return any(part is str for part in (field.annotation, *get_args(field.annotation))) or str in _parts(field)


def _parts(field: FieldInfo) -> list[Any]:
    return [get_args(part)[0] for part in get_args(field.annotation) if get_origin(part) is typing.Annotated]


def members(family: type[Kind], kinds: Kinds = ALL) -> list[type[Kind]]:
    """Return the members of a family that are in `kinds`, the plainest first.

    All of them, where a backend is never asked whether it has them.
    """
    asked = any(f"{family.family}/{name}" in ALL for name in family.kinds)
    own = [cls for name, cls in family.kinds.items() if not asked or f"{family.family}/{name}" in kinds]
    own.sort(key=lambda cls: cls not in PLAINEST)
    if family.family == "activation" and "layer/activation" not in kinds:
        return [cls for cls in own if cls.model_fields["kind"].default == "linear"]
    if family.family == "phases" and "phases/several" not in kinds:
        return [cls for cls in own if cls is not PerTask]
    return own


def plain(cls: type[Value]) -> Value:
    """Return the plainest value of `cls`: every required field at its first number or kind."""
    required = {name: field for name, field in cls.model_fields.items() if field.is_required()}
    return cls(**{name: _first_of(field) for name, field in required.items()})


def _first_of(field: FieldInfo) -> Any:
    return field.examples[0] if field.examples else _first(field.annotation, _bounds(field.metadata))


def _made(cls: type[Value], fields: Fields) -> Value:
    given = {name: drawn for name, drawn in fields.items() if drawn is not None or cls.model_fields[name].default}
    mend = MENDED.get(cls)
    try:
        return cls(**(given if mend is None else mend(given)))
    except ValidationError:
        if not _of_a_user(cls):
            raise
        reject()  # his rules bind fields that are drawn one by one


def _of_a_user(cls: type[Value]) -> bool:
    return issubclass(cls, Kind) and "." in cls.model_fields["kind"].default


@cache  # a strategy that is new is validated anew, which takes longer than to draw from it
def field_of(cls: type[Value], name: str, kinds: Kinds = ALL) -> Strategy:
    """Return a strategy for one field of `cls`."""
    return _field(cls, name, cls.model_fields[name], kinds)


def _field(cls: type[Value], name: str, field: FieldInfo, kinds: Kinds) -> Strategy:
    tame = TAME.get(f"{cls.__name__}.{name}", TAME.get(name))
    if tame is not None:
        return st.sampled_from(tame)
    if field.examples:
        return st.sampled_from([value for value in field.examples if value is not None])
    if field.annotation is Initializer:
        own = [kind for kind in members(Initializer, kinds) if (cls, name) in OF_ONE_FORM.get(kind, [(cls, name)])]
        return st.one_of([value(kind, kinds) for kind in own])
    fitting = _fitting(cls, name)
    if fitting is not None:
        return fitting(kinds)
    if name in CLAIMED_LAWS and CLAIMED_LAWS[name] not in kinds:
        return st.just(field.default)
    return _annotated(field.annotation, field.metadata, kinds)


MATRICES: list[tuple[type[Value], str]] = [
    (Dense, "kernel_initializer"),
    (Embedding, "initializer"),
    *((cls, f"{name}_initializer") for cls in (SimpleRnn, Lstm, Gru) for name in ("kernel", "recurrent")),
]
"""Fields whose parameter is always a matrix."""
OF_ONE_FORM: dict[type[Value], list[tuple[type[Value], str]]] = {
    Orthogonal: MATRICES,
    Identity: MATRICES,
    UnitForget: [(Lstm, "bias_initializer"), (Lstm, "recurrent_bias_initializer")],
}
"""The fields of initializers that do not fit every shape."""
PATTERNS = ("*.kernel", "tasks*", "*")
"""Of key paths; each matches something of every model that is drawn, whose heads end in a dense layer."""
_SOME = st.lists(st.sampled_from(PATTERNS), max_size=1).map(tuple)


def _of_vectors(kinds: Kinds) -> Strategy:
    """Return a strategy for constraints of a parameter with one axis."""
    fields: Fields = {"axes": st.just((0,))}
    own = members(Constraint, kinds)
    each = [having(cls, kinds, **(fields if "axes" in cls.model_fields else {})) for cls in own]
    return st.one_of([st.none(), *each])


def _recurrent(kinds: Kinds) -> Strategy:
    """Return a strategy for the layer that a recurrent one is made of."""
    return st.one_of([value(cls, kinds) for cls in members(Layer, kinds) if cls in (SimpleRnn, Lstm, Gru)])


def _forward(layer: Any) -> Any:
    return layer.model_copy(update={"direction": "forward"})


FITTING: dict[tuple[type[Value], str], Callable[[Kinds], Strategy]] = {
    (Constraint, "axes"): lambda kinds: st.sampled_from(((0,), (1,), (0, 1))),
    (Constraint, "epsilon"): lambda kinds: st.sampled_from((0.1, 0.01)),
    (Layer, "bias_constraint"): _of_vectors,
    (Bidirectional, "layer"): lambda kinds: _recurrent(kinds).map(_forward),
    (StackedRecurrent, "layer"): _recurrent,
    (Decay, "exclude"): lambda kinds: _SOME,
    (Decay, "only"): lambda kinds: _SOME,
    (Group, "parameters"): lambda kinds: st.sampled_from(PATTERNS),
}
"""Strategies of fields that have to fit what is around their value."""
PLAINEST: tuple[type[Kind], ...] = (SquaredError,)
"""Kinds that stand before those that their families name first."""
CLAIMED_LAWS = {
    "repeated_ids": "rows/separate",
    "untouched_rows": "rows/skip",
    "gradient": "phases/own_gradient",
    "forward": "phases/after_each_update",
    "padding_id": "rows/padding",
    "frozen": "normalization/frozen",
    "running_average": "normalization/cumulative",
}
"""Laws whose other value a backend has to claim as a feature."""


def _annotated(annotation: Any, metadata: Iterable[Any], kinds: Kinds) -> Strategy:
    """Return a strategy for one annotation within its bounds."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _annotated(parts[0], [*metadata, *_flat(parts[1:])], kinds)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (typing.Union, types.UnionType):
        ordered = sorted(parts, key=lambda part: part is not type(None))
        return st.one_of([st.none() if part is type(None) else _annotated(part, metadata, kinds) for part in ordered])
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(_annotated(parts[0], (), kinds), min_size=1, max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(_annotated(part, (), kinds) for part in parts))
    if annotation is bool:
        return st.booleans()
    if annotation is str:
        return st.just("x")  # the name of another tensor, which a value alone does not have
    if annotation in (int, float):
        return st.sampled_from(_numbers(annotation, _bounds(metadata)))
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return st.deferred(lambda: value(annotation, kinds))  # a residual has layers
    raise NoStrategyError(f"no strategy for the annotation {annotation}; give the field one of its own, or examples")


def _first(annotation: Any, bounds: list[Any]) -> Any:
    if get_origin(annotation) is typing.Annotated:
        own, *metadata = get_args(annotation)
        return _first(own, [*bounds, *_bounds(_flat(metadata))])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return _first(get_args(annotation)[0], bounds)
    if get_origin(annotation) is tuple:
        parts = [part for part in get_args(annotation) if part is not Ellipsis]
        return tuple(_first(part, []) for part in parts)
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if annotation is bool:
        return False
    if annotation in (int, float):
        return _numbers(annotation, bounds)[0]
    if issubclass(annotation, Kind) and annotation.is_family():
        return plain(next(iter(annotation.kinds.values())))
    return plain(annotation)


def _numbers(annotation: type, bounds: list[Any]) -> list[float]:
    """Return the plain numbers that every bound admits, the plainest first."""
    ordered: tuple[float, ...] = FLOATS if annotation is float else INTEGERS
    found = [number for number in ordered if all(_admits(bound, number) for bound in bounds)]
    if not found:
        told = ", ".join(map(repr, bounds))
        raise NoStrategyError(f"no plain number lies within {told}; give the field some: Field(..., examples=[...])")
    return found


def _admits(bound: Any, number: float) -> bool:
    return (
        number >= getattr(bound, "ge", number)
        and number <= getattr(bound, "le", number)
        and number > getattr(bound, "gt", number - 1)
        and number < getattr(bound, "lt", number + 1)
    )


def _flat(metadata: Iterable[Any]) -> list[Any]:
    return [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]


def _bounds(metadata: Iterable[Any]) -> list[Any]:
    return [item for item in metadata if any(hasattr(item, side) for side in ("ge", "gt", "le", "lt"))]
