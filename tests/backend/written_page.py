"""The page `docs/write-a-backend.md`, walked from top to bottom: its files are written and its commands run.

`python tests/backend/written_page.py` puts the numbers of today into the outputs that the page shows.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "write-a-backend.md"
BLOCK = re.compile(r"<!-- (?P<mark>[^>]*) -->\n```(?P<language>\w*)\n(?P<text>.*?)```\n", re.DOTALL)
LEFT_OUT = "…"


@dataclass(frozen=True)
class Command:
    """A command of the page, and what the page says that it prints."""

    line: str
    shown: tuple[str, ...]


def blocks() -> list[tuple[str, str]]:
    """Return (mark, text) of each marked block of the page."""
    return [(block["mark"], block["text"]) for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


def files() -> dict[str, str]:
    """Return the files of the package, each put together from its pieces."""
    pieces: dict[str, list[str]] = {}
    for mark, text in blocks():
        if mark.startswith("file: "):
            pieces.setdefault(mark.removeprefix("file: "), []).append(text)
    return {name: "\n".join(texts) for name, texts in pieces.items()}


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of a console block, with what follows each."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *shown = part.splitlines()
        yield Command(line, tuple(shown))


class Workshop:
    """A folder where the package grows, and one elsewhere, where it is installed and used."""

    def __init__(self, folder: Path) -> None:
        self.package, self.site, self.elsewhere = folder / "package", folder / "site", folder / "elsewhere"
        for each in (self.package, self.site, self.elsewhere):
            each.mkdir()

    def write(self, name: str, text: str) -> None:
        """Write a file of the package, or the next piece of one."""
        path = self.package / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{path.read_text()}\n{text}" if path.exists() else text)
        self._refresh()

    def run(self, line: str) -> tuple[int, str]:
        """Run a command of the page; return its exit code and what it printed."""
        program, *arguments = re.findall(r'"[^"]*"|\S+', line)
        arguments = [argument.strip('"') for argument in arguments]
        if program == "pip":
            return self.install()
        if program == "sed":
            done = self._started([program, *arguments], self.package)
            self._refresh()
            return done
        module = ["-m", "pytest", "-p", "no:cacheprovider"] if program == "pytest" else []
        return self._started([sys.executable, "-P", *module, *arguments], self.elsewhere)

    def install(self) -> tuple[int, str]:
        """Install the package beside the environment, without a network."""
        offline = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-build-isolation", "--no-deps"]
        return self._started(
            [sys.executable, "-m", "pip", "install", *offline, "--target", str(self.site), str(self.package)],
            self.elsewhere,
        )

    def _refresh(self) -> None:
        """Do for an installation in a target folder what `--editable` does by itself."""
        if (self.site / "mtlspec_tape").exists():
            shutil.copytree(self.package / "mtlspec_tape", self.site / "mtlspec_tape", dirs_exist_ok=True)

    def _started(self, command: list[str], folder: Path) -> tuple[int, str]:
        path = os.pathsep.join([str(self.site), *filter(None, [os.environ.get("PYTHONPATH")])])
        # bytecode goes by the second, and a page is faster
        own = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}
        done = subprocess.run(command, cwd=folder, env={**outer(), **own}, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def outer() -> dict[str, str]:
    """Return the environment without what a pytest around this one put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def masked(line: str) -> str:
    """Return a line without its numbers and spaces at the end, which may change when a case is added."""
    return re.sub(r"\d+(\.\d+)?(e[+-]\d+)?", "0", line).rstrip()


def found(shown: tuple[str, ...], printed: str) -> list[str]:
    """Return what the command printed for each shown line; lines that are not left out have to follow each other.

    Raises:
        LookupError: a line is not there, or in another place.
    """
    lines = [line for line in printed.splitlines() if line.strip()]
    said, at, anywhere = [], 0, False
    for line in shown:
        if line == LEFT_OUT:
            said.append(line)
            anywhere = True
            continue
        here = next((i for i in range(at, len(lines)) if masked(lines[i]) == masked(line)), None)
        if here is None or (here > at and not anywhere):
            raise LookupError(f"expected the line {line!r} in\n{printed}")
        said.append(lines[here])
        at, anywhere = here + 1, False
    if at < len(lines) and not anywhere:
        raise LookupError(f"expected no more after {shown[-1:]} in\n{printed}")
    return said


def renew() -> None:
    """Write what the commands print today into the page."""
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        for mark, text in blocks():
            if mark.startswith("file: "):
                workshop.write(mark.removeprefix("file: "), text)
                continue
            told = [
                "\n".join([f"$ {command.line}", *found(command.shown, workshop.run(command.line)[1])])
                for command in commands(text)
            ]
            page = page.replace(f"```console\n{text}```", f"```console\n{chr(10).join(told)}\n```", 1)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    renew()
