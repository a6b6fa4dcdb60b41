"""Conformance: holds any program against the reference, case by case and level by level."""

from mtlspec_conformance.case import Case as Case
from mtlspec_conformance.levels import LEVELS as LEVELS
from mtlspec_conformance.levels import Level as Level
from mtlspec_conformance.measure import Agreement as Agreement
from mtlspec_conformance.measure import Disagreement as Disagreement
from mtlspec_conformance.mutants import MUTANTS as MUTANTS
from mtlspec_conformance.mutants import Mutant as Mutant
from mtlspec_conformance.runner import results as results
from mtlspec_conformance.suite import case as case
from mtlspec_conformance.suite import cases as cases
from mtlspec_conformance.verdicts import Result as Result
from mtlspec_conformance.verdicts import Verdict as Verdict
