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

    def bounded(self, *, by: float) -> RowGradient:
        """Return this gradient with every element from -by to by: of each occurrence where they stay separate."""
        if self.law.separate:
            return RowGradient(self.table, self.ids, self.values.clamp(-by, by), self.law)
        return RowGradient(self.table, self._distinct[0], self._sums.clamp(-by, by), self.law)

    def moving(self, tensor: Tensor) -> Tensor:
        """Return the rows of the table, or of a slot of its shape, that move: a copy where others are skipped."""
        return tensor[self._distinct[0]] if self._skips(tensor) else tensor

    def moved(self, tensor: Tensor, rows: Tensor) -> None:
        """Put back what `moving` gave."""
        if self._skips(tensor):
            tensor[self._distinct[0]] = rows

    def _skips(self, tensor: Tensor) -> bool:
        return self.law.skip and tensor.ndim > 0

    @cached_property
    def sum(self) -> Tensor:
        """The gradient of what `moving` gives."""
        if self.law.skip:
            return self._sums
        return torch.zeros_like(self.table).index_add_(0, self._distinct[0], self._sums)

    @cached_property
    def square(self) -> Tensor:
        """What a second moment averages, of what `moving` gives."""
        square = torch.zeros_like(self.sum)
        self.add_square_to(square, factor=1.0)
        return square

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


@dataclass(frozen=True, eq=False)
class WholeGradient:
    """The gradient of a parameter that moves as a whole, as formulas read it."""

    table: Tensor
    sum: Tensor

    @property
    def square(self) -> Tensor:
        """What a second moment averages."""
        return self.sum.square()

    def moving(self, tensor: Tensor) -> Tensor:
        """Return `tensor`."""
        return tensor

    def moved(self, tensor: Tensor, rows: Tensor) -> None:
        """Do nothing: `moving` gave the tensor itself."""

    def add_to(self, rows: Tensor, *, factor: float) -> None:
        """Add factor · gradient."""
        rows.add_(self.sum, alpha=factor)

    def add_square_to(self, rows: Tensor, *, factor: float) -> None:
        """Add factor · square."""
        rows.addcmul_(self.sum, self.sum, value=factor)


Gradient = RowGradient | WholeGradient
