"""Predictions as columns: class names and probabilities in place of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlspec.graph import Graph, Head
from mtlspec.spec.data import Vocabulary
from mtlspec.tensors import Array, Arrays
from mtlspec.training.column_encoders import TargetEncoder
from mtlspec.training.encoders import Encoders
from mtlspec.training.metrics import THRESHOLD


def prediction_columns(
    graph: Graph, predictions: Arrays, encoders: Encoders | None = None, *, probabilities: bool = True
) -> dict[str, list[Any]]:
    """Return the columns of a table of predictions, in the order of the tasks.

    A softmax task gives `task`, its likeliest class, and `task/class`, the probability of each; a sigmoid task gives
    for each label what it predicts and the probability; other tasks give numbers. A task of several labels or numbers
    names them `task/column`. At position (i, j) of a head the task's name is `task[i,j]`. Classes and columns have the
    names that the encoders know, otherwise numbers from 0.
    """
    known = {} if encoders is None else {encoder.name: encoder for encoder in encoders.targets}
    columns: dict[str, list[Any]] = {}
    for head in graph.heads:
        values = np.asarray(predictions[head.task], dtype=np.float64)
        for position in np.ndindex(*values.shape[1:-1]):
            name = head.task + (f"[{','.join(map(str, position))}]" if position else "")
            at = values[(slice(None), *position)]
            columns |= _columns(head, name, at, known.get(head.task), probabilities)
    return columns


def _columns(
    head: Head, task: str, values: Array, encoder: TargetEncoder | None, probabilities: bool
) -> dict[str, list[Any]]:
    """Return the columns of one position, which is called `task`, of predictions (N, units)."""
    count = values.shape[-1]
    if head.loss.link in ("softmax", "ordinal"):
        names = class_names(encoder, count)
        chosen = {task: [names[index] for index in values.argmax(axis=1)]}
        each = {f"{task}/{name}": values[:, i].tolist() for i, name in enumerate(names)}
        return chosen | each if probabilities else chosen
    named = encoder is not None and len(encoder.columns) == count
    parts = encoder.columns if named and encoder is not None else tuple(map(str, range(count)))
    labels = [task] if count == 1 else [f"{task}/{part}" for part in parts]
    if head.loss.link != "sigmoid":
        return {label: values[:, i].tolist() for i, label in enumerate(labels)}
    names = class_names(encoder, 2)
    columns: dict[str, list[Any]] = {}
    for index, label in enumerate(labels):
        columns[label] = [names[int(yes)] for yes in values[:, index] > THRESHOLD]
        if probabilities:
            columns[f"{label}/{names[1]}"] = values[:, index].tolist()
    return columns


def class_names(encoder: TargetEncoder | None, count: int) -> tuple[str, ...]:
    """Return the names of `count` classes: those of the vocabulary, then numbers."""
    numbers = tuple(map(str, range(count)))
    if encoder is None or not isinstance(encoder.encode, Vocabulary):
        return numbers
    return (*encoder.vocabulary, *numbers[len(encoder.vocabulary) :])
