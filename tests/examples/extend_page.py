"""The page `docs/extend.md`, walked from top to bottom: its files are written and its commands run.

`python tests/examples/extend_page.py` puts the outputs of today into the page.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "extend.md"
BLOCK = re.compile(r"<!-- (?P<mark>[^>]*) -->\n```(?P<language>\w*)\n(?P<text>.*?)```\n", re.DOTALL)
LEFT_OUT = "…"
MODULES = {"mtlspec": ["-m", "mtlspec"], "python": [], "pip": ["-m", "pip"]}
OFFLINE = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-build-isolation", "--no-deps"]


def blocks() -> list[tuple[str, str]]:
    """Return (mark, text) of each marked block."""
    return [(block["mark"], block["text"]) for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


def commands(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the commands of a block, each with the lines that the page shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *shown = part.splitlines()
        yield line, tuple(shown)


def write_files(folder: Path, *, upto: int | None = None) -> None:
    """Write the files of the page, each put together from its pieces."""
    pieces: dict[str, list[str]] = {}
    for mark, text in blocks():
        if mark.startswith("file: "):
            pieces.setdefault(mark.removeprefix("file: "), []).append(text)
    for name, texts in pieces.items():
        (folder / name).write_text("\n".join(texts[:upto]), encoding="utf-8")


def run(line: str, folder: Path) -> tuple[int, str]:
    """Run a command of the page in `folder`; return its exit code and what it printed."""
    program, *arguments = shlex.split(line)
    command = [program, *arguments]
    if program in MODULES:
        command = [sys.executable, "-P", *MODULES[program], *arguments]
    if program == "pip":
        command += [*OFFLINE, "--target", str(folder / "site")]
    path = os.pathsep.join([str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "160"}
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "TF_CPP_MIN"))}
    done = subprocess.run(command, cwd=folder, env={**outer, **own}, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def masked(line: str) -> str:
    """Return a line without its numbers and the place of a gradient, which change where cases are drawn otherwise."""
    line = re.sub(r"gradient of \S+,.*: at \[.*\]", "gradient", line)
    return re.sub(r"-?\d+(\.\d+)?(e[+-]\d+)?", "0", line).rstrip()


def said(shown: tuple[str, ...], printed: str) -> list[str]:
    """Return what was printed for each line of the page, which have to follow each other where none is left out.

    Raises:
        LookupError: a line is not there.
    """
    lines = [line for line in printed.splitlines() if line.strip()]
    found, at, anywhere = [], 0, False
    for line in shown:
        if line == LEFT_OUT:
            anywhere = True
            found.append(line)
            continue
        here = next((i for i in range(at, len(lines)) if masked(lines[i]) == masked(line)), None)
        if here is None or (here > at and not anywhere):
            raise LookupError(f"expected the line {line!r} in\n{printed}")
        found.append(lines[here].rstrip())
        at, anywhere = here + 1, False
    if at < len(lines) and not anywhere:
        raise LookupError(f"expected no more after {shown[-1:]} in\n{printed}")
    return found


def renew() -> None:
    """Write what the commands print today into the page."""
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        for mark, text in blocks():
            if mark == "run":
                told = ["\n".join([f"$ {line}", *said(shown, run(line, folder)[1])]) for line, shown in commands(text)]
                page = page.replace(f"```console\n{text}```", f"```console\n{chr(10).join(told)}\n```", 1)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    renew()
