"""Names: a map from the names of one witness to those of the other, read from YAML and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mtlspec.errors import MtlspecError
from mtlspec.spec.value import nearest


class MatchError(MtlspecError):
    """The parameters of two witnesses cannot be told to be the same, or a map of them is wrong."""


@dataclass(frozen=True)
class Side:
    """One witness, as far as matching is concerned."""

    framework: str
    layers: Mapping[str, tuple[str, ...]]
    """What each layer holds, by canonical name."""
    shapes: Mapping[str, tuple[int, ...]]
    native_names: Mapping[str, str]

    def leaves(self, layer: str) -> dict[str, str]:
        """Return the full names of what a layer holds, by their last part."""
        return {name.removeprefix(f"{layer}."): name for name in self.layers[layer]}

    def signature(self, layer: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return the last names and shapes of what a layer holds: what its counterpart must hold too."""
        return tuple(sorted((leaf, self.shapes[name]) for leaf, name in self.leaves(layer).items()))

    def told(self, layer: str) -> str:
        """Return a layer with its shapes, for an error."""
        held = ", ".join(f"{leaf} {shape}" for leaf, shape in self.signature(layer))
        return f"{layer or 'the model itself'}: {held}"

    def parameter(self, name: str) -> str | None:
        """Return the canonical name of a parameter that is given by this or its native name."""
        if name in self.shapes:
            return name
        return next((canonical for canonical, native in self.native_names.items() if native == name), None)


def read(path: Path) -> dict[str, str]:
    """Return the map in a YAML file.

    Raises:
        MatchError: it is no mapping of names to names, or an entry is not filled in.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise MatchError(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise MatchError(f"{path}: expected lines of the form `name of the first: name of the second`")
    empty = [str(name) for name, other in found.items() if other is None]
    if empty:
        raise MatchError(f"{path}: fill in the other name of {', '.join(empty)}")
    return {str(name): str(other) for name, other in found.items()}  # layers of a Sequential are numbers


def expanded(given: Mapping[str, str], first: Side, second: Side) -> dict[str, str]:
    """Return the parameters that a map of layers and parameters matches.

    Raises:
        MatchError: with everything that is wrong with it.
    """
    problems: list[str] = []
    matched: dict[str, str] = {}
    for name, other in given.items():
        for mine, theirs in _pairs(name, other, first, second, problems):
            if mine in matched and matched[mine] != theirs:
                problems.append(f"{mine}: given twice, as {matched[mine]} and as {theirs}")
            elif theirs in matched.values() and matched.get(mine) != theirs:
                problems.append(f"{theirs}: taken by {_key(matched, theirs)} and by {mine}")
            else:
                matched[mine] = theirs
    if problems:
        raise MatchError("the map of names is wrong:\n" + "\n".join(f"  {problem}" for problem in problems))
    return matched


def _pairs(name: str, other: str, first: Side, second: Side, problems: list[str]) -> Iterator[tuple[str, str]]:
    unknown = [
        f"{text}: {side.framework} has no such layer or parameter{nearest(text, (*side.layers, *side.shapes))}"
        for text, side in ((name, first), (other, second))
        if text not in side.layers and side.parameter(text) is None
    ]
    problems.extend(unknown)
    if unknown:
        return
    mine, theirs = first.parameter(name), second.parameter(other)
    if name in first.layers and other in second.layers:
        if first.signature(name) != second.signature(other):
            problems.append(f"{name}: {other}: found {first.told(name)} and {second.told(other)}")
            return
        leaves = second.leaves(other)
        yield from ((full, leaves[leaf]) for leaf, full in first.leaves(name).items())
    elif mine is None or theirs is None:
        problems.append(f"{name}: {other}: one is a layer and the other a parameter")
    elif first.shapes[mine] != second.shapes[theirs]:
        problems.append(f"{mine}: {theirs}: the shapes are {first.shapes[mine]} and {second.shapes[theirs]}")
    else:
        yield mine, theirs


def _key(matched: Mapping[str, str], value: str) -> str:
    return next(key for key, found in matched.items() if found == value)
