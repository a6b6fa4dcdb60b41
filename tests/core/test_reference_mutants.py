"""The differences find a pullback that drops or bends one term: each mutant below is caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mtlspec_numpy import activations, cross_entropy, layers, losses, normalization
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback
from mtlspec_numpy.windows import Windows
from test_reference_activations import test_the_pullback_is_the_slope as check_activation
from test_reference_layers import assert_pullback
from test_reference_losses import test_the_pullback_of_a_loss_is_the_slope as check_loss
from test_reference_models import DENSE, RESIDUAL, assert_total

from mtlspec.spec import activations as functions
from mtlspec.spec import layers as kinds
from mtlspec.spec.losses import Huber
from mtlspec.tensors import Array

TRAINING = Mode(training=True, dropout_key=12345)
standardized = normalization._standardized
cropped = Windows.cropped


def constant_variance(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, Array, Array, Pullback]:
    """The normalization whose gradient takes the variance for a constant."""
    mean, variance, standard, _ = standardized(x, axes, epsilon)
    factor = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)
    return mean, variance, standard, lambda cotangent: factor * (cotangent - cotangent.mean(axis=axes, keepdims=True))


def mean_bias(layer: kinds.Dense, x: Array, parameters: Any, mode: Any) -> Applied:
    """The dense layer whose bias takes the mean over the batch."""
    result = layers.dense(layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, gradients = result.pullback(cotangent)
        return Cotangents(sources, {**gradients, "bias": cotangent.mean(axis=0)})

    return Applied(result.output, pullback)


def shifted(windows: Windows, padded: Array) -> Array:
    """The way back from windows that is one pixel off."""
    return np.roll(cropped(windows, padded), 1, axis=1)


def diagonal(p: Array) -> Pullback:
    """The pullback of softmax without its mixed terms."""
    return lambda cotangent: p * cotangent


def unclipped_huber(loss: Huber, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """The Huber loss with the slope of its quadratic part everywhere."""
    values, _ = losses.huber(loss, logits, targets)
    return values, lambda cotangent: cotangent[:, None] * (logits - targets) / logits.shape[-1]


def leaky_slope_forgotten(function: functions.LeakyRelu, x: Array) -> tuple[Array, Pullback]:
    """A leaky rectifier with the gradient of a rectifier."""
    return activations._leaky_relu(function, x)[0], lambda cotangent: cotangent * (x > 0)


def probabilities_flow(p: Array, clip: float) -> tuple[Array, Array]:
    """A clip that lets the gradient through outside its bounds."""
    return np.clip(p, clip, 1 - clip), np.ones_like(p)


def half_penalty(penalized: Any, arrays: Any, gradients: Any) -> dict[str, Array]:
    """A penalty with the gradient of l2/2·Σw²."""
    return {
        p.path: gradients[p.path] + p.penalty.l1 * np.sign(arrays[p.path]) + p.penalty.l2 * arrays[p.path]
        for p in penalized
    }


def table(functions: Any) -> dict[Any, Any]:
    """Return a table of functions as the dictionary that it is."""
    assert isinstance(functions, dict)
    return functions


Plant = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, tuple[Plant, Callable[[], None]]] = {
    "batch norm takes the variance for a constant": (
        lambda patch: patch.setattr(normalization, "_standardized", constant_variance),
        lambda: assert_pullback({"kind": "batch_normalization", "epsilon": 0.01}, (2,), TRAINING),
    ),
    "layer norm takes the variance for a constant": (
        lambda patch: patch.setattr(normalization, "_standardized", constant_variance),
        lambda: assert_pullback({"kind": "layer_normalization", "epsilon": 0.01}, (4,), TRAINING),
    ),
    "bias by mean": (
        lambda patch: patch.setitem(table(layers.LAYERS), kinds.Dense, mean_bias),
        lambda: assert_pullback({"kind": "dense", "units": 4}, (3,), TRAINING),
    ),
    "convolution one pixel off": (
        lambda patch: patch.setattr(Windows, "cropped", shifted),
        lambda: assert_pullback({"kind": "conv2d", "filters": 2, "kernel_size": 3}, (4, 5, 2), TRAINING),
    ),
    "pool one pixel off": (
        lambda patch: patch.setattr(Windows, "cropped", shifted),
        lambda: assert_pullback({"kind": "max_pool2d"}, (4, 5, 2), TRAINING),
    ),
    "softmax without mixed terms": (
        lambda patch: patch.setattr(activations, "softmax_pullback", diagonal),
        lambda: check_activation({"kind": "softmax"}),
    ),
    "leaky slope forgotten": (
        lambda patch: patch.setitem(table(activations.ACTIVATIONS), functions.LeakyRelu, leaky_slope_forgotten),
        lambda: check_activation({"kind": "leaky_relu", "slope": 0.2}),
    ),
    "huber never linear": (
        lambda patch: patch.setitem(table(losses.LOSSES), Huber, unclipped_huber),
        lambda: check_loss({"kind": "huber", "delta": 0.3}),
    ),
    "gradient outside the clip": (
        lambda patch: patch.setattr(cross_entropy, "_clipped", probabilities_flow),
        lambda: check_loss({"kind": "softmax_cross_entropy", "from": {"kind": "probabilities", "clip": 0.2}}),
    ),
    "half the penalty": (
        lambda patch: patch.setattr("mtlspec_numpy.program.with_penalty", half_penalty),
        lambda: assert_total(DENSE, {"kind": 1.0, "size": 1.0}),
    ),
    "only the last reader of a tensor counts": (
        lambda patch: patch.setattr(
            "mtlspec_numpy.model._accumulate", lambda waiting, path, new: waiting.update({path: new})
        ),
        lambda: assert_total(RESIDUAL, dict.fromkeys("abc", 1.0)),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, check = MUTANTS[name]
    check()
    plant(monkeypatch)
    with pytest.raises(AssertionError, match="from the slope"):
        check()
