"""Merges: several tensors become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import torch
from torch import Tensor

from mtlspec.spec.model import Merge


def larger(first: Tensor, second: Tensor) -> Tensor:
    """Return the larger elements; of equal ones `first` has the gradient, which `torch.maximum` shares."""
    return torch.where(first >= second, first, second)


def smaller(first: Tensor, second: Tensor) -> Tensor:
    """Return the smaller elements; of equal ones `first` has the gradient, which `torch.minimum` shares."""
    return torch.where(first <= second, first, second)


MERGES: dict[Merge, Callable[[Sequence[Tensor]], Tensor]] = {
    "concatenate": lambda sources: torch.cat(tuple(sources), dim=-1),
    "add": lambda sources: reduce(torch.add, sources),
    "multiply": lambda sources: reduce(torch.mul, sources),
    "average": lambda sources: reduce(torch.add, sources) / len(sources),
    "subtract": lambda sources: reduce(torch.sub, sources),
    "maximum": lambda sources: reduce(larger, sources),
    "minimum": lambda sources: reduce(smaller, sources),
}
