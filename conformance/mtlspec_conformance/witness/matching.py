"""Matching: which layer of one witness is which of the other, from names, shapes, influence and activations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations, product
from math import factorial, prod

from mtlspec.tensors import Array
from mtlspec_conformance.witness.influence import Influence
from mtlspec_conformance.witness.links import alike, linked
from mtlspec_conformance.witness.names import MatchError, Side, expanded
from mtlspec_conformance.witness.noise import scaled

Seen = tuple[Mapping[str, Array], Mapping[str, Array]]
"""What went into each layer, and what came out by task, for the examples of the probe."""
Probe = Callable[[Mapping[str, str]], Seen]
"""What the second witness shows once the layers that are matched have the first one's values."""

SAME = {"float64": 1e-6, "float32": 1e-2}
"""Activations that agree to this are taken for the same: far above the noise, far below what another layer gets."""
TRIALS = 720
"""How many assignments are tried before the user is asked."""


@dataclass
class Matching:
    """The layers matched so far, and how many in which way."""

    first: Side
    second: Side
    layers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    how: dict[str, int] = field(default_factory=dict)

    def add(self, pairs: Iterable[tuple[str, str]], *, by: str) -> bool:
        """Take pairs of layers; return whether there were any."""
        added = tuple(pairs)
        for mine, theirs in added:
            leaves = self.second.leaves(theirs)
            self.layers[mine] = theirs
            self.parameters.update((full, leaves[leaf]) for leaf, full in self.first.leaves(mine).items())
        if added:
            self.how[by] = self.how.get(by, 0) + len(added)
        return bool(added)

    @property
    def left(self) -> tuple[list[str], list[str]]:
        """The layers of both sides that hold something unmatched."""
        taken = set(self.parameters.values())
        return (
            [name for name, held in self.first.layers.items() if any(each not in self.parameters for each in held)],
            [name for name, held in self.second.layers.items() if any(each not in taken for each in held)],
        )

    def classes(self, key: Callable[[Side, str], object]) -> Iterator[tuple[list[str], list[str]]]:
        """Yield the unmatched layers of both sides that have the same key."""
        mine, theirs = self.left
        keys = {name: key(self.second, name) for name in theirs}
        for wanted in dict.fromkeys(key(self.first, name) for name in mine):
            same = [name for name in mine if key(self.first, name) == wanted]
            yield same, [name for name in theirs if keys[name] == wanted]


def matched(
    first: Side,
    second: Side,
    *,
    given: Mapping[str, str],
    influences: tuple[Mapping[str, Influence], Mapping[str, Influence]],
    seen: Seen,
    probe: Probe,
    dtype: str,
) -> Matching:
    """Return which layer of the second witness is which of the first.

    Raises:
        MatchError: the map is wrong, something has no counterpart, or it cannot be told which is which.
    """
    found = Matching(first, second)
    _take_given(found, given)
    own = ((name, name) for name in found.left[0] if name in found.left[1])
    found.add([pair for pair in own if first.signature(pair[0]) == second.signature(pair[1])], by="name")
    _expect_counterparts(found)
    found.add(_alone(found, lambda side, name: side.signature(name)), by="shape")
    roles = _Roles(found, influences)
    while found.add(_alone(found, roles), by="place"):
        pass
    while found.left[0] and found.add(_by_input(found, roles, seen[0], probe, dtype), by="activation"):
        pass
    if found.left[0]:
        found.add(_by_output(found, roles, seen[1], probe, dtype), by="output")
    return found


def _take_given(found: Matching, given: Mapping[str, str]) -> None:
    """Take a given map; one parameter of a layer settles the others of the same names and shapes."""
    found.parameters.update(expanded(given, found.first, found.second))
    if found.parameters:
        found.how["map"] = len(given)
    owners = {name: layer for layer, held in found.second.layers.items() for name in held}
    for layer in found.first.layers:
        leaves = {leaf: full for leaf, full in found.first.leaves(layer).items() if full in found.parameters}
        others = {owners[found.parameters[full]] for full in leaves.values()}
        if len(others) != 1:
            continue
        other = others.pop()
        found.layers[layer] = other
        if found.first.signature(layer) == found.second.signature(other):
            free = set(found.second.layers[other]) - set(found.parameters.values())
            for leaf, full in found.first.leaves(layer).items():
                if full not in found.parameters and found.second.leaves(other)[leaf] in free:
                    found.parameters[full] = found.second.leaves(other)[leaf]


def _expect_counterparts(found: Matching) -> None:
    """Raise if one side has more layers of some shapes than the other."""
    odd: tuple[list[str], list[str]] = ([], [])
    for mine, theirs in found.classes(lambda side, name: side.signature(name)):
        if len(mine) != len(theirs):
            odd[0].extend(mine)
            odd[1].extend(theirs)
    known = {found.first.signature(name) for name in found.left[0]}
    odd[1].extend(name for name in found.left[1] if found.second.signature(name) not in known)
    if odd[0] or odd[1]:
        lines = ["not every layer has a counterpart of the same shapes (kernels as (..., in, out)):"]
        for side, names in ((found.first, odd[0]), (found.second, odd[1])):
            lines.append(f"only in {side.framework}, or more often:")
            lines.extend(f"  {side.told(name)}" for name in names or ["nothing"] if name in side.layers)
        raise MatchError("\n".join(lines))


def _alone(found: Matching, key: Callable[[Side, str], object]) -> list[tuple[str, str]]:
    return [(mine[0], theirs[0]) for mine, theirs in found.classes(key) if len(mine) == 1 and len(theirs) == 1]


class _Roles:
    """The place of a layer: its shapes, the tasks it reaches, how many layers it moves and is moved by, and which."""

    def __init__(self, found: Matching, influences: tuple[Mapping[str, Influence], Mapping[str, Influence]]) -> None:
        self._found = found
        self._influences = dict(zip((id(found.first), id(found.second)), influences, strict=True))

    def __call__(self, side: Side, name: str) -> object:
        influences = self._influences[id(side)]
        felt = influences[name]
        above = {other for other, each in influences.items() if name in each.layers}
        known = self._known(side)
        return (
            side.signature(name),
            felt.tasks,
            len(felt.layers),
            len(above),
            frozenset(known[other] for other in felt.layers & known.keys()),
            frozenset(known[other] for other in above & known.keys()),
        )

    def _known(self, side: Side) -> dict[str, str]:
        """Return the matched layers of a side under the first one's names."""
        if side is self._found.first:
            return {name: name for name in self._found.layers}
        return {theirs: mine for mine, theirs in self._found.layers.items()}


def _by_input(
    found: Matching, roles: _Roles, given: Mapping[str, Array], probe: Probe, dtype: str
) -> list[tuple[str, str]]:
    """Return the pairs that alone get the same input, among those of the same place."""
    theirs_given, _ = probe(found.layers)
    pairs = []
    for mine, theirs in found.classes(roles):
        fits = {
            name: [other for other in theirs if _agrees(theirs_given.get(other), given.get(name), dtype)]
            for name in mine
        }
        for name, others in fits.items():
            rivals = [each for each, several in fits.items() if others and others[0] in several]
            if len(others) == 1 and rivals == [name]:
                pairs.append((name, others[0]))
    return pairs


def _agrees(found: Array | None, expected: Array | None, dtype: str) -> bool:
    if found is None or expected is None:
        return False
    return scaled(alike(found, expected), expected, 0.0) <= SAME[dtype]


def _by_output(
    found: Matching, roles: _Roles, outputs: Mapping[str, Array], probe: Probe, dtype: str
) -> list[tuple[str, str]]:
    """Return the one assignment of what is left under which every task's output is the same.

    Raises:
        MatchError: none is, or several are.
    """
    classes = list(found.classes(roles))
    even = all(len(mine) == len(theirs) for mine, theirs in classes)
    count = prod(factorial(len(mine)) for mine, _ in classes)
    fitting = []
    if even and count <= TRIALS:
        for chosen in product(*(permutations(theirs) for _, theirs in classes)):
            pairs = [
                pair for (mine, _), order in zip(classes, chosen, strict=True) for pair in zip(mine, order, strict=True)
            ]
            _, made = probe({**found.layers, **dict(pairs)})
            if all(linked(made[task], output, 0.0)[0] <= SAME[dtype] for task, output in outputs.items()):
                fitting.append(pairs)
    if len(fitting) != 1:
        raise MatchError(_ambiguity(found, classes, len(fitting)))
    return fitting[0]


def _ambiguity(found: Matching, classes: list[tuple[list[str], list[str]]], fitting: int) -> str:
    reason = f"{fitting} assignments fit" if fitting else "no assignment gives the same outputs"
    lines = [f"cannot tell which layer of {found.second.framework} is which of {found.first.framework} ({reason}):"]
    left = found.left[1]
    candidates = {name: theirs or left for mine, theirs in classes for name in mine}
    lines.extend(f"  {found.first.told(name)}\n    could be {', '.join(others)}" for name, others in candidates.items())
    lines.append("save these lines as names.yaml, fill in what is open, and pass --map names.yaml:")
    lines.extend(f"{_quoted(mine)}: {_quoted(theirs)}" for mine, theirs in found.layers.items())
    lines.extend(f"{_quoted(name)}:  # {' or '.join(others)}" for name, others in candidates.items())
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return f'"{name}"' if not name or name.replace(".", "").isdigit() else name
