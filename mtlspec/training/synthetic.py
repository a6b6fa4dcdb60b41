"""Synthetic examples: random inputs, and labels that a random linear teacher gives them, so that they can be learned.

A float input is standard normal, an integer input uniform over the rows of its embedding (over 0 and 1 if no embedding
reads it). The teacher sees the numbers of all float inputs, and for each id `ID_FEATURES` standard normal numbers of
its own. Scores are features·W / sqrt(number of features) + `NOISE`·noise, W and noise standard normal. A class is the
largest score (a probability per class: 1 for that class), a yes-or-no label is 1 where the score is positive (a sign 1,
else -1), a number of at least 0 is the square of the score, rounded, and any other number is the score; each position
of a head has scores of its own. Everything follows from the seed and a name.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mtlspec.batch import Dataset
from mtlspec.graph import Graph, Head
from mtlspec.randomness import normal, uniform
from mtlspec.spec.model import Input
from mtlspec.spec.signature import filled
from mtlspec.tensors import Array
from mtlspec.training.dataset import dataset

LENGTH = 5
"""The size of an axis that the document leaves to the data."""
NOISE = 0.1
"""The standard deviation of what is added to the teacher's scores, whose own is about 1."""
ID_FEATURES = 4


def synthetic(graph: Graph, *, size: int, seed: int) -> Dataset:
    """Return `size` random examples for the inputs and tasks of `graph`."""
    inputs = {part.name: _input(graph, part, size, seed) for part in graph.inputs}
    features = np.concatenate([_features(graph, part, inputs[part.name], seed) for part in graph.inputs], axis=1)
    targets = {head.task: _labels(head, features, seed) for head in graph.heads}
    return dataset(graph, inputs=inputs, targets=targets)


def _input(graph: Graph, part: Input, size: int, seed: int) -> Array:
    shape = filled(part.shape, LENGTH)
    name, count = f"synthetic.{part.name}", size * math.prod(shape)
    if part.dtype == "float":
        return normal(seed, name, count).reshape(size, *shape)
    rows = graph.table_rows.get(part.name, 2)
    return np.floor(uniform(seed, name, count) * rows).astype(np.int64).reshape(size, *shape)


def _features(graph: Graph, part: Input, array: Array, seed: int) -> NDArray[np.float64]:
    flat = array.reshape(len(array), -1)
    if part.dtype == "float":
        return flat.astype(np.float64)
    rows = graph.table_rows.get(part.name, 2)
    table = normal(seed, f"synthetic.{part.name}.features", rows * ID_FEATURES).reshape(rows, ID_FEATURES)
    return np.asarray(table[flat].reshape(len(array), -1))


def _labels(head: Head, features: NDArray[np.float64], seed: int) -> Array:
    (count, width), (form, numbers) = features.shape, head.target
    positions = filled(head.positions, LENGTH)
    name, each = f"synthetic.tasks.{head.task}", math.prod(positions) * numbers
    teacher = normal(seed, f"{name}.teacher", width * each).reshape(width, each)
    noise = normal(seed, f"{name}.noise", count * each).reshape(count, each)
    scores = (features @ teacher / math.sqrt(width) + NOISE * noise).reshape(count, *positions, numbers)
    match form:
        case "classes":
            return np.asarray(scores.argmax(axis=-1))
        case "probabilities":
            return np.asarray(np.eye(numbers)[scores.argmax(axis=-1)])
        case "yes_or_no":
            return np.asarray((scores > 0).astype(np.float64))
        case "signs":
            return np.asarray(np.where(scores > 0, 1.0, -1.0))
        case "non_negative":
            return np.asarray(np.rint(scores**2))
    return scores
