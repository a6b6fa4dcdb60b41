"""Drafts: a document that trains as it stands, to be corrected by somebody who knows what the columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mtlspec.drafting import sections
from mtlspec.drafting.findings import findings
from mtlspec.drafting.roles import Roles, roles_of
from mtlspec.errors import DataError
from mtlspec.spec.document import parse
from mtlspec.training.examples import examples_of
from mtlspec.training.table import Table


@dataclass(frozen=True)
class Draft:
    """The text of a document, and what its columns are for."""

    text: str
    roles: Roles


def draft(table: Table, *, file: str, tasks: Sequence[str] | None = None) -> Draft:
    """Return a document for `table`, which it calls `file`, that reads the table as it stands.

    Where there are times, the latest are held out, otherwise a random share; nothing, if the table is too small for it.

    Raises:
        DataError: a task is no column or cannot be told, or nothing is left to tell it by.
    """
    roles = roles_of(findings(table), tasks, source=table.source)
    splits = list(_splits(roles))
    for split in splits:
        text = _text(roles, table, file, split)
        try:
            examples_of(parse(text), table)
        except DataError:
            if split == splits[-1]:
                raise
        else:
            break
    return Draft(text, roles)


def _splits(roles: Roles) -> Iterator[str]:
    if roles.time is not None:
        told = "the latest fifth of the days, so that training knows nothing later"
        yield f"{{kind: time, column: {sections.quoted(roles.time.column)}, unit: day, held_out: 0.2}} # {told}"
    yield "{kind: fraction, held_out: 0.2} # if rows belong together (a person, a day), use kind: group"
    yield ""


def _text(roles: Roles, table: Table, file: str, split: str) -> str:
    lines = [
        f"# Drafted by `mtlspec init` from {table.source}: {len(table)} rows, {len(table.columns)} columns.",
        "# All of it is a guess; comments say what was found. `mtlspec validate --data` checks what you change,",
        "# `mtlspec render` shows every default, and docs/document.md tells what else can be said.",
        "mtlspec: 1",
        *sections.inputs(roles),
        *sections.blocks(roles),
        *sections.tasks(roles),
        *sections.training(roles),
        *sections.data(roles, file=file, split=split),
    ]
    return "\n".join(lines) + "\n"
