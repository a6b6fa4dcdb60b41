"""Data: from where examples come, and how columns become inputs and targets."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mtlspec.spec.kind import Kind
from mtlspec.spec.value import Value, problem, raise_problems


class Encoder(Kind):
    """Turns the cells of a column into numbers."""

    family: ClassVar[str] = "encoder"


class Numeric(Encoder):
    """The number that the cell holds, times `scale`."""

    kind: Literal["numeric"] = "numeric"
    scale: float = 1.0
    """Such as 0.001 for grams as kilograms; metrics and predictions are in the scaled unit."""


class Vocabulary(Encoder):
    """The index of the cell among the distinct values of the training part, which are saved with the model.

    All columns of an input or target share one vocabulary, sorted as numbers if all of them are, else as text.

    Inputs: 0 is a missing cell, 1 an unknown value, the values begin at 2. Targets: the values begin at 0, a missing
    cell is an absent label and an unknown one an error.
    """

    kind: Literal["vocabulary"] = "vocabulary"


class HashBuckets(Encoder):
    """1 + CRC-32 of the cell's text modulo `buckets`; 0 is a missing cell. Nothing is fitted. Inputs only."""

    kind: Literal["hash_buckets"] = "hash_buckets"
    buckets: int = Field(gt=0)


Encoder.admit(Numeric, Vocabulary, HashBuckets)


class Missing(Kind):
    """What becomes of an example with an empty numeric input cell."""

    family: ClassVar[str] = "missing rule"


class MissingIsError(Missing):
    """Refuse the data."""

    kind: Literal["error"] = "error"


class MissingIsDropped(Missing):
    """Leave the example out."""

    kind: Literal["drop"] = "drop"


class MissingIsImputed(Missing):
    """Fill the cell with a statistic of the training part (saved with the model), or with a number."""

    kind: Literal["impute"] = "impute"
    by: Literal["mean", "median", "constant"] = "mean"
    value: float = 0.0
    """What `constant` fills in."""
    indicator: bool = False
    """Append for each column 1 where the cell was missing, else 0, after the columns themselves."""


Missing.admit(MissingIsError, MissingIsDropped, MissingIsImputed)


class InputColumns(Value):
    """The columns that make one input, in order; together they fill its shape."""

    name: str
    """The input."""
    columns: tuple[str, ...] = Field(min_length=1)
    """Names of columns; `*` stands for any run of characters, in the order of the file."""
    encode: Encoder = Numeric()
    missing: Missing = MissingIsError()


class TargetColumns(Value):
    """The columns that make the labels of one task; an empty cell is an absent label."""

    name: str
    """The task."""
    columns: tuple[str, ...] = Field(min_length=1)
    encode: Encoder = Numeric()
    present: str | None = None
    """A column with 1 where the label counts and 0 where it is absent."""
    weight: str | None = None
    """A column with the weight of each example for this task."""


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer"]})]


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
    column: str
    held_out: float = Field(default=0.2, gt=0, lt=1)


Split.admit(SplitByFraction, SplitByColumn, SplitByGroup)


class Data(Value):
    """A table, and what its columns mean."""

    file: str | None = None
    """A CSV file (also .csv.gz, .csv.zip), relative to the document, or inside `package`."""
    package: str | None = None
    """An installed Python package that holds `file`; it is read by path, never imported."""
    synthetic: int | None = Field(default=None, gt=0)
    """Instead of a file: this many examples of random inputs and labels, drawn from the seed."""
    missing_values: tuple[str, ...] = ("", "NA", "N/A", "NaN", "nan", "null", "None")
    """Texts that stand for an empty cell."""
    inputs: tuple[InputColumns, ...] = ()
    targets: tuple[TargetColumns, ...] = ()
    split: Split | None = None
    """Without one, all examples are for training."""

    def model_post_init(self, context: object) -> None:
        """Refuse anything but exactly one source."""
        problems = []
        if (self.file is None) == (self.synthetic is None):
            problems.append(problem("expected exactly one of `file:` and `synthetic:`", ("file",), self.file))
        if self.package is not None and self.file is None:
            problems.append(problem("`package:` needs `file:`, a path inside the package", ("package",), self.package))
        if self.synthetic is not None and (self.inputs or self.targets):
            where = "inputs" if self.inputs else "targets"
            problems.append(problem("`synthetic:` data has no columns; leave this out", (where,)))
        if self.synthetic is None and not (self.inputs and self.targets):
            where = "targets" if self.inputs else "inputs"
            problems.append(problem(f"`file:` needs `{where}:`, which columns make them", (where,)))
        raise_problems("Data", problems)
