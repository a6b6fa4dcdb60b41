"""The batches of the pairs, from named random streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mtlspec.randomness import normal

ROWS = 24


def houses(*, masked: bool = False) -> dict[str, Any]:
    """Six measurements, a price and one of three kinds."""
    features = normal(0, "features", ROWS * 6).reshape(ROWS, 6)
    price = features[:, :1] - 0.5 * features[:, 1:2] ** 2
    kind = np.argmax(features[:, 2:5], axis=1)
    arrays: dict[str, Any] = {"inputs.features": features, "targets.price": price, "targets.kind": kind}
    if masked:
        arrays["weights.price"] = (np.arange(ROWS) % 3 > 0).astype(float)
    return arrays


def raw() -> dict[str, Any]:
    """Measurements in small units, and the kind as one of three columns."""
    found = houses()
    return {"inputs.features": 40.0 * found["inputs.features"], "targets.kind": np.eye(3)[found["targets.kind"]]}


def digits() -> dict[str, Any]:
    """Images of eight by eight pixels, one of four digits and a slant."""
    image = normal(0, "image", ROWS * 64).reshape(ROWS, 8, 8, 1)
    slant = image[:, :4].mean(axis=(1, 2)) - image[:, 4:].mean(axis=(1, 2))
    digit = np.argmax(image[:, :2, :2].reshape(ROWS, 4), axis=1)
    return {"inputs.image": image, "targets.digit": digit, "targets.slant": slant}


def placed() -> dict[str, Any]:
    """The images without their slant, each with one of four places."""
    found = {name: array for name, array in digits().items() if name != "targets.slant"}
    return {**found, "inputs.place": np.arange(ROWS) % 4}


def saved(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path
