"""Drafts of 300 steps, as the host plans them: what a small mistake in each step comes to."""

from __future__ import annotations

from typing import Any

from documents import dense, several
from mtlspec_conformance.draft import Document, Draft
from tasks import CONVOLUTIONAL, TABULAR

STEPS = 300


def _long(id: str, why: str, spec: Document, examples: int, batch: int, **special: Any) -> Draft:
    rows = [list(range(batch)), list(range(batch, 2 * batch - 1))]
    return Draft(f"long/{id}", why, spec, examples=examples, batches=rows, planned=STEPS, since="0.2.0", **special)


def _trained(document: Document, **training: Any) -> Document:
    return document | {"training": document["training"] | training}


LONG_DRAFTS = [
    _long(
        "tabular-300",
        "Adam with tables, batch normalization, dropout and a clip follows 300 steps of a schedule.",
        _trained(
            TABULAR,
            batch_size=7,
            schedule={"kind": "cosine", "length": 300, "final": 0.05, "warm_up": {"steps": 10, "start": 0.1}},
            optimizer={"kind": "adam", "learning_rate": 0.01},
        ),
        examples=40,
        batch=7,
        absent={"churn": [1, 5, 17], "value": [5, 6, 30, 31], "plan": [0, 22]},
        weighted=True,
    ),
    _long(
        "convolutional-300",
        "Momentum with images and running statistics follows 300 steps, the rate falling by epoch.",
        _trained(
            CONVOLUTIONAL,
            batch_size=4,
            schedule={"kind": "exponential", "rate": 0.97, "unit": "epoch"},
            optimizer={"kind": "sgd", "learning_rate": 0.02, "momentum": 0.9, "nesterov": True},
        ),
        examples=14,
        batch=4,
        absent={"slant": [4, 5, 0]},
    ),
    _long(
        "phases-300",
        "Optimizers of three tasks, each going forward anew, follow 300 steps on a table by row.",
        several(
            inputs=[{"name": "x", "shape": [3]}, {"name": "ids", "shape": [2], "dtype": "integer"}],
            blocks=[
                {
                    "name": "text",
                    "inputs": ["ids"],
                    "layers": [
                        {"kind": "embedding", "rows": 6, "units": 2, "repeated_ids": "separate"},
                        {"kind": "flatten"},
                    ],
                },
                {
                    "name": "trunk",
                    "inputs": ["x", "text"],
                    "layers": [dense(5, "tanh"), {"kind": "layer_normalization"}],
                },
            ],
            tasks=[
                {"name": "kind", "head": [dense(3)], "loss": "softmax_cross_entropy", "weight": 0.5},
                {"name": "flags", "head": [dense(2)], "loss": "sigmoid_cross_entropy"},
                {"name": "size", "inputs": ["trunk", "x"], "head": [dense(3, "softplus"), dense(1)], "loss": "huber"},
            ],
            optimizer={"kind": "adamw", "learning_rate": 0.01, "weight_decay": 0.05},
            schedule={"kind": "step", "every": 100, "rate": 0.5},
            phases={"kind": "per_task", "gradient": "own", "forward": "after_each_update"},
            batch_size=5,
            seed=8,
        ),
        examples=23,
        batch=5,
        absent={"kind": [2], "size": [0, 1, 2, 3, 11]},
    ),
]
