"""Values: frozen, equal by content, hashable, changed by making another."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Location = tuple[str | int, ...]


class Value(BaseModel):
    """A frozen value of the spec: strict scalars, tuples for sequences, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        defer_build=True,  # half of the import time otherwise
        validate_by_name=True,
        validate_by_alias=True,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, dict):
            data = {name: tuple(item) if isinstance(item, list) else item for name, item in data.items()}
        try:
            return handler(data)
        except ValidationError as error:
            raise _with_nearest_fields(error, cls) from None

    def replacing(self, where: Callable[[Self], Any], /, *, by: object) -> Self:
        """Return this value with the part that `where` selects replaced by `by`, validated again.

        `spec.replacing(lambda s: s.tasks[0].weight, by=0.5)`

        Raises:
            ValidationError: the new value breaks a rule of the spec.
            AttributeError: `where` names a field that does not exist.
        """
        recorder = _Recorder(self, ())
        selected = where(recorder)  # type: ignore[arg-type]  # the recorder stands in for the value
        if not isinstance(selected, _Recorder):
            raise AttributeError("expected a part of the value, such as `lambda s: s.tasks[0].weight`")
        replaced: Self = _replaced(self, object.__getattribute__(selected, "path"), by)
        return replaced


class _Recorder:
    """Records the attributes and indices that a key-path function visits."""

    def __init__(self, value: object, path: Location) -> None:
        self.value = value
        self.path = path

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, "value")
        fields = type(value).model_fields if isinstance(value, Value) else {}
        if name not in fields:
            raise AttributeError(f"{type(value).__name__} has no field {name!r}{nearest(name, fields)}")
        return _Recorder(getattr(value, name), (*object.__getattribute__(self, "path"), name))

    def __getitem__(self, index: int) -> Any:
        value = object.__getattribute__(self, "value")
        return _Recorder(value[index], (*object.__getattribute__(self, "path"), index))


def _replaced(value: Any, path: Location, by: object) -> Any:
    if not path:
        return by
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        at = first % len(value)
        return tuple(_replaced(item, rest, by) if i == at else item for i, item in enumerate(value))
    fields = {name: getattr(value, name) for name in value.model_fields_set}
    fields[first] = _replaced(getattr(value, first), rest, by)
    return type(value).model_validate(fields)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the nearest of `names`, or an empty string."""
    near = difflib.get_close_matches(name, list(names), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def problem(message: str, at: Location, found: object = None) -> InitErrorDetails:
    """Return one error of meaning, to be raised with others by `raise_problems`."""
    return InitErrorDetails(type=PydanticCustomError("meaning", "{message}", {"message": message}), loc=at, input=found)


def raise_problems(title: str, problems: list[InitErrorDetails]) -> None:
    """Raise all `problems` at once, if there are any."""
    if problems:
        raise ValidationError.from_exception_data(title, problems)


def _with_nearest_fields(error: ValidationError, cls: type[Value]) -> ValidationError:
    """Return `error` with the nearest field name added to each unknown field of `cls`."""
    details = []
    for item in error.errors():
        message = item["msg"]
        if item["type"] == "extra_forbidden" and len(item["loc"]) == 1:
            name = str(item["loc"][0])
            known = [field.alias or key for key, field in cls.model_fields.items()]
            message = f"unknown field {name!r}{nearest(name, known)}; known: {', '.join(known)}"
        kind = "unknown_field" if message != item["msg"] else item["type"]
        details.append(
            InitErrorDetails(
                type=PydanticCustomError(kind, "{message}", {"message": message}),
                loc=item["loc"],
                input=item["input"],
            )
        )
    return ValidationError.from_exception_data(cls.__name__, details)
