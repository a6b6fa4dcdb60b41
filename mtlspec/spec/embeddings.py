"""Embeddings: tables whose rows stand for ids, one by one or a bag of them at once."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic_core import InitErrorDetails

from mtlspec.spec.constraints import Constraint
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import Dtype, Layer, Name, Positive
from mtlspec.spec.signature import ParameterRule, Penalty, Shape, ShapeError, Signature, expect_rank, written
from mtlspec.spec.value import problem, raise_problems


class Table(Layer):
    """A table (rows, units) that ids read, with the laws that tell its rows apart."""

    reads: ClassVar[Dtype] = "integer"
    rows: Positive
    """The number of ids; an id is at least 0 and below `rows`. The fan in of an initializer is `rows`, as in Keras."""
    units: Positive
    initializer: Initializer = law(
        published={"kind": "normal", "standard_deviation": 1.0},
        keras="uniform",
        torch={"kind": "normal", "standard_deviation": 1.0},
    )
    penalty: Penalty = Penalty()
    repeated_ids: Literal["sum", "separate"] = law(published="sum", keras="separate", torch="sum")
    """Whether the gradients of an id that occurs several times in a batch are summed before an optimizer squares
    them or a clip takes their norm; Keras on TensorFlow does not."""
    untouched_rows: Literal["decay", "skip"] = "decay"
    """Rows whose id is not in the batch: `decay` gives them a gradient of 0, so that momentum and decay go on;
    `skip` leaves them and their optimizer slots as they are."""
    padding_id: int | None = None
    """The id that fills up short examples: its row begins at 0, and no occurrence of it has a gradient or touches the
    row (PyTorch's `padding_idx`). Keras has none: its `mask_zero` makes a mask, and trains row 0."""
    constraint: Constraint | None = None

    def model_post_init(self, context: object) -> None:
        """Refuse what tells rows apart beside what touches them all, and padding that is no row."""
        raise_problems(type(self).__name__, self.misfits())

    def misfits(self) -> list[InitErrorDetails]:
        """Return every mistake of meaning."""
        found = []
        if self.penalty.active and self.untouched_rows == "skip":
            message = "a penalty gives every row a gradient; leave it out, or use `untouched_rows: decay`"
            found.append(problem(message, ("penalty",)))
        if self.constraint is not None and self.untouched_rows == "skip" and not self.constraint.by_row:
            message = "a norm over rows moves those that no id touches; use `axes: [1]`, or `untouched_rows: decay`"
            found.append(problem(message, ("constraint",)))
        if self.padding_id is not None and not 0 <= self.padding_id < self.rows:
            message = f"expected a row from 0 to {self.rows - 1}, found {self.padding_id}; say `rows:` with padding"
            found.append(problem(message, ("padding_id",), self.padding_id))
        return found

    @property
    def by_row(self) -> bool:
        """Whether an optimizer has to see the rows of the gradient one by one.

        A penalty makes the gradient dense (Keras, too, then sums the repeated ids).
        """
        return not self.penalty.active and (self.repeated_ids == "separate" or self.untouched_rows == "skip")

    @property
    def table(self) -> ParameterRule:
        """The rule of its one parameter."""
        return ParameterRule(
            "table",
            (self.rows, self.units),
            self.initializer,
            fan_in=self.rows,
            fan_out=self.units,
            penalty=self.penalty,
            zero_row=self.padding_id,
            constraint=self.constraint,
        )


class Embedding(Table):
    """table[ids]; ids (...) integer, table (rows, units), output (..., units)."""

    kind: Literal["embedding"] = "embedding"

    def signature(self, shape: Shape) -> Signature:
        return Signature((*shape, self.units), (self.table,))


class EmbeddingBag(Table):
    """Σ_n w_n·table[id_n], their mean or their maximum over the ids n of an example; ids (n), output (units).

    Occurrences of `padding_id` are left out, also of the mean's count; of no ids the sum, mean and maximum are 0.
    The gradient of a maximum goes to the first of equal ones.
    """

    kind: Literal["embedding_bag"] = "embedding_bag"
    combine: Literal["sum", "mean", "max"] = law(published="sum", keras="sum", torch="mean")
    """How rows become one: PyTorch's `mode`; Keras has no such layer, and a sum after an embedding is the idiom."""
    weights: Name | None = None
    """The input or block of w (n), with `combine: sum`; it is trained through where it can be."""

    @property
    def also(self) -> tuple[str, ...]:
        return () if self.weights is None else (self.weights,)

    def misfits(self) -> list[InitErrorDetails]:
        found = super().misfits()
        if self.weights is not None and "combine" in self.model_fields_set and self.combine != "sum":
            message = f"weights belong to `combine: sum`, found {self.combine}; leave one of them out"
            found.append(problem(message, ("weights",), self.weights))
        return found

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        expect_rank(shape, 1, "(ids)")
        for other in others:
            if len(other) != 1 or (None not in (*other, *shape) and other != shape):
                raise ShapeError(f"expected a weight for each of the ids {written(shape)}, found {written(other)}")
        if others and self.combine != "sum":
            raise ShapeError(f"weights belong to `combine: sum`, found {self.combine}; say so")
        return Signature((self.units,), (self.table,))

    def signature(self, shape: Shape) -> Signature:
        return self.signature_with(shape)
