"""Drafts of layers, activations, merges and initializers, each alone."""

from __future__ import annotations

from documents import conv, dense, model, several
from mtlspec_conformance.draft import Document, Draft

IMAGE = (5, 4, 2)
LAST = [{"kind": "flatten"}, dense(2)]

DENSE = [
    Draft(
        "layer/dense", "A kernel that is no square, with its bias; the plain case.", model(dense(4, "tanh")), steps=True
    ),
    Draft(
        "layer/dense-square",
        "A transposed kernel has the right shape when it is square.",
        model(dense(3), head=[dense(3)]),
    ),
    Draft("layer/dense-without-bias", "A bias that should not be there.", model(dense(4, "tanh", bias=False))),
    Draft(
        "layer/dense-of-a-matrix",
        "A dense layer works on the last axis alone.",
        model(dense(4, "tanh"), shape=(2, 3), head=LAST),
    ),
    Draft(
        "layer/activation", "An activation as a layer of its own.", model({"kind": "activation", "function": "tanh"})
    ),
    Draft(
        "layer/residual",
        "The input is added to the output of the layers, also backward.",
        model({"kind": "residual", "layers": [dense(4, "tanh"), dense(3)]}),
    ),
    Draft(
        "layer/residual-with-shortcut",
        "Both paths of a residual have parameters.",
        model({"kind": "residual", "layers": [dense(4, "tanh")], "shortcut": [dense(4, bias=False)]}),
    ),
    Draft(
        "layer/reshape",
        "Row-major order of a reshape.",
        model({"kind": "reshape", "shape": [3, 2]}, dense(2, "tanh"), shape=(2, 3), head=LAST),
    ),
    Draft(
        "layer/reshape-of-a-number",
        "An input that is one number per example has no axis to lose.",
        model({"kind": "reshape", "shape": [1]}, dense(3, "tanh"), shape=()),
    ),
]

EMBEDDING = [
    Draft(
        "layer/embedding",
        "Rows of a table; an id occurs twice in the batch, and one row in no batch.",
        model({"kind": "embedding", "rows": 5, "units": 3}, shape=(), dtype="integer"),
        inputs={"x": [1, 3, 1, 0, 3, 1]},
    ),
    Draft(
        "layer/embedding-of-several-ids",
        "Several ids in one example, one of them twice.",
        model({"kind": "embedding", "rows": 4, "units": 2}, shape=(3,), dtype="integer", head=LAST),
        inputs={"x": [[1, 3, 1], [0, 0, 0], [2, 1, 3], [3, 3, 2], [0, 1, 2], [2, 2, 1]]},
    ),
]


def _dropout(rate: float) -> Document:
    return {"kind": "dropout", "rate": rate}


def _batch_norm(**fields: object) -> Document:
    return {"kind": "batch_normalization"} | fields


def _layer_norm(**fields: object) -> Document:
    return {"kind": "layer_normalization"} | fields


NORMALIZATION = [
    Draft(
        "layer/dropout",
        "Two masks that belong to two nodes, begin at step 3 and change with every step.",
        model(dense(6, "tanh"), _dropout(0.4), dense(5, "tanh"), _dropout(0.25), seed=7),
        parameters={"trunk[1].step": 3, "trunk[3].step": 3},
        steps=True,
    ),
    Draft(
        "layer/dropout-of-a-matrix",
        "The elements of an example are counted row by row.",
        model(_dropout(0.5), dense(3, "tanh"), shape=(2, 4), head=LAST, seed=1),
    ),
    Draft(
        "layer/channels-stay-last",
        "After a convolution too, normalization, softmax and the elements of a mask go by channels.",
        model(
            conv(3, 2),
            _layer_norm(),
            {"kind": "activation", "function": "softmax"},
            _dropout(0.4),
            shape=IMAGE,
            head=LAST,
        ),
    ),
    Draft("layer/dropout-keeps-all", "Rate 0 keeps every element, and the step goes on.", model(_dropout(0.0))),
    Draft(
        "layer/batch-normalization",
        "Batch statistics in training, running ones in inference; unbiased running variance.",
        model(dense(4, "tanh", bias=False), _batch_norm(epsilon=0.01, running_average_keeps=0.8)),
        steps=True,
    ),
    Draft(
        "layer/batch-normalization-biased",
        "A running variance that moves toward the biased variance.",
        model(dense(4, "tanh", bias=False), _batch_norm(running_variance="biased")),
        steps=True,
    ),
    Draft(
        "layer/batch-normalization-without-scale",
        "Neither scale nor offset.",
        model(dense(4, "tanh", bias=False), _batch_norm(scale=False, offset=False)),
    ),
    Draft(
        "layer/batch-normalization-of-an-image",
        "The statistics of a channel are those of all its pixels.",
        model(_batch_norm(), shape=(3, 2, 2), head=LAST),
    ),
    Draft(
        "layer/batch-normalization-of-a-matrix",
        "The statistics of a feature are those of all rows of all examples.",
        model(_batch_norm(running_variance="biased"), shape=(3, 2), head=LAST),
    ),
    Draft(
        "layer/batch-normalization-of-one",
        "In a batch of one the variance is 0 and n/(n-1) has no value.",
        model(dense(4, "tanh", bias=False), _batch_norm()),
        batches=((2,), (0, 1, 2, 3)),
    ),
    Draft(
        "layer/layer-normalization",
        "Statistics of each example; epsilon is visible.",
        model(dense(4, "tanh"), _layer_norm(epsilon=0.01)),
        steps=True,
    ),
    Draft(
        "layer/layer-normalization-without-scale",
        "Neither scale nor offset, the published epsilon.",
        model(dense(4, "tanh"), _layer_norm(scale=False, offset=False)),
    ),
    Draft(
        "layer/layer-normalization-of-a-matrix",
        "The last axis alone.",
        model(_layer_norm(), shape=(3, 4), head=LAST),
    ),
    Draft(
        "layer/normalization",
        "Stored statistics that training leaves alone; a variance of 0 is replaced by epsilon.",
        model({"kind": "normalization", "epsilon": 0.5}, dense(3, "tanh")),
        parameters={"trunk[0].variance": [2.25, 0.01, 0.0]},
        steps=True,
    ),
    Draft(
        "layer/normalization-of-an-image",
        "One mean and variance for each channel.",
        model({"kind": "normalization"}, shape=(2, 3, 2), head=LAST),
    ),
]

CONVOLUTION = [
    Draft(
        "layer/conv2d",
        "A square kernel: neither transposed nor turned around.",
        model(conv(3, 3), shape=IMAGE, head=LAST),
        steps=True,
    ),
    Draft(
        "layer/conv2d-same",
        "An even kernel with padding: the odd zero comes after.",
        model(conv(3, 2, padding="same"), shape=IMAGE, head=LAST),
    ),
    Draft(
        "layer/conv2d-same-with-strides",
        "Padding under strides depends on the size of the image.",
        model(conv(2, 3, padding="same", strides=2), shape=(6, 5, 2), head=LAST),
    ),
    Draft(
        "layer/conv2d-not-square",
        "Height and width are not swapped, in kernel, strides and padding.",
        model(conv(2, [2, 3], padding="same", strides=[1, 2]), shape=IMAGE, head=LAST),
    ),
    Draft(
        "layer/conv2d-valid-with-strides",
        "Rows that the last window does not reach get no gradient.",
        model(conv(2, [3, 2], strides=[2, 1], bias=False, activation="relu"), shape=(6, 4, 1), head=LAST),
    ),
]


def _pool(kind: str, **fields: object) -> Document:
    return {"kind": kind} | fields


POOLING = [
    Draft("layer/max-pool2d", "The plain window.", model(_pool("max_pool2d"), shape=(4, 4, 2), head=LAST)),
    Draft(
        "layer/max-pool2d-same",
        "Padding never wins, not even over negative numbers.",
        model(_pool("max_pool2d", pool_size=3, strides=2, padding="same"), shape=(4, 5, 1), head=LAST),
        inputs={"x": "negative"},
    ),
    Draft(
        "layer/max-pool2d-overlapping",
        "A maximum of several windows gets the gradient of each; pool and strides are not square.",
        model(conv(2, 1), _pool("max_pool2d", pool_size=[2, 3], strides=[1, 2]), shape=IMAGE, head=LAST),
    ),
    Draft(
        "layer/max-pool2d-ties",
        "Of equal maxima the first in row order gets the gradient.",
        model(conv(1, 1, bias=False), _pool("max_pool2d", padding="same"), shape=(2, 4, 1), head=LAST),
        inputs={"x": "halves"},
        parameters={"trunk[0].kernel": [[[[1.5]]]]},
    ),
    Draft(
        "layer/average-pool2d",
        "The plain window, and rows outside every window.",
        model(_pool("average_pool2d"), shape=IMAGE, head=LAST),
    ),
    Draft(
        "layer/average-pool2d-same",
        "Padding is not counted.",
        model(conv(2, 1), _pool("average_pool2d", pool_size=[3, 2], strides=2, padding="same"), shape=IMAGE, head=LAST),
    ),
    Draft(
        "layer/global-max-pool",
        "The maximum of each channel.",
        model(conv(2, 2), _pool("global_max_pool"), shape=IMAGE),
    ),
    Draft(
        "layer/global-max-pool-ties",
        "Equal maxima share the gradient evenly.",
        model(conv(2, 1, bias=False), _pool("global_max_pool"), shape=(2, 2, 1)),
        inputs={"x": "halves"},
        parameters={"trunk[0].kernel": [[[[1.5, -0.5]]]]},
    ),
    Draft(
        "layer/global-max-pool-of-a-matrix",
        "Every axis but the last, also when there is one.",
        model(dense(3), _pool("global_max_pool"), shape=(4, 2)),
    ),
    Draft(
        "layer/global-average-pool",
        "The mean of each channel.",
        model(conv(2, 2, activation="tanh"), _pool("global_average_pool"), shape=IMAGE),
    ),
    Draft(
        "layer/reshape-to-an-image",
        "The order of elements before and after a convolution is that of the document's shapes.",
        model(
            {"kind": "reshape", "shape": [2, 3, 2]},
            conv(2, 2, padding="same"),
            {"kind": "reshape", "shape": [3, 4]},
            dense(2, "tanh"),
            shape=(12,),
            head=LAST,
        ),
    ),
    Draft(
        "layer/flatten",
        "Row-major, with the channels last.",
        model(conv(3, 2), {"kind": "flatten"}, dense(3, "tanh"), shape=(3, 4, 2)),
    ),
]

WIDE = [
    [0.31, -0.42, 1.3],
    [-1.2, 0.77, 0.05],
    [25.3, -31.0, 7.1],
    [-9.4, 12.6, -22.8],
    [0.9, -0.2, 0.4],
    [2.2, 1.1, -3.0],
]
"""Small and large arguments: what an approximation gets wrong in the tails."""


def _activation(id: str, why: str, *functions: object) -> Draft:
    layers = [{"kind": "activation", "function": function} for function in functions]
    identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    spec = several(
        blocks=[{"name": "trunk", "layers": [dense(3)]}],
        tasks=[
            {"name": f"y{index}", "head": [layer, dense(2)], "loss": "squared_error"}
            for index, layer in enumerate(layers)
        ],
    )
    return Draft(
        f"activation/{id}",
        why,
        spec,
        inputs={"x": WIDE},
        parameters={"trunk[0].kernel": identity, "trunk[0].bias": [0.1, -0.1, 0.2]},
    )


ACTIVATIONS = [
    _activation("linear", "The identity, as a layer.", "linear"),
    _activation("relu", "Negative arguments have neither value nor slope.", "relu"),
    _activation(
        "leaky-relu",
        "The slope is the number in the document, whose float32 form is another.",
        {"kind": "leaky_relu", "slope": 0.3},
        {"kind": "leaky_relu", "slope": 0.01},
    ),
    _activation("elu", "Another alpha than 1.", {"kind": "elu", "alpha": 0.7}, "elu"),
    _activation("gelu", "The error function; sqrt(1/2) in float32 shows at 1e-9.", "gelu"),
    _activation(
        "gelu-tanh", "The approximation, which is not the function.", {"kind": "gelu", "approximation": "tanh"}
    ),
    _activation("silu", "x·sigmoid(x).", "silu"),
    _activation("tanh", "Saturates.", "tanh"),
    _activation("sigmoid", "Saturates without overflow.", "sigmoid"),
    _activation("softplus", "No linear branch for large arguments.", "softplus"),
    _activation("softmax", "Over the last axis, without overflow.", "softmax"),
    Draft(
        "activation/relu-at-zero",
        "The slope at exactly 0 is 0.",
        model(dense(3, "relu")),
        inputs={"x": [[1.0, 0.0, -1.0], [0.0, 2.0, 0.0], [-1.0, 0.0, 0.0], [0.5, 0.0, 1.0]]},
        examples=4,
        parameters={
            "trunk[0].kernel": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            "trunk[0].bias": [0.0, 0.0, 0.0],
        },
    ),
]

TWO_INPUTS = [{"name": "x", "shape": [3]}, {"name": "z", "shape": [3]}]


def _merge(merge: str, why: str) -> Draft:
    spec = several(
        inputs=TWO_INPUTS,
        blocks=[
            {"name": "left", "inputs": ["x"], "layers": [dense(3, "tanh")]},
            {"name": "trunk", "inputs": ["left", "z"], "merge": merge, "layers": [dense(3, "tanh")]},
        ],
        tasks=[{"name": "y", "inputs": ["trunk", "left"], "merge": merge, "head": [dense(2)], "loss": "squared_error"}],
    )
    return Draft(f"merge/{merge}", why, spec)


MERGES = [
    _merge("concatenate", "Side by side in the order of the document, not of the alphabet."),
    Draft(
        "merge/concatenate-of-images",
        "Images are put side by side by their channels.",
        several(
            inputs=[{"name": "x", "shape": [3, 3, 1]}],
            blocks=[
                {"name": "one", "layers": [conv(2, 2, padding="same")]},
                {"name": "two", "inputs": ["x"], "layers": [conv(1, 3, padding="same", activation="tanh")]},
                {"name": "both", "inputs": ["two", "x", "one"], "layers": LAST[:1]},
            ],
            tasks=[{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
        ),
    ),
    _merge("add", "The sum; a block that is read twice gets both gradients."),
    _merge("multiply", "The product; each factor's gradient has the other."),
    _merge("average", "The mean of two is not their sum."),
]

_KERNELS: list[object] = [
    "zeros",
    "ones",
    {"kind": "constant", "value": 0.25},
    {"kind": "constant", "value": -0.5},
    "uniform",
    {"kind": "uniform", "low": -0.3, "high": 0.1},
    "normal",
    {"kind": "normal", "mean": 0.2, "standard_deviation": 0.3},
    "glorot_uniform",
    "he_uniform",
    "lecun_uniform",
    "fan_in_uniform",
    *({"kind": f"{name}_normal", "truncated": cut} for name in ("glorot", "he", "lecun") for cut in (False, True)),
]

INITIALIZERS = [
    Draft(
        "initializer/every-kind",
        "Every initializer, by name and seed, with the fans of its layer.",
        several(
            tasks=[
                {"name": f"y{i}", "head": [dense(2, kernel_initializer=kernel)], "loss": "squared_error"}
                for i, kernel in enumerate(_KERNELS)
            ],
            seed=5,
        ),
        initial=True,
    ),
    Draft(
        "initializer/of-every-layer",
        "Convolutions, embeddings and biases have initializers too.",
        several(
            inputs=[{"name": "image", "shape": [3, 3, 2]}, {"name": "id", "dtype": "integer"}],
            blocks=[
                {
                    "name": "seen",
                    "inputs": ["image"],
                    "layers": [
                        conv(2, 2, kernel_initializer="he_normal", bias_initializer={"kind": "constant", "value": 0.1}),
                        {"kind": "flatten"},
                    ],
                },
                {
                    "name": "known",
                    "inputs": ["id"],
                    "layers": [{"kind": "embedding", "rows": 4, "units": 2, "initializer": "uniform"}],
                },
            ],
            tasks=[
                {
                    "name": "y",
                    "inputs": ["seen", "known"],
                    "head": [dense(2, bias_initializer="ones")],
                    "loss": "squared_error",
                }
            ],
        ),
        initial=True,
    ),
]

LAYER_DRAFTS = [
    *DENSE,
    *EMBEDDING,
    *NORMALIZATION,
    *CONVOLUTION,
    *POOLING,
    *ACTIVATIONS,
    *MERGES,
    *INITIALIZERS,
]
