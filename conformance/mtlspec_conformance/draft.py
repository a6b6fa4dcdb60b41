"""Drafts: a case before its numbers are drawn: a document, and what is special about its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """The document of a case and what is special about its data."""

    id: str
    why: str
    spec: Document
    examples: int = 6
    batches: Sequence[Sequence[int]] = ((0, 1, 2, 3),)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Stored as they are, instead of drawn."""
    targets: Mapping[str, Any] = field(default_factory=dict)
    absent: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Examples without a label, by task."""
    absent_positions: Mapping[str, Sequence[tuple[int, ...]]] = field(default_factory=dict)
    """Single labels that are absent, by task: (example, *position)."""
    weighted: bool = False
    """Whether every task has sample weights."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Stored as they are, instead of drawn."""
    initial: bool = False
    """Whether the parameters are the initial values of the spec."""
    steps: bool = False
    """Whether the case has a trajectory."""
    rows: Sequence[Sequence[int]] = ()
    """The rows of the trajectory, instead of drawn ones of the size of the first batch."""
    rates: Sequence[Any] = ()
    """The rates of the trajectory, instead of the ones that rise, drop and touch zero."""
    task_weights: Sequence[Sequence[float]] = ()
    law: bool = False
    """Whether the case has scripted gradients."""
    planned: int = 0
    """How many steps the trajectory has that the host plans, instead of rows and rates of its own."""
    chance: bool = False
    """Whether what is drawn by chance is looked at; the parameters are then the initial values, by rule."""
    since: str = "0.1.0"
    """The version of the suite that brings it."""
