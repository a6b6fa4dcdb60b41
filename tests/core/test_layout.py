"""The package keeps its shape: no framework at import, no name of a folder in an import, files of one idea."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [
    ROOT / "mtlspec",
    *sorted((ROOT / "backends").glob("mtlspec_*")),
    ROOT / "conformance" / "mtlspec_conformance",
]
ADAPTER_FILES = [
    *(f"{noun}.py" for noun in ("layers", "losses", "optimizers", "parameters", "model", "program")),
    "deviations.toml",
]


def test_importing_mtlspec_imports_no_framework() -> None:
    heavy = "torch", "tensorflow", "keras", "sklearn", "scipy", "rich", "pandas", "matplotlib", "narwhals"
    code = f"import sys, mtlspec; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_no_file_outgrows_one_idea(package: Path) -> None:
    long = {path.name: len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


@pytest.mark.parametrize("package", PACKAGES[1:4], ids=lambda path: path.name)
def test_adapters_have_the_same_files(package: Path) -> None:
    assert [name for name in ADAPTER_FILES if not (package / name).is_file()] == []


def test_backends_and_conformance_are_folders_not_packages() -> None:
    assert not (ROOT / "backends" / "__init__.py").exists()
    assert not (ROOT / "conformance" / "__init__.py").exists()


@pytest.mark.parametrize("package", PACKAGES[1:4], ids=lambda path: path.name)
def test_an_adapter_imports_no_other(package: Path) -> None:
    others = {path.name for path in PACKAGES[1:4]} - {package.name}
    text = "\n".join(path.read_text() for path in package.rglob("*.py"))
    assert [name for name in others if f"import {name}" in text or f"from {name}" in text] == []
