"""Backends that differ from the reference, each by one mutant, at an address of their own."""

from __future__ import annotations

from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.mutant import MutantBackend
from planted import Reference


class _Planted(MutantBackend):
    mutant_name: str

    def __init__(self) -> None:
        (mutant,) = (mutant for mutant in MUTANTS if mutant.name == self.mutant_name)
        super().__init__(Reference(), mutant)


class Frozen(_Planted):
    """Reports no gradient for biases."""

    mutant_name = "bias-frozen"


class Late(_Planted):
    """Takes each step at the rate of the one before."""

    mutant_name = "rate-late"
