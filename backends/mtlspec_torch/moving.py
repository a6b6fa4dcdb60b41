"""What an optimizer has to know of each parameter that it moves."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from mtlspec.graph import Numbers
from mtlspec.spec.constraints import Constraint
from mtlspec_torch.layouts import Layout
from mtlspec_torch.rows import RowLaw


@dataclass(frozen=True, eq=False)
class Moving:
    """A native parameter of a phase, and how it is treated."""

    parameter: nn.Parameter
    layout: Layout
    numbers: Numbers
    constraint: Constraint | None
    rows: RowLaw | None
    """The law of a table whose rows are told apart."""
