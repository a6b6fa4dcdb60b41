"""Drafts of recurrent layers: laws of gates and biases, directions, masks, and sequences of any length."""

from __future__ import annotations

from typing import Any

from documents import Document, dense, model, several
from mtlspec_conformance.draft import Draft

SINCE = "0.3.0"
STEPS, CHANNELS = 3, 2
MASK = [[1, 1, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]]
"""Padding after, padding before, a hole, nothing but padding, none, one step alone."""
BATCH = ((0, 1, 2, 3, 4),)
FLAT = {"kind": "flatten"}
PENALTIES = {
    "kernel_penalty": {"l2": 0.03},
    "recurrent_penalty": {"l1": 0.02},
    "bias_penalty": {"l1": 0.01, "l2": 0.05},
}
ADAM = {"kind": "adam", "learning_rate": 0.05}


def _layer(kind: str, units: int = 2, **fields: Any) -> Document:
    return {"kind": kind, "units": units} | fields


def _side_by_side(*layers: Document, length: int | None = STEPS, **training: Any) -> Document:
    """Return a block for each of `layers`, all reading one sequence and its mask, and a head that reads all."""
    return several(
        inputs=[{"name": "x", "shape": [length, CHANNELS]}, {"name": "m", "shape": [length]}],
        blocks=[
            {"name": f"b{index}", "inputs": ["x"], "layers": [layer, FLAT] if _of_sequence(layer) else [layer]}
            for index, layer in enumerate(layers)
        ],
        tasks=[
            {
                "name": "y",
                "inputs": [f"b{index}" for index in range(len(layers))],
                "head": [dense(2)],
                "loss": "squared_error",
            }
        ],
        **training,
    )


def _of_sequence(layer: Document) -> bool:
    return layer.get("layer", layer).get("layer", layer.get("layer", layer)).get("returns") == "sequence"


def _masked(id: str, why: str, *layers: Document, **training: Any) -> Draft:
    named = tuple({**layer, "mask": "m"} for layer in layers)
    return Draft(
        id,
        why,
        _side_by_side(*named, **training),
        inputs={"m": [[float(each) for each in row] for row in MASK]},
        batches=BATCH,
        since=SINCE,
    )


def _unmasked(id: str, why: str, *layers: Document, **training: Any) -> Draft:
    document = _side_by_side(*layers, **training)
    document["inputs"] = document["inputs"][:1]
    return Draft(id, why, document, since=SINCE)


PLAIN = [
    Draft(
        "layer/simple-rnn",
        "Three steps of the plainest recurrence, with the one bias of Keras.",
        model(_layer("simple_rnn", 3), shape=(STEPS, CHANNELS), like="keras"),
        since=SINCE,
    ),
    Draft(
        "layer/lstm",
        "Four gates in their order; PyTorch's two biases, which move the sum twice as far in a step.",
        model(_layer("lstm", 3), shape=(STEPS, CHANNELS), like="torch"),
        since=SINCE,
    ),
    Draft(
        "layer/gru",
        "Three gates, which PyTorch and Keras keep in another order each; the slots of an optimizer follow them.",
        model(_layer("gru", 3), shape=(STEPS, CHANNELS), like="torch", optimizer=ADAM),
        steps=True,
        since=SINCE,
    ),
]

FORMS = [
    _unmasked(
        "layer/simple-rnn-forms",
        "Every number of biases, a relu, an activation that no native layer has, both directions, penalties.",
        _layer("simple_rnn", biases="two", direction="backward", returns="sequence", **PENALTIES),
        _layer("simple_rnn", 1, biases="none", state_activation="relu", returns="sequence"),
        _layer("simple_rnn", biases="one", state_activation="silu", direction="backward"),
    ),
    _unmasked(
        "layer/lstm-forms",
        "Every number of biases, gates of any activation, both directions, penalties.",
        _layer("lstm", biases="one", direction="backward", returns="sequence", **PENALTIES),
        _layer("lstm", 1, biases="none", direction="backward"),
        _layer("lstm", biases="two", gate_activation="tanh", state_activation="softplus", returns="sequence"),
    ),
    _unmasked(
        "layer/gru-reset-before",
        "The paper's reset of the state before its product, with every number of biases, which are only ever added.",
        _layer("gru", biases="one", direction="backward", returns="sequence", reset="before", **PENALTIES),
        _layer("gru", 1, biases="none", reset="before"),
        _layer("gru", biases="two", reset="before", gate_activation="tanh", state_activation="gelu"),
    ),
    _unmasked(
        "layer/gru-reset-after",
        "A reset of the product, which scales the recurrent bias of the candidate too where there is one.",
        _layer("gru", biases="two", direction="backward", returns="sequence", reset="after", **PENALTIES),
        _layer("gru", 1, biases="none", reset="after"),
        _layer("gru", biases="one", reset="after", returns="sequence"),
    ),
    _unmasked(
        "layer/recurrent-of-one-step",
        "A sequence of one step has a state before it and none after.",
        _layer("simple_rnn", returns="sequence"),
        _layer("lstm", 1, direction="backward", returns="sequence"),
        _layer("gru", reset="after", biases="two"),
        length=1,
    ),
]

MASKED = [
    _masked(
        f"layer/{kind.replace('_', '-')}-masked",
        "Steps are left out: after, before and between those that count, all of them, or none.",
        _layer(kind),
        _layer(kind, direction="backward", **native),
        _layer(kind, returns="sequence", masked_outputs="repeat", **native),
        _layer(kind, returns="sequence", masked_outputs="zero", direction="backward", **other),
    )
    for kind, native, other in (
        ("simple_rnn", {"biases": "two"}, {"state_activation": "softplus"}),
        ("lstm", {"biases": "two"}, {"gate_activation": "softplus"}),
        ("gru", {"reset": "after", "biases": "two"}, {"state_activation": "silu"}),
    )
]


def _both(layer: Document, **fields: Any) -> Document:
    return {"kind": "bidirectional", "layer": layer} | fields


BOTH = [
    Draft(
        "layer/bidirectional",
        "Every merge of two directions; the last state of the backward one is the one that has read all.",
        _side_by_side(
            _both(_layer("lstm")),
            _both(_layer("gru", returns="sequence", mask="m"), merge="add"),
            _both(_layer("simple_rnn", returns="sequence"), merge="multiply"),
            _both(_layer("simple_rnn", 1, mask="m"), merge="average"),
        ),
        inputs={"m": [[float(each) for each in row] for row in MASK]},
        batches=BATCH,
        since=SINCE,
    ),
    _unmasked(
        "layer/stacked-recurrent",
        "Layers of one form one after the other, each of which but the last gives its whole sequence.",
        {"kind": "stacked_recurrent", "layer": _layer("gru")},
        {"kind": "stacked_recurrent", "layer": _both(_layer("simple_rnn", 1, returns="sequence")), "depth": 3},
    ),
]

EDGES = [
    Draft(
        "layer/recurrent-saturated",
        "Gates that are shut or open but for rounding, and states at the ends of their range.",
        _side_by_side(
            _layer("lstm", returns="sequence"), _layer("gru", reset="after", biases="two"), _layer("simple_rnn")
        )
        | {"inputs": [{"name": "x", "shape": [STEPS, CHANNELS]}]},
        inputs={
            "x": [
                [[30.0, -30.0], [0.0, 0.0], [-30.0, -30.0]],
                [[8.0, 8.0], [-8.0, 8.0], [0.5, -0.5]],
                [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
                [[1e3, -1e3], [1e3, 1e3], [-1e3, 1e-3]],
                [[1.0, -2.0], [60.0, 0.0], [0.0, 60.0]],
                [[-4.0, 4.0], [4.0, -4.0], [12.0, 12.0]],
            ]
        },
        since=SINCE,
    ),
]

_BY_UNITS = {f"{name}_initializer": "fan_in_uniform" for name in ("kernel", "recurrent", "bias", "recurrent_bias")}
LAWS = Draft(
    "chance/recurrent-laws",
    "Fans of whole matrices, or the units for all; and a forget gate that begins open.",
    several(
        inputs=[{"name": "x", "shape": [1, 16]}],
        blocks=[
            {"name": name, "inputs": ["x"], "layers": [layer]}
            for name, layer in {
                "whole": _layer("lstm", 64, biases="two", recurrent_bias_initializer="ones"),
                "by_units": _layer("lstm", 64, biases="two", **_BY_UNITS),
                "simple_by_units": _layer("simple_rnn", 256, biases="two", **_BY_UNITS),
                "gru_by_units": _layer("gru", 96, biases="two", **_BY_UNITS),
            }.items()
        ],
        tasks=[
            {
                "name": "y",
                "inputs": ["whole", "by_units", "simple_by_units", "gru_by_units"],
                "head": [dense(1)],
                "loss": "squared_error",
            }
        ],
    ),
    examples=4,
    batches=((0, 1),),
    chance=True,
    since=SINCE,
)

TOWERS = Draft(
    "model/towers-of-sequences",
    "Two sequences of ids, of a length of their own each, go through one embedding and one GRU, each under its mask.",
    several(
        inputs=[
            {"name": "query", "shape": [None], "dtype": "integer"},
            {"name": "page", "shape": [None], "dtype": "integer"},
        ],
        blocks=[
            {"name": "query_mask", "inputs": ["query"], "layers": [{"kind": "padding_mask"}]},
            {"name": "page_mask", "inputs": ["page"], "layers": [{"kind": "padding_mask"}]},
            {
                "name": "query_tower",
                "inputs": ["query"],
                "layers": [
                    {"kind": "embedding", "rows": 6, "units": 3, "repeated_ids": "sum"},
                    _layer("gru", 3, mask="query_mask"),
                ],
            },
            {
                "name": "page_tower",
                "inputs": ["page"],
                "reuses": "query_tower",
                "exchanges": [{"name": "query_mask", "by": "page_mask"}],
            },
            {"name": "match", "inputs": ["query_tower", "page_tower"], "merge": "multiply"},
        ],
        tasks=[
            {"name": "clicked", "inputs": ["match"], "head": [dense(1)], "loss": "sigmoid_cross_entropy"},
            {"name": "topic", "inputs": ["page_tower"], "head": [dense(3)], "loss": "softmax_cross_entropy"},
        ],
        like="keras",
    ),
    inputs={
        "query": [[1, 2, 0], [0, 3, 5], [4, 0, 4], [0, 0, 0], [5, 1, 2], [2, 0, 0]],
        "page": [[3, 1, 2, 4], [1, 0, 0, 0], [0, 0, 2, 5], [5, 5, 0, 1], [0, 0, 0, 0], [1, 2, 3, 0]],
    },
    batches=BATCH,
    since=SINCE,
)

RECURRENT_DRAFTS = [*PLAIN, *FORMS, *MASKED, *BOTH, *EDGES, LAWS, TOWERS]
