"""The table of losses and metrics by task."""

from __future__ import annotations

import math
from collections.abc import Mapping


def print_measures(found: Mapping[str, Mapping[str, float]]) -> None:
    """Print `task/measure` numbers, one column for each part of the data."""
    from mtlspec.cli.table import print_table

    rows, last = [], ""
    for name in next(iter(found.values())):
        task, _, measure = name.partition("/")
        label = measure.replace("_", " ")
        rows.append(("" if task == last else task, label, *(_number(part[name]) for part in found.values())))
        last = task
    print_table(("task", "measure", *found), rows, numbers=tuple(found))


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}" if abs(value) < 1e6 else f"{value:.4g}"
