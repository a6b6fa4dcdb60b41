"""Documents that together name every law of optimizers, clipping, rows and phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch_documents import LAYERS, Document, dense, vector

IDS = 6
"""Every embedding here has more rows than this, so that some are never touched."""


def trained(optimizer: Any, *, clipping: Any = None, layers: Sequence[Any] = (), **more: Any) -> Document:
    training = {"optimizer": optimizer, **({"clipping": clipping} if clipping else {})}
    return vector(dense(activation="tanh"), *layers, training=training, **more)


def tables(optimizer: Any, *, clipping: Any = None, **laws: Any) -> Document:
    """Return a document with an embedding of one id and one of a sequence, in which ids repeat."""
    training = {"optimizer": optimizer, **({"clipping": clipping} if clipping else {})}
    table = {"kind": "embedding", "rows": IDS + 4, "units": 3, **laws}
    return {
        "inputs": [
            {"name": "one", "dtype": "integer"},
            {"name": "many", "shape": [4], "dtype": "integer"},
            {"name": "x", "shape": [3]},
        ],
        "blocks": [
            {"name": "first", "inputs": ["one"], "layers": [table]},
            {"name": "second", "inputs": ["many"], "layers": [table, "flatten"]},
            {"name": "trunk", "inputs": ["first", "second", "x"], "layers": [dense(activation="tanh")]},
        ],
        "tasks": [
            {"name": "species", "head": [dense(3)], "loss": "softmax_cross_entropy"},
            {"name": "mass", "inputs": ["trunk", "x"], "head": [dense(1)], "loss": "squared_error", "weight": 0.3},
        ],
        "training": training,
    }


CLIPS: dict[str, Any] = {
    "global": {"kind": "global_norm", "limit": 0.05},
    "global_epsilon": {"kind": "global_norm", "limit": 0.05, "epsilon": 1e-2},
    "global_loose": {"kind": "global_norm", "limit": 1e6},
    "tensor": {"kind": "per_tensor_norm", "limit": 0.02},
    "tensor_epsilon": {"kind": "per_tensor_norm", "limit": 0.02, "epsilon": 1e-2},
}
MOMENTUM = {"kind": "sgd", "learning_rate": 0.05, "momentum": 0.8}
BEFORE = {"epsilon_placement": "before_correction", "epsilon": 1e-4}
OPTIMIZERS: dict[str, Any] = {
    "sgd": {"kind": "sgd", "learning_rate": 0.05},
    "sgd_nesterov_without_momentum": {"kind": "sgd", "learning_rate": 0.05, "nesterov": True},
    "sgd_at_update": {**MOMENTUM, "rate_applied": "at_update"},
    "sgd_into_velocity": {**MOMENTUM, "rate_applied": "into_velocity"},
    "sgd_nesterov_at_update": {**MOMENTUM, "rate_applied": "at_update", "nesterov": True},
    "sgd_nesterov_into_velocity": {**MOMENTUM, "rate_applied": "into_velocity", "nesterov": True},
    "adam": {"kind": "adam", "beta_1": 0.8, "beta_2": 0.95},
    "adam_before_correction": {"kind": "adam", **BEFORE},
    "amsgrad": {"kind": "adam", "amsgrad": True, "beta_2": 0.6},
    "amsgrad_before_correction": {"kind": "adam", "amsgrad": True, "beta_2": 0.6, **BEFORE},
    "adamw": {"kind": "adamw", "weight_decay": 0.3, "decay_scaled_by": "learning_rate"},
    "adamw_schedule": {"kind": "adamw", "weight_decay": 0.03, "decay_scaled_by": "schedule"},
    "adamw_before_correction": {"kind": "adamw", "weight_decay": 0.3, "decay_scaled_by": "learning_rate", **BEFORE},
}
ROW_LAWS: dict[str, Any] = {
    "dense": {"repeated_ids": "sum", "untouched_rows": "decay"},
    "separate": {"repeated_ids": "separate", "untouched_rows": "decay"},
    "skip": {"repeated_ids": "sum", "untouched_rows": "skip"},
    "separate_skip": {"repeated_ids": "separate", "untouched_rows": "skip"},
}
TRAININGS: dict[str, Document] = {
    **{name: trained(optimizer) for name, optimizer in OPTIMIZERS.items()},
    **{
        f"{name}_clipped_{clip}": trained(OPTIMIZERS[name], clipping=CLIPS[clip])
        for name, clip in (
            ("sgd", "global"),
            ("sgd_into_velocity", "global_epsilon"),
            ("adam", "global_loose"),
            ("sgd_at_update", "tensor"),
            ("adamw", "tensor_epsilon"),
            ("amsgrad_before_correction", "global"),
        )
    },
    **{
        f"rows_{law}_{name}": tables(optimizer, **laws)
        for law, laws in ROW_LAWS.items()
        for name, optimizer in OPTIMIZERS.items()
    },
    **{
        f"rows_{law}_adam_clipped_{clip}": tables(OPTIMIZERS["adam"], clipping=clipping, **laws)
        for law, laws in ROW_LAWS.items()
        for clip, clipping in CLIPS.items()
    },
    "penalized_table": tables(OPTIMIZERS["adam"], penalty={"l2": 0.1}, repeated_ids="separate"),
    "clipped_penalties": {**LAYERS["penalties"], "training": {"optimizer": "sgd", "clipping": CLIPS["global"]}},
}
PHASES: dict[str, Document] = {
    f"{gradient}_{forward}": {"kind": "per_task", "gradient": gradient, "forward": forward}
    for gradient, forward in (("summed", "once"), ("own", "once"), ("own", "after_each_update"))
}
WITH_EVERYTHING: Sequence[Any] = (
    dense(kernel_penalty={"l2": 0.01}),
    {"kind": "dropout", "rate": 0.3},
    {"kind": "batch_normalization", "running_variance": "biased"},
)
PHASED: dict[str, Document] = {
    **{
        f"{phases}_{name}": trained(OPTIMIZERS[name], clipping=CLIPS["global"], layers=WITH_EVERYTHING)
        | {"training": {"optimizer": OPTIMIZERS[name], "clipping": CLIPS["global"], "phases": law}}
        for phases, law in PHASES.items()
        for name in ("sgd_into_velocity", "adam_before_correction", "adamw")
    },
    **{
        f"{phases}_rows": tables(OPTIMIZERS["adamw"], repeated_ids="separate", untouched_rows="skip")
        | {"training": {"optimizer": OPTIMIZERS["adamw"], "clipping": CLIPS["global"], "phases": law}}
        for phases, law in PHASES.items()
    },
    "joint": trained("adam", layers=WITH_EVERYTHING),
}
