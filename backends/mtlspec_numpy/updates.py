"""Updates: what the rule of one optimizer is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction

Slots = dict[str, Array]
Moved = tuple[Array, Slots]
"""The new value of a parameter, and of its slots."""
Update = Callable[[Any, Array, Direction, Slots, float, int], Moved]
"""Of optimizer, parameter, direction, slots, rate and number of the update, from 1."""
