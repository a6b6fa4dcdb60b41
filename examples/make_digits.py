"""Writes digits.csv.gz: scikit-learn's handwritten digits with two more labels derived from them."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

LOOPS = (0, 6, 8, 9)
"""The digits that enclose white paper."""


def slants(images: np.ndarray) -> np.ndarray:
    """Return cov(x, y) / var(y) of the ink of each image, standardized: how far the strokes lean to the right."""
    y, x = np.mgrid[0:8, 0:8].astype(float)
    ink = images / images.sum((1, 2), keepdims=True)
    centre_x, centre_y = (ink * x).sum((1, 2)), (ink * y).sum((1, 2))
    dx, dy = x - centre_x[:, None, None], centre_y[:, None, None] - y
    lean = (ink * dx * dy).sum((1, 2)) / (ink * dy * dy).sum((1, 2))
    return (lean - lean.mean()) / lean.std()


def main() -> None:
    """Write the table beside this file; the same bytes each time."""
    digits = load_digits()
    pixels = digits.images.reshape(len(digits.images), -1).astype(int)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(f"pixel_{i}" for i in range(64)), "digit", "loop", "slant"])
    for row, digit, slant in zip(pixels, digits.target, slants(digits.images), strict=True):
        writer.writerow([*row, digit, int(digit in LOOPS), f"{slant:.4f}"])
    target = Path(__file__).with_name("digits.csv.gz")
    target.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    main()
