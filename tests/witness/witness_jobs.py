"""Jobs of the pairs: what is recorded of each, on which data."""

from __future__ import annotations

from pathlib import Path

from mtlspec_conformance.witness.process import Job
from witness_data import digits, houses, placed, raw, saved

HERE = Path(__file__).parent
PAIRS = HERE / "pairs"
IMAGES = ("convolution", "flatten_order", "same_padding_with_stride", "batch_norm_variance")
NAMES = tuple(sorted(path.name for path in PAIRS.iterdir() if path.is_dir()))


def data_of(pair: str, folder: Path) -> Path:
    """The batches of a pair, saved in `folder`."""
    if pair in IMAGES:
        return saved(folder / "digits.npz", digits())
    if pair == "clipped_probabilities":
        return saved(folder / "raw.npz", raw())
    if pair == "layouts":
        return saved(folder / "placed.npz", placed())
    if pair == "masked_mean":
        return saved(folder / "masked.npz", houses(masked=True))
    return saved(folder / "houses.npz", houses())


def job(pair: str, framework: str, folder: Path, *, origin: str | None = None) -> Job:
    """The recording of one side of a pair."""
    return Job(
        framework=framework,
        file=str(PAIRS / pair / f"{framework}_program.py"),
        function="build",
        batches=str(data_of(pair, folder)),
        output=str(folder / f"{pair}.{framework}.record"),
        batch_size=12,
        steps=6,
        origin=None if origin is None else str(folder / f"{pair}.{origin}.record"),
    )
