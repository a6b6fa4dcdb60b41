"""The page on witnesses: its programs are recorded by its commands and print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "witnesses.md").read_text()
BLOCK = re.compile(r"<!-- (?P<mark>\w+): (?P<name>[^>]*) -->\n```\w*\n(?P<text>.*?)```", re.DOTALL)
BLOCKS = {(block["mark"], block["name"]): block["text"] for block in BLOCK.finditer(PAGE)}
VARIES = re.compile(r"\d\.\de-1\d|\d+(\.\d+)+(\+cpu)?")
"""What rounding leaves, and versions."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's files."""
    found = tmp_path_factory.mktemp("page")
    for (mark, name), text in BLOCKS.items():
        if mark == "file":
            (found / name).write_text(text)
    return found


def run(name: str, folder: Path) -> tuple[list[int], str]:
    """Run the commands of a block; return their exit codes and what the last one printed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    codes, printed = [], ""
    for line in BLOCKS["run", name].splitlines():
        done = subprocess.run(
            line.split(), cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert not done.stderr
        codes.append(done.returncode)
        printed = done.stdout
    return codes, printed


def shown(text: str) -> list[str]:
    """The lines of a print, without what varies between machines."""
    return [re.sub(r"\s+", " ", VARIES.sub("#", line)).split("# ", 1)[0].strip() for line in text.strip().splitlines()]


def test_the_port_with_a_mistake_parts_where_the_page_says(folder: Path) -> None:
    codes, printed = run("parts", folder)
    assert codes == [0, 1]
    assert shown(printed) == shown(BLOCKS["output", "parts"])


def test_the_mended_port_is_the_same_when_recorded_apart(folder: Path) -> None:
    program = folder / "new.py"
    mended = BLOCKS["mend", "new.py"]
    lines = [line for line in program.read_text().splitlines() if line.strip().startswith("x = torch.tanh(")]
    assert len(lines) == 1
    program.write_text(program.read_text().replace(f"{lines[0]}\n", mended))
    codes, printed = run("same", folder)
    assert codes == [0, 0, 0]
    assert shown(printed) == shown(BLOCKS["output", "same"])


def test_the_levels_of_the_page_are_those_of_the_kit() -> None:
    from mtlspec_conformance.witness.where import LEVELS

    rows = re.findall(r"^\| (\w+) \|", PAGE, re.MULTILINE)
    assert [row for row in rows if row != "level"] == list(LEVELS)


def test_every_block_is_run_or_read() -> None:
    assert len(re.findall(r"^```\w+$", PAGE, re.MULTILINE)) == len([key for key in BLOCKS if key[0] != "output"]) + 1
