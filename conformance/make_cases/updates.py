"""Drafts of optimizers beside sgd and adam, and of what surrounds an update: decay, groups, averages, constraints."""

from __future__ import annotations

from typing import Any

from documents import dense, model
from mtlspec_conformance.draft import Document, Draft
from optimizers import ADAM, MOMENTUM, SEPARATE, SGD, SKIP, TABLE_ROWS

SINCE = "0.3.0"


def _law(id: str, why: str, optimizer: Document, *layers: Document, **training: Any) -> Draft:
    spec = model(*(layers or (dense(2, "tanh"),)), optimizer=optimizer, **training)
    return Draft(f"law/{id}", why, spec, steps=True, law=True, since=SINCE)


def _of(kind: str, rate: float, **fields: Any) -> Document:
    return {"kind": kind, "learning_rate": rate, **fields}


CONV: tuple[Document, ...] = (
    {"kind": "conv2d", "filters": 3, "kernel_size": [1, 2], "activation": "tanh"},
    {"kind": "flatten"},
)


def _image(id: str, why: str, optimizer: Document, *layers: Document, **training: Any) -> Draft:
    spec = model(*(layers or CONV), shape=(2, 3, 2), optimizer=optimizer, **training)
    return Draft(f"law/{id}", why, spec, steps=True, law=True, since=SINCE)


FAMILY = [
    _law("rmsprop", "Epsilon in the root, without momentum.", _of("rmsprop", 0.05, epsilon=1e-3)),
    _law(
        "rmsprop-momentum",
        "The rate enters the velocity.",
        _of("rmsprop", 0.03, rho=0.5, momentum=0.8, epsilon=1e-2),
    ),
    _law(
        "rmsprop-at-update",
        "Epsilon outside the root, the rate at the update.",
        _of("rmsprop", 0.05, momentum=0.8, epsilon=1e-2, epsilon_placement="outside_root", rate_applied="at_update"),
    ),
    _law(
        "rmsprop-outside-into-velocity",
        "Epsilon outside the root, the rate in the velocity: of neither framework.",
        _of("rmsprop", 0.05, momentum=0.7, epsilon=1e-3, epsilon_placement="outside_root"),
    ),
    _law(
        "rmsprop-centered",
        "The variance in place of the square.",
        _of("rmsprop", 0.05, centered=True, momentum=0.5, epsilon=1e-2, rate_applied="at_update"),
    ),
    _law(
        "rmsprop-centered-outside",
        "The root of the variance alone, which begins at zero.",
        _of("rmsprop", 0.05, centered=True, epsilon=1e-2, epsilon_placement="outside_root"),
    ),
    _law("adagrad", "Epsilon outside the root.", _of("adagrad", 0.1, epsilon=1e-2)),
    _law(
        "adagrad-inside-root",
        "Epsilon in the root, and an accumulator that is not empty.",
        _of("adagrad", 0.1, epsilon=1e-2, epsilon_placement="inside_root", initial_accumulator=0.1),
    ),
    _law(
        "adagrad-filled",
        "An accumulator that is not empty, epsilon outside the root.",
        _of("adagrad", 0.1, epsilon=1e-3, initial_accumulator=0.3),
    ),
    _law("adadelta", "Steps by the size of earlier steps.", _of("adadelta", 1.0, rho=0.8, epsilon=1e-2)),
    _law("adamax", "The largest size, epsilon after it.", _of("adamax", 0.05, epsilon=1e-2, beta_2=0.8)),
    _law(
        "adamax-in-maximum",
        "Epsilon within the maximum.",
        _of("adamax", 0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-3, epsilon_placement="in_maximum"),
    ),
    _law("nadam", "The momentum rises slowly.", _of("nadam", 0.05, epsilon=1e-3)),
    _law(
        "nadam-fast",
        "The momentum rises at once, as in Keras.",
        _of("nadam", 0.1, beta_1=0.8, beta_2=0.9, epsilon=1e-2, momentum_decay=1.0),
    ),
    _law("lion", "The sign of a blend, none where it is 0.", _of("lion", 0.05)),
    _law("lion-other-betas", "Other averages than the published.", _of("lion", 0.02, beta_1=0.6, beta_2=0.8)),
    _law("adafactor", "Factors of a kernel, a whole square of a bias.", _of("adafactor", 0.5, epsilon_1=1e-6)),
    _law(
        "adafactor-of-torch",
        "Epsilon clamped, rms before the decay, steps not relative.",
        _of(
            "adafactor",
            0.6,
            epsilon_1=1e-3,
            epsilon_1_use="clamped",
            epsilon_2=0.4,
            scale_from="undecayed",
            relative_step=False,
            beta_2_decay=-0.5,
            clip_threshold=0.8,
        ),
        decay={"kind": "decoupled", "rate": 0.5, "scaled_by": "learning_rate"},
    ),
    _image(
        "adafactor-last-axes",
        "Of a window the axes of channels are factored; rms after the decay.",
        _of("adafactor", 0.1, epsilon_1=1e-4, clip_threshold=2.0),
        decay={"kind": "decoupled", "rate": 0.2, "scaled_by": "schedule"},
    ),
    _image(
        "adafactor-first-axes",
        "Of a window its own axes are factored.",
        _of("adafactor", 0.1, epsilon_1=1e-4, factored_axes="first", epsilon_1_use="clamped"),
    ),
]


def _table(id: str, why: str, optimizer: Document, laws: Document, **training: Any) -> Draft:
    layer = {"kind": "embedding", "rows": 6, "units": 2} | laws
    layers = [layer] if layer["kind"] == "embedding_bag" else [layer, {"kind": "flatten"}]
    spec = model(*layers, shape=(2,), dtype="integer", head=[dense(1)], optimizer=optimizer, **training)
    ids = [[1, 3], [1, 1], [0, 3], [4, 1], [2, 2], [3, 0]]
    return Draft(f"law/{id}", why, spec, inputs={"x": ids}, rows=TABLE_ROWS, steps=True, law=True, since=SINCE)


TABLES = [
    _table("table-skip-adagrad", "Rows keep their accumulator.", _of("adagrad", 0.2, epsilon=1e-3), SKIP),
    _table(
        "table-separate-adagrad",
        "Each occurrence adds its own square.",
        _of("adagrad", 0.1, epsilon=1e-2, epsilon_placement="inside_root", initial_accumulator=0.1),
        SEPARATE,
    ),
    _table(
        "table-separate-and-skip-rmsprop",
        "Both laws, with centering and a velocity.",
        _of("rmsprop", 0.05, centered=True, momentum=0.5, epsilon=1e-2),
        SEPARATE | SKIP,
        clipping={"kind": "value", "limit": 0.4},
    ),
    _table(
        "table-skip-nadam",
        "Rows stand still, the product of momenta goes on; elements are clipped after the sum of an id.",
        _of("nadam", 0.05, epsilon=1e-3),
        SKIP,
        clipping={"kind": "value", "limit": 0.2},
    ),
    _table("table-separate-adadelta", "Squares of occurrences.", _of("adadelta", 0.5, epsilon=1e-3), SEPARATE),
    _table(
        "table-skip-adamax",
        "Rows of a bag keep their largest size, and are not negative.",
        _of("adamax", 0.05, epsilon=1e-2),
        SKIP | {"kind": "embedding_bag", "constraint": "non_negative"},
    ),
    _table(
        "table-skip-lion",
        "Rows keep their moment; an average is of all rows.",
        _of("lion", 0.05),
        SKIP | {"constraint": {"kind": "max_norm", "limit": 1.0, "axes": [1], "epsilon": 1e-3}},
        average={"keeps": 0.5},
    ),
    _table(
        "table-separate-constrained",
        "A norm over all rows, which untouched rows obey too.",
        MOMENTUM,
        SEPARATE | {"constraint": {"kind": "unit_norm"}},
        decay={"kind": "decoupled", "rate": 0.1, "exclude": ["tasks*"]},
    ),
]

DECAY: Document = {"kind": "coupled", "rate": 0.3}
NORM: Document = {"kind": "global_norm", "limit": 1.0}

AROUND = [
    _law("clip-value", "Each element is bounded.", ADAM, clipping={"kind": "value", "limit": 0.7}),
    _law("clip-value-descent", "A bound of the plain step.", SGD, clipping={"kind": "value", "limit": 0.2}),
    _law("decay-coupled", "The decay is a part of what is clipped.", MOMENTUM, decay=DECAY, clipping=NORM),
    _law(
        "decay-coupled-after-clip",
        "The clip does not see the decay; biases have none.",
        ADAM | {"epsilon": 1e-3},
        decay=DECAY | {"placed": "after_clip", "exclude": ["*.bias"]},
        clipping=NORM,
    ),
    _law(
        "decay-decoupled",
        "Decay of any optimizer, by the schedule, of kernels of one block alone.",
        MOMENTUM,
        decay={"kind": "decoupled", "rate": 0.05, "only": ["trunk*", "*.kernel"], "exclude": ["*bias"]},
    ),
    _law(
        "decay-by-rate",
        "Decay of any optimizer by the rate, a group's factor included.",
        _of("rmsprop", 0.05, epsilon=1e-2),
        decay={"kind": "decoupled", "rate": 0.5, "scaled_by": "learning_rate"},
        groups=[{"parameters": "trunk*", "rate_factor": 0.5}, {"parameters": "*.bias", "decay": 0.1}],
    ),
    _law(
        "groups-schedule",
        "A decay by the schedule does not see the factor of a group; the first group that matches holds.",
        {"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.1, "epsilon": 1e-3},
        groups=[
            {"parameters": "trunk[0].bias", "decay": 0.0, "rate_factor": 3.0},
            {"parameters": "trunk[?].*", "rate_factor": 0.25},
        ],
        clipping=NORM,
    ),
    _law(
        "groups-into-velocity",
        "The rate of each group enters its velocity.",
        MOMENTUM | {"nesterov": True},
        groups=[{"parameters": "*.kernel", "rate_factor": 0.5}],
    ),
    _law(
        "groups-frozen",
        "What is frozen stays: no update, no decay, no penalty.",
        ADAM,
        dense(2, "tanh", kernel_penalty={"l2": 0.1}),
        groups=[{"parameters": "trunk[0].kernel", "frozen": True}],
    ),
    _law("average", "The average begins with the first update.", ADAM, average={"keeps": 0.9}),
    _law(
        "average-from-the-third",
        "The average is the parameter up to the third update.",
        SGD,
        dense(2, "tanh", kernel_constraint={"kind": "max_norm", "limit": 0.6}),
        average={"keeps": 0.75, "start": 3, "evaluated": False},
    ),
    _law(
        "accumulation",
        "The mean of three batches, clipped as one; a rest is carried on.",
        ADAM | {"epsilon": 1e-3},
        accumulation={"batches": 3},
        clipping=NORM,
        average={"keeps": 0.6},
    ),
    _law(
        "accumulation-decay",
        "A decay once for an update, coupled to the mean.",
        MOMENTUM,
        accumulation={"batches": 2, "schedule_counts": "batches"},
        decay={"kind": "coupled", "rate": 0.1, "only": ["trunk*", "*.bias"]},
        groups=[{"parameters": "*.bias", "decay": 0.0, "rate_factor": 0.5}],
    ),
    _law(
        "constraint-non-negative",
        "No weight below zero; the norm of a bias.",
        SGD,
        dense(
            3,
            "tanh",
            kernel_constraint="non_negative",
            bias_constraint={"kind": "max_norm", "limit": 0.5, "epsilon": 1e-2},
        ),
    ),
    _law(
        "constraint-unit-norm",
        "Each row has the norm 1, up to epsilon.",
        MOMENTUM,
        dense(3, "tanh", kernel_constraint={"kind": "unit_norm", "axes": [1], "epsilon": 1e-3}),
    ),
    _image(
        "constraint-of-filters",
        "The norm of a filter; decay comes before, the average after.",
        MOMENTUM | {"momentum": 0.5},
        {
            "kind": "conv2d",
            "filters": 2,
            "kernel_size": 2,
            "activation": "tanh",
            "kernel_constraint": {"kind": "max_norm", "limit": 0.7, "axes": [0, 1, 2]},
            "bias_constraint": "non_negative",
        },
        {"kind": "flatten"},
        decay={"kind": "decoupled", "rate": 0.1},
        average={"keeps": 0.5},
    ),
]


def _several(id: str, why: str, optimizer: Document, phases: Document, **training: Any) -> Draft:
    spec: Document = {
        "mtlspec": 1,
        "inputs": [{"name": "x", "shape": [2]}],
        "blocks": [{"name": "trunk", "inputs": ["x"], "layers": [dense(2, "tanh")]}],
        "tasks": [
            {"name": name, "inputs": ["trunk"], "loss": "squared_error", "head": [dense(1)]} for name in ("a", "b")
        ],
        "training": {"optimizer": optimizer, "phases": phases, **training},
    }
    return Draft(f"phases/{id}", why, spec, steps=True, since=SINCE)


PHASES = [
    _several(
        "averaged-and-accumulated",
        "Each phase accumulates, averages and decays what it moves.",
        ADAM,
        {"kind": "per_task", "gradient": "own", "forward": "after_each_update"},
        accumulation={"batches": 2},
        average={"keeps": 0.5},
        decay={"kind": "decoupled", "rate": 0.1, "exclude": ["*.bias"]},
        groups=[{"parameters": "tasks.b*", "frozen": True}],
    ),
    _several(
        "rmsprop-by-task",
        "Two velocities of one trunk, with rates of their own.",
        _of("rmsprop", 0.05, momentum=0.5, epsilon=1e-2),
        {"kind": "per_task", "gradient": "own"},
        groups=[{"parameters": "trunk*", "rate_factor": 0.5}],
    ),
]

UPDATE_DRAFTS = [*FAMILY, *TABLES, *AROUND, *PHASES]


def _limited(kind: str, rank: int, **fields: Any) -> Document:
    """Return a convolution whose kernels and bias are constrained, by the axes of a filter."""
    window = list(range(rank))
    norm = {"kind": "max_norm", "limit": 0.8, "axes": [*window, rank], "epsilon": 1e-3}
    named = ("depthwise", "pointwise") if kind.startswith("separable") else ("kernel",)
    limits = {f"{name}_constraint": norm | ({"axes": window} if name == "depthwise" else {}) for name in named}
    return {"kind": f"{kind}{rank}d", "kernel_size": 2, **limits, "bias_constraint": "non_negative", **fields}


def _windows(rank: int) -> Draft:
    layers = (
        _limited("conv", rank, filters=3),
        _limited("depthwise_conv", rank, depth_multiplier=2),
        _limited("separable_conv", rank, filters=2),
        _limited("transposed_conv", rank, filters=2),
        {"kind": "flatten"},
    )
    return Draft(
        f"law/constraint-windows{rank}d",
        "The norm of a filter, in the layout that every framework has for its kernel.",
        model(*layers, shape=(*(5,) * rank, 2), optimizer=SGD),
        law=True,
        since=SINCE,
    )


UPDATE_DRAFTS += [
    _windows(1),
    _windows(2),
    Draft(
        "law/factors-of-folded-kernels",
        "Factors of kernels whose axes lie together in one framework and apart in another; gates in another order.",
        model(
            {"kind": "depthwise_conv1d", "kernel_size": 2, "depth_multiplier": 2},
            {"kind": "attention", "heads": 2, "key_units": 3},
            {"kind": "gru", "units": 2, "reset": "after", "biases": "two"},
            shape=(4, 2),
            optimizer=_of("adafactor", 0.05),
        ),
        steps=True,
        law=True,
        since=SINCE,
    ),
]
