"""Tables whose rows an optimizer tells apart: what an embedding's laws make of a gradient that came id by id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import torch
from torch import Tensor

from mtlspec.spec.layers import Table


@dataclass(frozen=True)
class RowLaw:
    """How the occurrences of an id count, and what becomes of the other rows.

    One of both is true: where neither is, the table has an ordinary gradient.
    """

    separate: bool
    """Whether values of one id are squared one by one, or after their sum."""
    skip: bool
    """Whether rows without an id in the batch stay as they are."""

    @classmethod
    def of(cls, layer: Table) -> RowLaw:
        """Return the law of an embedding."""
        return cls(separate=layer.repeated_ids == "separate", skip=layer.untouched_rows == "skip")


@dataclass(frozen=True, eq=False)
class RowGradient:
    """The gradient of a table under its law; what it costs to skip rows does not grow with their number."""

    table: Tensor
    ids: Tensor
    values: Tensor
    law: RowLaw

    @classmethod
    def of(cls, table: Tensor, gradient: Tensor, law: RowLaw) -> RowGradient:
        """Return what `gradient` says about `table`; a dense one touches every row once."""
        if gradient.is_sparse:  # the public accessors refuse a gradient in which an id may occur twice
            return cls(table, gradient._indices()[0], gradient._values(), law)
        return cls(table, torch.arange(len(table), device=table.device), gradient, law)

    def scaled(self, *, by: Tensor) -> RowGradient:
        """Return this gradient times `by`."""
        return RowGradient(self.table, self.ids, self.values * by, self.law)

    @cached_property
    def _distinct(self) -> tuple[Tensor, Tensor]:
        return cast(tuple[Tensor, Tensor], torch.unique(self.ids, return_inverse=True))

    @cached_property
    def _sums(self) -> Tensor:
        """The gradient of each distinct id."""
        rows, place = self._distinct
        return self.values.new_zeros((len(rows), *self.values.shape[1:])).index_add_(0, place, self.values)

    @property
    def squared_norm(self) -> Tensor:
        """The sum of the squares."""
        return (self.values if self.law.separate else self._sums).square().sum()

    def moving(self, tensor: Tensor) -> Tensor:
        """Return the rows of the table, or of one of its slots, that move: a copy where others are skipped."""
        return tensor[self._distinct[0]] if self.law.skip else tensor

    def moved(self, tensor: Tensor, rows: Tensor) -> None:
        """Put back what `moving` gave."""
        if self.law.skip:
            tensor[self._distinct[0]] = rows

    def add_to(self, rows: Tensor, *, factor: float) -> None:
        """Add factor · gradient to what `moving` gave."""
        if self.law.skip:
            rows.add_(self._sums, alpha=factor)
        else:  # the sum of equal ids first, so that a large number is rounded once
            rows.index_add_(0, self._distinct[0], self._sums, alpha=factor)

    def add_square_to(self, rows: Tensor, *, factor: float) -> None:
        """Add factor · square, which a second moment averages, to what `moving` gave."""
        if self.law.separate:
            place = self._distinct[1] if self.law.skip else self.ids
            rows.index_add_(0, place, self.values.square(), alpha=factor)
        else:
            rows.add_(self._sums.square(), alpha=factor)
