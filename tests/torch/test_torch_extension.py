"""Kinds of a user's own in PyTorch: ordinary modules, and formulas in canonical layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pytest
import torch

import mtlspec
from mtlspec import Batch, extend, extension, parse
from mtlspec.spec import (
    Layer,
    Loss,
    Optimizer,
    ParameterRule,
    PositionLoss,
    Shape,
    Signature,
    SlotRule,
    channels,
    like_parameter,
)
from mtlspec.spec.initializers import Ones
from mtlspec.spec.signature import Sizes
from mtlspec.spec.slots import averaging
from mtlspec.tensors import Tensors


class Scaled(Layer):
    """x·train + shift."""

    kind: Literal["own.scaled"] = "own.scaled"

    def signature(self, shape: Shape) -> Signature:
        size = (channels(shape),)
        return Signature(
            shape, (ParameterRule("train", size, Ones()), ParameterRule("shift", size, Ones(), "constant"))
        )


class Fourth(PositionLoss):
    """mean_u of (z_u - y_u)⁴."""

    kind: Literal["own.fourth"] = "own.fourth"


class ByRow(Optimizer):
    """w -= r·(k + 1)·g in row k, and slots that remember the old w, and the mean of |g| over columns."""

    kind: Literal["own.by_row"] = "own.by_row"
    learning_rate: float = 0.1

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        means = (averaging("mean", shape, 1),) if len(shape) == 2 else ()
        return (*like_parameter(shape, "before"), *means)


def by_row(optimizer: ByRow, w: Any, gradient: Any, slots: Mapping[str, Any], rate: float, step: int) -> Any:
    news = {"before": w}
    rows = np.arange(1.0, w.shape[0] + 1).reshape(-1, *(1,) * (w.ndim - 1))
    if w.ndim == 2:
        news["mean"] = slots["mean"] / 2 + abs(gradient).mean(1)
    return w - rate * gradient * (torch.from_numpy(rows) if isinstance(w, torch.Tensor) else rows), news


def fourth(loss: Fourth, logits: Any, targets: Any) -> Any:
    each = ((logits - targets) ** 4).mean(-1)
    if isinstance(logits, torch.Tensor):
        return each
    return each, lambda cotangent: cotangent[:, None] * 4 * (logits - targets) ** 3 / logits.shape[-1]


def scaled(layer: Scaled, x: Any, parameters: Mapping[str, Any]) -> Any:
    output = x * parameters["train"] + parameters["shift"]
    if isinstance(x, torch.Tensor):
        return output
    return output, lambda cotangent: (cotangent * parameters["train"], {"train": (cotangent * x).sum(axis=0)})


DOCUMENT = """
inputs: [{name: x, shape: [2]}]
blocks: [{name: trunk, layers: [{kind: dense, units: 3, activation: tanh}, own.scaled]}]
tasks: [{name: a, head: [{kind: dense, units: 2}], loss: own.fourth}]
training: {optimizer: own.by_row}
"""
BATCH = Batch(
    inputs={"x": np.sin(np.arange(8.0)).reshape(4, 2)},
    targets={"a": np.cos(np.arange(8.0)).reshape(4, 2)},
    weights={"a": np.asarray([1.0, 0.0, 2.0, 1.0])},
    denominators={"a": 3.0},
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for family in (Layer, Loss, Optimizer):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    monkeypatch.setattr(extension, "EXTENSIONS", {})
    extend(Scaled, numpy=scaled, torch=scaled)
    extend(Fourth, numpy=fourth, torch=fourth)
    extend(ByRow, numpy=by_row, torch=by_row)


def program(backend: str) -> Any:
    found = mtlspec.compile(parse(DOCUMENT), backend=backend, precision="float64")
    arrays = {
        path: np.sin(1.0 + np.arange(array.size)).reshape(array.shape) for path, array in found.parameters.items()
    }
    found.parameters = Tensors(arrays)
    return found


def test_a_layer_is_a_module_with_its_leaves() -> None:
    model = program("torch").model
    assert {"trunk.1.train_", "trunk.1.shift"} < set(model.state_dict())
    assert "trunk.1.train_" in dict(model.named_parameters())
    assert "trunk.1.shift" in dict(model.named_buffers())
    assert "own.scaled" in repr(model)


def test_a_formula_sees_kernels_as_the_spec_does() -> None:
    both = program("numpy"), program("torch")
    for _ in range(2):
        for each in both:
            _, gradients, statistics = each.value_with_gradient(on=BATCH, weights={"a": 0.5})
            each.update(along=gradients, statistics=statistics, learning_rate=0.05)
    for name in ("parameters", "state"):
        first, second = (getattr(each, name) for each in both)
        pairs = (first, second) if name == "parameters" else (first.slots, second.slots)
        assert pairs[0].keys() == pairs[1].keys()
        for key, array in pairs[0].items():
            assert pairs[1][key] == pytest.approx(array, rel=1e-12), key


def test_a_slot_may_be_the_old_parameter() -> None:
    subject = program("torch")
    before = subject.parameters["trunk[0].kernel"]
    _, gradients, statistics = subject.value_with_gradient(on=BATCH, weights={"a": 1.0})
    subject.update(along=gradients, statistics=statistics, learning_rate=0.05)
    slots = {(slot.path, slot.name): array for slot, array in subject.state.slots.items()}
    assert np.array_equal(slots["trunk[0].kernel", "before"], before)
    assert not np.array_equal(subject.parameters["trunk[0].kernel"], before)


def test_a_loss_is_a_module_that_takes_the_mean() -> None:
    found = program("torch").loss_functions["a"](torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]]))
    assert found.item() == (1 + 16) / 2
