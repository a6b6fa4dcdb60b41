"""The suite as tests: `pytest --pyargs mtlspec_conformance --mtlspec-backend NAME`, one for each case and level."""

from __future__ import annotations

from functools import cache, lru_cache

import pytest

from mtlspec.backend import Backend
from mtlspec.registry import lacking
from mtlspec.spec.training import Precision
from mtlspec_conformance.deviations import Deviation, complaints, deviations_of
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.measure import Disagreement
from mtlspec_conformance.profiles import needs_of, unseen, unseen_told, wanted
from mtlspec_conformance.runner import Examination, found, levels_of
from mtlspec_conformance.suite import case, cases, manifest
from mtlspec_conformance.verdicts import Result


@cache
def subject(name: str) -> Backend:
    """The backend that is examined."""
    return found(name)


@cache
def declared(name: str) -> tuple[Deviation, ...]:
    """What it declares to do differently."""
    return deviations_of(subject(name))


@lru_cache(maxsize=1)  # tests come case by case, and a framework compiles slowly
def examination(name: str, id: str, precision: Precision) -> Examination:
    """One case of the backend; compiled once for its levels."""
    return Examination(subject(name), case(id), precision, declared(name))


def named(config: pytest.Config) -> str:
    """The backend that was asked for.

    Raises:
        UsageError: none was.
    """
    name = config.getoption("mtlspec_backend")
    if name is None:
        raise pytest.UsageError("name a backend: --mtlspec-backend NAME, or module:attribute")
    return str(name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test to each case and level; to the others, the name of the backend."""
    backend = subject(named(metafunc.config)).name
    if "level" not in metafunc.fixturenames:
        metafunc.parametrize("precision", [metafunc.config.getoption("mtlspec_precision")], ids=[backend])
        return
    each = [(one.id, level.name) for one in cases() for level in levels_of(one)]
    metafunc.parametrize(("id", "level"), each, ids=[f"{backend}-{id}-{level}" for id, level in each])


def test_conformance(id: str, level: str, request: pytest.FixtureRequest) -> None:
    """The backend does what the reference does, or what it declares to do instead."""
    name, precision = named(request.config), request.config.getoption("mtlspec_precision")
    result = examination(name, id, precision).result(LEVELS[level])
    match result.verdict:
        case "unsupported":
            pytest.skip(result.detail)
        case "deviates":
            pytest.xfail(result.detail)
        case "differs" | "error":
            pytest.fail(failure(name, result), pytrace=False)


def failure(name: str, result: Result) -> str:
    """Return what differs most, and the command that repeats it."""
    lines = [f"{result.verdict}: {result.case} at level {result.level}, {result.precision}"]
    if isinstance(result.worst, Disagreement):
        of = f"{result.disagreements} of {result.findings} comparisons"
        lines += [str(result.worst), f"error {result.worst.error:.3g}; {of}"]
    lines += [result.detail] if result.detail else []
    command = f"python -m mtlspec_conformance {name} --case {result.case} --level {result.level}"
    return "\n  ".join([*lines, command])


def test_claims(precision: Precision, request: pytest.FixtureRequest) -> None:
    """Something is claimed, and no part of a claimed profile is beyond every case: nothing is green for being empty."""
    capabilities, needs = subject(named(request.config)).capabilities, needs_of()
    for profile in capabilities.profiles:
        lacks = unseen(profile, capabilities.kinds, needs)
        assert not lacks, f"{profile}: {unseen_told(lacks, wanted(lacks, capabilities.kinds, needs))}"
    if not capabilities.profiles:
        absent = {lack for one in cases() for lack in lacking(capabilities, one.graph, precision)}
        assert not absent, f"claim a profile, or everything; not claimed: {', '.join(sorted(absent))}"
    assert precision in capabilities.precisions, f"{precision} is not claimed; choose another by --mtlspec-precision"


def test_deviations(precision: Precision, request: pytest.FixtureRequest) -> None:
    """Everything that the backend declares to do differently happens."""
    name = named(request.config)
    places = {(d.case, d.level) for d in declared(name)}
    results = [
        examination(name, id, precision).result(LEVELS[level])
        for id, level in sorted(places)
        if id in manifest() and LEVELS.get(level) in levels_of(case(id))
    ]
    assert not complaints(declared(name), results)
