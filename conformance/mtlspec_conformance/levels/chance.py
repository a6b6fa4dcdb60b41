"""Level chance: initial values, dropout masks and the order of the examples; every seed is fixed, so every verdict is.

The other levels hold a program against the reference. What both take from the host, a wrong gain or mask, they cannot
see; here the numbers themselves are held against what the document says of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from mtlspec_conformance.levels.initial_values import initial_values
from mtlspec_conformance.levels.kept_elements import kept_elements
from mtlspec_conformance.levels.taken_rows import taken_rows
from mtlspec_conformance.measure import Finding
from mtlspec_conformance.pair import Pair


def chance(pair: Pair) -> Iterator[Finding]:
    """Yield whether initial values, dropout masks and the order of the examples are drawn as the document says."""
    yield from initial_values(pair)
    yield from kept_elements(pair)
    yield from taken_rows(pair)
