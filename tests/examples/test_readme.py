"""Every code block of the README and of the docs runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtlspec import SpecError, parse

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/native.md"]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)```", re.DOTALL)


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Return (mark, language, text) of each code block of a page."""
    found = BLOCK.finditer((ROOT / page).read_text())
    return [(block["mark"] or "", block["language"], block["text"]) for block in found]


def marked(mark: str, page: str = "README.md") -> list[str]:
    return [text for found, _, text in blocks(page) if found == mark]


PYTHON = [(page, text) for page in PAGES for text in marked("run: python", page)]
DOCUMENT = marked("file: penguins.yaml")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the README's document."""
    (tmp_path / "penguins.yaml").write_text(DOCUMENT)
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    """Run a command with this environment's programs first; return what it printed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(("page", "text"), PYTHON, ids=[f"{page}-{i}" for i, (page, _) in enumerate(PYTHON)])
def test_a_python_block_runs(page: str, text: str, folder: Path) -> None:
    if "penguins.safetensors" in text:
        text += "\nassert moved.state.steps == program.state.steps\n"
    run([sys.executable, "-P", "-c", text], folder)


def test_the_commands_run_in_order(folder: Path) -> None:
    for line in marked("run: commands")[0].splitlines():
        run(line.split(), folder)
    for name in ("penguins.svg", "penguins.safetensors", "report.json", "losses.svg"):
        assert (folder / name).stat().st_size > 0


def test_the_first_command_compares() -> None:
    install, compare = marked("run: compare")[0].strip().split(" && ")
    assert install.startswith("pip install ")
    assert "largest difference" in run(compare.split(), ROOT)


def test_the_mistake_is_reported_as_printed() -> None:
    printed = next(text for _, language, text in blocks("README.md") if not language)
    with pytest.raises(SpecError) as raised:
        parse(DOCUMENT.replace("dense, units: 32", "dense, unts: 32", 1), file="penguins.yaml")
    assert any(line.startswith(printed.strip()) for line in str(raised.value).splitlines())


def test_the_conformance_commands_run(tmp_path: Path) -> None:
    lines = next(text for _, _, text in blocks("README.md") if "mtlspec_conformance" in text).splitlines()
    for line in lines:
        command = line.split("#")[0].split()
        fewer = [] if "page" in command or "--mutants" in command else ["--case", "layer/dense"]
        run([sys.executable, "-P", *command[1:], *fewer], tmp_path)
    assert "layer/dense" in (tmp_path / "torch.html").read_text()


def test_the_own_document_is_verified(folder: Path) -> None:
    told = run(marked("run: verify")[0].split(), folder)
    assert "torch: 8 conform, 0 differ, of 8" in told
    assert "keras: 8 conform, 0 differ, of 8" in told
    assert "own/penguins" in (folder / "penguins.html").read_text()


def test_the_test_command_is_what_ci_runs() -> None:
    assert "pip install nox && nox\n" in [text for _, _, text in blocks("README.md")]
    assert "exec .ci/venv/bin/nox" in (ROOT / ".ci" / "run").read_text()


def test_every_block_is_run_or_read_by_a_test() -> None:
    known = {"run: python", "run: commands", "run: compare", "run: verify", "file: penguins.yaml"}
    others = [(language, text) for mark, language, text in blocks("README.md") if mark not in known]
    # the mistake, the conformance commands and the test command, above; tests/witness runs what docs/witnesses.md has
    assert len(others) == 4
    assert others[3][1].strip() in (ROOT / "docs" / "witnesses.md").read_text()
