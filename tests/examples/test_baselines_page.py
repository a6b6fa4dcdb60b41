"""The page on baselines: its commands print what it shows, numbers aside, and its Python runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import FOLDER, mtlspec

PAGE = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text()
BLOCK = re.compile(r"<!-- (?P<mark>\w+): (?P<name>[^>]*) -->\n```\w*\n(?P<text>.*?)```", re.DOTALL)
BLOCKS = [(block["mark"], block["name"], block["text"]) for block in BLOCK.finditer(PAGE)]
PYTHON = [text for _, name, text in BLOCKS if name == "python"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's document, in which its commands run."""
    shutil.copy(FOLDER / "penguins.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def block(mark: str, name: str) -> str:
    (text,) = (text for found, called, text in BLOCKS if (found, called) == (mark, name))
    return text


def shown(text: str) -> list[str]:
    """Return the lines of a print without numbers, and without the star of what is best by them."""
    lines = (re.sub(r"[-+]?\d+(\.\d+)?(e[-+]\d+)?", "0", line.replace("*", "")) for line in text.splitlines())
    return [re.sub(r"[\s─]+", " ", line).strip() for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("baseline", ["gains.svg", "runs/report.json", "runs/tables.md", "runs/tables.tex"]),
        ("affinity", ["affinity.svg"]),
    ],
)
def test_a_command_prints_what_the_page_shows(name: str, left: list[str], folder: Path) -> None:
    program, *arguments = block("run", name).split()
    assert program == "mtlspec"
    done = mtlspec(*arguments)
    assert done.returncode == 0, done.stderr
    printed, expected = shown(done.stdout), shown(block("output", name))
    assert [line for line in printed if "|" not in line] == [line for line in expected if "|" not in line]
    assert len(printed) == len(expected)  # which tasks are grouped is a matter of numbers
    assert all((folder / file).stat().st_size > 0 for file in left)


@pytest.mark.parametrize("text", PYTHON, ids=["baseline", "affinity"])
def test_the_python_of_the_page_runs(text: str, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-P", "-c", text], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_block_is_run_or_compared() -> None:
    assert PAGE.count("```") == 2 * len(BLOCKS)
    assert len(PYTHON) == 2
