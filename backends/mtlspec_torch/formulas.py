"""Formulas: updates of parameters, or of those rows of a table that move, where no native step has the law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mtlspec.spec.optimizer import Optimizer
from mtlspec_torch.moving import Moving
from mtlspec_torch.rows import Gradient


@dataclass(frozen=True)
class FormulaStep:
    """The numbers of one step of one parameter."""

    rate: float
    decay: float
    """w -= decay·w goes before the update."""
    time: int
    """The number of this update, from 1."""


@dataclass(frozen=True, eq=False)
class Formula:
    """One update: what moves, and in place of what."""

    moving: Moving
    gradient: Gradient
    w: Tensor
    """The parameter, or the rows of it that move; decayed."""
    slots: Mapping[str, Tensor]
    """By the names of the spec, as `w`."""
    step: FormulaStep
    undecayed: Tensor
    """`w` before its decay."""


Rule = Callable[[Any, Formula], None]
"""Moves `w` and `slots` of a formula in place, by the law of an optimizer."""


def apply_formula(
    rule: Rule, optimizer: Optimizer, moving: Moving, gradient: Gradient, slots: Mapping[str, Tensor], step: FormulaStep
) -> Tensor:
    """Move a parameter by `rule`, and return what moved of it, to be put back by `gradient.moved`."""
    w = gradient.moving(gradient.table)
    held = {name: gradient.moving(slot) for name, slot in slots.items()}
    undecayed = w
    if step.decay:
        undecayed = w.clone()
        w.sub_(w * step.decay)
    rule(optimizer, Formula(moving, gradient, w, held, step, undecayed))
    for name, slot in slots.items():
        gradient.moved(slot, held[name])
    return w
