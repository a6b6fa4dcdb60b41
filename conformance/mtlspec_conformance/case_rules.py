"""Rules: numbers of a case file that are said in a word, where a list of them would hide the case behind its data."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from mtlspec.batch import Dataset
from mtlspec.graph import Graph, initial_parameters
from mtlspec.tensors import Array, Tensors
from mtlspec.training.batches import plan
from mtlspec_conformance.case import Trajectory

Initial = Literal["initial"]
"""In place of parameters: those that the host draws for the document."""


class Filled(BaseModel):
    """In place of an input's numbers: an array of one number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    shape: tuple[int, ...]
    """Of all examples."""
    fill: float


class Planned(BaseModel):
    """In place of rows, rates and weights: the first steps that the host plans for the document and these examples."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    planned: int


def numbers(stored: Any, dtype: type[np.generic]) -> Array:
    """Return the array that is stored as nested lists or as a rule."""
    if not isinstance(stored, dict):
        return np.asarray(stored, dtype=dtype)
    rule = Filled.model_validate(stored)
    return np.full(rule.shape, rule.fill, dtype=dtype)


def initial(graph: Graph) -> Tensors:
    """Return the parameters that the host draws."""
    return initial_parameters(graph)


def trajectory(rule: Planned, graph: Graph, data: Dataset) -> Trajectory:
    """Return the steps that the trainer would make: shuffled by the seed, at the rates of the schedule."""
    chunks = list(plan(data, graph, training=graph.training, start=0, stop=rule.planned))
    return Trajectory(
        rows=tuple(rows for chunk in chunks for rows in chunk.steps.rows),
        learning_rates=np.concatenate([chunk.steps.learning_rates for chunk in chunks]),
        task_weights=np.concatenate([chunk.steps.weights for chunk in chunks]),
    )
