"""Labels of one task: checked, normalized, and told apart from absent ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.graph import Head
from mtlspec.spec.losses import Loss, SoftmaxCrossEntropy
from mtlspec.tensors import Array
from mtlspec.training.arrays import Where, numbers, shaped, whole

LabelForm = Literal["classes", "probabilities", "yes_or_no", "numbers"]
"""What the labels of a task are: class indices, a probability per class, numbers in [0, 1], or any numbers."""

SUM_TOLERANCE = 1e-5
"""How far from 1 the probabilities of an example may add up: float32 probabilities of a thousand classes do."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a task with 0 where one is absent, and which are present."""

    values: Array
    present: NDArray[np.bool_]


def label_form(loss: Loss) -> LabelForm:
    """Return what the labels of a task with this loss are."""
    if isinstance(loss, SoftmaxCrossEntropy):
        return "classes" if loss.targets == "integer" else "probabilities"
    return "yes_or_no" if loss.link == "sigmoid" else "numbers"


def labels(head: Head, value: object, mask: NDArray[np.bool_] | None, where: Where) -> Labels:
    """Return the labels of the task of `head`; NaN, or False in `mask`, makes a label absent.

    Raises:
        DataError: a label has the wrong shape or lies outside its range.
    """
    what, form = f"task {head.task!r}", label_form(head.loss)
    array = _shaped(numbers(value, what), head, form)
    if mask is not None and len(mask) != len(array):
        raise DataError(f"{what}: `present` has {len(mask)} entries and the targets have {len(array)}")
    present = _present(array, mask, what, where)
    filled = np.where(present.reshape(-1, *(1,) * (array.ndim - 1)), array, 0)
    if form == "classes":
        filled = whole(filled, what, where)
        _check_classes(filled, head, where)
    else:
        filled = filled.astype(np.float64)
        _check_numbers(filled, present, what, form, where)
    return Labels(filled, present)


def _shaped(array: Array, head: Head, form: LabelForm) -> Array:
    what = f"task {head.task!r}"
    if form == "classes":
        hint = f"; a class index from 0 to {head.units - 1} is expected (`targets: probabilities` reads one per class)"
        return shaped(array, (), what, hint)
    hint = "; for class indices set `targets: integer`" if form == "probabilities" else ""
    return shaped(array, (head.units,), what, hint)


def _present(array: Array, mask: NDArray[np.bool_] | None, what: str, where: Where) -> NDArray[np.bool_]:
    missing = np.isnan(array).reshape(len(array), -1)
    wanted = np.ones(len(array), dtype=np.bool_) if mask is None else mask
    partly = np.flatnonzero(missing.any(axis=1) & ~missing.all(axis=1) & wanted)
    if partly.size:
        raise DataError(
            f"{what}, {where(int(partly[0]))}: {missing[partly[0]].sum()} of {missing.shape[1]} numbers are missing; "
            "give all of them, or none for an absent label"
        )
    return np.asarray(wanted & ~missing.all(axis=1))


def _check_classes(classes: Array, head: Head, where: Where) -> None:
    wrong = np.flatnonzero((classes < 0) | (classes >= head.units))
    if not wrong.size:
        return
    found = int(classes[wrong[0]])
    hint = "; mark an absent label by NaN or by `present`" if found < 0 else ""
    raise DataError(
        f"task {head.task!r}, {where(int(wrong[0]))}: expected a class from 0 to {head.units - 1}, found {found}{hint}"
    )


def _check_numbers(array: Array, present: Array, what: str, form: LabelForm, where: Where) -> None:
    if form == "numbers":
        wrong, expected = ~np.isfinite(array), "a finite number"
    else:
        kind = "probability" if form == "probabilities" else "label"
        wrong, expected = ~((array >= 0) & (array <= 1)), f"a {kind} in [0, 1]"
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(f"{what}, {where(int(row))}: expected {expected}, found {array[row, column]:g}")
    if form == "probabilities":
        sums = array.sum(axis=1)
        off = np.flatnonzero(present & (np.abs(sums - 1) > SUM_TOLERANCE))
        if off.size:
            message = f"expected probabilities that sum to 1, found the sum {sums[off[0]]:g}"
            raise DataError(f"{what}, {where(int(off[0]))}: {message}")
