"""Drafts of blocks that are used several times, and of lengths that the data chooses."""

from __future__ import annotations

from documents import Document, dense, several
from mtlspec_conformance.draft import Draft

SINCE = "0.3.0"
HEAD = {"name": "y", "inputs": ["u", "v"], "head": [dense(2)], "loss": "squared_error"}


def _towers(*layers: Document, tasks: tuple[Document, ...] = (HEAD,), **part: object) -> Document:
    """Return two inputs that go through the same layers."""
    return several(
        inputs=[{"name": "a", "shape": [3]} | part, {"name": "b", "shape": [3]} | part],
        blocks=[
            {"name": "u", "inputs": ["a"], "layers": list(layers)},
            {"name": "v", "inputs": ["b"], "reuses": "u"},
        ],
        tasks=list(tasks),
    )


REUSE_DRAFTS = [
    Draft(
        "model/reused-block",
        "The gradients of both uses of a block add up in its one set of parameters, a penalty counts once.",
        _towers(dense(4, "tanh", kernel_penalty={"l2": 0.05}), dense(3, "silu")),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "model/reused-statistics",
        "A reused normalization moves its running statistics once for each use; a reused dropout has its own mask.",
        _towers(
            {"kind": "batch_normalization", "running_average_keeps": 0.7},
            dense(4, "tanh"),
            {"kind": "dropout", "rate": 0.4},
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "model/reused-table",
        "An id that both inputs have occurs twice in one table, whose rows are told apart.",
        _towers(
            {"kind": "embedding", "rows": 5, "units": 2, "repeated_ids": "separate", "untouched_rows": "skip"},
            shape=[],
            dtype="integer",
        )
        | {"training": {"optimizer": {"kind": "adam", "learning_rate": 0.05}}},
        inputs={"a": [1, 1, 1, 3, 3, 2], "b": [1, 1, 3, 3, 4, 2]},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "model/reused-bags",
        "Equal ids lie side by side in both uses of a table, and each occurrence is squared by itself.",
        _towers(
            {
                "kind": "embedding_bag",
                "rows": 5,
                "units": 1,
                "combine": "mean",
                "padding_id": 0,
                "repeated_ids": "separate",
            },
            shape=[None],
            dtype="integer",
        )
        | {"training": {"optimizer": {"kind": "adam", "learning_rate": 0.05}}},
        inputs={"a": [[1, 1], [1, 0], [2, 2], [3, 1], [0, 0], [4, 4]], "b": [[1, 1, 1], [1, 2, 2], [2, 2, 0]] * 2},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "model/reused-for-one-task",
        "Only the second use of a block serves a task: it alone trains the parameters and moves the statistics.",
        _towers(
            {"kind": "batch_normalization", "running_average_keeps": 0.6},
            dense(4, "tanh"),
            tasks=({"name": "y", "inputs": ["v"], "head": [dense(2)], "loss": "squared_error"},),
        ),
        since=SINCE,
    ),
    Draft(
        "model/variable-length",
        "A length that the data chooses: layers on the last axis, and a pool over the rest.",
        several(
            inputs=[{"name": "x", "shape": [None, 3]}],
            blocks=[
                {
                    "name": "trunk",
                    "layers": [
                        dense(4, "tanh"),
                        {"kind": "batch_normalization"},
                        {"kind": "layer_normalization"},
                        {"kind": "dropout", "rate": 0.3},
                        {"kind": "residual", "layers": [dense(4)]},
                        {"kind": "global_average_pool"},
                    ],
                }
            ],
            tasks=[{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "model/variable-ids",
        "Rows of a table for a number of ids that the data chooses.",
        several(
            inputs=[{"name": "x", "shape": [None], "dtype": "integer"}],
            blocks=[
                {"name": "trunk", "layers": [{"kind": "embedding", "rows": 6, "units": 3}, {"kind": "global_max_pool"}]}
            ],
            tasks=[{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/masks",
        "Masks of an id that is padding, and of lengths, also 0 and the whole; each block exchanges one for the other.",
        several(
            inputs=[
                {"name": "ids", "shape": [3], "dtype": "integer"},
                {"name": "length", "shape": [], "dtype": "integer"},
                {"name": "x", "shape": [3, 3]},
            ],
            blocks=[
                {"name": "present", "inputs": ["ids"], "layers": [{"kind": "padding_mask", "padding": 2}]},
                {"name": "zero", "inputs": ["ids"], "layers": [{"kind": "padding_mask"}]},
                {"name": "valid", "inputs": ["length"], "layers": [{"kind": "length_mask", "along": "x"}]},
                {"name": "other", "inputs": ["length"], "reuses": "valid", "exchanges": [{"name": "x", "by": "zero"}]},
                {"name": "both", "inputs": ["present", "zero", "valid", "other"], "merge": "add"},
            ],
            tasks=[
                {
                    "name": "y",
                    "inputs": ["x"],
                    "head": [{"kind": "global_average_pool"}, dense(2)],
                    "loss": "squared_error",
                },
                {"name": "z", "inputs": ["both"], "head": [dense(1)], "loss": "squared_error"},
            ],
        ),
        inputs={
            "ids": [[1, 2, 0], [2, 2, 2], [0, 0, 1], [1, 1, 1], [2, 0, 2], [0, 1, 2]],
            "length": [0, 1, 2, 3, 4, 2],
            "x": [[[0.5, -1.0, 2.0], [1.0, 0.25, -0.5], [2.0, 1.0, -1.5]]] * 6,
        },
        since=SINCE,
    ),
]
