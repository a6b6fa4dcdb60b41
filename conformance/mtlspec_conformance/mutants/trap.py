"""A trap: one point on which two frameworks part, or one program parts from what its author meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trap:
    """What parts, the fields of the spec that decide it, and what falls into it."""

    area: str
    what: str
    laws: tuple[str, ...] = ()
    """Fields as `kind.field`; a trap without one has one right answer."""
    mutants: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    """Cases beside those of the mutants."""
    tests: tuple[str, ...] = ()
    """Tests of what the host decides once, for all backends alike."""
