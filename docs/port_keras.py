"""The picture's model as a Keras user writes it: the original of the port."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np


def losses(start: dict[str, np.ndarray], batches: list[dict[str, np.ndarray]]) -> list[list[float]]:
    """Return the loss of each task at each step."""
    x = keras.Input((8, 8, 1))
    h = keras.layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)
    h = keras.layers.ReLU()(keras.layers.BatchNormalization()(h))
    h = keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(h)
    h = keras.layers.Dense(64, "relu")(keras.layers.Flatten()(h))
    heads = [keras.layers.Dense(units, name=name)(h) for name, units in (("digit", 10), ("loop", 1), ("slant", 1))]
    model = keras.Model(x, heads)
    _load(model, start)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.02, 1, 0.97)
    model.compile(
        keras.optimizers.SGD(schedule, momentum=0.9),
        loss=[
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            keras.losses.BinaryCrossentropy(from_logits=True),
            keras.losses.MeanSquaredError(),
        ],
        jit_compile=False,
    )
    history = []
    for batch in batches:
        found = model.train_on_batch(batch["image"], [batch["digit"], batch["loop"], batch["slant"]], return_dict=True)
        history.append([float(found[f"{task}_loss"]) for task in ("digit", "loop", "slant")])
    return history


def _load(model: Any, start: dict[str, np.ndarray]) -> None:
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    paths = ["body[0]", "body[3]", "body[5]", "tasks.digit.head[0]", "tasks.loop.head[0]", "tasks.slant.head[0]"]
    for layer, path in zip(layers, paths, strict=True):
        layer.set_weights([start[f"{path}.{leaf}"] for leaf in ("kernel", "bias") if f"{path}.{leaf}" in start])
