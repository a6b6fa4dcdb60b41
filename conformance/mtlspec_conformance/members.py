"""Members: what a program has to have, and how it is called; looked at before anything is asked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from mtlspec.backend import Program
from mtlspec_conformance.trouble import Inspection

METHODS = ("outputs", "losses", "value_with_gradient", "update", "place", "train")
ATTRIBUTES = ("graph", "precision", "model", "optimizer", "loss_functions", "parameters", "state")
SETTABLE = ("parameters", "state")
ABSENT = object()
"""What a member is that is not there."""


def inspect_members(program: Program, notes: Inspection) -> bool:
    """Return whether a program has every member of the protocol, in the form in which it is called."""
    for name in METHODS:
        inspect_method(program, name, Program, "program", notes)
    for name in ATTRIBUTES:
        advice = f"write it; `mtlspec.backend.Program.{name}` says what it is"
        absent = inspect.getattr_static(program, name, ABSENT) is ABSENT
        if notes.expect(not absent, f"program.{name}", expected="a value", found="no such member", advice=advice):
            with notes.trying(f"program.{name}", advice, expected="a value"):
                getattr(program, name)
    for name in SETTABLE:
        own = inspect.getattr_static(program, name, None)
        notes.expect(
            not isinstance(own, property) or own.fset is not None,
            f"program.{name}",
            expected=f"an assignment `program.{name} = ...` to work",
            found="a property without a setter",
            advice=f"write @{name}.setter, which copies in",
        )
    return not notes.troubles


def inspect_method(owner: object, name: str, protocol: type, label: str, notes: Inspection) -> None:
    """Note unless `owner` has a method that can be called as the protocol says."""
    wanted = inspect.signature(getattr(protocol, name))
    parameters = [each for each in wanted.parameters.values() if each.name != "self"]
    form = f"{name}({', '.join(_spelled(parameters))})"
    method = getattr(owner, name, None)
    if not notes.expect(
        callable(method),
        f"{label}.{name}",
        expected=f"a method {form}",
        found="no such method" if method is None else f"{type(method).__name__}, which cannot be called",
        advice=f"write it; `mtlspec.backend.{protocol.__name__}.{name}` says what it returns",
    ):
        return
    own = inspect.signature(method)  # type: ignore[arg-type]  # it is callable
    try:
        own.bind(
            *(None for each in parameters if each.kind is not each.KEYWORD_ONLY),
            **{each.name: None for each in parameters if each.kind is each.KEYWORD_ONLY},
        )
    except TypeError as error:
        notes.expect(
            False,
            f"{label}.{name}",
            expected=f"to be called as {form}",
            found=f"{name}({', '.join(_spelled(list(own.parameters.values())))}): {error}",
            advice="take these arguments under these names",
        )


def _spelled(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """Yield the names of parameters, a star before those that are given by name."""
    starred = False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        starred = starred or each.kind is each.VAR_POSITIONAL
        yield str(each.replace(annotation=each.empty, default=each.empty))
