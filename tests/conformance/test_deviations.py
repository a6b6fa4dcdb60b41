"""Deviations are strict both ways: declared and not happening fails as happening and not declared does."""

from __future__ import annotations

import pytest
from mtlspec_conformance.deviations import Deviation, DeviationError, complaints, declared, deviations_of, read
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.mutant import MutantBackend
from mtlspec_conformance.runner import found, results
from mtlspec_conformance.suite import case
from mtlspec_conformance.verdicts import Result
from planted import Reference

ENTRY = """
[[deviation]]
case = "activation/gelu"
level = "forward"
reason = "the error function is a polynomial here"
issue = "https://example.org/1"
"""
GELU = Deviation("activation/gelu", "forward", "the error function is a polynomial here", "https://example.org/1")


def test_a_file_is_read() -> None:
    assert read(ENTRY) == (GELU,)
    assert read("# nothing to declare\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        ENTRY.replace("issue", "link"),
        ENTRY.replace('reason = "the error function is a polynomial here"', ""),
        ENTRY.replace('"forward"', "3"),
        ENTRY.replace('"https://example.org/1"', '""'),
        ENTRY + 'precision = "float16"\n',
        ENTRY + "[more]\nx = 1\n",
        "[[deviation",
    ],
    ids=["other key", "no reason", "no text", "empty text", "other precision", "other table", "no TOML"],
)
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DeviationError):
        read(text)


def test_a_declared_difference_deviates_and_is_green() -> None:
    result = declared(Result("activation/gelu", "forward", "differs"), (GELU,))
    assert result.verdict == "deviates"
    assert result.green
    assert GELU.reason in result.detail


@pytest.mark.parametrize("verdict", ["conforms", "error", "unsupported", "not_run"])
def test_a_declaration_excuses_nothing_but_a_difference(verdict: str) -> None:
    result = Result("activation/gelu", "forward", verdict)  # type: ignore[arg-type]
    assert declared(result, (GELU,)) == result


def test_a_difference_elsewhere_is_not_excused() -> None:
    for other in (Result("activation/gelu", "loss", "differs"), Result("activation/silu", "forward", "differs")):
        assert declared(other, (GELU,)).verdict == "differs"


def test_a_declared_difference_that_does_not_happen_is_a_complaint() -> None:
    done = list(results(Reference(), suite=[case("activation/gelu")], deviations=(GELU,)))
    (said,) = complaints((GELU,), done)
    assert "in float64 the backend conforms there" in said


def test_an_unknown_case_or_level_is_a_complaint() -> None:
    done = list(results(Reference(), suite=[case("activation/gelu")]))
    for unknown in (Deviation("activation/jelu", "forward", "r", "i"), Deviation("activation/gelu", "law", "r", "i")):
        (said,) = complaints((unknown,), done)
        assert "no such case" in said


def test_a_difference_that_is_declared_and_happens_is_no_complaint() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "gelu-tanh")
    suite = [case("activation/gelu")]
    done = list(results(MutantBackend(Reference(), mutant), level="forward", suite=suite, deviations=(GELU,)))
    assert [result.verdict for result in done if result.verdict != "not_run"] == ["deviates"]
    assert complaints((GELU,), done) == ()
    assert len(complaints((GELU, GELU), done)) == 1


def test_a_deviation_of_one_precision_says_nothing_of_the_other() -> None:
    (single,) = read(ENTRY + 'precision = "float32"\n')
    for precision, verdict in (("float32", "deviates"), ("float64", "differs")):
        found = Result("activation/gelu", "forward", "differs", precision)  # type: ignore[arg-type]
        assert declared(found, (single,)).verdict == verdict
    conforming = Result("activation/gelu", "forward", "conforms")
    deviating = Result("activation/gelu", "forward", "deviates", "float32")
    assert complaints((single,), [conforming]) == ()
    assert complaints((single,), [conforming, deviating]) == ()
    (said,) = complaints((GELU,), [conforming, deviating])
    assert "in float64 the backend conforms there" in said
    (said,) = complaints((GELU, single), [deviating])
    assert "declared twice in float32" in said


def test_what_was_not_run_is_no_complaint() -> None:
    done = list(results(Reference(), level="loss", suite=[case("activation/gelu")], deviations=(GELU,)))
    assert complaints((GELU,), done) == ()


def test_the_reference_declares_nothing() -> None:
    assert deviations_of(found("numpy")) == ()
