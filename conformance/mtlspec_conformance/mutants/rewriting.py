"""Rewriting: graphs with other values in them, laws that are filled in kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mtlspec.graph import Graph
from mtlspec.spec.value import Value

AnyValue = TypeVar("AnyValue", bound=Value)


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return `value` with `change` applied to every value in it, the inner ones first; laws that are filled in stay."""
    if isinstance(value, tuple):
        return tuple(rebuilt(item, change) for item in value)
    if not isinstance(value, Value):
        return value
    fields = {name: rebuilt(getattr(value, name), change) for name in type(value).model_fields}
    return change(type(value).model_construct(_fields_set=set(value.model_fields_set), **fields))


def having(value: AnyValue, /, **fields: Any) -> AnyValue:
    """Return `value` with other `fields`, without cached parts of the old one."""
    all_fields: dict[str, Any] = {name: getattr(value, name) for name in type(value).model_fields} | fields
    cls: Any = type(value)  # the plugin of pydantic gives `model_construct` of a type variable its bound
    made: AnyValue = cls.model_construct(_fields_set=set(all_fields), **all_fields)
    return made


def every(cls: type[Value] | tuple[type[Value], ...], **fields: Any) -> Callable[[Graph], Graph]:
    """Return a change of all values of `cls`: a field to a value, or to what a function makes of the old one."""

    def change(value: Any) -> Any:
        if not isinstance(value, cls):
            return value
        new = {name: to(getattr(value, name)) if callable(to) else to for name, to in fields.items()}
        return having(value, **new)

    return lambda graph: rebuilt(graph, change)


def other(first: str, second: str) -> Callable[[str], str]:
    """Return what exchanges two words."""
    return lambda word: {first: second, second: first}[word]


def negated(value: bool) -> bool:
    """Return the opposite."""
    return not value
