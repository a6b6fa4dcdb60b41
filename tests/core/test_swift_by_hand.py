"""The Swift example, transcribed by hand into NumPy, has the losses of its document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mtlspec as mtl
from mtlspec.graph import initial_parameters
from mtlspec.training import plan

EXAMPLES = Path(__file__).parents[2] / "examples"
Floats = NDArray[np.float64]


class Dense:
    """The layer of Swift for TensorFlow: weight (in, out), bias (out)."""

    def __init__(self, weight: Floats, bias: Floats) -> None:
        self.weight, self.bias = weight.copy(), bias.copy()

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weight + self.bias


class Adam:
    """stepSize = rate·sqrt(1 - β2^t) / (1 - β1^t); w -= stepSize·m / (sqrt(v) + ε), for a list of arrays."""

    def __init__(self, arrays: list[Floats], rate: float) -> None:
        self.arrays, self.rate, self.step = arrays, rate, 0
        self.first = [np.zeros_like(array) for array in arrays]
        self.second = [np.zeros_like(array) for array in arrays]

    def update(self, along: list[Floats]) -> None:
        self.step += 1
        size = self.rate * np.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step)
        for array, m, v, gradient in zip(self.arrays, self.first, self.second, along, strict=True):
            m[:] = 0.9 * m + (1 - 0.9) * gradient
            v[:] = 0.999 * v + (1 - 0.999) * gradient * gradient
            array -= size * m / (np.sqrt(v) + 1e-8)


def softmax_cross_entropy(logits: Floats, labels: NDArray[np.int64]) -> tuple[float, Floats]:
    """The mean loss and its gradient at the logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(logs)
    gradient[rows, labels] -= 1
    return float(-logs[rows, labels].mean()), gradient / len(labels)


def epochs_by_hand(spec: mtl.Spec, data: mtl.Dataset, count: int) -> list[list[float]]:
    """Train as the Swift program does and return the losses of both classifiers at each step."""
    start = initial_parameters(mtl.lower(spec))
    shared, shape, colour = (
        Dense(start[f"{path}.kernel"], start[f"{path}.bias"])
        for path in ("shared[0]", "tasks.shape.head[0]", "tasks.colour.head[0]")
    )
    adam = Adam([array for layer in (shared, shape, colour) for array in (layer.weight, layer.bias)], 1e-3)
    losses = []
    for chunk in plan(data, mtl.lower(spec), training=spec.training, start=0, stop=count):
        for rows in chunk.steps.rows:
            x = data.inputs["features"][rows]
            hidden = shared(x)
            relu = np.maximum(hidden, 0)
            gradients: list[Floats] = []
            reached = np.zeros_like(relu)
            at_step = []
            for layer, task in ((shape, "shape"), (colour, "colour")):
                loss, gradient = softmax_cross_entropy(layer(relu), data.targets[task][rows])
                at_step.append(loss)
                gradients += [relu.T @ gradient, gradient.sum(axis=0)]
                reached += gradient @ layer.weight.T
            reached *= hidden > 0
            adam.update([x.T @ reached, reached.sum(axis=0), *gradients])
            losses.append(at_step)
    return losses


def test_the_transcription_and_the_document_have_the_same_losses() -> None:
    spec = mtl.load(EXAMPLES / "swift.yaml")
    data = mtl.read(spec).training
    program = mtl.compile(spec, backend="numpy", precision="float64")
    history = mtl.train(program, data, steps=300, progress=False)
    by_hand = np.array(epochs_by_hand(spec, data, 300))
    difference = np.abs(history.losses - by_hand) / np.maximum(np.abs(by_hand), np.abs(history.losses))
    assert history.losses.shape == (300, 2)
    assert difference.max() < 1e-10
    assert by_hand[-30:].mean() < 0.8 * by_hand[:30].mean()  # and it learns
