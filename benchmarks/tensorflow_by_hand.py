"""The benchmark models as a Keras user writes them: `fit`, and a loop of one compiled step."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

LOSSES = {
    "digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "loop": keras.losses.BinaryCrossentropy(from_logits=True),
    "slant": keras.losses.MeanSquaredError(),
}


def small() -> Any:
    """Return one shared dense layer and two heads."""
    x = keras.Input((50,))
    shared = keras.layers.Dense(64, "relu")(x)
    return keras.Model(x, [keras.layers.Dense(10, name="digit")(shared), keras.layers.Dense(1, name="slant")(shared)])


def digits() -> Any:
    """Return the convolutional body of the digits example and its three heads."""
    x = keras.Input((8, 8, 1))
    h = keras.layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
    h = keras.layers.ReLU()(keras.layers.BatchNormalization()(h))
    h = keras.layers.MaxPooling2D()(h)
    h = keras.layers.Flatten()(keras.layers.Conv2D(32, 3, padding="same", activation="relu")(h))
    h = keras.layers.Dense(64, "relu")(h)
    heads = {"digit": 10, "loop": 1, "slant": 1}
    return keras.Model(x, [keras.layers.Dense(units, name=name)(h) for name, units in heads.items()])


def programs(model: str, x: np.ndarray, targets: dict[str, np.ndarray], batch: int) -> dict[str, Callable[[], int]]:
    """Return the hand-written programs by name."""
    new = small if model == "small" else digits
    labels = list(targets.values())
    return {
        "Keras fit": _fit(new(), x, targets, batch),
        "hand-written loop of a tf.function": _loop(new(), x, labels, list(targets), batch),
    }


def _fit(model: Any, x: np.ndarray, targets: dict[str, np.ndarray], batch: int) -> Callable[[], int]:
    model.compile(keras.optimizers.Adam(1e-3), loss=[LOSSES[task] for task in targets], jit_compile=False)

    def run() -> int:
        model.fit(x, list(targets.values()), batch_size=batch, epochs=1, verbose=0)
        return len(x) // batch

    return run


def _loop(model: Any, x: np.ndarray, labels: list[np.ndarray], tasks: list[str], batch: int) -> Callable[[], int]:
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    inputs, answers = tf.constant(x), [tf.constant(label) for label in labels]

    @tf.function
    def step(rows: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = model(tf.gather(inputs, rows), training=True)
            losses = [LOSSES[t](tf.gather(y, rows), o) for t, y, o in zip(tasks, answers, outputs, strict=True)]
            total = tf.add_n(losses)
        optimizer.apply(tape.gradient(total, model.trainable_variables), model.trainable_variables)
        return tf.stack(losses)

    def run() -> int:
        order = tf.random.shuffle(tf.range(len(x)))
        for first in range(0, len(x), batch):
            step(order[first : first + batch])
        return len(x) // batch

    return run
