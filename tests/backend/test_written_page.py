"""The page on writing a backend is the package beside this test, and its commands print what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from written_page import Workshop, blocks, commands, files, found, masked

TOY = Path(__file__).parent / "toy_backend"


def test_the_files_of_the_page_are_the_package() -> None:
    stored = {path.relative_to(TOY).as_posix(): path.read_text() for path in TOY.rglob("*.*") if path.name[0] != "_"}
    stored |= {path.relative_to(TOY).as_posix(): path.read_text() for path in TOY.rglob("__init__.py")}
    stored = {name: text for name, text in stored.items() if name.endswith((".py", ".toml"))}
    assert files() == stored


def test_the_package_is_independent_of_the_reference() -> None:
    assert all("mtlspec_numpy" not in text and "mtlspec_conformance" not in text for text in files().values())


def test_the_page_says_what_its_commands_print(tmp_path: Path) -> None:
    workshop, run = Workshop(tmp_path), {}
    for mark, text in blocks():
        if mark.startswith("file: "):
            workshop.write(mark.removeprefix("file: "), text)
            continue
        for command in commands(text):
            code, printed = workshop.run(command.line)
            assert found(command.shown, printed) or not command.shown
            wrong = any(line.startswith(("the harness is wrong", "differs ")) for line in command.shown)
            assert code == int(wrong), f"{command.line}\n{printed}"
            run[command.line] = printed
    assert {"sed", "pytest"} < {line.split()[0] for line in run}
    assert conforming(run["python -m mtlspec_conformance tape"]) > 450


def conforming(printed: str) -> int:
    """How many results of `core-1` conform, if that is all of them; 0 otherwise."""
    (said,) = re.findall(r"^core-1: conforms, (\d+) of (\d+)$", printed, re.MULTILINE)
    return int(said[0]) if said[0] == said[1] else 0


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (("one",), "two"),
        (("one",), "one\ntwo"),
        (("two",), "one\ntwo"),
        (("one", "three"), "one\ntwo\nthree"),
        (("two", "…", "one"), "one\ntwo"),
        (("core-1: conforms, 4 of 4",), "core-1: differs, 4 of 4"),
        ((), "one"),
    ],
)
def test_an_output_that_is_not_the_pages_is_noticed(shown: tuple[str, ...], printed: str) -> None:
    with pytest.raises(LookupError):
        found(shown, printed)


def test_an_output_with_other_numbers_is_the_pages() -> None:
    assert found(("…", "core-1: conforms, 4 of 4"), "zero\ncore-1: conforms, 5 of 5") == [
        "…",
        "core-1: conforms, 5 of 5",
    ]
    assert masked("24 passed in 2.58s ") == masked("3 passed in 10s")
