"""A document that is `like: torch` means by class weights what `CrossEntropyLoss(weight=...)` does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import mtlspec as mtl
from mtlspec.randomness import normal, uniform

WEIGHTS = (0.5, 2.7, 1.3)
EXAMPLES, BATCH, RATE = 24, 8, 0.5
LOSSES: dict[str, dict[str, Any]] = {
    "classes": {},
    "classes smoothed": {"label_smoothing": 0.2},
    "probabilities": {"targets": "probabilities"},
    "probabilities smoothed": {"targets": "probabilities", "label_smoothing": 0.2},
}


def spec_of(loss: dict[str, Any]) -> mtl.Spec:
    full = {"kind": "softmax_cross_entropy", "class_weights": WEIGHTS, **loss}
    return mtl.Spec.model_validate(
        {
            "like": "torch",
            "inputs": [{"name": "x", "shape": [4]}],
            "tasks": [{"name": "y", "head": [{"kind": "dense", "units": 3}], "loss": full}],
            "training": {
                "optimizer": {"kind": "sgd", "learning_rate": RATE},
                "epochs": 4,
                "batch_size": BATCH,
                "precision": "float64",
            },
        }
    )


def examples(spec: mtl.Spec) -> mtl.Dataset:
    inputs = {"x": normal(1, "x", EXAMPLES * 4).reshape(EXAMPLES, 4)}
    drawn = uniform(1, "y", EXAMPLES * 3).reshape(EXAMPLES, 3)
    probabilities = drawn / drawn.sum(axis=1, keepdims=True)
    integer = spec.tasks[0].loss.targets == "integer"  # type: ignore[attr-defined]
    return mtl.dataset(spec, inputs=inputs, targets={"y": probabilities.argmax(axis=1) if integer else probabilities})


def by_hand(spec: mtl.Spec, data: mtl.Dataset, start: mtl.Tensors, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss of each step and the kernel after the last, of a plain loop with the native mean."""
    layer = nn.Linear(4, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(start["tasks.y.head[0].kernel"]).T)
        layer.bias.copy_(torch.tensor(start["tasks.y.head[0].bias"]))
    criterion = nn.CrossEntropyLoss(weight=torch.tensor(WEIGHTS, dtype=torch.float64), label_smoothing=smoothing)
    optimizer = torch.optim.SGD(layer.parameters(), lr=RATE)
    losses = []
    for epoch in range(spec.training.epochs):
        for batch in mtl.batches(spec, data, epoch=epoch):
            loss = criterion(layer(torch.tensor(batch.inputs["x"])), torch.tensor(batch.targets["y"]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append([loss.item()])
    return np.array(losses), layer.weight.detach().numpy().T


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_training_is_that_of_a_plain_loop_with_the_native_mean(loss: dict[str, Any]) -> None:
    spec = spec_of(loss)
    data = examples(spec)
    program = mtl.compile(spec, backend="torch", precision="float64")
    losses, kernel = by_hand(spec, data, program.parameters, loss.get("label_smoothing", 0.0))
    history = mtl.train(program, data, progress=False)
    np.testing.assert_allclose(history.losses, losses, rtol=1e-12)
    np.testing.assert_allclose(program.parameters["tasks.y.head[0].kernel"], kernel, rtol=1e-11)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("name", "same"), [("classes", True), ("classes smoothed", False), ("probabilities", False)])
def test_only_smoothing_and_probabilities_tell_the_laws_apart(name: str, same: bool) -> None:
    found = []
    for law in ("class_terms", "example"):
        spec = spec_of({**LOSSES[name], "class_weights_apply_to": law, "reduction": "weight_sum"})
        program = mtl.compile(spec, backend="torch", precision="float64")
        program.parameters = {**program.parameters, "tasks.y.head[0].bias": np.array([0.3, -0.4, 0.8])}
        found.append(mtl.evaluate(program, examples(spec))["y/loss"])
    assert (abs(found[0] / found[1] - 1) < 1e-14) if same else (abs(found[0] / found[1] - 1) > 1e-2)
