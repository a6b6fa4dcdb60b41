"""Drafts of what only several tasks have: weights, absent labels, phases; and three whole models."""

from __future__ import annotations

from documents import conv, dense, several, two_heads
from mtlspec_conformance.draft import Document, Draft

ADAM: Document = {"kind": "adam", "learning_rate": 0.05}
EPOCH = [[0, 1, 2, 3], [4, 5]]


def _three(**training: object) -> Document:
    return several(
        blocks=[{"name": "trunk", "layers": [dense(4, "tanh")]}],
        tasks=[
            {"name": "kind", "head": [dense(3)], "loss": "softmax_cross_entropy", "weight": 0.3},
            {"name": "flags", "head": [dense(2)], "loss": "sigmoid_cross_entropy", "weight": 1.7},
            {"name": "size", "head": [dense(1)], "loss": "squared_error"},
        ],
        **training,
    )


def _zero() -> Document:
    document = two_heads()
    document["tasks"][1]["weight"] = 0.0
    return document


def _dead(**training: object) -> Document:
    return several(
        inputs=[{"name": "x", "shape": [3]}, {"name": "unused", "shape": [2]}, {"name": "codes", "dtype": "integer"}],
        blocks=[
            {"name": "dead", "inputs": ["x"], "layers": [dense(2, "tanh"), {"kind": "dropout", "rate": 0.5}]},
            {"name": "trunk", "inputs": ["x"], "layers": [dense(3, "tanh")]},
        ],
        tasks=[{"name": "y", "inputs": ["trunk"], "head": [dense(1)], "loss": "squared_error"}],
        **training,
    )


TASKS = [
    Draft(
        "tasks/three-share-one-trunk",
        "The trunk's gradient is the weighted sum over three heads, each with a loss of its own.",
        _three(),
        steps=True,
    ),
    Draft("tasks/weight-zero", "A task of weight zero is reported and moves nothing.", _zero(), steps=True),
    Draft(
        "tasks/all-labels-absent",
        "A task without a label in the batch has loss 0 and gradient 0, and no NaN.",
        two_heads(),
        absent={"b": [0, 1, 2, 3], "a": [1]},
        batches=((0, 1, 2, 3), (4, 5, 0, 1)),
        steps=True,
    ),
    Draft(
        "tasks/weights-that-change",
        "The weights of a step are those of that step.",
        two_heads(optimizer={"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9}),
        task_weights=[[1.0, 0.0], [0.25, 1.5], [0.0, 2.0], [0.7, 0.7], [0.0, 0.0]] * 4,
        steps=True,
    ),
    Draft(
        "tasks/sample-weights",
        "Weights of examples differ by task.",
        two_heads(),
        weighted=True,
        absent={"a": [2]},
        steps=True,
    ),
    Draft(
        "tasks/batch-of-one",
        "No axis of length one is lost.",
        two_heads(),
        batches=((3,),),
        rows=[[k % 6] for k in range(20)],
        steps=True,
    ),
    Draft(
        "tasks/last-partial-batch",
        "The last batch of an epoch is smaller, and its loss is divided by its own size.",
        two_heads(optimizer=ADAM),
        batches=EPOCH,
        rows=EPOCH * 10,
        steps=True,
    ),
    Draft(
        "tasks/equal-heads",
        "Heads of the same form and opposite alphabetical order are told apart by name.",
        several(
            blocks=[{"name": "trunk", "layers": [dense(3, "tanh")]}],
            tasks=[
                {"name": name, "head": [dense(2)], "loss": loss, "weight": weight}
                for name, loss, weight in (
                    ("zeta", "squared_error", 0.5),
                    ("alpha", "squared_error", 2.0),
                    ("mid", "huber", 1.0),
                )
            ],
            optimizer=ADAM,
        ),
        steps=True,
    ),
    Draft(
        "tasks/awkward-names",
        "Names that a framework has taken for itself, and names that differ only by their case.",
        several(
            inputs=[{"name": "training", "shape": [2]}, {"name": "inputs", "shape": [2]}],
            blocks=[
                {"name": "forward", "inputs": ["training", "inputs"], "layers": [dense(3, "tanh")]},
                {"name": "type", "layers": [dense(3, "tanh")]},
                {"name": "Type", "inputs": ["forward"], "layers": [dense(3, "tanh")]},
            ],
            tasks=[
                {"name": "pop", "inputs": ["type"], "head": [dense(1)], "loss": "squared_error"},
                {"name": "half", "inputs": ["Type"], "head": [dense(1)], "loss": "squared_error", "weight": 0.5},
                {"name": "keys", "inputs": ["type", "Type"], "head": [dense(2)], "loss": "softmax_cross_entropy"},
            ],
            optimizer=ADAM,
        ),
        steps=True,
    ),
    Draft(
        "tasks/without-a-trunk",
        "Heads that read the input, one of them without a single parameter.",
        several(
            tasks=[
                {"name": "a", "head": [dense(1)], "loss": "squared_error"},
                {"name": "b", "loss": "softmax_cross_entropy"},
            ]
        ),
    ),
    Draft(
        "tasks/unused-parts",
        "An unused input and a block that serves no task: its parameters have no gradient, and do not move.",
        _dead(optimizer={"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9}),
        steps=True,
    ),
    Draft(
        "tasks/unused-parts-decay",
        "A parameter without gradient belongs to the phase, and decays.",
        _dead(optimizer={"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.2}),
        steps=True,
    ),
    Draft(
        "tasks/block-without-layers",
        "A block may only merge, and a head may share another's block.",
        several(
            inputs=[{"name": "x", "shape": [2]}, {"name": "z", "shape": [1]}],
            blocks=[{"name": "both", "inputs": ["z", "x"]}, {"name": "trunk", "layers": [dense(3, "tanh")]}],
            tasks=[
                {"name": "a", "inputs": ["both"], "head": [dense(1)], "loss": "squared_error"},
                {"name": "b", "head": [dense(2)], "loss": "sigmoid_cross_entropy"},
            ],
        ),
    ),
]


def _per_task(gradient: str, forward: str = "once") -> Document:
    return {"kind": "per_task", "gradient": gradient, "forward": forward}


def _phases(id: str, why: str, phases: object, *trunk: object, **training: object) -> Draft:
    return Draft(
        f"phases/{id}", why, two_heads(*trunk, phases=phases, **({"optimizer": ADAM} | training)), steps=True, law=True
    )


NOISY = (
    dense(4, "tanh", bias=False),
    {"kind": "batch_normalization", "running_average_keeps": 0.7},
    {"kind": "dropout", "rate": 0.3},
)

TABLE: Document = {"kind": "embedding", "rows": 5, "units": 2, "repeated_ids": "separate"}

CONVOLUTIONS = (
    {"kind": "conv2d", "filters": 3, "kernel_size": 3, "activation": "tanh"},
    {"kind": "conv2d", "filters": 4, "kernel_size": 2, "padding": "same", "activation": "tanh"},
)

PHASES = [
    _phases("joint", "One optimizer for all tasks.", "joint"),
    _phases("summed", "Two optimizers step the trunk along the same summed gradient.", _per_task("summed"), *NOISY),
    _phases("own-once", "Each optimizer sees the gradient of its task alone.", _per_task("own"), *NOISY),
    _phases(
        "own-after-each-update",
        "The second optimizer sees the model that the first has moved, and another dropout mask.",
        _per_task("own", "after_each_update"),
        *NOISY,
    ),
    _phases(
        "summed-clipped",
        "The norm of a phase is that of its own parameters.",
        _per_task("summed"),
        clipping={"kind": "global_norm", "limit": 0.2},
        optimizer={"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    ),
    Draft(
        "phases/rates-of-their-own",
        "Each phase has its own rate, with a penalty in each phase's gradient.",
        two_heads(
            dense(4, "tanh", kernel_penalty={"l2": 0.05}),
            phases=_per_task("own"),
            optimizer={"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9},
        ),
        rates=[[0.1, 0.05], [0.1, 0.2], [0.0, 0.1], [0.05, 0.0], [0.02, 0.1]] * 4,
        steps=True,
    ),
    Draft(
        "phases/unused-parts",
        "A parameter that serves no task is in no phase: not even decay moves it.",
        _dead(optimizer={"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.2}, phases=_per_task("own")),
        steps=True,
    ),
    Draft(
        "phases/only-a-table",
        "A phase whose only parameter is a table by row leaves nothing to the step and decay of whole arrays.",
        several(
            inputs=[{"name": "ids", "shape": [2], "dtype": "integer"}, {"name": "x", "shape": [3]}],
            tasks=[
                {"name": "looked_up", "inputs": ["ids"], "head": [TABLE, "flatten"], "loss": "squared_error"},
                {"name": "computed", "inputs": ["x"], "head": [dense(2)], "loss": "squared_error"},
            ],
            optimizer={"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.2},
            phases=_per_task("own"),
        ),
        steps=True,
        law=True,
    ),
    *(
        Draft(
            f"phases/own-convolution-{forward.replace('_', '-')}",
            "Gradients of a convolution, task by task, have the strides that fused optimizers expect.",
            several(
                inputs=[{"name": "image", "shape": [4, 4, 2]}],
                blocks=[{"name": "trunk", "layers": [*CONVOLUTIONS, "flatten"]}],
                tasks=[
                    {"name": "a", "head": [dense(1)], "loss": "squared_error"},
                    {"name": "b", "head": [dense(2)], "loss": "softmax_cross_entropy"},
                ],
                optimizer=optimizer,
                phases=_per_task("own", forward),
            ),
            steps=True,
        )
        for forward, optimizer in (
            ("once", {"kind": "sgd", "learning_rate": 0.1}),
            ("after_each_update", {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9}),
        )
    ),
    Draft(
        "phases/nothing-to-train-clipped",
        "A phase without parameters has no norm to clip; its updates count.",
        several(
            tasks=[
                {"name": "a", "head": [dense(1)], "loss": "squared_error"},
                {"name": "b", "loss": "softmax_cross_entropy"},
            ],
            optimizer=ADAM,
            clipping={"kind": "global_norm", "limit": 0.2},
            phases=_per_task("own"),
        ),
        steps=True,
        law=True,
    ),
]

TABULAR = several(
    like="keras",
    inputs=[
        {"name": "numbers", "shape": [4]},
        {"name": "city", "dtype": "integer"},
        {"name": "words", "shape": [3], "dtype": "integer"},
    ],
    blocks=[
        {"name": "scaled", "inputs": ["numbers"], "layers": [{"kind": "normalization"}]},
        {"name": "place", "inputs": ["city"], "layers": [{"kind": "embedding", "rows": 5, "units": 3}]},
        {
            "name": "text",
            "inputs": ["words"],
            "layers": [
                {"kind": "embedding", "rows": 6, "units": 2, "repeated_ids": "sum", "untouched_rows": "skip"},
                {"kind": "flatten"},
            ],
        },
        {
            "name": "trunk",
            "inputs": ["scaled", "place", "text"],
            "layers": [
                dense(6, bias=False),
                {"kind": "batch_normalization"},
                {"kind": "activation", "function": "silu"},
                {"kind": "dropout", "rate": 0.2},
                {"kind": "residual", "layers": [dense(6, "gelu", kernel_penalty={"l2": 0.01}), dense(6)]},
            ],
        },
    ],
    tasks=[
        {"name": "churn", "head": [dense(1)], "loss": "sigmoid_cross_entropy", "weight": 2.0},
        {
            "name": "plan",
            "inputs": ["trunk", "place"],
            "head": [dense(4, "tanh"), dense(3)],
            "loss": {"kind": "softmax_cross_entropy", "label_smoothing": 0.1},
        },
        {"name": "value", "head": [dense(2)], "loss": "huber", "weight": 0.5},
    ],
    optimizer="adam",
    clipping={"kind": "global_norm", "limit": 1.0},
    seed=3,
)

CONVOLUTIONAL = several(
    like="torch",
    inputs=[{"name": "image", "shape": [6, 5, 1]}],
    blocks=[
        {
            "name": "trunk",
            "layers": [
                conv(2, 3, padding="same", activation={"kind": "leaky_relu", "slope": 0.1}, bias=False),
                {"kind": "batch_normalization"},
                {"kind": "max_pool2d", "padding": "same"},
                {
                    "kind": "residual",
                    "layers": [conv(3, [2, 1], padding="same", activation="elu", kernel_initializer="he_uniform")],
                    "shortcut": [conv(3, 1, bias=False)],
                },
                {"kind": "average_pool2d", "pool_size": 2, "strides": 1},
            ],
        },
        {"name": "flat", "layers": [{"kind": "flatten"}, {"kind": "dropout", "rate": 0.25}, dense(5, "relu")]},
        {"name": "pooled", "inputs": ["trunk"], "layers": [{"kind": "global_average_pool"}]},
    ],
    tasks=[
        {"name": "digit", "inputs": ["flat"], "head": [dense(4)], "loss": "softmax_cross_entropy"},
        {"name": "loop", "inputs": ["flat", "pooled"], "head": [dense(1)], "loss": "sigmoid_cross_entropy"},
        {"name": "slant", "inputs": ["pooled"], "head": [dense(1)], "loss": "absolute_error", "weight": 0.3},
    ],
    optimizer={"kind": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
)

THREE_PHASES = several(
    blocks=[
        {
            "name": "trunk",
            "layers": [dense(5, {"kind": "leaky_relu", "slope": 0.2}), {"kind": "layer_normalization"}],
        },
        {"name": "narrow", "layers": [dense(3, "softplus")]},
    ],
    tasks=[
        {"name": "kind", "head": [dense(3)], "loss": "softmax_cross_entropy", "weight": 0.5},
        {"name": "flags", "inputs": ["trunk"], "head": [dense(2)], "loss": "sigmoid_cross_entropy"},
        {
            "name": "size",
            "inputs": ["narrow", "x"],
            "head": [dense(4, "tanh"), dense(2)],
            "loss": {"kind": "squared_error", "reduction": "weight_sum"},
            "weight": 1.5,
        },
    ],
    optimizer={"kind": "adamw", "learning_rate": 0.02, "weight_decay": 0.05},
    clipping={"kind": "per_tensor_norm", "limit": 0.5},
    phases=_per_task("own", "after_each_update"),
)

MODELS = [
    Draft(
        "model/tabular",
        "A tabular model as Keras trains it: tables, batch normalization, dropout, a residual, absent labels.",
        TABULAR,
        examples=8,
        batches=((0, 1, 2, 3, 4), (5, 6, 7)),
        rows=[[0, 1, 2, 3, 4], [5, 6, 7]] * 10,
        absent={"churn": [1, 5], "value": [5, 6, 7], "plan": [0]},
        weighted=True,
        parameters={"trunk[3].step": 2},
        steps=True,
    ),
    Draft(
        "model/convolutional",
        "A convolutional model as PyTorch trains it.",
        CONVOLUTIONAL,
        batches=((0, 1, 2, 3), (4, 5)),
        rows=EPOCH * 10,
        absent={"slant": [4, 5, 0]},
        steps=True,
    ),
    Draft(
        "model/three-phases",
        "Three heads with three losses, each with an optimizer of its own that goes forward anew.",
        THREE_PHASES,
        absent={"kind": [2], "size": [0, 1, 2, 3]},
        weighted=True,
        steps=True,
    ),
]

TASK_DRAFTS = [*TASKS, *PHASES, *MODELS]
