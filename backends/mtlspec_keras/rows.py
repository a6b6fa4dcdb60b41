"""Gradients as optimizers see them: whole, or row by row where the laws of an embedding tell rows apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mtlspec_keras.engine import tf


@dataclass(frozen=True)
class RowLaws:
    """What an embedding says of repeated ids and of rows without an id, as in the spec."""

    repeated_ids: str = "sum"
    untouched_rows: str = "decay"

    @property
    def separate(self) -> bool:
        """Whether each occurrence of an id is squared by itself."""
        return self.repeated_ids == "separate"

    @property
    def skip(self) -> bool:
        """Whether rows without an id stay as they are."""
        return self.untouched_rows == "skip"


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of one variable: its sum, its square, and the rows of the variable that it moves."""

    sum: Any
    square: Any
    """Σ value² over the occurrences of a row where repeated ids stay separate; else sum²."""
    rows: Any = None
    """The ids of the rows that move, an id as often as it occurs, each time with the same values; None: all rows."""

    def read(self, variable: Any) -> Any:
        """Return the part of `variable` that moves."""
        if self.rows is None or not variable.shape.rank:
            return tf.convert_to_tensor(variable)
        return tf.gather(variable, self.rows)  # of a variable, reads these rows alone

    def write(self, variable: Any, value: Any) -> None:
        """Set the part of `variable` that moves."""
        if self.rows is None:
            variable.assign(value)
        else:
            variable.scatter_update(tf.IndexedSlices(value, self.rows))


def gradient_of(found: Any, variable: Any, laws: RowLaws) -> Gradient:
    """Return the gradient of `variable` from what TensorFlow found, dense or as slices."""
    if not isinstance(found, tf.IndexedSlices):
        return Gradient(found, tf.square(found))
    ids, values = found.indices, found.values
    if not laws.skip:
        total = summed(found, variable)
        square = summed(squared(found), variable) if laws.separate else tf.square(total)
        return Gradient(total, square)
    place, count = places(ids), tf.size(ids)
    total = tf.gather(tf.math.unsorted_segment_sum(values, place, count), place)
    if not laws.separate:
        return Gradient(total, tf.square(total), ids)
    squares = tf.math.unsorted_segment_sum(tf.square(values), place, count)
    return Gradient(total, tf.gather(squares, place), ids)


def places(ids: Any) -> Any:
    """Return for each occurrence the number of its id among the distinct ones, in ascending order.

    By sorting: nothing of the table's size is made, and XLA, which has no `unique`, can compile it.
    """
    order = tf.argsort(ids, stable=True)
    ascending = tf.gather(ids, order)
    begins = tf.cast(ascending[1:] != ascending[:-1], tf.int32)
    numbers = tf.cumsum(tf.concat([tf.zeros_like(order[:1]), begins], 0))
    return tf.gather(numbers, tf.math.invert_permutation(order))


def square_of(found: Any, variable: Any, laws: RowLaws) -> Any:
    """Return the squared norm of a gradient; the values of a repeated id count one by one where they stay separate."""
    if isinstance(found, tf.IndexedSlices):
        found = found.values if laws.separate else _once(found)
    return tf.reduce_sum(tf.square(found))


def _once(slices: Any) -> Any:
    """Return values of which each id has its whole sum at its first place in order, and 0 at the others."""
    place, count = places(slices.indices), tf.size(slices.indices)
    first = tf.math.unsorted_segment_min(tf.range(count), place, count)
    sums = tf.gather(tf.math.unsorted_segment_sum(slices.values, place, count), place)
    chosen = tf.gather(first, place) == tf.range(count)
    return tf.where(tf.reshape(chosen, [-1] + [1] * (slices.values.shape.rank - 1)), sums, tf.zeros_like(sums))


def summed(slices: Any, variable: Any) -> Any:
    """Return slices as the gradient of all of `variable`, values of equal ids summed."""
    return tf.math.unsorted_segment_sum(slices.values, slices.indices, variable.shape[0])


def squared(slices: Any) -> Any:
    """Return slices with each value squared."""
    return tf.IndexedSlices(tf.square(slices.values), slices.indices, slices.dense_shape)


def bounded(found: Any, variable: Any, laws: RowLaws, *, by: Any) -> Any:
    """Return a gradient with every element from -by to by: of each occurrence where they stay separate."""
    if not isinstance(found, tf.IndexedSlices):
        return tf.clip_by_value(found, -by, by)
    if laws.separate:
        return tf.IndexedSlices(tf.clip_by_value(found.values, -by, by), found.indices, found.dense_shape)
    return tf.IndexedSlices(tf.clip_by_value(_once(found), -by, by), found.indices, found.dense_shape)


def scaled(found: Any, *, by: Any) -> Any:
    """Return a gradient, dense or slices, times `by`."""
    if isinstance(found, tf.IndexedSlices):
        return tf.IndexedSlices(found.values * by, found.indices, found.dense_shape)
    return found * by
