"""The page on kinds of one's own: its files are a package, and its commands print what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from extend_page import blocks, commands, run, said, write_files

RUNS = [text for mark, text in blocks() if mark == "run"]
WRONG = ("does not conform", "unknown layer")


@pytest.mark.parametrize("text", RUNS, ids=lambda text: re.sub(r"\W+", "-", text.splitlines()[0])[2:50].strip("-"))
def test_the_page_says_what_its_commands_print(text: str, tmp_path: Path) -> None:
    write_files(tmp_path)
    (tmp_path / "site").mkdir()
    for line, shown in commands(text):
        code, printed = run(line, tmp_path)
        assert said(shown, printed) or not shown
        wrong = any(word in each for each in shown for word in WRONG)
        assert (code == 0) != wrong, f"{line}\n{printed}"


def test_the_page_runs_in_every_backend_and_without_a_reference() -> None:
    lines = [line for text in RUNS for line, _ in commands(text)]
    held = [line for line in lines if "--kinds" in line]
    assert {line.split()[3] for line in held} == {"numpy", "torch", "keras"}
    assert any("gate.py" in line for line in held)
    assert any(line.startswith("pip install") for line in lines)


@pytest.mark.parametrize(
    ("shown", "printed"), [(("one",), "two"), (("one",), "one\ntwo"), (("two", "…", "one"), "one\ntwo"), ((), "one")]
)
def test_an_output_that_is_not_the_pages_is_noticed(shown: tuple[str, ...], printed: str) -> None:
    with pytest.raises(LookupError):
        said(shown, printed)
