"""Data: from where examples come, and how columns become inputs and targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field
from pydantic_core import InitErrorDetails

from mtlspec.spec.kind import Kind
from mtlspec.spec.split import ColumnNames, Split
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


class Above(Encoder):
    """1 where the number that the cell holds is above `limit`, otherwise 0; an empty cell is an absent label.

    Targets only.
    """

    kind: Literal["above"] = "above"
    limit: float


class Empty(Encoder):
    """1 where the cell is empty, otherwise 0, so that no label is absent. Targets only."""

    kind: Literal["empty"] = "empty"


Encoder.admit(Numeric, Vocabulary, HashBuckets, Above, Empty)


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


Per = Literal["item", "group"]
"""Where rows are grouped: whether each row gives a position, or all rows of a group agree on one value."""


class InputColumns(Value):
    """The columns that make one input, in order; together they fill its shape.

    Where rows are grouped, the first axis of the shape is that of the items, and the columns fill the others.
    """

    name: str
    """The input."""
    columns: tuple[str, ...] = Field(min_length=1)
    """Names of columns; `*` stands for any run of characters, in the order of the file."""
    encode: Encoder = Numeric()
    missing: Missing = MissingIsError()
    per: Per = "item"
    """`group`: the columns hold the same in all rows of a group, and the input has no axis of items."""


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
    per: Per = "item"
    """`group`: the columns hold the same in all rows of a group, one label for all."""


class Data(Value):
    """A table, and what its columns mean."""

    file: str | None = None
    """A table, relative to the document, or inside `package`: .csv, .csv.gz, .csv.zip, .parquet; or named arrays.

    Named arrays are an .npz file, or a folder of .npy files, which are mapped and not loaded. A column is then an array
    whose first axis counts the examples; one with more axes fills that many numbers of an input's shape.
    """
    package: str | None = None
    """An installed Python package that holds `file`; it is read by path, never imported."""
    synthetic: int | None = Field(default=None, gt=0)
    """Instead of a file: this many examples of random inputs and labels, drawn from the seed."""
    missing_values: tuple[str, ...] = ("", "NA", "N/A", "NaN", "nan", "null", "None")
    """Texts that stand for an empty cell."""
    inputs: tuple[InputColumns, ...] = ()
    targets: tuple[TargetColumns, ...] = ()
    group_by: ColumnNames | None = None
    """Rows that hold the same in these columns, in which none is empty, are one example: its items.

    Groups stand in the order of their first rows; inputs are filled up with 0, and there labels are absent.
    """
    order_by: str | None = None
    """A column of numbers or times by which the items of a group are sorted; without one they keep their order."""
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
        problems.extend(self._group_problems())
        raise_problems("Data", problems)

    def _group_problems(self) -> Iterator[InitErrorDetails]:
        if self.group_by is not None:
            if self.synthetic is not None:
                yield problem("`synthetic:` data has no columns; leave this out", ("group_by",), self.group_by)
            return
        if self.order_by is not None:
            yield problem("`order_by:` sorts the items of a group; add `group_by:`", ("order_by",), self.order_by)
        for where in ("inputs", "targets"):
            for index, part in enumerate(getattr(self, where)):
                if part.per == "group":
                    yield problem("`per: group` needs `group_by:`, what a group is", (where, index, "per"), part.per)
