"""The runner: six verdicts, and no score without its denominator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mtlspec_conformance import report
from mtlspec_conformance.__main__ import APP
from mtlspec_conformance.console import score
from mtlspec_conformance.levels import Level
from mtlspec_conformance.measure import Finding
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.mutant import MutantBackend
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.runner import found, judged, results, size
from mtlspec_conformance.suite import case
from planted import Narrow, NotCompiling, OnlyFloat32, Raising, Reference
from typer.testing import CliRunner, Result

from mtlspec.backend import Backend
from mtlspec.errors import BackendError


def _verdicts(backend: Backend, id: str) -> dict[str, str]:
    return {result.level: result.verdict for result in results(backend, suite=[case(id)])}


def test_what_a_backend_does_not_claim_is_unsupported() -> None:
    assert set(_verdicts(Narrow(), "activation/softplus").values()) == {"unsupported"}
    assert set(_verdicts(Narrow(), "activation/relu").values()) == {"conforms"}
    assert set(_verdicts(OnlyFloat32(), "activation/relu").values()) == {"unsupported"}


def test_a_backend_that_cannot_compile_what_it_claims_is_in_error() -> None:
    found = list(results(NotCompiling(), suite=[case("activation/relu")]))
    assert {result.verdict for result in found} == {"error"}
    assert all("ZeroDivisionError: nothing to divide" in result.detail for result in found)


def test_raising_is_an_error_at_its_level_alone() -> None:
    verdicts = _verdicts(Raising(), "activation/relu")
    assert verdicts["loss"] == "error"
    assert verdicts["gradient"] == "conforms"


def test_a_level_that_compares_nothing_is_an_error() -> None:
    def nothing(pair: Pair) -> Iterator[Finding]:
        return iter(())

    result = judged(Pair(case("activation/relu"), Reference()), Level("none", "?", nothing, lambda case: True))
    assert (result.verdict, result.detail) == ("error", "the level compared nothing")


def test_a_choice_of_cases_leaves_the_others_not_run() -> None:
    found = list(results(Reference(), case="loss/softmax*", level="loss"))
    run = [result for result in found if result.verdict != "not_run"]
    assert len(found) == size()
    assert {result.level for result in run} == {"loss"}
    assert all(result.case.startswith("loss/softmax") for result in run)
    assert score("numpy", found).endswith(f"of {size()}")


def test_a_difference_names_the_worst_tensor() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "bias-frozen")
    (result,) = (
        r for r in results(MutantBackend(Reference(), mutant), suite=[case("layer/dense")]) if r.level == "gradient"
    )
    assert result.verdict == "differs"
    assert result.worst is not None
    assert "trunk[0].bias" in result.worst.where or "head[0].bias" in result.worst.where
    assert 0 < result.disagreements < result.findings


def test_a_backend_is_found_by_name_or_address() -> None:
    assert found("numpy").name == "numpy"
    assert found("planted:Narrow").name == "narrow"
    for wrong in ("nimpy", "planted:Nothing", "no_such_module:Backend"):
        with pytest.raises(BackendError):
            found(wrong)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, list(arguments), catch_exceptions=False)


def test_the_exit_code_is_0_only_if_all_that_was_chosen_is_green() -> None:
    assert _run("numpy", "--case", "activation/*").exit_code == 0
    assert _run("planted:Narrow", "--case", "activation/*").exit_code == 1
    assert _run("planted:NotCompiling", "--case", "activation/relu").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["nimpy"], ["numpy", "--level", "steps"], ["numpy", "--case", "no/such*"], ["numpy", "--colour"]],
    ids=["no backend", "unknown backend", "unknown level", "no case", "unknown option"],
)
def test_bad_usage_exits_with_2(arguments: list[str]) -> None:
    assert _run(*arguments).exit_code == 2


def test_a_failure_is_told_with_a_command_that_repeats_it() -> None:
    told = _run("planted:Raising", "--case", "activation/relu").output
    assert "python -m mtlspec_conformance planted:Raising --case activation/relu --level loss" in told
    assert "OSError: the device is gone" in told
    assert f"of {size()}" in told


def test_a_run_writes_its_report(tmp_path: pytest.TempPathFactory) -> None:
    path = tmp_path / "out.jsonl"  # type: ignore[operator]
    assert _run("numpy", "--case", "loss/*", "--report", str(path)).exit_code == 0
    found = report.read(path)
    assert found.header.backend == "numpy"
    assert found.footer.of == len(found.lines) == size()
    assert found.footer.counts["conforms"] == sum(line.verdict == "conforms" for line in found.lines) > 50


def test_the_list_names_every_case() -> None:
    told = _run("--list")
    assert told.exit_code == 0
    assert "tasks/all-labels-absent" in told.output
