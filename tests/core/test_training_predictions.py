from __future__ import annotations

import numpy as np
from small_specs import numeric_spec, one_task

from mtlspec.graph import lower
from mtlspec.training import prediction_columns, read


def test_classes_have_the_names_of_the_vocabulary() -> None:
    spec = numeric_spec(["a"])
    encoders = read(spec, frame={"a": [1, 2], "kind": ["dog", "cat"]}).encoders
    columns = prediction_columns(lower(spec), {"kind": np.array([[0.25, 0.5, 0.25], [0.75, 0.25, 0.0]])}, encoders)
    assert columns == {"kind": ["dog", "cat"], "kind/cat": [0.25, 0.75], "kind/dog": [0.5, 0.25], "kind/2": [0.25, 0.0]}


def test_without_encoders_classes_are_numbers() -> None:
    graph = lower(one_task(2, "softmax_cross_entropy"))
    assert prediction_columns(graph, {"t": np.array([[0.25, 0.75]])})["t"] == ["1"]


def test_yes_or_no_labels_and_their_probability() -> None:
    graph = lower(one_task(1, "sigmoid_cross_entropy"))
    assert prediction_columns(graph, {"t": np.array([[0.5], [0.75]])}) == {"t": ["0", "1"], "t/1": [0.5, 0.75]}
    graph = lower(one_task(2, "sigmoid_cross_entropy"))
    columns = prediction_columns(graph, {"t": np.array([[0.25, 0.75]])})
    assert columns == {"t/0": ["0"], "t/0/1": [0.25], "t/1": ["1"], "t/1/1": [0.75]}


def test_numbers_have_the_names_of_their_columns() -> None:
    graph = lower(one_task(1, "squared_error"))
    assert prediction_columns(graph, {"t": np.array([[1.5], [2.5]])}) == {"t": [1.5, 2.5]}
    graph = lower(one_task(2, "squared_error"))
    assert prediction_columns(graph, {"t": np.array([[1.5, 2.5]])}) == {"t/0": [1.5], "t/1": [2.5]}
