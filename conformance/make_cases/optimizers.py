"""Drafts of optimizers, clipping, the laws of embeddings, and schedules: scripted gradients and trajectories."""

from __future__ import annotations

from math import cos, pi

from documents import dense, model
from mtlspec_conformance.draft import Document, Draft

SGD: Document = {"kind": "sgd", "learning_rate": 0.1}
MOMENTUM: Document = SGD | {"momentum": 0.9}
ADAM: Document = {"kind": "adam", "learning_rate": 0.05}
ADAMW: Document = {"kind": "adamw", "learning_rate": 0.05}


def _law(id: str, why: str, optimizer: Document, **training: object) -> Draft:
    return Draft(f"law/{id}", why, model(dense(2, "tanh"), optimizer=optimizer, **training), steps=True, law=True)


OPTIMIZERS = [
    _law("sgd", "The plain step.", SGD),
    _law(
        "sgd-momentum-at-update",
        "The rate multiplies the velocity when it is applied.",
        MOMENTUM | {"rate_applied": "at_update"},
    ),
    _law(
        "sgd-momentum-into-velocity",
        "The rate enters the velocity: another law as soon as it changes.",
        MOMENTUM | {"rate_applied": "into_velocity"},
    ),
    _law(
        "sgd-nesterov-at-update",
        "The look-ahead, with the rate at the update.",
        MOMENTUM | {"momentum": 0.8, "nesterov": True, "rate_applied": "at_update"},
    ),
    _law(
        "sgd-nesterov-into-velocity",
        "The look-ahead, with the rate in the velocity.",
        MOMENTUM | {"nesterov": True, "rate_applied": "into_velocity"},
    ),
    _law("adam", "Epsilon after the correction, large enough to see.", ADAM | {"epsilon": 1e-3}),
    _law(
        "adam-before-correction",
        "Epsilon before the correction.",
        ADAM | {"epsilon": 1e-3, "epsilon_placement": "before_correction"},
    ),
    _law("adam-small-betas", "Other averages than the published.", ADAM | {"beta_1": 0.5, "beta_2": 0.9}),
    _law(
        "amsgrad", "The largest second moment, kept while the gradient falls.", ADAM | {"amsgrad": True, "beta_2": 0.9}
    ),
    _law(
        "amsgrad-before-correction",
        "The maximum is taken before the correction.",
        ADAM | {"amsgrad": True, "beta_2": 0.9, "epsilon": 1e-3, "epsilon_placement": "before_correction"},
    ),
    _law(
        "adamw-decay-by-learning-rate",
        "The decay is scaled by the whole rate, and is not part of the gradient.",
        ADAMW | {"weight_decay": 0.1, "decay_scaled_by": "learning_rate"},
    ),
    _law(
        "adamw-decay-by-schedule",
        "The decay is scaled by the schedule alone.",
        ADAMW | {"weight_decay": 0.1, "decay_scaled_by": "schedule"},
    ),
    _law(
        "adamw-every-law",
        "All laws of AdamW at their other value.",
        ADAMW
        | {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3, "epsilon_placement": "before_correction"},
    ),
]


def _clipped(id: str, why: str, optimizer: Document = SGD, **clipping: object) -> Draft:
    return _law(f"clip-{id}", why, optimizer, clipping=clipping)


CLIPPING = [
    _clipped("global-norm", "One norm over all parameters; active in some steps only.", kind="global_norm", limit=1.0),
    _clipped(
        "global-norm-with-epsilon",
        "Epsilon is added to the norm, and acts below the limit too.",
        kind="global_norm",
        limit=1.0,
        epsilon=0.1,
    ),
    _clipped("global-norm-inactive", "A limit that no norm reaches changes nothing.", kind="global_norm", limit=1e3),
    _clipped("per-tensor-norm", "A norm for each parameter.", kind="per_tensor_norm", limit=0.5),
    _clipped(
        "per-tensor-norm-with-epsilon",
        "Epsilon in each norm, before Adam.",
        ADAM | {"epsilon": 1e-3},
        kind="per_tensor_norm",
        limit=0.5,
        epsilon=1e-2,
    ),
]


def _table(id: str, why: str, optimizer: Document, clipping: Document | None = None, **laws: str) -> Draft:
    layer = {"kind": "embedding", "rows": 6, "units": 2} | laws
    training = {"optimizer": optimizer} | ({"clipping": clipping} if clipping else {})
    spec = model(layer, {"kind": "flatten"}, shape=(2,), dtype="integer", head=[dense(1)], **training)
    ids = [[1, 3], [1, 1], [0, 3], [4, 1], [2, 2], [3, 0]]
    return Draft(f"law/{id}", why, spec, inputs={"x": ids}, rows=TABLE_ROWS, steps=True, law=True)


TABLE_ROWS = [[0, 1, 2, 3], [1, 2, 0, 5], [4, 4, 1, 3], [5, 2, 2, 0], [3, 1, 4, 0]] * 4
"""Batches in which rows come, repeat and stay away; row 5 never comes."""

SEPARATE = {"repeated_ids": "separate"}
SKIP = {"untouched_rows": "skip"}
GLOBAL = {"kind": "global_norm", "limit": 0.5}

TABLES = [
    _table("table-summed", "The gradients of a repeated id are summed before Adam squares them.", ADAM),
    _table("table-separate", "Each occurrence is squared on its own, as Keras on TensorFlow does.", ADAM, **SEPARATE),
    _table(
        "table-separate-amsgrad",
        "The largest second moment of separate squares.",
        ADAM | {"amsgrad": True, "beta_2": 0.9},
        **SEPARATE,
    ),
    _table("table-separate-adamw", "Rows that no id touches decay.", ADAMW | {"weight_decay": 0.1}, **SEPARATE),
    _table("table-separate-momentum", "Nothing is squared: the rows are summed.", MOMENTUM, **SEPARATE),
    _table("table-separate-clipped", "The norm is that of the single occurrences.", SGD, GLOBAL, **SEPARATE),
    _table(
        "table-separate-clipped-per-tensor",
        "The norm of one table, occurrence by occurrence.",
        ADAM,
        {"kind": "per_tensor_norm", "limit": 0.3},
        **SEPARATE,
    ),
    _table("table-summed-clipped", "The norm is that of the sums.", SGD, GLOBAL),
    _table("table-skip-momentum", "Rows that no id touches keep value and velocity.", MOMENTUM, **SKIP),
    _table("table-skip-adam", "Rows that no id touches keep their moments; time goes on.", ADAM, **SKIP),
    _table("table-skip-adamw", "Rows that no id touches do not decay.", ADAMW | {"weight_decay": 0.1}, **SKIP),
    _table(
        "table-skip-clipped",
        "Sums are squared for the norm, rows are skipped.",
        ADAM | {"amsgrad": True},
        GLOBAL,
        **SKIP,
    ),
    _table("table-separate-and-skip", "Both laws at once.", ADAM, **SEPARATE, **SKIP),
    _table(
        "table-separate-and-skip-momentum",
        "Both laws at once, with a velocity and the rate at the update.",
        MOMENTUM | {"rate_applied": "at_update", "nesterov": True},
        **SEPARATE,
        **SKIP,
    ),
]


def _scheduled(id: str, why: str, schedule: object, factors: list[float]) -> Draft:
    """Return a draft of six examples in batches of four: two steps per epoch."""
    optimizer = "sgd" if schedule == "constant" else SGD
    rate = 0.01 if schedule == "constant" else 0.1
    spec = model(head=[dense(1)], optimizer=optimizer, schedule=schedule, batch_size=4)
    rates = [rate * factor for factor in factors]
    return Draft(f"schedule/{id}", why, spec, rates=rates, rows=[[0, 1, 2, 3]] * 20, steps=True)


def _cosine(t: int, length: int, final: float = 0.0) -> float:
    return final + (1 - final) * (1 + cos(pi * min(t, length) / length)) / 2


TWENTY = range(20)

SCHEDULES = [
    _scheduled("constant", "The rate of the optimizer, here the published one.", "constant", [1.0] * 20),
    _scheduled(
        "step",
        "Falls at whole multiples.",
        {"kind": "step", "every": 6, "rate": 0.5},
        [0.5 ** (t // 6) for t in TWENTY],
    ),
    _scheduled(
        "step-by-epoch",
        "Time counted in epochs.",
        {"kind": "step", "every": 3, "rate": 0.4, "unit": "epoch"},
        [0.4 ** (t // 6) for t in TWENTY],
    ),
    _scheduled("exponential", "Falls in each step.", {"kind": "exponential", "rate": 0.8}, [0.8**t for t in TWENTY]),
    _scheduled(
        "exponential-by-epoch",
        "Powers that are no whole numbers, after a warm-up.",
        {"kind": "exponential", "rate": 0.5, "every": 4, "unit": "epoch", "warm_up": {"steps": 2, "start": 0.5}},
        [0.5, 0.75] + [0.5 ** (t // 2 / 4) for t in range(18)],
    ),
    _scheduled(
        "cosine", "Touches zero and stays there.", {"kind": "cosine", "length": 12}, [_cosine(t, 12) for t in TWENTY]
    ),
    _scheduled(
        "cosine-by-epoch",
        "Ends above zero, after a warm-up.",
        {"kind": "cosine", "length": 7, "final": 0.2, "unit": "epoch", "warm_up": {"steps": 2, "start": 0.25}},
        [0.25, 0.625] + [_cosine(t // 2, 7, 0.2) for t in range(18)],
    ),
    _scheduled(
        "piecewise",
        "A boundary starts the new rate.",
        {"kind": "piecewise", "boundaries": [3, 10], "factors": [1.0, 0.5, 2.0], "boundary": "starts_new"},
        [1.0] * 3 + [0.5] * 7 + [2.0] * 10,
    ),
    _scheduled(
        "piecewise-ends-old",
        "A boundary still has the old rate; counted in epochs after a warm-up.",
        {
            "kind": "piecewise",
            "boundaries": [5],
            "factors": [1.0, 0.25],
            "boundary": "ends_old",
            "unit": "epoch",
            "warm_up": {"steps": 2, "start": 0.5},
        },
        [0.5, 0.75] + [1.0] * 12 + [0.25] * 6,
    ),
    _scheduled(
        "warm-up",
        "Begins at zero: the first update moves nothing.",
        {"kind": "step", "every": 5, "rate": 0.5, "warm_up": {"steps": 4}},
        [t / 4 for t in range(4)] + [0.5 ** (t // 5) for t in range(16)],
    ),
    _scheduled(
        "warm-up-before-a-constant",
        "Begins at a share.",
        {"kind": "constant", "unit": "epoch", "warm_up": {"steps": 8, "start": 0.2}},
        [0.2 + 0.8 * t / 8 for t in range(8)] + [1.0] * 12,
    ),
]

OPTIMIZER_DRAFTS = [*OPTIMIZERS, *CLIPPING, *TABLES, *SCHEDULES]
