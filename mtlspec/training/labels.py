"""Labels of one task: checked, normalized, and told apart from absent ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.graph import Head
from mtlspec.spec.loss import TargetForm
from mtlspec.tensors import Array
from mtlspec.training.arrays import Where, at_position, numbers, shaped, whole
from mtlspec.weighing import of_positions

SUM_TOLERANCE = 1e-5
"""How far from 1 the probabilities of an example may add up: float32 probabilities of a thousand classes do."""

RANGES: dict[TargetForm, tuple[float, float, str]] = {
    "probabilities": (0.0, 1.0, "a probability in [0, 1]"),
    "yes_or_no": (0.0, 1.0, "a label in [0, 1]"),
    "signs": (-1.0, 1.0, "a label in [-1, 1]"),
    "non_negative": (0.0, np.inf, "a number of at least 0"),
    "numbers": (-np.inf, np.inf, "a finite number"),
}
"""The smallest and the largest number of a form, and what is expected in words."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a task with 0 where one is absent, and which are present (N, *positions)."""

    values: Array
    present: NDArray[np.bool_]


def labels(head: Head, value: object, mask: NDArray[np.bool_] | None, where: Where) -> Labels:
    """Return the labels of the task of `head`; NaN, `ignored_class`, or False in `mask`, makes a label absent.

    Raises:
        DataError: a label has the wrong shape or lies outside its range.
    """
    what = f"task {head.task!r}"
    array = _shaped(numbers(value, what), head)
    if mask is not None and len(mask) != len(array):
        raise DataError(f"{what}: `present` has {len(mask)} entries and the targets have {len(array)}")
    present = _present(array, mask, head, where)
    filled = np.where(present if head.targets_are_classes else present[..., None], array, 0)
    if head.targets_are_classes:
        filled = whole(filled, what, where)
        _check_classes(filled, head, where)
    else:
        filled = filled.astype(np.float64)
        _check_numbers(filled, present, head, where)
    return Labels(filled, present)


def _shaped(array: Array, head: Head) -> Array:
    form, size = head.target
    hint = ""
    if form == "classes":
        hint = f"; a class index from 0 to {size - 1} is expected (`targets: probabilities` reads one per class)"
    elif form == "probabilities":
        hint = "; for class indices set `targets: integer`"
    if head.positions:
        axes = ", ".join(map(str, head.positions))
        hint += f"; the head has the positions ({axes}), each with a label: for one label of the whole example, end it "
        hint += "with flatten or a pool before the last dense layer"
    return shaped(array, head.target_shape, f"task {head.task!r}", hint)


def _present(array: Array, mask: NDArray[np.bool_] | None, head: Head, where: Where) -> NDArray[np.bool_]:
    missing = np.isnan(array)
    if head.loss.ignored is not None:
        missing = missing | (array == head.loss.ignored)
    missing = missing if not head.targets_are_classes else missing[..., None]
    absent = missing.all(axis=-1)
    wanted = np.ones(absent.shape, dtype=np.bool_) if mask is None else of_positions(mask, absent.shape)
    partly = np.argwhere(missing.any(axis=-1) & ~absent & wanted)
    if len(partly):
        first = partly[0]
        raise DataError(
            f"task {head.task!r}, {where(int(first[0]))}{at_position(first)}: {missing[tuple(first)].sum()} of "
            f"{missing.shape[-1]} numbers are missing; give all of them, or none for an absent label"
        )
    return np.asarray(wanted & ~absent)


def _check_classes(classes: Array, head: Head, where: Where) -> None:
    count = head.target.size
    wrong = np.argwhere((classes < 0) | (classes >= count))
    if not len(wrong):
        return
    first = wrong[0]
    found = int(classes[tuple(first)])
    hint = "; mark an absent label by NaN or by `present`" if found < 0 else ""
    raise DataError(
        f"task {head.task!r}, {where(int(first[0]))}{at_position(first)}: expected a class from 0 to {count - 1}, "
        f"found {found}{hint}"
    )


def _check_numbers(array: Array, present: Array, head: Head, where: Where) -> None:
    form = head.target.form
    low, high, expected = RANGES[form]

    def refuse(index: Array, expected: str, found: str) -> None:
        place = f"task {head.task!r}, {where(int(index[0]))}{at_position(index[: 1 + len(head.positions)])}"
        raise DataError(f"{place}: expected {expected}, found {found}")

    wrong = np.argwhere(~((array >= low) & (array <= high) & np.isfinite(array)))
    if len(wrong):
        refuse(wrong[0], expected, f"{array[tuple(wrong[0])]:g}")
    if form == "probabilities":
        sums = array.sum(axis=-1)
        off = np.argwhere(present & (np.abs(sums - 1) > SUM_TOLERANCE))
        if len(off):
            refuse(off[0], "probabilities that sum to 1", f"the sum {sums[tuple(off[0])]:g}")
