"""Small documents for every kind and law, with data made from them."""

from __future__ import annotations

import numpy as np

from mtlspec.backend import Program, Steps
from mtlspec.batch import Batch, Dataset, divisible
from mtlspec.class_weights import class_factors
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.spec.layers import Embedding
from mtlspec.tensors import Array, Rows

Document = dict[str, object]

HEADS: list[Document] = [
    {"name": "species", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy", "weight": 0.7},
    {"name": "mass", "head": [{"kind": "dense", "units": 2}], "loss": "squared_error", "weight": 0.3},
]
DENSE: Document = {"kind": "dense", "units": 6, "activation": "tanh"}


def document(*layers: object, shape: tuple[int, ...] = (5,), tasks: object = None, **training: object) -> Document:
    """Return a spec with one block of `layers` and two heads."""
    return {
        "inputs": [{"name": "x", "shape": list(shape)}],
        "blocks": [{"name": "trunk", "layers": list(layers)}],
        "tasks": HEADS if tasks is None else tasks,
        "training": {"precision": "float64", "seed": 7, **training},
    }


def with_loss(loss: object, units: int = 3) -> Document:
    """Return a spec of one task with that loss."""
    head = [{"kind": "dense", "units": units}]
    return document(DENSE, tasks=[{"name": "only", "head": head, "loss": loss}])


def with_words(
    optimizer: object, clipping: object = None, *, shape: tuple[int, ...] = (3,), **laws: object
) -> Document:
    """Return a spec with an embedding of those laws, whose ids repeat within a batch."""
    table = {"kind": "embedding", "rows": 9, "units": 4, **laws}
    return {
        "inputs": [{"name": "words", "shape": list(shape), "dtype": "integer"}, {"name": "x", "shape": [2]}],
        "blocks": [
            {"name": "meaning", "inputs": ["words"], "layers": [table, "flatten"]},
            {"name": "trunk", "inputs": ["meaning", "x"], "layers": [DENSE]},
        ],
        "tasks": HEADS,
        "training": {"precision": "float64", "optimizer": optimizer, "clipping": clipping},
    }


def dataset(spec: Spec, count: int) -> Dataset:
    """Return examples whose weights are fractions, and 0 for some."""
    draw = np.random.Generator(np.random.Philox(5))
    words = [layer.rows for block in spec.blocks for layer in block.layers if isinstance(layer, Embedding)]
    inputs = {
        part.name: draw.integers(0, min(words), (count, *part.shape))
        if part.dtype == "integer"
        else draw.normal(size=(count, *part.shape))
        for part in spec.inputs
    }
    targets, weights, present, dividing = {}, {}, {}, {}
    for task in spec.tasks:
        units = task.head[-1].units if task.head else 3  # type: ignore[attr-defined]
        targets[task.name] = _targets(draw, task.loss, count, units)
        present[task.name] = draw.random(count) > 0.2
        sample = np.where(present[task.name], draw.uniform(0.5, 2, count), 0)
        factors = class_factors(task.loss, targets[task.name])
        weights[task.name], dividing[task.name] = sample * factors.weighing, sample * factors.dividing
    return Dataset(inputs, targets, weights, present, dividing)


def _targets(draw: np.random.Generator, loss: object, count: int, units: int) -> Array:
    if getattr(loss, "targets", None) == "integer":
        return draw.integers(0, units, count)
    if getattr(loss, "targets", None) == "probabilities":
        scores = draw.random((count, units)) + 0.1
        return scores / scores.sum(axis=1, keepdims=True)
    if loss.kind == "sigmoid_cross_entropy":  # type: ignore[attr-defined]
        return draw.integers(0, 2, (count, units)).astype(float)
    return draw.normal(size=(count, units))


def pair(spec: Spec, **options: object) -> tuple[Program, Program]:
    """Return the Keras program and the reference, with the same parameters, none of them at its initial value."""
    reference = compile(spec, backend="numpy")
    draw = np.random.Generator(np.random.Philox(3))
    moved = {path: _moved(draw, value) for path, value in reference.parameters.items()}
    found = compile(spec, backend="keras")
    reference.parameters = found.parameters = moved
    return found, reference


def _moved(draw: np.random.Generator, value: Array) -> Array:
    return value if value.dtype.kind == "i" else value + 0.3 * draw.random(value.shape)


def first_batch(spec: Spec, data: Dataset, size: int = 8) -> Batch:
    """Return the first examples as a batch."""
    return data.batch(np.arange(size), {task.name: task.loss.reduction for task in spec.tasks})


def some_steps(spec: Spec, data: Dataset, phases: int, count: int = 20, size: int = 8) -> Steps:
    """Return steps whose rates and task weights change on the way."""
    rows = np.random.Generator(np.random.Philox(9)).integers(0, len(data), (count, size))
    rate = spec.training.optimizer.learning_rate
    rates = rate * (1 + 0.5 * np.cos(np.arange(count)))[:, None] * np.linspace(1, 0.5, phases)
    weights = np.array([list(spec.weights.values())]) * (1 + 0.2 * np.sin(np.arange(count)))[:, None]
    each = np.stack([data.denominator(task.name, rows, task.loss.reduction) for task in spec.tasks], axis=1)
    return Steps(rows, rates, weights, divisible(each))


def apart(found: object, expected: object) -> float:
    """Return the largest difference relative to the largest expected number (at least 1e-3)."""
    if isinstance(expected, Rows):
        assert isinstance(found, Rows)
        assert found.count == expected.count
        np.testing.assert_array_equal(found.ids, expected.ids)
        found, expected = found.values, expected.values
    a, b = np.asarray(found), np.asarray(expected)
    assert a.shape == b.shape
    assert a.dtype == b.dtype
    return float(np.abs(a - b).max(initial=0) / max(np.abs(b).max(initial=0), 1e-3))


def furthest(found: object, expected: object) -> float:
    """Return the largest of `apart` over two mappings with the same keys."""
    assert found.keys() == expected.keys()  # type: ignore[attr-defined]
    return max((apart(found[key], expected[key]) for key in expected), default=0.0)  # type: ignore[attr-defined, index]
