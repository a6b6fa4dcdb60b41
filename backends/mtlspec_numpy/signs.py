"""Updates along signs: Lion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtlspec.spec.optimizer import Optimizer
from mtlspec.spec.signs import Lion
from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.updates import Moved, Slots, Update


def lion(optimizer: Lion, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """w -= r·sign(β1·m + (1-β1)·g); m = β2·m + (1-β2)·g."""
    m, g = slots["first_moment"], direction.sum
    heading = np.sign(optimizer.beta_1 * m + (1 - optimizer.beta_1) * g)
    return w - rate * heading, {"first_moment": optimizer.beta_2 * m + (1 - optimizer.beta_2) * g}


UPDATES: Mapping[type[Optimizer], Update] = {Lion: lion}
