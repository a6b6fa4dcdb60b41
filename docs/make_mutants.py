"""Writes mutants.md: what every level makes of every mutant of the reference, and the ledger of traps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants.ledger import TRAPS, holding
from mtlspec_conformance.mutants.trial import Row, Sight, alone, rows
from mtlspec_numpy import NumpyBackend

HEAD = """# Mutants

A check that cannot fail is a defect. So each of the suite's levels is shown programs with one planted mistake, and each
mistake has a level that has to see it, by the verdict `differs`; an error is not a kill. This page is made by
`docs/make_mutants.py` from a run with the reference as the program.

```
python -m mtlspec_conformance torch --mutants                 # each at its level
python -m mtlspec_conformance torch --mutants --all-levels    # each at every level, as below
```

"""

MADE_OF_ANY = """## Made of any backend

A program that passes everything on but one thing, or that was compiled from another graph. They apply to every backend,
a third party's too. A mutant runs the cases that can see it: `x` differs in one of them, `–` none of them has
that level; the level that a mutant is for is bold.

"""

PLANTED = """
## Planted in the reference

What happens inside of a formula no wrapper can change. So another function takes the place of one of the reference's
while a program of it computes, and the suite has to see it as it would see a backend with that mistake. The mutants of
level chance are mistakes of the host, which the reference makes as well.

"""

EARLIER = """
## Seen before their level

A mutant is for the first level that sees it, unless it says why not.

"""

LEDGER = """
## Traps

Points on which frameworks part from each other, or a program from what its author meant, as far as a document can say
them: the field that decides, the mutants that fall into the trap, and the cases in which it shows. What the host
decides once for all backends has tests of its own.

| trap | fields | mutants | cases | tests of the host |
| --- | --- | --- | --- | --- |
"""

TAIL = """
## Mutants of the reference and of the comparators

The reference is held against central differences and against numbers derived by hand, and these are held against it:
every gradient and every value that it has a function for is made wrong in turn
(`tests/core/test_reference_mutants.py`). Comparators, levels and runner are broken in turn as well, and the tests of
the kit have to notice (`tests/conformance/test_broken_kits.py`).
"""

MARKS: dict[Sight, str] = {"killed": "x", "silent": "", "error": "error", "not applicable": "–"}


def summary(table: list[Row]) -> Iterator[str]:
    """Yield a line for each level: the mutants that are for it, that it sees, and that it alone sees."""
    yield "| level | question | for it | seen | seen by it alone |\n| --- | --- | --- | --- | --- |\n"
    own = alone(table)
    for level in LEVELS.values():
        declared = sum(row.mutant.level == level.name for row in table)
        seen = sum(level.name in row.seen_by for row in table)
        yield f"| {level.name} | {level.question} | {declared} | {seen} | {len(own[level.name])} |\n"


def lines(table: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each mutant."""
    yield f"| mutant | mistake | {' | '.join(LEVELS)} |\n| --- | --- |{' --- |' * len(LEVELS)}\n"
    for row in table:
        marks = [_mark(row, level) for level in LEVELS]
        yield f"| {row.mutant.name} | {row.mutant.mistake} | {' | '.join(marks)} |\n"


def _mark(row: Row, level: str) -> str:
    mark = MARKS[row.sights[level]]
    return f"**{mark}**" if level == row.mutant.level else mark


def reasons(table: list[Row]) -> Iterator[str]:
    """Yield a line for each reason why mutants are seen before the level that they are for."""
    for reason in dict.fromkeys(row.mutant.earlier for row in table if row.mutant.earlier):
        names = ", ".join(row.mutant.name for row in table if row.mutant.earlier == reason)
        yield f"- {reason} ({names})\n"


def traps() -> Iterator[str]:
    """Yield a line for each trap, under a heading for each area."""
    area = ""
    for trap in TRAPS:
        if trap.area != area:
            area = trap.area
            yield f"| **{area}** | | | | |\n"
        cases, mutants, tests = holding(trap)
        cells = (", ".join(f"`{field}`" for field in trap.laws), _listed(mutants), _listed(cases), _listed(tests))
        yield f"| {trap.what} | {' | '.join(cells)} |\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def page(table: list[Row]) -> str:
    """Return the page as Markdown."""
    any_backend = [row for row in table if not row.mutant.of_the_reference]
    planted = [row for row in table if row.mutant.of_the_reference]
    return "".join(
        (
            HEAD,
            *summary(table),
            f"\n{len(any_backend)} mutants are made of any backend, {len(planted)} are planted in the reference.\n\n",
            MADE_OF_ANY,
            *lines(any_backend),
            PLANTED,
            *lines(planted),
            EARLIER,
            *reasons(table),
            LEDGER,
            *traps(),
            TAIL,
        )
    )


if __name__ == "__main__":
    Path(__file__).with_name("mutants.md").write_text(page(list(rows(NumpyBackend()))), encoding="utf-8")
