from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from small_specs import one_task, two_tasks

from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.training import dataset
from mtlspec.training.dataset import expect_dataset_of

NAN = float("nan")
X = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def made(kind: object = (0, 1, 2), size: object = (1.0, 2.0, 3.0), x: object = X, **others: Any) -> Dataset:
    return dataset(two_tasks(), inputs={"x": x}, targets={"kind": kind, "size": size}, **others)


def of(spec: Spec, labels: object, **others: Any) -> Dataset:
    size = len(np.asarray(labels))
    return dataset(spec, inputs={"x": np.zeros((size, 1))}, targets={"t": labels}, **others)


def test_arrays_become_one_form() -> None:
    data = made(kind=[0.0, 1.0, 2.0], x=np.array(X, dtype=np.float32))
    assert data.inputs["x"].dtype == np.float64
    assert data.targets["kind"].dtype == np.int64
    assert data.targets["kind"].shape == (3,)
    assert data.targets["size"].dtype == np.float64
    assert data.targets["size"].shape == (3, 1)
    assert len(data) == 3


def test_classes_may_come_as_a_column() -> None:
    assert made(kind=[[0], [1], [2]]).targets["kind"].tolist() == [0, 1, 2]


def test_nan_is_an_absent_label() -> None:
    data = made(kind=[0, NAN, 2], size=[1.0, 2.0, NAN])
    assert data.present["kind"].tolist() == [True, False, True]
    assert data.weights["kind"].tolist() == [1, 0, 1]
    assert data.targets["kind"].tolist() == [0, 0, 2]
    assert data.targets["size"].tolist() == [[1.0], [2.0], [0.0]]
    assert data.present["size"].tolist() == [True, True, False]


def test_none_is_an_absent_label() -> None:
    assert made(kind=[0, None, 2]).present["kind"].tolist() == [True, False, True]


def test_a_mask_hides_whatever_the_label_is() -> None:
    data = made(kind=[0, -1, 99], size=[np.inf, NAN, 3.0], present={"kind": [1, 0, 0], "size": [False, False, True]})
    assert data.targets["kind"].tolist() == [0, 0, 0]
    assert data.present["kind"].tolist() == [True, False, False]
    assert data.targets["size"].tolist() == [[0.0], [0.0], [3.0]]


def test_a_label_of_several_numbers_is_absent_as_a_whole() -> None:
    data = of(one_task(2, "squared_error"), [[1.0, 2.0], [NAN, NAN]])
    assert data.present["t"].tolist() == [True, False]
    assert data.targets["t"].tolist() == [[1.0, 2.0], [0.0, 0.0]]


def test_sample_weights_times_class_weights() -> None:
    spec = one_task(3, {"kind": "softmax_cross_entropy", "class_weights": [1.0, 2.0, 0.5]})
    data = of(spec, [0, 1, 2, NAN], weights={"t": [1.0, 3.0, 4.0, 5.0]})
    assert data.weights["t"].tolist() == [1.0, 6.0, 2.0, 0.0]


def test_class_weights_of_probabilities() -> None:
    loss = {"kind": "softmax_cross_entropy", "class_weights": [1.0, 3.0], "targets": "probabilities"}
    data = of(one_task(2, loss), [[0.25, 0.75], [1.0, 0.0], [NAN, NAN]], weights={"t": [2.0, 1.0, 1.0]})
    assert data.weights["t"].tolist() == [2 * (0.25 + 2.25), 1.0, 0.0]


def test_class_weights_of_terms_are_in_what_divides_alone() -> None:
    loss = {"kind": "softmax_cross_entropy", "class_weights": [1.0, 2.0, 0.5], "class_weights_apply_to": "class_terms"}
    data = of(one_task(3, loss), [0, 1, 2, NAN], weights={"t": [1.0, 3.0, 4.0, 5.0]})
    assert data.weights["t"].tolist() == [1.0, 3.0, 4.0, 0.0]
    assert data.dividing_weights["t"].tolist() == [1.0, 6.0, 2.0, 0.0]
    assert data.denominator("t", np.array([[0, 1], [2, 3], [3, 3]]), "weight_sum").tolist() == [7.0, 2.0, 0.0]
    assert data.batch(np.array([0, 1, 2]), {"t": "weight_sum"}).denominators == {"t": 9.0}
    assert data.batch(np.array([3]), {"t": "weight_sum"}).denominators == {"t": 1.0}


def test_class_weights_of_terms_of_probabilities_are_nowhere_in_the_data() -> None:
    loss = {
        "kind": "softmax_cross_entropy",
        "class_weights": [1.0, 3.0],
        "class_weights_apply_to": "class_terms",
        "targets": "probabilities",
    }
    data = of(one_task(2, loss), [[0.25, 0.75], [1.0, 0.0], [NAN, NAN]], weights={"t": [2.0, 1.0, 1.0]})
    assert data.weights["t"].tolist() == data.dividing_weights["t"].tolist() == [2.0, 1.0, 0.0]


def test_class_weights_of_examples_divide_as_they_weigh() -> None:
    spec = one_task(3, {"kind": "softmax_cross_entropy", "class_weights": [1.0, 2.0, 0.5]})
    data = of(spec, [0, 1, 2, NAN], weights={"t": [1.0, 3.0, 4.0, 5.0]})
    by_hand = Dataset(data.inputs, data.targets, data.weights, data.present)
    for each in (data, by_hand):
        assert each.denominator("t", np.arange(4), "weight_sum") == 9.0


def test_float32_probabilities_of_many_classes_sum_to_one() -> None:
    scores = np.exp(np.sin(np.arange(1000, dtype=np.float32)))
    loss = {"kind": "softmax_cross_entropy", "targets": "probabilities"}
    probabilities = (scores / scores.sum())[None]
    assert of(one_task(1000, loss), probabilities).present["t"].tolist() == [True]


SIGMOID = one_task(2, "sigmoid_cross_entropy")
PROBABILITIES = one_task(2, {"kind": "softmax_cross_entropy", "targets": "probabilities"})
IDS = Spec.model_validate(
    {
        "inputs": [{"name": "c", "shape": [2], "dtype": "integer"}],
        "blocks": [{"name": "b", "layers": [{"kind": "embedding", "rows": 4, "units": 2}, "flatten"]}],
        "tasks": [{"name": "t", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
    }
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: dataset(two_tasks(), inputs={"x": X}, targets={"kind": [0, 1, 2]}),
            "nothing for task 'size'; give",
        ),
        (lambda: dataset(two_tasks(), inputs={}, targets={"kind": [0], "size": [1]}), "nothing for input 'x'"),
        (
            lambda: dataset(two_tasks(), inputs={"x": X}, targets={"kimd": [0], "kind": [0], "size": [1]}),
            "targets: unknown task 'kimd'; did you mean 'kind'?; known: kind, size",
        ),
        (
            lambda: dataset(two_tasks(), inputs={"x": X, "xx": X}, targets={"kind": [0], "size": [1]}),
            "inputs: unknown input 'xx'; did you mean 'x'?",
        ),
        (lambda: made(weights={"siz": [1, 1, 1]}), "weights: unknown task 'siz'; did you mean 'size'?"),
        (lambda: made(present={"other": [1, 1, 1]}), "present: unknown task 'other'"),
        (lambda: made(x=[[1.0], [2.0], [3.0]]), "input 'x': expected the shape (N, 2), found (3, 1)"),
        (lambda: made(x=3.0), "input 'x': expected the shape (N, 2), found ()"),
        (lambda: made(x=[[1.0, 2.0], [3.0]]), "input 'x': expected an array, found rows of different lengths"),
        (lambda: made(kind=[0, 1]), "task 'kind': expected 3 examples, as in the first input, found 2"),
        (lambda: made(kind=[], size=[], x=np.zeros((0, 2))), "expected at least one example, found none"),
        (lambda: made(kind=[0, 1, 3]), "task 'kind', example 2: expected a class from 0 to 2, found 3"),
        (
            lambda: made(kind=[0, -1, 2]),
            "task 'kind', example 1: expected a class from 0 to 2, found -1; mark an absent label by NaN",
        ),
        (lambda: made(kind=[0, 2.5, 1]), "task 'kind', example 1: expected a whole number, found 2.5"),
        (lambda: made(kind=[0, np.inf, 1]), "task 'kind', example 1: expected a whole number, found inf"),
        (lambda: made(kind=np.eye(3)), "(`targets: probabilities` reads one per class)"),
        (lambda: made(kind=["a", "b", "c"]), "task 'kind': expected numbers, found <U1, such as 'a'; encode it first"),
        (lambda: made(x=np.array([["1", 2.0]] * 3, dtype=object)), "input 'x': expected numbers, found '1'"),
        (lambda: made(x=np.array(X) * 1j), "input 'x': expected numbers, found complex128"),
        (
            lambda: made(x=[[0.0, 1.0], [2.0, NAN], [4.0, 5.0]]),
            "input 'x', example 1, element [1]: expected a finite number, found nan",
        ),
        (lambda: made(x=[[0.0, 1.0], [2.0, 1.0], [-np.inf, 5.0]]), "input 'x', example 2, element [0]"),
        (lambda: made(size=[1.0, np.inf, 2.0]), "task 'size', example 1: expected a finite number, found inf"),
        (lambda: made(size=[[1.0, 2.0]] * 3), "task 'size': expected the shape (N, 1), found (3, 2)"),
        (lambda: made(weights={"kind": [1, -1, 1]}), "`weights` of task 'kind', example 1: expected a finite number"),
        (lambda: made(weights={"kind": [1, 1, NAN]}), "`weights` of task 'kind', example 2: expected a finite number"),
        (lambda: made(weights={"kind": [1, 1]}), "`weights` of task 'kind': expected 3 examples"),
        (
            lambda: made(present={"kind": [1, 0.5, 1]}),
            "`present` of task 'kind', example 1: expected 1 or 0",
        ),
        (lambda: made(present={"kind": [1, 0]}), "task 'kind': `present` has 2 entries and the targets have 3"),
        (lambda: of(SIGMOID, [[0, 1], [1, 2]]), "task 't', example 1: expected a label in [0, 1], found 2"),
        (lambda: of(SIGMOID, [[0, 1], [1, NAN]]), "task 't', example 1: 1 of 2 numbers are missing; give all of them"),
        (
            lambda: of(PROBABILITIES, [[0.5, 0.5], [0.5, 0.6]]),
            "task 't', example 1: expected probabilities that sum to 1, found the sum 1.1",
        ),
        (lambda: of(PROBABILITIES, [[1.5, -0.5]]), "task 't', example 0: expected a probability in [0, 1], found 1.5"),
        (lambda: of(PROBABILITIES, [0, 1]), "for class indices set `targets: integer`"),
        (
            lambda: dataset(IDS, inputs={"c": [[0, 3], [1, 4]]}, targets={"t": [0, 0]}),
            "input 'c', example 1: expected an id from 0 to 3, a row of its embedding, found 4",
        ),
        (lambda: dataset(IDS, inputs={"c": [[0, -1]]}, targets={"t": [0]}), "input 'c', example 0: expected an id"),
        (lambda: dataset(IDS, inputs={"c": [[0, 0.5]]}, targets={"t": [0]}), "expected a whole number, found 0.5"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        call()


def test_ids_that_are_whole_floats_are_taken() -> None:
    data = dataset(IDS, inputs={"c": [[0.0, 3.0]]}, targets={"t": [0.5]})
    assert data.inputs["c"].dtype == np.int64


def test_the_weight_of_an_absent_label_does_not_matter() -> None:
    spec = two_tasks()
    x = np.zeros((3, 2))
    targets = {"kind": [0, 1, np.nan], "size": [1.0, np.nan, 2.0]}
    found = dataset(spec, inputs={"x": x}, targets=targets, weights={"size": [2.0, np.nan, 3.0]})
    assert found.weights["size"].tolist() == [2.0, 0.0, 3.0]
    with pytest.raises(DataError, match="found none"):
        dataset(spec, inputs={"x": x}, targets=targets, weights={"size": [np.nan, 1.0, 3.0]})


def test_data_of_other_class_weights_is_refused() -> None:
    def weighted(*factors: float) -> Spec:
        loss = {"kind": "softmax_cross_entropy", "class_weights": list(factors)}
        return one_task(3, loss)

    data = dataset(weighted(1.0, 2.0, 3.0), inputs={"x": np.zeros((2, 1))}, targets={"t": [0, 2]})
    expect_dataset_of(lower(weighted(1.0, 2.0, 3.0)), data)
    with pytest.raises(DataError, match=r"made with class weights 1.0, 2.0, 3.0 for each example, not 9.0"):
        expect_dataset_of(lower(weighted(9.0, 2.0, 3.0)), data)
