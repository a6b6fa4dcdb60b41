"""A loss of a document that is `like: keras` is the loss of that name in Keras, and is saved with its numbers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from mtlspec_keras.engine import tf
from mtlspec_keras.losses import loss_function

from mtlspec.graph import Head
from mtlspec.spec import Loss
from mtlspec.spec.law import obeying
from mtlspec.tensors import Array

LOGITS = np.linspace(-2, 3, 20).reshape(5, 4)[[3, 0, 4, 1, 2]]
NUMBERS = np.linspace(1.5, -1, 20).reshape(5, 4)
COUNTS = np.arange(20.0).reshape(5, 4) % 4
LABELS = (COUNTS > 1).astype(np.float64)
SHARES = np.exp(NUMBERS) / np.exp(NUMBERS).sum(axis=1, keepdims=True)
CLASSES = np.array([0, 3, 1, 1, 2])
ONE_HOT = np.eye(4)[CLASSES]
MARGIN = {"kind": "categorical_hinge"}


def native(name: str, **options: Any) -> Any:
    return getattr(keras.losses, name)(dtype="float64", **options)


# document, its targets, the loss of Keras, its targets, and what it reads of the logits
CASES: list[tuple[Any, Array, Any, Array, Any]] = [
    ("sigmoid_focal", LABELS, native("BinaryFocalCrossentropy", from_logits=True), LABELS, None),
    (
        {"kind": "sigmoid_focal", "alpha": 0.25, "label_smoothing": 0.1},
        LABELS,
        native("BinaryFocalCrossentropy", from_logits=True, apply_class_balancing=True, label_smoothing=0.1),
        LABELS,
        None,
    ),
    ("softmax_focal", CLASSES, native("CategoricalFocalCrossentropy", from_logits=True), ONE_HOT, None),
    ("kullback_leibler", SHARES, native("KLDivergence"), SHARES, tf.nn.softmax),
    ("hinge", LABELS, native("Hinge"), LABELS, None),
    ("squared_hinge", LABELS, native("SquaredHinge"), LABELS, None),
    ("categorical_hinge", CLASSES, native("CategoricalHinge"), ONE_HOT, None),
    ("percentage_error", NUMBERS, native("MeanAbsolutePercentageError"), NUMBERS, None),
    ("cosine_similarity", NUMBERS, native("CosineSimilarity"), NUMBERS, None),
    ("log_cosh", NUMBERS, native("LogCosh"), NUMBERS, None),
    ("poisson", COUNTS, native("Poisson"), COUNTS, None),
    ("squared_logarithmic_error", COUNTS, native("MeanSquaredLogarithmicError"), COUNTS, None),
]
CONSTANTS = 1e-7
"""Keras rounds its own constants, such as epsilon and log 2, to float32."""


def ours(document: Any, units: int = 4, *, like: Any = "keras") -> Any:
    head = Head(task="y", output="x", units=units, loss=obeying(Loss.read(document), like), weight=1.0)
    return loss_function(head, "float64")


def value_and_gradient(loss: Any, targets: Array, logits: Array, link: Any = None) -> tuple[Array, Array]:
    z = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(tf.constant(targets), z if link is None else link(z))
    return value.numpy(), tape.gradient(value, z).numpy()


@pytest.mark.parametrize(
    ("document", "targets", "theirs", "their_targets", "link"), CASES, ids=[str(case[0])[:50] for case in CASES]
)
def test_a_loss_is_the_native_one(document: Any, targets: Array, theirs: Any, their_targets: Array, link: Any) -> None:
    logits = np.exp(LOGITS) if document in ("poisson", "squared_logarithmic_error") else LOGITS
    found = value_and_gradient(ours(document), targets, logits)
    expected = value_and_gradient(theirs, their_targets, logits, link)
    for mine, its in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, its, rtol=CONSTANTS, atol=CONSTANTS)


SUM = {"kind": "weighted_sum", "terms": [{"loss": "dice", "weight": 0.3}, {"loss": "softmax_cross_entropy"}]}
SAVED: list[Any] = [
    {"kind": "softmax_focal", "alpha": [0.1, 0.2, 0.3, 0.4]},
    {"kind": "multi_margin", "margin": 0.7, "class_weights": [0.1, 0.2, 0.3, 0.4]},
    {"kind": "dice", "smooth": 0.1},
    SUM,
]


@pytest.mark.parametrize("document", SAVED, ids=str)
def test_a_saved_loss_has_its_numbers(document: Any) -> None:
    loss = ours(document, like="published")
    logits, targets = np.stack([LOGITS, NUMBERS]), np.stack([CLASSES, CLASSES[::-1]])
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    for mine, its in zip(
        value_and_gradient(again, targets, logits), value_and_gradient(loss, targets, logits), strict=True
    ):
        np.testing.assert_array_equal(mine, its)


def test_a_sum_is_its_terms() -> None:
    logits, targets = np.stack([LOGITS, NUMBERS]), np.stack([CLASSES, CLASSES[::-1]])
    parts = [
        value_and_gradient(ours(loss, like="published"), targets, logits)[0]
        for loss in ("dice", "softmax_cross_entropy")
    ]
    whole, _ = value_and_gradient(ours(SUM, like="published"), targets, logits)
    np.testing.assert_allclose(whole, 0.3 * parts[0] + parts[1], rtol=1e-14)
