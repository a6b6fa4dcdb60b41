"""Kinds of a user's own, held as those of the suite are: `python -m mtlspec_conformance torch --kinds acme.fourier`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from rich.console import Console
from rich.markup import escape

import mtlspec
from mtlspec.backend import Backend
from mtlspec.errors import ExtensionError, MtlspecError
from mtlspec.extension import EXTENSIONS, Extension, lack_of
from mtlspec.spec.discovery import discovered, unknown
from mtlspec.spec.layer import Branched, Chained
from mtlspec.spec.optimizers import Optimizer
from mtlspec.tensors import dense
from mtlspec_conformance.case import Case
from mtlspec_conformance.checking import Choice
from mtlspec_conformance.console import show_results
from mtlspec_conformance.drawn_cases import COUNT, drawn_cases, missing, moving
from mtlspec_conformance.measure import Disagreement, Finding, worst
from mtlspec_conformance.opposite import results_against
from mtlspec_conformance.runner import found, results
from mtlspec_conformance.slopes import slopes
from mtlspec_conformance.stability import stable
from mtlspec_conformance.tally import tally
from mtlspec_conformance.verdicts import Result

REFERENCE = "numpy"


@dataclass(frozen=True)
class Held:
    """What came out for one kind."""

    key: str
    cases: tuple[Case, ...]
    results: list[Result]
    slopes: Finding | None = None
    against: str = "the reference"

    @property
    def good(self) -> bool:
        """Whether everything was exercised and is green."""
        green = bool(self.results) and all(result.green or result.verdict == "not_run" for result in self.results)
        judged = any(result.green for result in self.results)
        return green and judged and not self.gaps and not isinstance(self.slopes, Disagreement)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What no case exercises."""
        return missing(EXTENSIONS[self.key].value, self.cases)


def check_kinds(
    console: Console, address: str, names: Sequence[str], choice: Choice, *, count: int = COUNT, options: str = ""
) -> bool:
    """Hold each kind, print what came out, and return whether all is green.

    `options` is what the command line of a single case needs beside the kind.

    Raises:
        MtlspecError: there is no such backend or kind, or nothing to hold a kind against.
    """
    subject = found(address)
    good = True
    for key in [key for name in names for key in keys_of(name)]:
        held = _held(subject, key, choice, count)
        again = f"{address}{options} --kinds {key.partition('/')[2]}"
        show_results(console, subject.name, again, held.results)
        for line, style in _lines(held):
            console.print(escape(line), highlight=False, style=style)
        good = good and held.good
    return good


def keys_of(name: str) -> tuple[str, ...]:
    """Return `family/kind` of every extension called `name`.

    Raises:
        ExtensionError: there is none.
    """
    keys = tuple(key for key in EXTENSIONS if key.partition("/")[2] == name)
    if keys or "." not in name:
        if not keys:
            raise ExtensionError(f"expected a kind with a dot, such as acme.fourier, found {name!r}")
        return keys
    installed = discovered(name)
    keys = tuple(key for key in EXTENSIONS if key.partition("/")[2] == name)
    if not keys:
        known = [key.partition("/")[2] for key in EXTENSIONS]
        why = unknown(name, family="layer, loss or optimizer", installed=installed, known=known)
        raise ExtensionError(f"unknown kind {name!r}; {why}")
    return keys


def _held(subject: Backend, key: str, choice: Choice, count: int) -> Held:
    extension = EXTENSIONS[key]
    made_of_others = issubclass(extension.value, Chained | Branched)
    if not made_of_others and subject.name not in extension.functions:
        raise MtlspecError(f"backend {subject.name!r} does not have {key} ({lack_of(key, subject.name)})")
    if made_of_others or REFERENCE in extension.functions:
        return _against_reference(subject, key, extension, choice, count)
    return _against_others(subject, key, extension, choice, count)


def _against_reference(subject: Backend, key: str, extension: Extension, choice: Choice, count: int) -> Held:
    suite = drawn_cases(extension.value, lambda case: _moves(extension, case) and stable(case), count=count)
    done = results(
        subject,
        case=choice.case,
        level=choice.level,
        precision=choice.precision,
        suite=suite,
        device=choice.device,
    )
    return Held(key, suite, list(done), worst(_slopes(extension, suite, choice)))


def _moves(extension: Extension, case: Case) -> bool:
    """Return whether a case shows what a kind does, and not only zeros."""
    program = mtlspec.compile(case.graph, backend=REFERENCE, precision="float64")
    program.parameters = case.parameters
    passes = [program.value_with_gradient(on=batch, weights=case.spec.weights).gradients for batch in case.batches]
    gradients = {path: any(np.any(dense(one[path])) for one in passes) for path in case.graph.trainable}
    return moving(extension.value, case, gradients)


def _slopes(extension: Extension, suite: tuple[Case, ...], choice: Choice) -> Iterator[Finding]:
    """Yield whether the reference differentiates what it computes; an optimizer has nothing to differentiate."""
    if issubclass(extension.value, Optimizer) or choice.level not in (None, "gradient"):
        return
    for case in suite:
        if fnmatchcase(case.id, choice.case):
            yield from slopes(mtlspec.compile(case.graph, backend=REFERENCE, precision="float64"), case)


def _against_others(subject: Backend, key: str, extension: Extension, choice: Choice, count: int) -> Held:
    others = [name for name in extension.functions if name != subject.name]
    if not others:
        raise MtlspecError(
            f"{key} has a function for {subject.name!r} alone, and there is nothing to hold it against; give it one "
            f"for {REFERENCE!r}, the reference, or for another backend"
        )
    if choice.precision != "float64":
        raise MtlspecError(f"{key} has no function for {REFERENCE!r}; two backends are compared in float64 alone")
    suite, done = results_against(subject, others, extension, choice, count)
    return Held(key, suite, done, against=" and ".join(others))


def _lines(held: Held) -> Iterator[tuple[str, str | None]]:
    for gap in held.gaps:
        yield f"untested: {gap}; give the field numbers to draw: Field(..., examples=[...])", "red"
    if isinstance(held.slopes, Disagreement):
        yield f"the reference's gradient is not the slope of its loss: {held.slopes}", "bold red"
        yield f"  mend the pullback of the numpy function of {held.key.partition('/')[2]}", None
    elif held.slopes is not None:
        yield f"the reference's gradients are the slopes of its losses, to {held.slopes.error:.0e}", None
    said = "conforms" if held.good else "does not conform"
    yield f"{held.key}: {said}, against {held.against}: {tally(held.results)}", "bold"
