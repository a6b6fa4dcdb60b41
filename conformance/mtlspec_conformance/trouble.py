"""Troubles: what a first check finds, told apart by whose they are, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from mtlspec_conformance.runner import told


@dataclass(frozen=True)
class Trouble:
    """One thing that is not as it has to be."""

    of: Literal["harness", "backend"]
    """The harness: what lies between the protocol and the framework; the backend: what it computes."""
    where: str
    expected: str
    found: str
    advice: str

    def __str__(self) -> str:
        lines = (f"expected: {self.expected}", f"found:    {self.found}", f"do:       {self.advice}")
        return "\n".join((f"the {self.of} is wrong: {self.where}", *(f"  {line}" for line in lines)))


class Inspection:
    """Collects the troubles of the harness; an expectation that fails, or an error, does not end the others."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []

    def expect(self, holds: bool, where: str, *, expected: str, found: object, advice: str) -> bool:
        """Note a trouble unless something holds, and return whether it does."""
        if not holds:
            self.troubles.append(Trouble("harness", where, expected, str(found), advice))
        return holds

    @contextmanager
    def trying(self, where: str, advice: str, *, expected: str = "an answer") -> Iterator[None]:
        """Note whatever is raised within."""
        try:
            yield
        except Exception as error:  # a foreign program may raise anything; whatever it is, it is the finding
            self.expect(False, where, expected=expected, found=told(error), advice=advice)
