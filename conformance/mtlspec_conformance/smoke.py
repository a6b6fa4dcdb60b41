"""The smoke test: in a minute, whether the harness is wrong, or the backend, or neither.

Its stages build on each other, and the first that finds something is the last: found, claims, members, values, numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, get_args

from mtlspec.backend import Backend, Capabilities
from mtlspec.graph import initial_parameters
from mtlspec.profiles import BASE, VOCABULARY
from mtlspec.registry import GROUP, backend_names, lacking
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest
from mtlspec_conformance.held_values import inspect_values
from mtlspec_conformance.measure import Disagreement
from mtlspec_conformance.members import inspect_members, inspect_method
from mtlspec_conformance.runner import Examination, levels_of
from mtlspec_conformance.suite import case
from mtlspec_conformance.trouble import Inspection, Trouble

SIMPLEST = "schedule/constant"
"""One dense layer, squared error, sgd, and 20 steps."""

PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def smoke(name: str) -> tuple[Trouble, ...]:
    """Return the troubles of the backend called `name` (or at `module:attribute`); none if it is fit to be judged."""
    notes = Inspection()
    backend = _found(name, notes)
    if backend is None or not _inspect_backend(backend, notes):
        return tuple(notes.troubles)
    precision = _precision(backend)
    simplest = case(SIMPLEST).rounded(precision)
    program = None
    with notes.trying(
        "backend.compile", "compile this graph before any other", expected="a program of one dense layer"
    ):
        program = backend.compile(simplest.graph, precision=precision, device="cpu")
    if program is not None and inspect_members(program, notes):
        with notes.trying("program.parameters", "take any part of the parameters, by key path"):
            program.parameters = initial_parameters(simplest.graph)
        with notes.trying("program", "see there; `mtlspec.backend.Program` says what each member gives and takes"):
            inspect_values(program, simplest, precision, notes)
    if notes.troubles:
        return tuple(notes.troubles)
    return tuple(_numbers(backend, precision))


def lines(name: str, troubles: tuple[Trouble, ...]) -> Iterator[str]:
    """Yield what the smoke test says, its conclusion last."""
    yield from map(str, troubles)
    if not troubles:
        following = f"python -m mtlspec_conformance {name}"
        yield f"smoke of {name}: the harness stands, and {SIMPLEST} conforms; next: {following}"
    elif troubles[0].of == "harness":
        yield f"smoke of {name}: {len(troubles)} found in the harness; no number was compared"
    else:
        yield f"smoke of {name}: the harness stands, and the backend computes something else"


def _precision(backend: Backend) -> Precision:
    return "float64" if "float64" in backend.capabilities.precisions else backend.capabilities.precisions[0]


def _found(name: str, notes: Inspection) -> Backend | None:
    """Return a backend made from what `name` stands for, or None."""
    module, colon, attribute = name.partition(":")
    if not colon:
        entry = next((entry for entry in entry_points(group=GROUP) if entry.name == name), None)
        notes.expect(
            entry is not None,
            f"entry point {name!r}",
            expected=f"an installed package with an entry point {name!r} in the group {GROUP!r}",
            found=f"{', '.join(backend_names())}{nearest(name, backend_names())}",
            advice=f'add [project.entry-points."{GROUP}"] {name} = "your_package:YourBackend" to pyproject.toml and '
            "install again, or name it your_package:YourBackend",
        )
        if entry is None:
            return None
        module, attribute = entry.module, entry.attr
    made = None
    with notes.trying(f"import {module}", f"mend what `python -c 'import {module}'` says", expected="a module"):
        owner: Any = import_module(module)
        if _has_attribute(owner, module, attribute, notes):
            advice = "a backend is made without arguments, and asks for its device in `compile`"
            with notes.trying(f"{module}:{attribute}()", advice, expected="a backend"):
                made = getattr(owner, attribute)()
    return made


def _has_attribute(owner: Any, module: str, attribute: str, notes: Inspection) -> bool:
    return notes.expect(
        callable(getattr(owner, attribute, None)),
        f"{module}:{attribute}",
        expected=f"a class {attribute} in {module}",
        found=f"{getattr(owner, attribute, 'nothing of that name')}{nearest(attribute, _classes(owner))}",
        advice="name the class of the backend after the colon",
    )


def _classes(module: Any) -> list[str]:
    return [name for name, value in vars(module).items() if inspect.isclass(value)]


def _inspect_backend(backend: Backend, notes: Inspection) -> bool:
    """Return whether a backend has its name, its claims and `compile`."""
    known = getattr(backend, "name", None)
    notes.expect(isinstance(known, str), "backend.name", expected="a str", found=repr(known), advice="give it a name")
    claimed = getattr(backend, "capabilities", None)
    if notes.expect(
        isinstance(claimed, Capabilities),
        "backend.capabilities",
        expected="a mtlspec.backend.Capabilities",
        found=repr(claimed),
        advice=f'say `capabilities = Capabilities(profiles=("{BASE}",))`',
    ):
        _inspect_claims(backend.capabilities, notes)
    inspect_method(backend, "compile", Backend, "backend", notes)
    return not notes.troubles


def _inspect_claims(capabilities: Capabilities, notes: Inspection) -> None:
    unknown = sorted(kind for kind in capabilities.kinds - VOCABULARY if "." not in kind)
    notes.expect(
        not unknown,
        "backend.capabilities.kinds",
        expected="kinds as `family/kind`, such as layer/dense",
        found=", ".join(f"{kind}{nearest(kind, VOCABULARY)}" for kind in unknown),
        advice="mend the spelling; `mtlspec.profiles` has all of them",
    )
    strange = [precision for precision in capabilities.precisions if precision not in PRECISIONS]
    notes.expect(
        bool(capabilities.precisions) and not strange,
        "backend.capabilities.precisions",
        expected=f"some of {', '.join(PRECISIONS)}",
        found=", ".join(map(str, capabilities.precisions)) or "none",
        advice="claim float64 if you can: it tells a wrong law from rounding",
    )
    if not notes.troubles:
        lacks = lacking(capabilities, case(SIMPLEST).graph, capabilities.precisions[0])
        notes.expect(
            not lacks,
            "backend.capabilities",
            expected=f"a claim of what {SIMPLEST} needs: a dense layer, squared error and sgd",
            found=f"not claimed: {', '.join(lacks)}",
            advice=f'say `capabilities = Capabilities(profiles=("{BASE}",))`; every other profile builds on it',
        )


def _numbers(backend: Backend, precision: Precision) -> Iterator[Trouble]:
    """Yield the first level at which the simplest case differs."""
    examination = Examination(backend, case(SIMPLEST), precision)
    for level in levels_of(case(SIMPLEST)):
        result = examination.result(level)
        if result.green:
            continue
        worst = result.worst
        where = f"level {level.name} of {SIMPLEST}"
        if isinstance(worst, Disagreement):
            said = f"{worst} (error {worst.error:.3g}, {result.disagreements} of {result.findings} comparisons)"
            yield Trouble("backend", where, "the numbers of the reference", said, level.question)
        else:
            yield Trouble("backend", where, "an answer", result.detail, level.question)
        return
