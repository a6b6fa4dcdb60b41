"""Laws: fields whose value the frameworks disagree on, filled by `like:` where a document leaves them open."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeVar, cast

from pydantic import Field, JsonValue, TypeAdapter
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from mtlspec.spec.value import Value

Like = Literal["published", "keras", "torch"]
"""Whose form fills the laws that a document leaves open: the paper's, Keras 3's or PyTorch's."""

AnyValue = TypeVar("AnyValue", bound=Value)


def law(*, published: JsonValue, keras: JsonValue, torch: JsonValue, **constraints: Any) -> Any:
    """Return a field whose default depends on `like:`; the values are documents, read by the field's own type."""
    laws: JsonDict = {"published": published, "keras": keras, "torch": torch}
    return Field(default=published, json_schema_extra={"x-law": laws}, **constraints)


def laws_of(field: FieldInfo) -> dict[str, object] | None:
    """Return the values of a law by framework, or None for a field that is not a law."""
    extra = field.json_schema_extra
    return extra.get("x-law") if isinstance(extra, dict) else None  # type: ignore[return-value]


@cache
def field_adapter(cls: type[Value], name: str) -> TypeAdapter[Any]:
    """Return what reads a value for the field `name` of `cls`."""
    annotation: Any = cls.model_fields[name].annotation
    return TypeAdapter(annotation)


def obeying(value: AnyValue, like: Like) -> AnyValue:
    """Return `value` with every law that was left open filled from `like`; fields that were given stay."""
    fields: dict[str, Any] = {}
    for name, field in type(value).model_fields.items():
        item = getattr(value, name)
        laws = laws_of(field)
        if laws is not None and name not in value.model_fields_set:
            item = field_adapter(type(value), name).validate_python(laws[like])
        fields[name] = _each(item, like)
    return cast(AnyValue, type(value).model_construct(_fields_set=set(value.model_fields_set), **fields))


def _each(item: Any, like: Like) -> Any:
    if isinstance(item, Value):
        return obeying(item, like)
    if isinstance(item, tuple):
        return tuple(_each(part, like) for part in item)
    return item
