"""The ledger: every trap between frameworks that the vocabulary of the spec can fall into, and what holds it."""

from __future__ import annotations

from typing import NamedTuple

from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.ledger_of_hosts import HOST_TRAPS
from mtlspec_conformance.mutants.ledger_of_layers import LAYER_TRAPS
from mtlspec_conformance.mutants.ledger_of_norms import OTHER_LAYER_TRAPS
from mtlspec_conformance.mutants.ledger_of_risks import RISK_TRAPS
from mtlspec_conformance.mutants.ledger_of_structure import STRUCTURE_TRAPS
from mtlspec_conformance.mutants.ledger_of_training import TRAINING_TRAPS
from mtlspec_conformance.mutants.ledger_of_windows import WINDOW_TRAPS
from mtlspec_conformance.mutants.trap import Trap

TRAPS: tuple[Trap, ...] = (
    *STRUCTURE_TRAPS,
    *LAYER_TRAPS,
    *TRAINING_TRAPS,
    *HOST_TRAPS,
    *RISK_TRAPS,
    *WINDOW_TRAPS,
    *OTHER_LAYER_TRAPS,
)


class Holding(NamedTuple):
    """What holds a trap: the cases in which it shows, the mutants that fall into it, and tests of the host."""

    cases: tuple[str, ...]
    mutants: tuple[str, ...]
    tests: tuple[str, ...]


def holding(trap: Trap) -> Holding:
    """Return what holds `trap`; its cases are its own and those of its mutants."""
    of_mutants = [id for mutant in MUTANTS if mutant.name in trap.mutants for id in mutant.cases]
    return Holding(tuple(dict.fromkeys((*trap.cases, *of_mutants))), trap.mutants, trap.tests)
