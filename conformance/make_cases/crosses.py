"""Drafts of feature crosses."""

from __future__ import annotations

from documents import Document, dense, model, several
from mtlspec_conformance.draft import Draft

SINCE = "0.3.0"


def _dot(**fields: object) -> Document:
    return several(
        inputs=[{"name": "a", "shape": [3]}, {"name": "b", "shape": [2]}],
        blocks=[
            {"name": "user", "inputs": ["a"], "layers": [dense(4)]},
            {"name": "item", "inputs": ["b"], "layers": [dense(4, bias=False)]},
            {"name": "match", "inputs": ["user"], "layers": [{"kind": "dot_product", "other": "item"} | fields]},
        ],
        tasks=[{"name": "y", "inputs": ["match"], "head": [dense(1)], "loss": "squared_error"}],
    )


CROSS_DRAFTS = [
    Draft("layer/dot-product", "Both sides of a product are trained.", _dot(), steps=True, since=SINCE),
    Draft(
        "layer/dot-product-normalized",
        "A cosine, of an example that is 0 (whose length is epsilon) and of one that is long.",
        _dot(normalize=True, epsilon=0.01),
        inputs={"b": [[0.0, 0.0], [50.0, -30.0], [1.0, 2.0], [0.01, 0.02], [-1.0, 0.5], [0.3, 0.3]]},
        since=SINCE,
    ),
    Draft(
        "layer/dot-product-of-matrices",
        "A product of matrices goes over the last axis, here by the default epsilon.",
        several(
            inputs=[{"name": "x", "shape": [None, 3]}, {"name": "z", "shape": [None, 3]}],
            blocks=[
                {
                    "name": "match",
                    "inputs": ["x"],
                    "layers": [
                        {"kind": "dot_product", "other": "z", "normalize": True},
                        {"kind": "global_average_pool"},
                    ],
                }
            ],
            tasks=[{"name": "y", "inputs": ["match"], "head": [dense(2)], "loss": "squared_error"}],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/dot-interaction",
        "The pairs of three fields in their order.",
        model(dense(3), {"kind": "dot_interaction"}, shape=(3, 2)),
        since=SINCE,
    ),
    Draft(
        "layer/dot-interaction-itself",
        "The pairs of three fields with each field itself.",
        model(dense(2), {"kind": "dot_interaction", "itself": True}, shape=(3, 2)),
        since=SINCE,
    ),
    Draft(
        "layer/factorization-machine",
        "The sum over all pairs of fields, beside what is linear in them.",
        model(dense(4), {"kind": "factorization_machine"}, shape=(3, 2)),
        since=SINCE,
    ),
    Draft(
        "layer/bi-interaction",
        "The sum over all pairs of fields, unit by unit.",
        model(dense(4), {"kind": "factorization_machine", "pooled": False}, shape=(3, 2)),
        since=SINCE,
    ),
    Draft(
        "layer/cross-network",
        "Every cross of a network reads what came before the first, which has gradients from all of them.",
        model(
            dense(3, "tanh"),
            {"kind": "cross_network", "depth": 3, "kernel_penalty": {"l2": 0.02}, "bias_initializer": "fan_in_uniform"},
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/cross-network-of-low-rank",
        "A kernel of two factors, which both have the penalty; no bias; applied to a matrix.",
        model(
            {
                "kind": "cross_network",
                "depth": 1,
                "rank": 2,
                "bias": False,
                "kernel_penalty": {"l1": 0.01},
                "kernel_initializer": "he_uniform",
            },
            shape=(2, 3),
            head=[{"kind": "flatten"}, dense(2)],
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/cross",
        "A cross with a tensor that it names; of low rank with a bias.",
        several(
            inputs=[{"name": "a", "shape": [3]}, {"name": "b", "shape": [3]}],
            blocks=[
                {
                    "name": "mixed",
                    "inputs": ["a"],
                    "layers": [
                        {
                            "kind": "cross",
                            "start": "b",
                            "rank": 1,
                            "kernel_initializer": "fan_in_uniform",
                            "bias_initializer": "ones",
                            "kernel_penalty": {"l2": 0.1},
                        },
                        {"kind": "cross", "start": "a", "bias": False},
                    ],
                }
            ],
            tasks=[{"name": "y", "inputs": ["mixed"], "head": [dense(2)], "loss": "squared_error"}],
        ),
        since=SINCE,
    ),
]
