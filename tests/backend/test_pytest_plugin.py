"""The suite under pytest, from a directory that has nothing to do with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from written_page import outer

HERE = Path(__file__).parent


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in `folder`, which is importable, as the backends of these tests are."""
    path = os.pathsep.join([str(folder), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", *arguments]
    environment = {**outer(), "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def suite(folder: Path, backend: str, expression: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "--pyargs", "mtlspec_conformance", "--mtlspec-backend", backend, "-k", expression)


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """How many tests had which outcome."""
    counted = re.findall(r"(\d+) (passed|failed|skipped|xfailed|errors?)", done.stdout.splitlines()[-1])
    return {outcome: int(number) for number, outcome in counted}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "ERROR: name a backend: pytest --pyargs mtlspec_conformance --mtlspec-backend NAME, or module:attribute"),
        (["--mtlspec-backend", "nunpy"], "ERROR: no backend 'nunpy'; did you mean 'numpy'?"),
        (["--mtlspec-backend", "faulty_backends:Nothing"], "ERROR: no backend at 'faulty_backends:Nothing'"),
        (["--mtlspec-backend", "numpy", "--mtlspec-precision", "float16"], "invalid choice: 'float16'"),
    ],
    ids=["no backend", "unknown backend", "unknown attribute", "unknown precision"],
)
def test_bad_usage_is_told_as_such(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = run(tmp_path, "--pyargs", "mtlspec_conformance", *arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr


def test_each_case_and_level_is_a_test_with_a_readable_name(tmp_path: Path) -> None:
    done = suite(tmp_path, "numpy", "loss/softmax-gradient or test_claims or test_deviations")
    assert done.returncode == 0, done.stdout
    assert "PASSED" in done.stdout
    assert "test_conformance.py::test_conformance[numpy-loss/softmax-gradient]" in done.stdout
    assert outcomes(done) == {"passed": 3}


def test_a_difference_fails_with_its_worst_tensor_and_a_command(tmp_path: Path) -> None:
    done = suite(tmp_path, "faulty_backends:HalfGradient", "faulty-loss/squared-error-gradient")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "differs: loss/squared-error at level gradient, float64" in done.stdout
    assert "gradient of tasks.y.head[0]." in done.stdout
    assert (
        "python -m mtlspec_conformance faulty_backends:HalfGradient --case loss/squared-error --level gradient"
        in done.stdout
    )


def test_only_what_lies_outside_the_claims_is_skipped(tmp_path: Path) -> None:
    done = suite(tmp_path, "faulty_backends:Sound", "loss/squared-error-forward or layer/flatten-forward")
    assert done.returncode == 0, done.stdout
    assert outcomes(done) == {"passed": 1, "skipped": 1}
    assert "the backend does not claim layer/conv2d (conv-1), layer/flatten (structure-1)" in done.stdout


def test_an_error_is_a_failure(tmp_path: Path) -> None:
    done = suite(tmp_path, "faulty_backends:NotCompiling", "loss/squared-error-forward")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "KeyError: 'dense'" in done.stdout


def test_a_backend_that_claims_nothing_is_not_green(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text(
        "from faulty_backends import Faulty\nfrom mtlspec.backend import Capabilities\n"
        "class Backend(Faulty):\n  capabilities = Capabilities()\n"
    )
    done = suite(tmp_path, "bare:Backend", "loss/squared-error or test_claims")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    words = "AssertionError: claim a profile, or everything; not claimed: "
    said = [line for line in done.stdout.splitlines() if line.startswith("E ") and words in line]
    assert len(said) == 1
    assert "activation/elu (core-1)" in said[0]
    assert outcomes(done).keys() == {"failed", "skipped"}


DEVIATION = '[[deviation]]\ncase = "{case}"\nlevel = "{level}"\nreason = "half"\nissue = "https://example.org/1"\n'


@pytest.mark.parametrize(
    ("declared", "expression", "outcome"),
    [
        (
            [("loss/squared-error", "gradient")],
            "faulty-loss/squared-error-gradient or deviations",
            {"passed": 1, "xfailed": 1},
        ),
        (
            [("loss/squared-error", "forward")],
            "faulty-loss/squared-error-forward or deviations",
            {"failed": 1, "passed": 1},
        ),
        (
            [("loss/squared-eror", "gradient")],
            "faulty-loss/squared-error-forward or deviations",
            {"failed": 1, "passed": 1},
        ),
        (
            [("loss/squared-error", "law")],
            "faulty-loss/squared-error-forward or deviations",
            {"failed": 1, "passed": 1},
        ),
        ([("layer/flatten", "forward")], "faulty-loss/squared-error-forward or deviations", {"failed": 1, "passed": 1}),
    ],
    ids=["happens", "does not happen", "no such case", "no such level", "not claimed"],
)
def test_deviations_are_strict(
    declared: list[tuple[str, str]], expression: str, outcome: dict[str, int], tmp_path: Path
) -> None:
    package = tmp_path / "deviant"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from faulty_backends import HalfGradient\nclass Backend(HalfGradient): pass\n"
    )
    entries = (DEVIATION.format(case=case, level=level) for case, level in declared)
    (package / "deviations.toml").write_text("\n".join(entries))
    done = suite(tmp_path, "deviant:Backend", expression)
    assert outcomes(done) == outcome, done.stdout


def test_the_plugin_imports_nothing_in_a_run_that_is_not_the_kits(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import sys\n"
        "def test_nothing_heavy_is_imported():\n"
        "    assert 'mtlspec_conformance_pytest' in sys.modules\n"
        "    heavy = {'mtlspec', 'mtlspec_conformance', 'numpy', 'pydantic', 'typer', 'rich'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    done = run(tmp_path, "test_own.py")
    assert done.returncode == 0, done.stdout
