"""What an optimizer has to know of each parameter that it moves."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from mtlspec.graph import Numbers
from mtlspec.spec.constraints import Constraint
from mtlspec.spec.signature import Sizes
from mtlspec_torch.rows import RowLaw


@dataclass(frozen=True, eq=False)
class Moving:
    """A native parameter of a phase, and how it is treated."""

    parameter: nn.Parameter
    axes: Sizes
    """The canonical axis behind each native one."""
    numbers: Numbers
    constraint: Constraint | None
    rows: RowLaw | None
    """The law of a table whose rows are told apart."""

    @property
    def canonical_shape(self) -> Sizes:
        """The shape in canonical layout."""
        sizes = dict(zip(self.axes, self.parameter.shape, strict=True))
        return tuple(sizes[axis] for axis in sorted(sizes))

    def native_axes(self, canonical: Sizes) -> Sizes:
        """Return where canonical axes lie."""
        return tuple(self.axes.index(axis) for axis in canonical)
