"""Borders: places before and after each axis of a sequence or an image, as a document writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from mtlspec.spec.signature import Ends

Places = Annotated[int, Field(ge=0, lt=2**31)]
Both = tuple[Places, Places]
Excess = tuple[Places, Annotated[int, Field(gt=-(2**31), lt=2**31)]]

_LINE = "one number for both ends, or [before, after]"
_IMAGE = "one number for all sides, [vertical, horizontal], or [[top, bottom], [left, right]]"


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def _ends(value: object, *, least: int) -> Ends | None:
    """Return the numbers of one axis, None for what are none; after an axis there may be as few as `least`."""
    pair = (value, value) if _whole(value) else tuple(value) if isinstance(value, list | tuple) else ()
    if len(pair) != 2 or not all(map(_whole, pair)) or pair[0] < 0 or pair[1] < least:
        return None
    return pair


def _line(value: object, least: int) -> Any:
    return _ends(value, least=least)


def _image(value: object, least: int) -> Any:
    if isinstance(value, int):
        value = (value, value)
    axes = tuple(value) if isinstance(value, list | tuple) else ()
    read = tuple(_ends(axis, least=least) for axis in axes)
    return read if len(read) == 2 and None not in read else None


def _reading(read: Callable[[object, int], Any], form: str, *words: str, least: int = 0) -> BeforeValidator:
    expected = f"{', '.join((*words, form))}; each number at least 0"
    if least < 0:
        expected += ", after an axis also below"

    def before(value: object) -> object:
        found = value if value in words else read(value, least)
        if found is None:
            raise PydanticCustomError("border", "expected {expected}", {"expected": expected})
        return found

    return BeforeValidator(before)


def _schema(*words: str, rank: int, least: int | None = 0) -> WithJsonSchema:
    number = {"type": "integer"} if least is None else {"type": "integer", "minimum": least}
    pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    axes = {"type": "array", "items": pair, "minItems": 2, "maxItems": 2}
    forms: list[dict[str, Any]] = [{"enum": list(words)}] if words else []
    return WithJsonSchema({"anyOf": [*forms, number, pair, *([axes] if rank == 2 else [])]})


Border1d = Annotated[Both, _reading(_line, _LINE), _schema(rank=1)]
"""Places (before, after); one number stands for both."""
Border2d = Annotated[tuple[Both, Both], _reading(_image, _IMAGE), _schema(rank=2)]
"""Places ((top, bottom), (left, right)); one number stands for all, [vertical, horizontal] for both ends."""

Padding1d = Annotated[
    Literal["same", "valid"] | Both, _reading(_line, _LINE, "same", "valid"), _schema("same", "valid", rank=1)
]
Padding2d = Annotated[
    Literal["same", "valid"] | tuple[Both, Both],
    _reading(_image, _IMAGE, "same", "valid"),
    _schema("same", "valid", rank=2),
]
CausalPadding = Annotated[
    Literal["same", "valid", "causal"] | Both,
    _reading(_line, _LINE, "same", "valid", "causal"),
    _schema("same", "valid", "causal", rank=1),
]
"""What a window finds around its sequence or image."""

Cut1d = Annotated[
    Literal["same", "valid"] | Excess,
    _reading(_line, _LINE, "same", "valid", least=1 - 2**31),
    _schema("same", "valid", rank=1, least=None),
]
Cut2d = Annotated[
    Literal["same", "valid"] | tuple[Excess, Excess],
    _reading(_image, _IMAGE, "same", "valid", least=1 - 2**31),
    _schema("same", "valid", rank=2, least=None),
]
"""What a transposed convolution leaves out of all that it reaches; an end below 0 adds places."""
