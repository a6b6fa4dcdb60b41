"""Edits: what can be taken away from the content of a case, or made plainer, one part at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

Content = dict[str, Any]
Edit = Callable[[Content], object]
"""Changes a content in place."""
Path = tuple[str | int, ...]
SGD = {"kind": "sgd", "learning_rate": 0.1}
LISTS = ("tasks", "blocks", "layers", "head", "shortcut", "inputs")
"""Lists of a document that may lose a member."""
NEEDED = {"name", "kind", "mtlspec", "shape", "loss", "training", "optimizer", "learning_rate"}
"""Keys whose absence makes nothing plainer."""


def smaller(content: Content) -> Iterator[Content]:
    """Yield contents with one thing less or plainer, the largest steps first."""
    for change in (_without_data, _without_members, _without_wiring, _without_fields, _plainer):
        for edit in change(content):
            changed = copy.deepcopy(content)
            edit(changed)
            yield changed


def _without_data(content: Content) -> Iterator[Edit]:
    """Yield what takes away steps, batches, examples, weights and absent labels."""
    yield from (_leaving((), key) for key in ("law", "trajectory", "sample_weights") if content.get(key))
    if "trajectory" in content:
        yield from _without_steps(content["trajectory"])
    batches = content["batches"]
    yield from (_setting(("batches",), [rows]) for rows in batches if len(batches) > 1)
    for index, rows in enumerate(batches):
        for row in rows if len(rows) > 1 else ():
            yield _setting(("batches", index), [row])
            yield _setting(("batches", index), [other for other in rows if other != row])
    for task, labels in content["targets"].items():
        known = next((label for label in labels if label is not None), None)
        if None in labels and known is not None:
            yield _setting(("targets", task), [known if label is None else label for label in labels])


def _without_steps(trajectory: Content) -> Iterator[Edit]:
    steps = len(trajectory["rows"])
    for count in sorted({1, steps // 2, steps - 1} - {0, steps}):
        yield _setting(("trajectory",), {name: own[:count] for name, own in trajectory.items()})
    if "task_weights" in trajectory:
        yield _leaving(("trajectory",), "task_weights")


def _without_members(content: Content) -> Iterator[Edit]:
    """Yield what takes one task, block, layer or input away, its readers reading what it read."""
    for path, part in _parts(content["spec"], ("spec",)):
        for key in LISTS:
            members = part.get(key, ())
            for index, member in enumerate(members if isinstance(members, (list, tuple)) else ()):
                yield _removing(path, key, index, member)


def _removing(path: Path, key: str, index: int, member: Any) -> Edit:
    def edit(changed: Content) -> None:
        part = _at(changed, path)
        del part[key][index]
        if not part[key] and key in ("shortcut", "inputs", "blocks", "head"):
            del part[key]
        if key == "blocks" and path == ("spec",):
            _rewire(changed["spec"], member["name"], member.get("inputs"))
        if key == "inputs" and path == ("spec",) and changed["spec"].get("inputs"):
            _rewire(changed["spec"], member["name"], [changed["spec"]["inputs"][0]["name"]])

    return edit


def _rewire(document: Content, name: str, instead: list[str] | None) -> None:
    for part in (*document.get("blocks", ()), *document["tasks"]):
        own = part.get("inputs", [])
        if name in own:
            part["inputs"] = [other for read in own for other in ((instead or [])[:1] if read == name else [read])]


def _without_wiring(content: Content) -> Iterator[Edit]:
    """Yield what makes a residual its layers, and what makes an input one number for readers of one dense layer."""
    for index, part in enumerate(content["spec"]["inputs"]):
        if part != {"name": part["name"], "shape": [1]}:
            yield _simplifying(index, part["name"])
    for path, part in _parts(content["spec"], ("spec",)):
        for key in ("layers", "head"):
            for index, layer in enumerate(part.get(key, ())):
                if isinstance(layer, dict) and layer.get("kind") == "residual":
                    yield _unwrapping(path, key, index)


def _simplifying(index: int, name: str) -> Edit:
    def edit(changed: Content) -> None:
        document = changed["spec"]
        document["inputs"][index] = {"name": name, "shape": [1]}
        blocks = ((part, "layers") for part in document.get("blocks", ()))
        for part, key in (*blocks, *((part, "head") for part in document["tasks"])):
            if name in part.get("inputs", [name]):
                last = part.get(key, [])[-1:]
                units = last[0].get("units", 1) if last and isinstance(last[0], dict) else 1
                part[key] = [{"kind": "dense", "units": units}]

    return edit


def _unwrapping(path: Path, key: str, index: int) -> Edit:
    def edit(changed: Content) -> None:
        part = _at(changed, path)
        part[key][index : index + 1] = part[key][index]["layers"]

    return edit


def _without_fields(content: Content) -> Iterator[Edit]:
    """Yield what leaves a field to its default."""
    for path, part in _parts(content["spec"], ("spec",)):
        yield from (_leaving(path, key) for key in part if key not in NEEDED and key not in LISTS)


def _leaving(path: Path, key: str) -> Edit:
    return lambda changed: _at(changed, path).pop(key)


def _plainer(content: Content) -> Iterator[Edit]:
    """Yield what puts the plainest loss, optimizer, layer, shape or size in the place of another."""
    document = content["spec"]
    if document["training"]["optimizer"] != SGD:
        yield _setting(("spec", "training", "optimizer"), SGD)
    for index, task in enumerate(document["tasks"]):
        if task["loss"] != "squared_error":
            yield _setting(("spec", "tasks", index, "loss"), "squared_error")
        if isinstance(task["loss"], dict) and set(task["loss"]) == {"kind"}:
            yield _setting(("spec", "tasks", index, "loss"), task["loss"]["kind"])
    for index, part in enumerate(document["inputs"]):
        integer = part.get("dtype") == "integer"
        if list(part.get("shape", ())) != ([] if integer else [1]):
            yield _setting(("spec", "inputs", index, "shape"), [] if integer else [1])
        if integer:
            yield _setting(("spec", "inputs", index), {"name": part["name"], "shape": [1]})
    for path, part in _parts(document, ("spec",)):
        yield from (_setting((*path, key), 1) for key in ("units", "filters", "rows") if part.get(key, 1) != 1)
        for key in ("layers", "head"):
            for index, layer in enumerate(part.get(key, ())):
                if layer != {"kind": "dense", "units": 1} and (not isinstance(layer, dict) or layer["kind"] != "dense"):
                    yield _setting((*path, key, index), {"kind": "dense", "units": 1})


def _setting(path: Path, to: Any) -> Edit:
    def edit(changed: Content) -> None:
        _at(changed, path[:-1])[path[-1]] = copy.deepcopy(to)

    return edit


def _parts(item: Any, path: Path) -> Iterator[tuple[Path, Content]]:
    """Yield every mapping of a document with its place."""
    if isinstance(item, dict):
        yield path, item
        for key, inner in item.items():
            yield from _parts(inner, (*path, key))
    elif isinstance(item, list):
        for index, inner in enumerate(item):
            yield from _parts(inner, (*path, index))


def _at(item: Any, path: Path) -> Any:
    for key in path:
        item = item[key]
    return item
