"""Drafts of what is drawn by chance, large enough to tell its law; their numbers are said by rule."""

from __future__ import annotations

from typing import Any

from documents import conv, dense, several
from mtlspec_conformance.draft import Draft

SINCE = "0.2.0"
SEED_OF_MASKS = 11


def initial_laws(id: str, why: str, blocks: dict[str, list[Any]], *, since: str = SINCE, **part: Any) -> Draft:
    """Return a draft whose blocks all read x; one head reads them all."""
    spec = several(
        inputs=[{"name": "x"} | part],
        blocks=[{"name": name, "inputs": ["x"], "layers": layers} for name, layers in blocks.items()],
        tasks=[{"name": "y", "inputs": list(blocks), "head": [dense(1)], "loss": "squared_error"}],
    )
    return Draft(f"chance/{id}", why, spec, examples=4, batches=((0, 1),), chance=True, since=since)


def _wide(**initializer: Any) -> list[Any]:
    return [dense(128, kernel_initializer=initializer)]


def _images(filters: int, kind: str) -> list[Any]:
    return [conv(filters, 3, kernel_initializer=kind), "global_average_pool"]


INITIAL = [
    initial_laws(
        "uniform-laws",
        "Each uniform initializer has the limit of its law, with fan in and fan out in their places.",
        {
            "plain": _wide(kind="uniform", low=-0.2, high=0.6),
            "glorot": _wide(kind="glorot_uniform"),
            "he": _wide(kind="he_uniform"),
            "lecun": _wide(kind="lecun_uniform"),
            "fan_in": _wide(kind="fan_in_uniform"),
        },
        shape=[32],
    ),
    initial_laws(
        "normal-laws",
        "Each normal initializer has the variance of its law, cut and widened or not.",
        {
            "plain": _wide(kind="normal", mean=0.1, standard_deviation=0.3),
            "glorot": _wide(kind="glorot_normal", truncated=False),
            "he": _wide(kind="he_normal", truncated=False),
            "lecun": _wide(kind="lecun_normal", truncated=False),
            "glorot_cut": _wide(kind="glorot_normal", truncated=True),
            "he_cut": _wide(kind="he_normal", truncated=True),
            "lecun_cut": _wide(kind="lecun_normal", truncated=True),
        },
        shape=[32],
    ),
    initial_laws(
        "fans-of-a-convolution",
        "The fans of a convolution count its window.",
        {
            "he": _images(64, "he_normal"),
            "glorot": _images(64, "glorot_uniform"),
            "fan_in": _images(64, "lecun_normal"),
        },
        shape=[3, 3, 8],
    ),
    initial_laws(
        "fans-of-a-table",
        "The fan in of a table is its rows.",
        {
            "glorot": [{"kind": "embedding", "rows": 1024, "units": 4, "initializer": "glorot_uniform"}],
            "lecun": [{"kind": "embedding", "rows": 1024, "units": 4, "initializer": "lecun_normal"}],
        },
        dtype="integer",
    ),
    initial_laws(
        "fan-of-a-bias",
        "A bias has the fan in of its kernel, as PyTorch draws it.",
        {"x1": [dense(4096, kernel_initializer="he_uniform", bias_initializer="fan_in_uniform")]},
        shape=[3],
    ),
]


def _unit(rate: float, *before: Any) -> list[Any]:
    """Return a head whose only kernel, of ones, has the gradient that dropout lets through."""
    unit = dense(1, bias=False, kernel_initializer="ones")
    return [{"kind": "dropout", "rate": rate}, *before, unit]


def _dropped(id: str, why: str, heads: dict[str, list[Any]], shape: list[int], seed: int) -> Draft:
    spec = several(
        inputs=[{"name": "x", "shape": shape}],
        tasks=[{"name": name, "head": head, "loss": "absolute_error"} for name, head in heads.items()],
        seed=seed,
    )
    return Draft(
        f"chance/{id}",
        why,
        spec,
        examples=3,
        batches=((0, 1, 2),),
        inputs={"x": {"shape": [3, *shape], "fill": 1.0}},
        targets={name: [[-1.0]] * 3 for name in heads},
        chance=True,
        since=SINCE,
    )


MASKS = [
    _dropped(
        "dropout-of-a-half",
        "Two nodes draw masks of their own, anew for each step, row and seed.",
        {"a": _unit(0.5), "b": _unit(0.5)},
        [4096],
        seed=SEED_OF_MASKS,
    ),
    _dropped(
        "dropout-of-a-tenth",
        "The rate is what is dropped, not what is kept; a matrix has a mask for each element.",
        {"a": _unit(0.1, "flatten")},
        [64, 64],
        seed=0,
    ),
    _dropped("dropout-of-four-fifths", "What is kept is divided by a fifth.", {"a": _unit(0.8)}, [4096], seed=2**40),
]


def _ordered(id: str, why: str, examples: int, **training: Any) -> Draft:
    spec = several(
        inputs=[{"name": "x"}],
        tasks=[{"name": "y", "head": [{"kind": "reshape", "shape": [1]}, dense(1)], "loss": "squared_error"}],
        optimizer={"kind": "sgd", "learning_rate": 0.001},
        **training,
    )
    return Draft(f"chance/{id}", why, spec, examples=examples, chance=True, since=SINCE)


ORDERS = [
    _ordered(
        "order-of-the-examples",
        "Each epoch takes every example once, in an order of its own; the last batch is smaller.",
        150,
        batch_size=16,
        seed=5,
    ),
    _ordered(
        "order-in-whole-batches",
        "Which examples do not fill a batch is another matter in each epoch.",
        150,
        batch_size=16,
        last_batch="drop",
    ),
    _ordered("order-of-the-data", "Without shuffling the order is that of the data.", 37, batch_size=8, shuffle=False),
]

CHANCE_DRAFTS = [*INITIAL, *MASKS, *ORDERS]
