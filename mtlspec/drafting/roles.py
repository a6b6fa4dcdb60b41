"""Roles: which columns become tasks and inputs, and which are left out and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtlspec.drafting.findings import Finding
from mtlspec.errors import DataError
from mtlspec.spec.value import nearest

MOST_CLASSES = 100
"""With more distinct texts than this, a column is no task."""
MOST_ROWS = 1000
"""With more distinct values than this, ids are hashed."""
MOST_MISSING = 0.95
"""A column with a larger share of empty cells is left out."""
GUESSED_TASKS = 2


@dataclass(frozen=True)
class Roles:
    """The columns of a table by what they are for."""

    tasks: tuple[Finding, ...]
    guessed: bool
    """Whether nobody said which columns are the tasks."""
    numbers: tuple[Finding, ...]
    gaps: tuple[Finding, ...]
    """Numbers with empty cells."""
    lookups: tuple[Finding, ...]
    arrays: tuple[Finding, ...]
    left_out: tuple[tuple[Finding, str], ...]
    """With the reason."""
    names: dict[str, str]
    """What tasks, lookups and arrays are called in the document, by column."""

    @property
    def time(self) -> Finding | None:
        """The first column of times."""
        return next((finding for finding, _ in self.left_out if finding.content == "times"), None)


def roles_of(found: Sequence[Finding], tasks: Sequence[str] | None, *, source: str) -> Roles:
    """Return the roles of the columns; `tasks` names those that are to be told, by default the last that can be.

    Raises:
        DataError: a task is no column, or cannot be told; or no input is left.
    """
    by_name = {finding.column: finding for finding in found}
    if tasks is None:
        fit = [finding for finding in found if not unfit(finding)]
        chosen = tuple(fit[max(1, len(fit) - GUESSED_TASKS) :] or fit)
    else:
        chosen = tuple(_asked(name, by_name, source) for name in dict.fromkeys(tasks))
    if not chosen:
        raise DataError(f"{source}: no column can be told by the others; name one by --tasks")
    rest = [finding for finding in found if finding not in chosen]
    left_out = tuple((finding, reason) for finding in rest if (reason := _useless(finding)))
    kept = [finding for finding in rest if not _useless(finding)]
    if not kept:
        raise DataError(f"{source}: no column is left to tell the tasks {_listed(chosen)} by; take fewer tasks")
    numbers = [finding for finding in kept if finding.content == "numbers" and not finding.is_lookup]
    lookups = tuple(finding for finding in kept if finding.is_lookup)
    arrays = tuple(finding for finding in kept if finding.content == "arrays")
    return Roles(
        chosen,
        tasks is None,
        tuple(finding for finding in numbers if not finding.missing),
        tuple(finding for finding in numbers if finding.missing),
        lookups,
        arrays,
        left_out,
        _names((*chosen, *lookups, *arrays)),
    )


def unfit(finding: Finding) -> str:
    """Return why a column cannot be a task, or an empty string."""
    if finding.content == "arrays":
        return "it has several numbers in a row; write such a task by hand"
    if finding.content == "times":
        return "it holds times; make a number of them first"
    if finding.distinct < 2:
        return f"there is nothing to tell ({finding.told()})"
    if finding.content == "texts" and finding.distinct > MOST_CLASSES:
        return f"it has {finding.distinct} distinct texts, more classes than the {MOST_CLASSES} that a draft makes"
    return "nearly every row has a value of its own" if finding.names_rows else ""


def _asked(name: str, by_name: dict[str, Finding], source: str) -> Finding:
    if name not in by_name:
        raise DataError(f"{source}: no column {name!r}{nearest(name, by_name)}; it has {', '.join(by_name)}")
    if reason := unfit(by_name[name]):
        raise DataError(f"{source}: column {name!r} cannot be a task: {reason}")
    return by_name[name]


def _useless(finding: Finding) -> str:
    if finding.content == "times":
        return "times are no input by themselves: make columns of them, such as the hour or the day of the week"
    if finding.content == "arrays":
        return ""
    if finding.distinct < 2:
        return "it tells nothing"
    if finding.missing / finding.rows > MOST_MISSING:
        return "nearly every cell is empty"
    return "nearly every row has a value of its own" if finding.names_rows else ""


def _names(found: Iterable[Finding]) -> dict[str, str]:
    """Return names of letters, digits and underscores, all different, that no part of the draft has."""
    taken = {"numbers", "gaps", "scaled", "trunk", "tasks"}
    names: dict[str, str] = {}
    for finding in found:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", finding.column).strip("_")
        plain = plain if plain[:1].isalpha() else f"column_{plain}".strip("_")
        name, count = plain, 1
        while {name, f"of_{name}"} & taken:
            count += 1
            name = f"{plain}_{count}"
        taken |= {name, f"of_{name}"}
        names[finding.column] = name
    return names


def _listed(found: Iterable[Finding]) -> str:
    return ", ".join(finding.column for finding in found)
