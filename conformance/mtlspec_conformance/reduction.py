"""Reduction: a case made smaller, part by part, as long as it shows what it showed before.

What is left keeps its numbers; what changes its shape gets others, from the kit's named streams.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import ValidationError

from mtlspec.graph import Graph, lower
from mtlspec.spec import Spec
from mtlspec.spec.content import document_of
from mtlspec_conformance import edits
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import content_of, read
from mtlspec_conformance.draft import Draft
from mtlspec_conformance.drawing import Drawn
from mtlspec_conformance.edits import Content


def reduced(case: Case, shows: Callable[[Case], bool]) -> Case:
    """Return a case that still `shows` it, of which no single part can be taken away or made plainer.

    Args:
        case: A case that shows it.
        shows: Whether a case shows what matters.
    """
    current: Content = content_of(case) | {"spec": document_of(case.spec)}
    following: Content | None = current
    while following is not None:
        current = following
        candidates = (smaller for smaller in edits.smaller(current) if _shown(smaller, shows))
        following = next(candidates, None)
    made = _case_of(current)
    return case if made is None else made


def _shown(content: Content, shows: Callable[[Case], bool]) -> bool:
    made = _case_of(content)
    return made is not None and shows(made)


def _case_of(content: Content) -> Case | None:
    """Return the case of a content whose numbers were made to fit, or None if its document is not valid."""
    try:
        spec = Spec.model_validate(content["spec"])
        _fit(content, spec, lower(spec))
        return read(content)
    except (ValidationError, KeyError):
        return None


def _fit(content: Content, spec: Spec, graph: Graph) -> None:
    """Give every parameter, input and label of the document numbers, old ones where their shape is the same."""
    count = len(next(iter(content["targets"].values())))
    draft = Draft(id="reduced", why="", spec=content["spec"], examples=count)
    drawn = Drawn(draft, spec, graph)
    content["parameters"] = _kept(content["parameters"], drawn.parameters())
    content["inputs"] = _kept(_within(graph, content["inputs"]), drawn.inputs())
    content["targets"] = {
        task: _labels(content["targets"].get(task), labels) for task, labels in drawn.targets().items()
    }
    own = content.get("sample_weights", {})
    fitting = {head.task: ((), head.positions) for head in graph.heads}
    content["sample_weights"] = {task: w for task, w in own.items() if np.shape(w)[1:] in fitting.get(task, ())}
    if "law" in content:
        gradients = drawn.script()["gradients"]
        steps = len(content["law"]["gradients"])
        content["law"]["gradients"] = [
            _kept(old, new) for old, new in zip(content["law"]["gradients"], gradients[:steps], strict=True)
        ]
    for part in (content.get("law"), content.get("trajectory")):
        if part is not None and np.ndim(part["learning_rates"]) == 2:
            part["learning_rates"] = [_of_length(rates, len(graph.phases)) for rates in part["learning_rates"]]
    weights = content.get("trajectory", {}).get("task_weights")
    if weights is not None and len(weights[0]) != len(graph.tasks):
        del content["trajectory"]["task_weights"]


def _within(graph: Graph, inputs: Content) -> Content:
    """Return the inputs without ids that a smaller table has no row for."""
    rows = graph.table_rows
    return {name: own for name, own in inputs.items() if name not in rows or np.max(own, initial=0) < rows[name]}


def _of_length(rates: list[float], count: int) -> list[float]:
    return (rates + rates[-1:] * count)[:count]


def _kept(old: Content, new: Content) -> Content:
    return {name: old[name] if name in old and _form(old[name]) == _form(own) else own for name, own in new.items()}


def _form(stored: Any) -> Any:
    return {key: np.shape(own)[1:] for key, own in stored.items()} if isinstance(stored, dict) else np.shape(stored)


def _labels(old: list[Any] | None, new: list[Any]) -> list[Any]:
    if old is None:
        return new
    known = [label for label in old if label is not None]
    alike = known and all(_alike(label, new[0]) for label in known)
    classes = isinstance(new[0], int) and alike and max(known) > max(new)
    return old if alike and not classes else [None if o is None else n for o, n in zip(old, new, strict=True)]


def _alike(old: Any, new: Any) -> bool:
    """Return whether labels have one form; what is null has any."""
    if isinstance(new, list) and isinstance(old, list):
        return len(old) == len(new) and all(_alike(a, b) for a, b in zip(old, new, strict=True))
    return old is None or type(old) is type(new)
