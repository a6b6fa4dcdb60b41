"""Checks of levels and runner that only a kit at work can pass: what it must see of a program, and not disturb."""

from __future__ import annotations

from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.mutant import Mutant, MutantBackend
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.runner import judged, results
from mtlspec_conformance.suite import case
from mtlspec_conformance.wrapper import Wrapper
from planted import Reference

from mtlspec.backend import Gradients, Statistics


def check_a_level_sees(name: str, level: str) -> None:
    """Assert that a mutant of the catalogue differs at `level`."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    found = [r for id in mutant.cases for r in results(MutantBackend(Reference(), mutant), suite=[case(id)])]
    assert "differs" in {result.verdict for result in found if result.level == level}


def check_levels_do_not_disturb_each_other() -> None:
    """Assert that a level finds the same after another has moved both programs."""
    pair = Pair(case("law/adam"), Reference())
    for level in ("trajectory", "shape", "law", "shape", "interchange", "shape"):
        assert judged(pair, LEVELS[level]).verdict == "conforms", level


def check_a_small_part_of_an_update_is_seen() -> None:
    """Assert that an update off by two parts in ten billion differs, though no parameter is off by as much."""
    mutant = Mutant("longer", "Moves a little further.", "step", ("layer/dense",), program=_Longer)
    (found,) = (
        r for r in results(MutantBackend(Reference(), mutant), suite=[case("layer/dense")]) if r.level == "step"
    )
    assert found.verdict == "differs"


class _Longer(Wrapper):
    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        rate = learning_rate * (1 + 2e-10)
        self.inner.update(along=along, statistics=statistics, learning_rate=rate, phase=phase)
