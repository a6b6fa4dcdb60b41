"""Documents of layers, merges, activations and losses; what none names, test_backend.py takes from the cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]


def vector(*layers: Any, width: int = 5, **more: Any) -> Document:
    """Return a document with one vector, a shared block of `layers` and two tasks."""
    return image(*layers, shape=[width], **more)


def image(*layers: Any, shape: Sequence[int] = (7, 6, 2), tail: Sequence[Any] = (), **more: Any) -> Document:
    return {
        "inputs": [{"name": "x", "shape": list(shape)}],
        "blocks": [{"name": "trunk", "layers": [*layers, *tail]}],
        "tasks": [
            {
                "name": "species",
                "head": [{"kind": "dense", "units": 3}],
                "loss": "softmax_cross_entropy",
                "weight": 0.7,
            },
            {"name": "mass", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error", "weight": 1.3},
        ],
        **more,
    }


def dense(units: int = 6, **more: Any) -> Document:
    return {"kind": "dense", "units": units, **more}


def conv(filters: int = 3, **more: Any) -> Document:
    return {"kind": "conv2d", "filters": filters, **more}


def ends_in(loss: Any, units: int, *, activation: str = "linear") -> Document:
    head = [dense(units, activation=activation)]
    return {**vector(dense(activation="tanh")), "tasks": [{"name": "only", "head": head, "loss": loss}]}


def merged(merge: str) -> Document:
    return {
        "inputs": [{"name": "x", "shape": [4]}, {"name": "y", "shape": [4]}],
        "blocks": [
            {"name": "left", "inputs": ["x"], "layers": [dense(4, activation="tanh")]},
            {"name": "both", "inputs": ["left", "x", "y"], "merge": merge},
            {"name": "after", "layers": [dense(4, activation="tanh")]},
        ],
        "tasks": [
            {
                "name": "a",
                "inputs": ["both", "after", "y"],
                "merge": merge,
                "head": [dense(2)],
                "loss": "absolute_error",
            },
            {"name": "b", "inputs": ["after"], "head": [dense(1)], "loss": "squared_error"},
        ],
    }


ACTIVATIONS: dict[str, Any] = {
    "linear": "linear",
    "relu": "relu",
    "leaky_relu": {"kind": "leaky_relu", "slope": 0.2},
    "elu": {"kind": "elu", "alpha": 1.3},
    "gelu": "gelu",
    "gelu_tanh": {"kind": "gelu", "approximation": "tanh"},
    "silu": "silu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softplus": "softplus",
    "softmax": "softmax",
}
CONV = {"kernel_size": 3, "activation": "tanh"}
FLAT = ["flatten"]
LAYERS: dict[str, Document] = {
    **{f"activation_{name}": vector(dense(), {"kind": "activation", "function": f}) for name, f in ACTIVATIONS.items()},
    **{f"fused_{name}": vector(dense(activation=f), dense(activation="tanh")) for name, f in ACTIVATIONS.items()},
    "dense_without_bias": vector(dense(bias=False), dense(activation="tanh")),
    "dense_on_sequences": image(dense(4, activation="tanh"), shape=[5, 3], tail=FLAT),
    "conv_valid": image(conv(**CONV), tail=FLAT),
    "conv_valid_strides": image(conv(**CONV, strides=[2, 3], bias=False), tail=FLAT),
    "conv_same": image(conv(**CONV, padding="same"), tail=FLAT),
    "conv_same_even": image(conv(kernel_size=[2, 4], activation="tanh", padding="same"), tail=FLAT),
    "conv_same_strides": image(conv(**CONV, padding="same", strides=2), tail=FLAT),
    "conv_same_wide_strides": image(conv(kernel_size=2, padding="same", strides=3), tail=FLAT),
    "batch_norm_biased": vector(
        dense(bias=False), {"kind": "batch_normalization", "running_variance": "biased", "running_average_keeps": 0.7}
    ),
    "batch_norm_unbiased": vector(dense(bias=False), {"kind": "batch_normalization", "epsilon": 1e-3}),
    "batch_norm_without_scale": vector(dense(bias=False), {"kind": "batch_normalization", "scale": False}),
    "batch_norm_without_offset": vector(dense(bias=False), {"kind": "batch_normalization", "offset": False}),
    "batch_norm_plain": image(
        conv(**CONV),
        {"kind": "batch_normalization", "scale": False, "offset": False, "running_variance": "biased"},
        tail=FLAT,
    ),
    "batch_norm_images": image(conv(**CONV), "batch_normalization", tail=FLAT),
    "batch_norm_images_biased": image(
        conv(**CONV), {"kind": "batch_normalization", "running_variance": "biased"}, tail=FLAT
    ),
    "batch_norm_sequences": image("batch_normalization", shape=[4, 3], tail=FLAT),
    "batch_norm_volumes": image("batch_normalization", shape=[2, 3, 2, 3], tail=FLAT),
    "batch_norm_of_five_axes": image("batch_normalization", shape=[2, 1, 2, 2, 3], tail=FLAT),
    "layer_norm": vector(dense(), "layer_normalization"),
    "layer_norm_without_scale": vector(dense(), {"kind": "layer_normalization", "scale": False, "epsilon": 1e-3}),
    "layer_norm_without_offset": image({"kind": "layer_normalization", "offset": False}, shape=[3, 4], tail=FLAT),
    "layer_norm_plain": image({"kind": "layer_normalization", "scale": False, "offset": False}, tail=FLAT),
    "norms_and_gates": image(
        conv(4, **CONV),
        {"kind": "group_normalization", "groups": 2, "scale": False},
        {"kind": "prelu", "slopes": "per_channel"},
        {"kind": "glu", "function": {"kind": "celu", "alpha": 0.7}, "gate": "first"},
        {"kind": "batch_normalization", "frozen": "statistics"},
        {"kind": "gradient_reversal", "factor": 0.3},
        {"kind": "permute", "axes": [2, 0, 1]},
        {"kind": "slice", "axis": -1, "begin": 1, "stride": 2},
        {"kind": "rms_normalization", "axes": 2},
        {"kind": "prelu", "slopes": "per_element"},
        tail=FLAT,
    ),
    "normalization": image(
        {"kind": "normalization", "epsilon": 0.9}, dense(activation="tanh"), shape=[3, 4], tail=FLAT
    ),
    "dropout": vector(dense(), {"kind": "dropout", "rate": 0.4}, dense(), {"kind": "dropout", "rate": 0.0}),
    "dropout_images": image(conv(**CONV), {"kind": "dropout", "rate": 0.25}, tail=FLAT),
    "max_pool": image(conv(**CONV), "max_pool2d", tail=FLAT),
    "max_pool_same": image({"kind": "max_pool2d", "pool_size": 3, "strides": 1, "padding": "same"}, tail=FLAT),
    "max_pool_same_uneven": image(conv(**CONV), {"kind": "max_pool2d", "pool_size": 2, "padding": "same"}, tail=FLAT),
    "average_pool": image(conv(**CONV), {"kind": "average_pool2d", "pool_size": [3, 2], "strides": 1}, tail=FLAT),
    "average_pool_same": image({"kind": "average_pool2d", "pool_size": 3, "strides": 1, "padding": "same"}, tail=FLAT),
    "average_pool_same_uneven": image(
        {"kind": "average_pool2d", "pool_size": [2, 4], "strides": [2, 1], "padding": "same"}, tail=FLAT
    ),
    "global_max_pool": image(conv(**CONV), "global_max_pool"),
    "global_max_pool_ties": image(conv(kernel_size=3, activation="relu"), "global_max_pool", dense(activation="tanh")),
    "global_average_pool": image("global_average_pool", shape=[4, 3]),
    "reshape": image({"kind": "reshape", "shape": [6, 7, 2]}, conv(**CONV), {"kind": "reshape", "shape": [60]}),
    "reshape_vector": vector({"kind": "reshape", "shape": [5, 1]}, dense(2, activation="tanh"), "flatten"),
    "flatten_scalar": image("flatten", dense(activation="tanh"), shape=[]),
    "reshape_scalar": image({"kind": "reshape", "shape": [1, 1]}, "flatten", dense(activation="tanh"), shape=[]),
    "residual": vector(dense(4), {"kind": "residual", "layers": [dense(4, activation="tanh"), dense(4)]}),
    "residual_shortcut": image(
        {
            "kind": "residual",
            "layers": [
                conv(padding="same", **CONV),
                {"kind": "residual", "layers": ["batch_normalization", conv(kernel_size=1)]},
            ],
            "shortcut": [conv(kernel_size=1)],
        },
        tail=FLAT,
    ),
    **{
        f"merge_{merge}": merged(merge) for merge in ("concatenate", "add", "multiply", "average", "maximum", "minimum")
    },
    "penalties": vector(
        dense(kernel_penalty={"l1": 0.01, "l2": 0.02}, bias_penalty={"l2": 0.03}), dense(kernel_penalty={"l1": 0.1})
    ),
    "without_parameters_of_its_own": {
        "inputs": [{"name": "x", "shape": [3]}],
        "tasks": [
            {"name": "raw", "loss": "squared_error"},
            {"name": "linear", "head": [dense(2)], "loss": {"kind": "huber", "delta": 0.4}},
        ],
    },
    "a_block_that_nothing_reads": {
        **vector(dense(activation="tanh")),
        "blocks": [
            {"name": "unread", "inputs": ["x"], "layers": [dense(), {"kind": "dropout", "rate": 0.5}]},
            {"name": "trunk", "inputs": ["x"], "layers": [dense(activation="tanh")]},
        ],
        "training": {"optimizer": {"kind": "adamw", "weight_decay": 0.1}},
    },
}
PROBABILITIES = {"kind": "probabilities", "clip": 0.05}
TERMS = {
    "kind": "softmax_cross_entropy",
    "class_weights": [1, 2, 0.5, 3],
    "class_weights_apply_to": "class_terms",
    "reduction": "weight_sum",
}
LOSSES: dict[str, Document] = {
    "softmax": ends_in("softmax_cross_entropy", 4),
    "softmax_weighted": ends_in({"kind": "softmax_cross_entropy", "class_weights": [1, 2, 0.5, 3]}, 4),
    "softmax_weighted_smoothed": ends_in(
        {"kind": "softmax_cross_entropy", "class_weights": [1, 2, 0.5, 3], "label_smoothing": 0.2}, 4
    ),
    "softmax_terms": ends_in({**TERMS, "reduction": "batch"}, 4),
    "softmax_terms_smoothed": ends_in({**TERMS, "label_smoothing": 0.2}, 4),
    "softmax_terms_smoothed_present": ends_in({**TERMS, "label_smoothing": 0.2, "reduction": "present"}, 4),
    "softmax_terms_of_targets": ends_in({**TERMS, "targets": "probabilities", "label_smoothing": 0.2}, 4),
    "softmax_terms_clipped": ends_in(
        {**TERMS, "from": {**PROBABILITIES, "clip": 0.2}, "label_smoothing": 0.1, "reduction": "present"}, 4
    ),
    "softmax_terms_renormalized_targets": ends_in(
        {**TERMS, "targets": "probabilities", "from": {**PROBABILITIES, "clip": 0.2, "renormalized": True}}, 4
    ),
    "softmax_smoothed": ends_in({"kind": "softmax_cross_entropy", "label_smoothing": 0.2}, 4),
    "softmax_of_targets": ends_in({"kind": "softmax_cross_entropy", "targets": "probabilities"}, 4),
    "softmax_of_smoothed_targets": ends_in(
        {"kind": "softmax_cross_entropy", "targets": "probabilities", "label_smoothing": 0.3}, 4
    ),
    "softmax_clipped": ends_in({"kind": "softmax_cross_entropy", "from": PROBABILITIES}, 4),
    "softmax_clipped_smoothed": ends_in(
        {"kind": "softmax_cross_entropy", "from": {**PROBABILITIES, "clip": 0.2}, "label_smoothing": 0.1}, 4
    ),
    "softmax_renormalized": ends_in(
        {"kind": "softmax_cross_entropy", "from": {**PROBABILITIES, "clip": 0.2, "renormalized": True}}, 4
    ),
    "softmax_renormalized_targets": ends_in(
        {
            "kind": "softmax_cross_entropy",
            "targets": "probabilities",
            "from": {**PROBABILITIES, "clip": 0.2, "renormalized": True},
        },
        4,
    ),
    "double_softmax": ends_in("softmax_cross_entropy", 4, activation="softmax"),
    "sigmoid": ends_in("sigmoid_cross_entropy", 1),
    "sigmoid_labels": ends_in({"kind": "sigmoid_cross_entropy", "label_smoothing": 0.1}, 3),
    "sigmoid_positive": ends_in({"kind": "sigmoid_cross_entropy", "positive_weights": [2, 0.5, 3]}, 3),
    "sigmoid_clipped": ends_in(
        {"kind": "sigmoid_cross_entropy", "positive_weights": [2, 0.5], "from": {**PROBABILITIES, "clip": 0.4}}, 2
    ),
    "squared_error": ends_in("squared_error", 3),
    "absolute_error": ends_in("absolute_error", 2),
    "huber": ends_in({"kind": "huber", "delta": 0.3}, 2),
    "huber_of_one": ends_in("huber", 1),
}
