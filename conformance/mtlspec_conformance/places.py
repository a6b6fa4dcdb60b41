"""Places: the lines of a report's file by number, validated, with errors that say which one is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mtlspec.errors import MtlspecError
from mtlspec_conformance.lines import FORMAT, Footer, Header, Stored

Model = TypeVar("Model", bound=Stored)


class ReportError(MtlspecError):
    """A file is no whole report."""


class Places:
    """The text of a file, line by line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.texts = path, text.split("\n")
        if self.texts[-1] == "":
            self.texts.pop()

    def error(self, number: int, said: str) -> ReportError:
        """Return the error that something is wrong in a line."""
        return ReportError(f"{self.path}:{number}: {said}")

    def content(self, number: int) -> dict[str, Any]:
        """Return the object of a line."""
        try:
            content = json.loads(self.texts[number - 1])
        except json.JSONDecodeError as error:
            raise self.error(number, f"not JSON: {error}; was the run cut off?") from None
        if not isinstance(content, dict):
            raise self.error(number, f"expected an object, found {type(content).__name__}")
        return content

    def validated(self, model: type[Model], number: int) -> Model:
        """Return a line as `model`."""
        try:
            return model.model_validate_json(self.texts[number - 1])
        except ValidationError as error:
            wrong = error.errors()[0]
            at = ".".join((model.__name__.lower(), *map(str, wrong["loc"])))
            found = "" if isinstance(wrong["input"], dict) else f", found {wrong['input']!r:.80}"
            raise self.error(number, f"{at}: {wrong['msg']}{found}") from None

    def ends(self) -> tuple[Header, Footer]:
        """Return header and footer."""
        if not self.texts:
            raise self.error(1, "no header: the file is empty")
        version = self.content(1).get("report")
        if version is None:
            raise self.error(1, "no header: expected `report` in the first line")
        if version != FORMAT:
            raise self.error(1, f"expected a report of format {FORMAT}, found {version}: run the suite again")
        first = self.validated(Header, 1)
        if len(self.texts) < 2 or "footer" not in self.content(len(self.texts)):
            said = "no footer: the run was cut off, and its verdicts are not a result"
            raise self.error(len(self.texts), said)
        return first, self.validated(Footer, len(self.texts))

    def between(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield number and content of every line between header and footer."""
        for number in range(2, len(self.texts)):
            content = self.content(number)
            if "footer" in content or "report" in content:
                raise self.error(number, "a header or footer inside: is this more than one report?")
            yield number, content
