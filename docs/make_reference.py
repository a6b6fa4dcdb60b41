"""Writes reference/: a table of every entry with what it is in each backend, and a page for each.

What an entry is in a backend comes from reference/native.json, which native_classes.py writes.
"""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mtlspec_conformance.suite import cases

import mtlspec as mtl
from mtlspec.profiles import profile_of
from mtlspec.spec.activations import Activation
from mtlspec.spec.content import document_of
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.kind import Kind
from mtlspec.spec.law import laws_of
from mtlspec.spec.layer import Branched, Chained, Layer
from mtlspec.spec.losses import Loss
from mtlspec.spec.metrics import Metric
from mtlspec.spec.optimizers import Clipping, Optimizer
from mtlspec.spec.schedules import Schedule
from mtlspec.spec.value import Value

FOLDER = Path(__file__).with_name("reference")

FAMILIES: tuple[type[Kind], ...] = (Layer, Activation, Loss, Optimizer, Clipping, Schedule, Initializer, Metric)
COMPILED = ("layer", "activation", "loss", "optimizer")
"""Families whose members are something in a backend; the others are the host's, or part of a step."""
FRAMEWORKS = ("torch", "keras")
SHOWN = 12
"""So many cases are named on a page."""

HEAD = """# Reference

Every entry of the vocabulary, with what it becomes: the framework's own class where one is exact, else the smallest
class on top of it, else one of our own; and the fields that are laws. A name leads to a page with formula, fields and
cases. Made by `docs/make_reference.py` from the spec and from what the cases of the suite compile to.

"""


def members() -> Iterator[tuple[str, type[Kind]]]:
    """Yield `family/kind` and class of every entry of the vocabulary."""
    for family in FAMILIES:
        for name, kind in family.kinds.items():
            if "." not in name:
                yield f"{family.family}/{name}", kind


def laws(kind: type[Kind]) -> list[str]:
    """Return the names of the fields of a kind that are laws."""
    return [name for name, _ in _fields(kind) if _law(kind, name)]


def _law(kind: type[Kind], name: str) -> dict[str, object] | None:
    """Return what each framework makes of a field; None where it is no law."""
    field = next(field for key, field in kind.model_fields.items() if name in (key, field.alias))
    return laws_of(field)


def _fields(kind: type[Kind]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in SCHEMA[kind.__name__]["properties"].items():
        if name != "kind":
            yield name, entry


SCHEMA: dict[str, Any] = mtl.json_schema()["$defs"]


def _type(entry: dict[str, Any]) -> str:
    if "$ref" in entry:
        return str(entry["$ref"].rpartition("/")[2]).lower()
    if "enum" in entry:
        return " \\| ".join(f"`{value}`" for value in entry["enum"])
    if "const" in entry:
        return f"`{entry['const']}`"
    if "anyOf" in entry:
        return " or ".join(_type(part) for part in entry["anyOf"])
    if entry.get("type") == "array":
        return f"list of {_type(entry['items'])}" if "items" in entry else "list"
    limits = {"exclusiveMinimum": ">", "minimum": "≥", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {entry[name]}" for name, sign in limits.items() if name in entry and entry[name] != 2**31]
    return " ".join([{"null": "`null`"}.get(entry.get("type", ""), entry.get("type", "any")), *bounds])


def _default(kind: type[Kind], name: str, entry: dict[str, Any]) -> str:
    law = _law(kind, name)
    if law:
        each = {like: _json(law[like]) for like in ("published", "keras", "torch")}
        return each["published"] if len(set(each.values())) == 1 else ", ".join(f"{k}: {v}" for k, v in each.items())
    if name in SCHEMA[kind.__name__].get("required", []):
        return "required"
    return _json(entry["default"]) if "default" in entry else _json(_plain(kind, name))


def _plain(kind: type[Kind], name: str) -> object:
    """Return the default of a field that is a kind: its name where it says all."""
    default = next(field.default for key, field in kind.model_fields.items() if name in (key, field.alias))
    document = document_of(default)
    return document["kind"] if isinstance(document, dict) and list(document) == ["kind"] else document


def _json(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def page(key: str, kind: type[Kind], native: dict[str, dict[str, list[str]]], used: list[str]) -> str:
    """Return the page of one entry; `used`: the ids of its cases."""
    family, _, name = key.partition("/")
    lines = [f"# {name}", "", f"A {family} of mtlspec. [All entries](../README.md)", "", inspect.cleandoc(_doc(kind))]
    lines += _table(kind)
    if family in COMPILED:
        profile = profile_of(key)
        held = f"profile `{profile}`" if profile else "its parts are what a backend learns"
        lines += ["", "## In the backends", "", f"- numpy: the reference; {held}"]
        lines += [f"- {backend}: {_classes(native, backend, key, kind, ', ')}" for backend in FRAMEWORKS]
    if used:
        more = f", and {len(used) - SHOWN} more" if len(used) > SHOWN else ""
        lines += ["", "## Cases that hold it", "", ", ".join(f"`{case}`" for case in used[:SHOWN]) + more]
    return "\n".join(lines) + "\n"


def _doc(kind: type[Kind]) -> str:
    return kind.__doc__ or ""


def _table(kind: type[Kind]) -> Iterator[str]:
    fields = list(_fields(kind))
    if fields:
        yield from ("", "## Fields", "", "| field | values | default | meaning |", "| --- | --- | --- | --- |")
    for field, entry in fields:
        text = " ".join(entry.get("description", "").split()).replace("|", "\\|")
        mark = " (law)" if _law(kind, field) else ""
        yield f"| `{field}`{mark} | {_type(entry)} | {_default(kind, field, entry)} | {text} |"


def _classes(native: dict[str, dict[str, list[str]]], backend: str, key: str, kind: type[Kind], comma: str) -> str:
    found = native[backend].get(key, [])
    if found:
        return comma.join(found)
    return "its parts" if issubclass(kind, Branched | Chained) else "no case"


def _used() -> dict[str, list[str]]:
    """Return the ids of the cases whose document names each entry."""
    found: dict[str, list[str]] = defaultdict(list)
    for case in cases():
        for key in sorted(set(_named(case.spec))):
            found[key].append(case.id)
    return found


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Kind):
        yield f"{value.family}/{value.kind}"
    if isinstance(value, Value):
        value = tuple(dict(value).values())
    for item in value if isinstance(value, tuple) else ():
        yield from _named(item)


def pages() -> dict[str, str]:
    """Return every page by its path below the folder."""
    native, used = json.loads((FOLDER / "native.json").read_text(encoding="utf-8")), _used()
    found = {f"{key}.md": page(key, kind, native, used.get(key, [])) for key, kind in members()}
    lines = [HEAD.rstrip()]
    for family in FAMILIES:
        compiled = FRAMEWORKS if family.family in COMPILED else ()
        titles = ("entry", *compiled, "laws")
        lines += ["", f"## {family.family}", "", f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
        for key, kind in members():
            own, _, name = key.partition("/")
            if own == family.family:
                classes = [_classes(native, backend, key, kind, "; ") for backend in compiled]
                cells = [f"[{name}]({key}.md)", *classes, ", ".join(f"`{law}`" for law in laws(kind))]
                lines.append(f"| {' | '.join(cells)} |")
    return {"README.md": "\n".join(lines) + "\n", **found}


def main() -> None:
    """Write the pages, and remove those of entries that are gone."""
    made = pages()
    for old in FOLDER.rglob("*.md"):
        if old.relative_to(FOLDER).as_posix() not in made:
            old.unlink()
    for name, text in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
