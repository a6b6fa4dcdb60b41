"""Drafts of edges: mistakes in an adapter that no other case sees."""

from __future__ import annotations

from documents import Document, conv, dense, model, several, two_heads
from mtlspec_conformance.draft import Draft

SINCE = "0.2.0"
ADAM: Document = {"kind": "adam", "learning_rate": 0.05}
MOMENTUM: Document = {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9}
OWN_AGAIN: Document = {"kind": "per_task", "gradient": "own", "forward": "after_each_update"}
LAST = ["flatten", dense(2)]


def _norm(kind: str, **fields: object) -> Document:
    return {"kind": f"{kind}_normalization", "epsilon": 0.01} | fields


LAYERS = [
    Draft(
        "layer/normalization-with-offset-alone",
        "An offset does not hang on a scale, neither in a batch nor in an example.",
        model(
            dense(4, "tanh"),
            _norm("batch", scale=False),
            dense(4, "tanh"),
            _norm("layer", scale=False),
            dense(3, "tanh"),
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/normalization-with-scale-alone",
        "A scale does not hang on an offset, neither in a batch nor in an example.",
        model(
            dense(4, "tanh"),
            _norm("batch", offset=False),
            dense(4, "tanh"),
            _norm("layer", offset=False),
            dense(3, "tanh"),
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/batch-normalization-of-one-matrix",
        "One example of several rows has a variance, also where n/(n-1) is not asked for.",
        model(_norm("batch", running_variance="biased"), shape=(3, 2), head=LAST),
        batches=((2,), (0, 1, 2, 3)),
        since=SINCE,
    ),
    Draft(
        "layer/strides-beyond-the-window",
        "Strides longer than the window leave pixels out, and no padding is less than none.",
        several(
            inputs=[{"name": "x", "shape": [6, 5, 2]}],
            blocks=[
                {"name": "trunk", "layers": [conv(2, 1, padding="same", strides=2)]},
                {
                    "name": "pooled",
                    "inputs": ["x"],
                    "layers": [{"kind": "max_pool2d", "pool_size": 2, "strides": [3, 4], "padding": "same"}, "flatten"],
                },
                {
                    "name": "averaged",
                    "inputs": ["x"],
                    "layers": [{"kind": "average_pool2d", "pool_size": 1, "strides": 3, "padding": "same"}, "flatten"],
                },
            ],
            tasks=[
                {"name": "a", "inputs": ["trunk"], "head": LAST, "loss": "squared_error"},
                {"name": "b", "inputs": ["pooled", "averaged"], "head": [dense(2)], "loss": "squared_error"},
            ],
        ),
        since=SINCE,
    ),
    Draft(
        "merge/multiply-three",
        "Of a product of three, each factor's gradient has both others.",
        several(
            inputs=[{"name": name, "shape": [3]} for name in ("x", "z", "u")],
            blocks=[{"name": name.upper(), "inputs": [name], "layers": [dense(3, "tanh")]} for name in ("x", "z", "u")],
            tasks=[
                {
                    "name": f"y{merge[0]}",
                    "inputs": ["X", "Z", "U"],
                    "merge": merge,
                    "head": [dense(2)],
                    "loss": "squared_error",
                }
                for merge in ("multiply", "average")
            ],
        ),
        since=SINCE,
    ),
]

LOSSES = [
    Draft(
        "loss/softmax-class-weights-near-one",
        "Weights that nearly are 1 are weights.",
        model(
            head=[dense(3)],
            loss={"kind": "softmax_cross_entropy", "class_weights": [1.000001, 0.999998, 1.000003]},
        ),
        targets={"y": [0, 1, 2, 2, 0, 1]},
        since=SINCE,
    ),
    Draft(
        "loss/softmax-of-scores",
        "Given probabilities that do not sum to 1 keep their sum, in value and slope.",
        model(head=[dense(3)], loss={"kind": "softmax_cross_entropy", "targets": "probabilities"}),
        targets={
            "y": [[0.5, 0.1, 0.1], [0.0, 0.0, 0.0], [1.0, 1.0, 0.25], [0.3, 0.3, 0.4], [0.9, 0.0, 0.3], [0.1, 0.2, 0.2]]
        },
        since=SINCE,
    ),
    Draft(
        "loss/softmax-from-probabilities-at-the-clip",
        "A probability that is exactly the bound of the clip has its gradient.",
        model(
            head=[dense(4)],
            loss={"kind": "softmax_cross_entropy", "from": {"kind": "probabilities", "clip": 0.25}},
        ),
        inputs={"x": [[1.0, 0.5, -0.5], [0.0, 0.0, 0.0], [-0.3, 0.2, 0.1], [0.0, 0.0, 0.0]]},
        examples=4,
        parameters={"tasks.y.head[0].bias": [0.0, 0.0, 0.0, 0.0]},
        since=SINCE,
    ),
    Draft(
        "penalty/of-unused-parts",
        "The penalty of a block that serves no task is part of the total, and moves it.",
        several(
            blocks=[
                {"name": "dead", "inputs": ["x"], "layers": [dense(2, kernel_penalty={"l2": 0.1})]},
                {"name": "trunk", "inputs": ["x"], "layers": [dense(3, "tanh")]},
            ],
            tasks=[{"name": "y", "inputs": ["trunk"], "head": [dense(1)], "loss": "squared_error"}],
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "reduction/weight-of-a-batch-of-one",
        "The loss of a single example of a single unit is multiplied by its weight, and stays one number of a batch.",
        two_heads(),
        batches=((3,), (0,)),
        weighted=True,
        rows=[[k % 6] for k in range(20)],
        steps=True,
        since=SINCE,
    ),
]

SEPARATE: Document = {"kind": "embedding", "rows": 5, "units": 2, "repeated_ids": "separate"}
SKIP: Document = {"kind": "embedding", "rows": 4, "units": 3, "untouched_rows": "skip"}

LAWS = [
    Draft(
        "law/sgd-nesterov-without-momentum",
        "Without a velocity there is nothing to look ahead to, and nothing to refuse.",
        model(dense(2, "tanh"), optimizer={"kind": "sgd", "learning_rate": 0.1, "nesterov": True}),
        steps=True,
        law=True,
        since=SINCE,
    ),
    Draft(
        "law/two-tables-clipped-per-tensor",
        "Of two tables with laws of their own, each has its own norm.",
        several(
            inputs=[{"name": "i", "shape": [2], "dtype": "integer"}, {"name": "j", "shape": [2], "dtype": "integer"}],
            blocks=[
                {"name": "one", "inputs": ["i"], "layers": [SEPARATE, "flatten"]},
                {"name": "two", "inputs": ["j"], "layers": [SKIP, "flatten"]},
            ],
            tasks=[{"name": "y", "inputs": ["one", "two"], "head": [dense(1)], "loss": "squared_error"}],
            optimizer=ADAM | {"epsilon": 1e-3},
            clipping={"kind": "per_tensor_norm", "limit": 0.3},
        ),
        inputs={
            "i": [[1, 3], [1, 1], [0, 3], [4, 1], [2, 2], [3, 0]],
            "j": [[2, 2], [0, 2], [3, 3], [1, 0], [0, 0], [3, 1]],
        },
        steps=True,
        law=True,
        since=SINCE,
    ),
]

TASKS = [
    Draft(
        "tasks/unused-tables",
        "A table that serves no task has a gradient without rows: it decays, or is skipped.",
        several(
            inputs=[{"name": "x", "shape": [3]}, {"name": "i", "dtype": "integer"}],
            blocks=[
                {"name": "dead", "inputs": ["i"], "layers": [SEPARATE]},
                {"name": "skipped", "inputs": ["i"], "layers": [SKIP]},
                {"name": "trunk", "inputs": ["x"], "layers": [dense(3, "tanh")]},
            ],
            tasks=[{"name": "y", "inputs": ["trunk"], "head": [dense(1)], "loss": "squared_error"}],
            optimizer={"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.2},
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "phases/penalty-after-each-update",
        "The penalty of a step is that of its last pass, after the other phases have moved the weights.",
        two_heads(dense(4, "tanh", kernel_penalty={"l1": 0.01, "l2": 0.05}), phases=OWN_AGAIN, optimizer=MOMENTUM),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "phases/own-after-each-update-weight-zero",
        "A task of weight zero has a loss in its own pass.",
        two_heads(phases=OWN_AGAIN, optimizer=MOMENTUM),
        task_weights=[[1.0, 0.0], [0.25, 1.5], [0.0, 2.0], [0.7, 0.7], [0.0, 0.0]] * 4,
        steps=True,
        since=SINCE,
    ),
]

LONG = [
    Draft(
        "long/one-call-of-300",
        "More steps in one call than a loop on the device has room for, each at a rate and weights of its own.",
        two_heads(
            optimizer=MOMENTUM | {"learning_rate": 0.02},
            schedule={"kind": "exponential", "rate": 0.995},
            batch_size=4,
            seed=4,
        ),
        examples=8,
        batches=((0, 1, 2, 3),),
        planned=300,
        absent={"a": [2], "b": [5]},
        weighted=True,
        since=SINCE,
    ),
]

EDGE_DRAFTS = [*LAYERS, *LOSSES, *LAWS, *TASKS, *LONG]
