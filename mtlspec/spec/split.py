"""Splits: which examples are held out from training."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mtlspec.spec.kind import Kind


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer"]})]

ColumnNames = str | Annotated[tuple[str, ...], Field(min_length=1)]
"""One column, or several that are taken together."""

TimeUnit = Literal["moment", "hour", "day", "month", "year"]


class Split(Kind):
    """Which examples are held out from training."""

    family: ClassVar[str] = "split"


class SplitByFraction(Split):
    """A random `held_out` share of the examples, drawn from the seed."""

    kind: Literal["fraction"] = "fraction"
    held_out: float = Field(default=0.2, gt=0, lt=1)


class SplitByColumn(Split):
    """The examples whose `column` holds one of the `held_out` values."""

    kind: Literal["column"] = "column"
    column: str
    held_out: tuple[Text, ...] = Field(min_length=1)
    """As they are written in the file; a number stands for its text."""


class SplitByGroup(Split):
    """All examples of a random `held_out` share of the groups named in `column`, so that no group is in both parts."""

    kind: Literal["group"] = "group"
    column: ColumnNames
    """Several columns name a group together, such as `[year, month, day]`."""
    held_out: float = Field(default=0.2, gt=0, lt=1)


class SplitByTime(Split):
    """All examples of the latest `held_out` share of the distinct times in `column`: training knows no later one."""

    kind: Literal["time"] = "time"
    column: str
    """Dates or times as ISO 8601 writes them (2013-01-31, 2013-01-31T09:30:00Z), or numbers."""
    unit: TimeUnit = "moment"
    """What is never in both parts, by the clock that the column is written in; numbers are moments."""
    held_out: float = Field(default=0.2, gt=0, lt=1)


Split.admit(SplitByFraction, SplitByColumn, SplitByGroup, SplitByTime)
