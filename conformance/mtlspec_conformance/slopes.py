"""Slopes: the gradients of the reference against central differences of its own losses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Batch
from mtlspec.tensors import Array, Tensors, dense
from mtlspec_conformance.case import Case
from mtlspec_conformance.measure import Agreement, Disagreement, Finding
from mtlspec_conformance.pair import copied

STEPS = (2.0**-10, 2.0**-15, 2.0**-20)
"""Distances of the five points, one of which is good: a kink between them, or a steep wave, spoils the long."""
LIMIT = 1e-7
"""Of the error on the scale of the largest gradient: of rounding 1e-16 / STEP is left, of the method STEP⁴."""


def slopes(program: Program, case: Case) -> Iterator[Finding]:
    """Yield whether each gradient of a program is the slope of the total of its losses."""
    weights = case.spec.weights
    for index, batch in enumerate(case.batches):
        program.parameters = case.parameters
        found = program.value_with_gradient(on=batch, weights=weights).gradients
        gradients = {path: np.array(dense(entry)) for path, entry in found.items()}
        sizes = [float(np.max(np.abs(gradient), initial=0.0)) for gradient in gradients.values()]
        scale = max([1e-3, *sizes])
        for path, gradient in gradients.items():
            at = f"gradient of {path}, batch {index}"
            yield _judged(at, gradient, [_slope(program, batch, case, path, step) for step in STEPS], scale)


def _judged(where: str, gradient: Array, found: list[Array], scale: float) -> Finding:
    apart = np.min([np.abs(gradient - slope) for slope in found], axis=0) / scale
    error = float(np.max(apart, initial=0.0))
    if error <= LIMIT:
        return Agreement(where, error, limit=LIMIT)
    at = np.unravel_index(int(np.argmax(apart)), gradient.shape)
    slope = min((slope[at] for slope in found), key=lambda each: abs(each - gradient[at]))
    said = f"at {[int(i) for i in at]} the slope is {slope:.9g}, the pullback gives {gradient[at]:.9g}"
    return Disagreement(where, error, said, exact=False, limit=LIMIT)


def _slope(program: Program, batch: Batch, case: Case, path: str, step: float) -> Array:
    """Return the derivative of the total by each element of a parameter, from five points."""
    start = copied(case.parameters)
    slope = np.zeros(np.shape(start[path]))

    def total(index: tuple[int, ...], shift: float) -> float:
        moved = np.array(start[path])
        moved[index] += shift
        program.parameters = Tensors({**start, path: moved})
        value = program.value_with_gradient(on=batch, weights=case.spec.weights).value
        return sum(case.spec.weights[task] * loss for task, loss in value.losses.items()) + value.penalty

    for index in np.ndindex(*slope.shape):
        near = total(index, step) - total(index, -step)
        far = total(index, 2 * step) - total(index, -2 * step)
        slope[index] = (8 * near - far) / (12 * step)
    return slope
