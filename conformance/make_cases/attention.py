"""Drafts of attention, transformers, positions, and pools of the positions that count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from documents import Document, dense, several
from mtlspec_conformance.draft import Draft

SINCE = "0.3.0"
IDS = [[3, 1, 0, 0], [0, 0, 2, 1], [1, 0, 3, 0], [0, 0, 0, 0], [1, 2, 3, 1], [0, 0, 0, 2]]
"""Padded by 0 on the right, on the left, in between, everywhere, nowhere, and up to the last."""


def _attention(heads: int, **fields: Any) -> Document:
    return {"kind": "attention", "heads": heads} | fields


def _masked(
    id: str,
    why: str,
    *layers: Any,
    shape: Sequence[Any] = (4, 3),
    pool: Any = "flatten",
    like: str = "published",
    steps: bool = False,
) -> Draft:
    """Return a draft whose layers read x, and the mask m of ids."""
    document = several(
        inputs=[
            {"name": "ids", "shape": list(shape[:1]), "dtype": "integer"},
            {"name": "x", "shape": list(shape)},
        ],
        blocks=[
            {"name": "m", "inputs": ["ids"], "layers": ["padding_mask"]},
            {"name": "trunk", "inputs": ["x"], "layers": [*layers, pool]},
        ],
        tasks=[{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
        like=like,
    )
    return Draft(id, why, document, batches=((0, 1, 2, 3, 4, 5),), inputs={"ids": IDS}, steps=steps, since=SINCE)


def _tree(*layers: Any, name: str, **fields: Any) -> Document:
    return {"name": name, "inputs": ["x"], "layers": [*layers, "flatten"]} | fields


MULTI_HEAD = [
    _masked(
        "layer/attention",
        "Two heads, of which a position sees what the mask counts; one that sees nothing takes nothing.",
        dense(4),
        _attention(2, mask="m"),
        steps=True,
    ),
    _masked(
        "layer/attention-uniform",
        "Causal, on top of the mask: positions before the first that counts take the mean of all, masked ones too.",
        _attention(3, key_units=4, mask="m", causal=True, masked_rows="uniform", bias=False),
        _attention(1, mask="m", causal=True, masked_rows="uniform"),
    ),
    Draft(
        "layer/attention-of-a-memory",
        "Keys of one sequence, values of another, both longer than that of the queries; penalties of all kernels.",
        several(
            inputs=[
                {"name": "x", "shape": [2, 3]},
                {"name": "memory", "shape": [None, 2]},
                {"name": "values", "shape": [None, 4]},
                {"name": "length", "shape": [], "dtype": "integer"},
            ],
            blocks=[
                {"name": "m", "inputs": ["length"], "layers": [{"kind": "length_mask", "along": "memory"}]},
                {
                    "name": "apart",
                    "inputs": ["x"],
                    "layers": [
                        _attention(
                            2,
                            key_units=3,
                            value_units=2,
                            units=5,
                            memory="memory",
                            values="values",
                            mask="m",
                            kernel_penalty={"l2": 0.02},
                            bias_penalty={"l1": 0.01},
                        )
                    ],
                },
                {"name": "causal", "inputs": ["x"], "layers": [_attention(1, memory="memory", causal=True)]},
            ],
            tasks=[
                {"name": "y", "inputs": ["apart"], "head": ["flatten", dense(2)], "loss": "squared_error"},
                {"name": "z", "inputs": ["causal"], "head": ["flatten", dense(1)], "loss": "squared_error"},
            ],
        ),
        inputs={"length": [4, 0, 1, 3, 2, 4]},
        since=SINCE,
    ),
    Draft(
        "layer/attention-of-one",
        "One position, one head, one unit: what it takes is all its own; of a length that the data chooses, too.",
        several(
            inputs=[{"name": "x", "shape": [1, 1]}, {"name": "z", "shape": [None, 2]}],
            blocks=[
                {"name": "one", "inputs": ["x"], "layers": [_attention(1, causal=True), "flatten"]},
                {"name": "any", "inputs": ["z"], "layers": [_attention(2, causal=True), "global_average_pool"]},
            ],
            tasks=[{"name": "y", "inputs": ["one", "any"], "head": [dense(2)], "loss": "squared_error"}],
        ),
        since=SINCE,
    ),
    _masked(
        "layer/attention-dropout",
        "Training drops weights of each head, position and key apart, those of positions that see nothing, too.",
        dense(4),
        _attention(2, mask="m", dropout=0.4),
        _attention(1, mask="m", dropout=0.25, causal=True, masked_rows="uniform"),
        _attention(2, dropout=0.3, causal=True),
        steps=True,
    ),
]

ENCODERS = [
    _masked(
        "layer/transformer-encoder",
        "Normalized after each residual; three rates of dropout.",
        {
            "kind": "transformer_encoder",
            "units": 4,
            "heads": 2,
            "feed_forward_units": 3,
            "mask": "m",
            "dropout": 0.2,
            "attention_dropout": 0.3,
            "activation_dropout": 0.4,
        },
        shape=(4, 4),
        steps=True,
    ),
    _masked(
        "layer/transformer-encoder-normalized-before",
        "Normalized before each part, causal, with an epsilon and an activation of its own.",
        {
            "kind": "transformer_encoder",
            "units": 3,
            "heads": 1,
            "feed_forward_units": 5,
            "activation": "gelu",
            "normalization": "before",
            "epsilon": 0.05,
            "causal": True,
            "masked_rows": "uniform",
            "mask": "m",
        },
        {"kind": "global_average_pool", "mask": "m"},
        pool="flatten",
    ),
]


def _positions(id: str, why: str, *layers: Any, length: int | None) -> Draft:
    document = several(
        inputs=[{"name": "x", "shape": [length, 4]}],
        blocks=[{"name": "trunk", "layers": [*layers, dense(3, "tanh"), "global_average_pool"]}],
        tasks=[{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
    )
    return Draft(id, why, document, since=SINCE)


def _sines(**fields: Any) -> Document:
    return {"kind": "sinusoidal_positions"} | fields


POSITIONS = [
    _positions(
        "layer/positions",
        "Rows of a table for fewer positions than it has; sines whose rates differ from pair to pair.",
        {"kind": "learned_positions", "length": 6},
        {"kind": "scale", "by": "root_of_units"},
        _sines(),
        _sines(arrangement="halves", slowest="base", base=100.0),
        length=None,
    ),
    _positions(
        "layer/positions-of-a-known-length",
        "A table that is as long as the examples; halves and pairs with the other rates; a factor that is no float32.",
        {"kind": "learned_positions", "length": 3},
        _sines(arrangement="halves", base=7.3),
        {"kind": "scale", "by": -0.3},
        _sines(slowest="base"),
        length=3,
    ),
    _masked(
        "layer/class-token",
        "A token before the sequence, which every position sees, though the sequence be empty; its initial value.",
        {"kind": "class_token", "initializer": "ones"},
        _attention(1, mask="longer"),
    ),
]
POSITIONS[2].spec["blocks"].insert(1, {"name": "longer", "inputs": ["m"], "layers": ["class_token_mask"]})

TIED = [
    [[1.0, 1.0, 1.0], [0.0, 0.5, 0.0], [0.5, 0.0, 0.0], [0.5, 0.0, 0.0]],
    [[1.0, 0.5, 1.0], [1.0, 1.0, 1.0], [0.5, 0.0, 0.5], [0.0, 0.0, 0.5]],
    [[1.0, 0.5, 0.5], [1.0, 0.0, 0.5], [0.5, 0.5, 1.0], [0.5, 0.5, 0.5]],
    [[0.5, 0.0, 0.0], [1.0, 0.5, 0.5], [1.0, 0.5, 0.5], [0.5, 1.0, 1.0]],
    [[0.5, 0.5, 0.5], [0.5, 0.5, 0.0], [1.0, 0.5, 1.0], [1.0, 0.0, 0.0]],
    [[0.5, 0.0, 0.5], [0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [0.0, 0.5, 1.0]],
]
"""Of the second example, padding is as high as what counts, and is another row; no two that count are so."""
TIED_KERNEL = [[-0.285, 0.28125], [-0.213, -0.4375], [-0.649, 0.15625]]
"""Its second column adds to 0 and is exact in float32, so that the heights are the same in every precision."""

POOLS = [
    Draft(
        "layer/masked-pools",
        "Mean and maximum of the positions that count, with ties, maxima outside of the mask, and none at all.",
        several(
            inputs=[
                {"name": "ids", "shape": [None], "dtype": "integer"},
                {"name": "x", "shape": [None, 3]},
                {"name": "cells", "shape": [2, 2], "dtype": "integer"},
                {"name": "image", "shape": [2, 2, 2]},
            ],
            blocks=[
                {"name": "m", "inputs": ["ids"], "layers": ["padding_mask"]},
                {"name": "here", "inputs": ["cells"], "layers": ["padding_mask"]},
                {"name": "mean", "inputs": ["x"], "layers": [{"kind": "global_average_pool", "mask": "m"}]},
                {"name": "most", "inputs": ["x"], "layers": [{"kind": "global_max_pool", "mask": "m"}]},
                {"name": "of_image", "inputs": ["image"], "layers": [{"kind": "global_max_pool", "mask": "here"}]},
                {
                    "name": "deep",
                    "inputs": ["x"],
                    "layers": [dense(2, "relu"), {"kind": "global_max_pool", "mask": "m"}],
                },
                {"name": "flat", "inputs": ["image"], "layers": [{"kind": "global_average_pool", "mask": "here"}]},
            ],
            tasks=[
                {
                    "name": "y",
                    "inputs": ["mean", "most", "of_image", "deep", "flat"],
                    "head": [dense(2)],
                    "loss": "squared_error",
                }
            ],
        ),
        inputs={"ids": IDS, "x": TIED, "cells": [[row[:2], row[2:]] for row in IDS]},
        parameters={"deep[0].kernel": TIED_KERNEL, "deep[0].bias": [0.515, 0.25]},
        batches=((0, 1, 2, 3, 4, 5),),
        since=SINCE,
    ),
]

MODELS = [
    Draft(
        "model/sequence-of-ids",
        "Ids, embedded with their positions, a transformer, the mean of what is no padding, two tasks.",
        several(
            inputs=[{"name": "ids", "shape": [None], "dtype": "integer"}],
            blocks=[
                {"name": "m", "inputs": ["ids"], "layers": ["padding_mask"]},
                {
                    "name": "trunk",
                    "inputs": ["ids"],
                    "layers": [
                        {"kind": "embedding", "rows": 4, "units": 4},
                        {"kind": "scale", "by": "root_of_units"},
                        {"kind": "learned_positions", "length": 5},
                        {
                            "kind": "transformer_encoder",
                            "units": 4,
                            "heads": 2,
                            "feed_forward_units": 6,
                            "activation": "tanh",
                            "mask": "m",
                            "dropout": 0.1,
                        },
                        {"kind": "global_average_pool", "mask": "m"},
                    ],
                },
            ],
            tasks=[
                {"name": "a", "head": [dense(3)], "loss": "softmax_cross_entropy", "weight": 0.5},
                {"name": "b", "head": [dense(1)], "loss": "squared_error"},
            ],
        ),
        inputs={"ids": IDS},
        steps=True,
        since=SINCE,
    ),
]

INITIAL = [
    Draft(
        "chance/fans-of-attention",
        "Kernels of attention have the fans of a matrix, of three axes (Keras) or of three packed ones (PyTorch).",
        several(
            inputs=[{"name": "x", "shape": [2, 64]}, {"name": "narrow", "shape": [2, 32]}],
            blocks=[
                _tree(_attention(4, bias=False), name="matrix"),
                _tree(_attention(4, fans="heads", kernel_initializer="glorot_normal", bias=False), name="heads"),
                _tree(_attention(2, fans="packed", output_initializer="he_uniform", bias=False), name="packed"),
                _tree(_attention(4, fans="packed", memory="narrow", bias=False), name="unpacked"),
            ],
            tasks=[
                {
                    "name": "y",
                    "inputs": ["matrix", "heads", "packed", "unpacked"],
                    "head": [dense(1)],
                    "loss": "squared_error",
                }
            ],
        ),
        examples=4,
        batches=((0, 1),),
        chance=True,
        since=SINCE,
    ),
    Draft(
        "initializer/of-a-transformer",
        "A transformer hands its initializers on; so do positions, and a class token has its own.",
        several(
            inputs=[{"name": "x", "shape": [2, 4]}],
            blocks=[
                _tree(
                    {"kind": "learned_positions", "length": 3, "initializer": "glorot_uniform"},
                    {"kind": "class_token", "initializer": "lecun_uniform"},
                    {
                        "kind": "transformer_encoder",
                        "units": 4,
                        "heads": 2,
                        "feed_forward_units": 3,
                        "fans": fans,
                        "output_initializer": "he_uniform",
                        "kernel_initializer": "lecun_uniform",
                        "bias_initializer": {"kind": "constant", "value": 0.25},
                    },
                    name=fans,
                )
                for fans in ("heads", "packed")
            ]
            + [_tree(_attention(1, bias_initializer={"kind": "constant", "value": 0.5}), name="alone")],
            tasks=[{"name": "y", "inputs": ["heads", "packed", "alone"], "head": [dense(1)], "loss": "squared_error"}],
        ),
        initial=True,
        since=SINCE,
    ),
]

ATTENTION_DRAFTS = [*MULTI_HEAD, *ENCODERS, *POSITIONS, *POOLS, *MODELS, *INITIAL]
