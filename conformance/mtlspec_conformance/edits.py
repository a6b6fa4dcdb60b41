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
NEEDED = {"name", "kind", "mtlspec", "loss", "training", "optimizer", "learning_rate"}
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
    yield from (_deleting(key) for key in ("law", "trajectory", "sample_weights") if content.get(key))
    if "trajectory" in content:
        steps = len(content["trajectory"]["rows"])
        yield from (
            _of_trajectory(slice(None, count)) for count in sorted({1, steps // 2, steps - 1}) if 0 < count < steps
        )
        if "task_weights" in content["trajectory"]:
            yield lambda changed: changed["trajectory"].pop("task_weights")
    for index in range(len(content["batches"])) if len(content["batches"]) > 1 else ():
        yield lambda changed, at=index: changed.update(batches=[changed["batches"][at]])
    for index, rows in enumerate(content["batches"]):
        for row in rows if len(rows) > 1 else ():
            yield lambda changed, at=index, only=row: changed["batches"].__setitem__(at, [only])
            yield lambda changed, at=index, less=row: changed["batches"][at].remove(less)
    for task, labels in content["targets"].items():
        known = next((label for label in labels if label is not None), None)
        if None in labels and known is not None:
            yield lambda changed, name=task, label=known: changed["targets"].update(
                {name: [label if own is None else own for own in changed["targets"][name]]}
            )


def _deleting(key: str) -> Edit:
    return lambda changed: changed.pop(key)


def _of_trajectory(part: slice) -> Edit:
    def edit(changed: Content) -> None:
        changed["trajectory"] = {name: own[part] for name, own in changed["trajectory"].items()}

    return edit


def _without_members(content: Content) -> Iterator[Edit]:
    """Yield what takes one task, block, layer or input away, its readers reading what it read."""
    for path, part in _parts(content["spec"], ()):
        for key in LISTS:
            members = part.get(key, ())
            for index, member in enumerate(members if isinstance(members, (list, tuple)) else ()):
                yield _removing(path, key, index, member)


def _removing(path: Path, key: str, index: int, member: Any) -> Edit:
    def edit(changed: Content) -> None:
        part = _at(changed["spec"], path)
        del part[key][index]
        if not part[key] and key in ("shortcut", "inputs", "blocks", "head"):
            del part[key]
        if key == "blocks" and not path:
            _rewire(changed["spec"], member["name"], member.get("inputs"))
        if key == "inputs" and not path and changed["spec"].get("inputs"):
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
    for path, part in _parts(content["spec"], ()):
        for key in ("layers", "head"):
            for index, layer in enumerate(part.get(key, ())):
                if isinstance(layer, dict) and layer.get("kind") == "residual":
                    yield _unwrapping(path, key, index)


def _simplifying(index: int, name: str) -> Edit:
    def edit(changed: Content) -> None:
        document = changed["spec"]
        document["inputs"][index] = {"name": name, "shape": [1]}
        parts = [(part, "layers") for part in document.get("blocks", ())] + [
            (part, "head") for part in document["tasks"]
        ]
        for part, key in parts:
            if name in part.get("inputs", [name]):
                last = part.get(key, [])[-1:]
                units = last[0].get("units", 1) if last and isinstance(last[0], dict) else 1
                part[key] = [{"kind": "dense", "units": units}]

    return edit


def _unwrapping(path: Path, key: str, index: int) -> Edit:
    def edit(changed: Content) -> None:
        part = _at(changed["spec"], path)
        part[key][index : index + 1] = part[key][index]["layers"]

    return edit


def _without_fields(content: Content) -> Iterator[Edit]:
    """Yield what leaves a field to its default."""
    for path, part in _parts(content["spec"], ()):
        yield from (_leaving(path, key) for key in part if key not in NEEDED and key not in LISTS)


def _leaving(path: Path, key: str) -> Edit:
    return lambda changed: _at(changed["spec"], path).pop(key)


def _plainer(content: Content) -> Iterator[Edit]:
    """Yield what puts the plainest loss, optimizer, layer, shape or size in the place of another."""
    document = content["spec"]
    if document["training"]["optimizer"] != SGD:
        yield _setting(("training", "optimizer"), SGD)
    for index, task in enumerate(document["tasks"]):
        if task["loss"] != "squared_error":
            yield _setting(("tasks", index, "loss"), "squared_error")
        if isinstance(task["loss"], dict) and set(task["loss"]) == {"kind"}:
            yield _setting(("tasks", index, "loss"), task["loss"]["kind"])
    for index, part in enumerate(document["inputs"]):
        if list(part.get("shape", ())) != [1]:
            yield _setting(("inputs", index, "shape"), [1])
        if part.get("dtype") == "integer":
            yield _setting(("inputs", index), {"name": part["name"], "shape": [1]})
    for path, part in _parts(document, ()):
        yield from (_setting((*path, key), 1) for key in ("units", "filters", "rows") if part.get(key, 1) != 1)
        for key in ("layers", "head"):
            for index, layer in enumerate(part.get(key, ())):
                if layer != {"kind": "dense", "units": 1} and (not isinstance(layer, dict) or layer["kind"] != "dense"):
                    yield _setting((*path, key, index), {"kind": "dense", "units": 1})


def _setting(path: Path, to: Any) -> Edit:
    def edit(changed: Content) -> None:
        _at(changed["spec"], path[:-1])[path[-1]] = copy.deepcopy(to)

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
