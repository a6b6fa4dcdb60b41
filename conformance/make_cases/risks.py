"""Drafts of losses beyond the first five: each kind with its laws, at two positions of an example, and far out."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from documents import dense, several
from losses import FORTY, SATURATING
from mtlspec_conformance.draft import Document, Draft

SINCE = "0.3.0"
REDUCTIONS = ("present", "batch", "weight_sum")
UNITS = {"pairwise_ranking": 1, "list_net": 1, "list_mle": 1, "gaussian_likelihood": 4}
RANKINGS = ("pairwise_ranking", "list_net", "list_mle")
WHOLE = ("dice", *RANKINGS)
"""Losses of examples, which have no `positions`."""


def _tasks(*losses: Document) -> list[Document]:
    """Return a task for each loss."""
    return [_task(f"t{index}", loss) for index, loss in enumerate(losses)]


def _task(name: str, loss: Document) -> Document:
    units = loss.get("units", UNITS.get(loss["kind"], 3))
    fields = {field: value for field, value in loss.items() if field not in ("units", "activation")}
    # a bias moves every score of a query alike, which no ranking sees
    unbiased: Document = {"bias": False} if loss["kind"] in RANKINGS else {}
    return {"name": name, "head": [dense(units, loss.get("activation"), **unbiased)], "loss": fields}


def _with_every_law(losses: tuple[Document, ...]) -> list[Document]:
    """Return the losses, each kind at least three times: with every reduction, and both laws of positions."""
    kinds = [loss["kind"] for loss in losses]
    more = [loss for index, loss in enumerate(losses) if kinds.index(loss["kind"]) == index for _ in range(3)]
    filled = [*losses, *(loss for index, loss in enumerate(more) if index % 3 >= kinds.count(loss["kind"]))]
    reductions = {kind: cycle(REDUCTIONS) for kind in kinds}
    positions = {kind: cycle(("each", "example_mean")) for kind in kinds}
    return [
        {**loss, "reduction": next(reductions[loss["kind"]])}
        | ({} if loss["kind"] in WHOLE else {"positions": next(positions[loss["kind"]])})
        for loss in filled
    ]


def _family(id: str, why: str, *losses: Document, shape: tuple[int, ...] = (2, 3), **data: Any) -> Draft:
    tasks = _tasks(*_with_every_law(losses))
    names = [task["name"] for task in tasks]
    last = (3, *(size - 1 for size in shape[:-1]))
    return Draft(
        f"loss/{id}",
        why,
        several(inputs=[{"name": "x", "shape": list(shape)}], tasks=tasks),
        examples=5,
        batches=((0, 1, 2, 3), (4,)),
        absent={name: [2] for name in names[1::2]},
        absent_positions={name: [last] for name in names},
        weighted=True,
        since=SINCE,
        **data,
    )


def _far(id: str, why: str, *losses: Document, **data: Any) -> Draft:
    """Return a draft whose logits are about 40 on both sides of the truth, and about 1."""
    tasks = _tasks(*losses)
    parameters = {}
    for task in tasks:
        units, path = task["head"][0]["units"], f"tasks.{task['name']}.head[0]"
        parameters[f"{path}.kernel"] = [(row * 2)[:units] for row in FORTY]
        parameters[f"{path}.bias"] = ([0.1, -0.2, 0.3] * 2)[:units]
    spec = several(tasks=tasks)
    fixed = {"inputs": SATURATING["inputs"], "examples": 4} | data
    return Draft(f"loss/{id}", why, spec, parameters=parameters, since=SINCE, **fixed)


def _exactly(id: str, why: str, *losses: Document, x: list[Any], targets: list[list[Any]]) -> Draft:
    """Return a draft whose logits are its inputs."""
    tasks = _tasks(*losses)
    units = len(x[0])
    own = {f"tasks.{task['name']}.head[0].kernel": _identity(units, task["head"][0]["units"]) for task in tasks}
    zero = {f"tasks.{task['name']}.head[0].bias": [0.0] * task["head"][0]["units"] for task in tasks}
    return Draft(
        f"loss/{id}",
        why,
        several(inputs=[{"name": "x", "shape": [units]}], tasks=tasks),
        examples=len(x),
        batches=(tuple(range(len(x))),),
        inputs={"x": x},
        targets={task["name"]: own for task, own in zip(tasks, targets, strict=True)},
        parameters=own | zero,
        since=SINCE,
    )


def _identity(rows: int, columns: int) -> list[list[float]]:
    return [[float(row == column) for column in range(columns)] for row in range(rows)]


FOCAL = (
    {"kind": "softmax_focal"},
    {"kind": "softmax_focal", "gamma": 0.5, "alpha": [0.5, 2.0, 1.0], "label_smoothing": 0.1},
    {"kind": "softmax_focal", "targets": "probabilities", "gamma": 0.0, "alpha": 0.5},
    {"kind": "softmax_focal", "gamma": 1.0, "ignored_class": -1},
    {"kind": "sigmoid_focal"},
    {"kind": "sigmoid_focal", "gamma": 0.5, "alpha": None, "label_smoothing": 0.2},
)
ORDINAL = (
    {"kind": "ordinal_cross_entropy"},
    {"kind": "ordinal_cross_entropy", "threshold_weights": [0.5, 2.0, 1.0]},
    {"kind": "ordinal_cross_entropy", "units": 1},
)
DIVERGENCE = (
    {"kind": "kullback_leibler"},
    {"kind": "kullback_leibler", "from": {"kind": "probabilities", "clip": 0.3}},
)
SMOOTH = (
    {"kind": "log_cosh"},
    {"kind": "squared_logarithmic_error"},
    {"kind": "squared_logarithmic_error", "clip": 0.2},
    {"kind": "cosine_similarity"},
    {"kind": "cosine_similarity", "value": "negative", "epsilon": 1.5},
    {"kind": "cosine_similarity", "epsilon_placement": "inside_root", "epsilon": 0.5},
    {"kind": "quantile", "quantiles": [0.1, 0.5, 0.8]},
    {"kind": "quantile", "quantiles": [0.25], "units": 1},
)
GAUSSIAN = (
    {"kind": "gaussian_likelihood"},
    {"kind": "gaussian_likelihood", "variance": "softplus", "full": True, "minimum": 0.6},
    {"kind": "gaussian_likelihood", "minimum": 0.9, "below_minimum": "unheld"},
    {"kind": "gaussian_likelihood", "variance": "softplus", "below_minimum": "unheld", "minimum": 0.6},
)
MARGINS = (
    {"kind": "hinge"},
    {"kind": "hinge", "targets": "zero_one"},
    {"kind": "squared_hinge"},
    {"kind": "squared_hinge", "targets": "zero_one"},
    {"kind": "categorical_hinge"},
    {"kind": "categorical_hinge", "rivals": "others_or_zero"},
    {"kind": "multi_margin"},
    {"kind": "multi_margin", "power": 2, "margin": 0.5, "class_weights": [0.5, 2.0, 1.0]},
)
DICE = (
    {"kind": "dice"},
    {"kind": "dice", "targets": "probabilities", "squares": False, "classes": "together", "smooth": 0.5},
    {"kind": "dice", "of": "sigmoid", "smooth_in": "denominator", "smooth": 0.1},
    {"kind": "dice", "ignored_class": 255, "classes": "together"},
)
RANKING = (
    {"kind": "pairwise_ranking"},
    {"kind": "pairwise_ranking", "function": "hinge", "margin": 0.5, "pairs": "sum"},
    {"kind": "list_net"},
    {"kind": "list_net", "relevances": "share"},
    {"kind": "list_mle"},
)

FAMILIES = [
    _family("focal", "Both forms, every law; what is easy counts little.", *FOCAL),
    _far("focal-saturated", "No power of an exact 0, and no logarithm of one.", *FOCAL),
    _family("ordinal", "Thresholds of classes in their order, summed.", *ORDINAL),
    _far("ordinal-saturated", "Logits that do not fall, and large ones.", *ORDINAL[:2]),
    _family("kullback-leibler", "Of logits, and of what is held to [clip, 1].", *DIVERGENCE),
    _far(
        "kullback-leibler-saturated",
        "A probability of 0 has no term, one of 1 no divergence.",
        *DIVERGENCE,
        targets={name: [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.2, 0.3, 0.5], [0.0, 1.0, 0.0]] for name in ("t0", "t1")},
    ),
    _family("distances", "Means over units, and a cosine over them.", *SMOOTH),
    _family(
        "percentage-error",
        "A share of the truth, of epsilon where that is less.",
        {"kind": "percentage_error", "epsilon": 0.5},
        {"kind": "percentage_error", "epsilon": 0.2},
    ),
    _exactly(
        "percentage-error-of-nothing",
        "A truth of 0 counts as the smallest one, by default 1e-7; the slope of an exact guess is 0.",
        {"kind": "percentage_error"},
        x=[[1.0, 0.5, 2.0], [0.25, -3.0, 0.0]],
        targets=[[[0.0, 0.5, -1.0], [0.25, 0.0, 0.0]]],
    ),
    _exactly(
        "log-cosh-near-and-far",
        "An error of 1e-5 keeps its digits, one of 1000 does not overflow.",
        {"kind": "log_cosh"},
        x=[[1e-5, 1000.0, 1.0], [-2e-5, -1000.0, -0.5]],
        targets=[[[0.0, 0.0, 0.0], [0.0, 0.0, -0.5]]],
    ),
    _exactly(
        "distances-at-kinks",
        "Quantiles met exactly, a prediction at the clip and below, a vector of 0.",
        {"kind": "quantile", "quantiles": [0.1, 0.5, 0.8]},
        {"kind": "squared_logarithmic_error", "clip": 0.5},
        {"kind": "squared_logarithmic_error"},
        {"kind": "cosine_similarity", "epsilon": 0.5},
        {"kind": "cosine_similarity", "epsilon": 0.5, "epsilon_placement": "inside_root"},
        x=[[2.0, 2.0, 1.0], [0.5, 0.0, -1.0], [0.0, 0.0, 0.0]],
        targets=[
            [[2.0], [0.5], [0.0]],
            [[1.0, 2.0, 0.0], [1.5, 0.0, 2.0], [0.5, 3.0, 0.2]],
            [[1.0, 2.0, 0.0], [1.5, 0.0, 2.0], [0.5, 3.0, 0.2]],
            [[1.0, -2.0, 0.5], [0.0, 0.0, 0.0], [0.3, 0.4, 0.0]],
            [[1.0, -2.0, 0.5], [0.0, 0.0, 0.0], [0.3, 0.4, 0.0]],
        ],
    ),
    _family(
        "poisson",
        "Of rates and of their logarithms, with Stirling's terms and without.",
        {"kind": "poisson"},
        {"kind": "poisson", "full": True},
        {"kind": "poisson", "input": "rate", "epsilon": 0.1, "activation": "softplus"},
        {"kind": "poisson", "input": "rate", "full": True, "activation": "softplus"},
    ),
    _family("gaussian-likelihood", "A mean and a variance for each number, held and free.", *GAUSSIAN),
    _exactly(
        "gaussian-likelihood-far-out",
        "Variances of exp(±80) neither overflow nor divide by 0.",
        *(law | {"units": 2} for law in GAUSSIAN),
        x=[[0.5, -80.0], [1.0, 80.0], [2.0, -35.0], [-1.0, 0.0]],
        targets=[[[0.501], [3.0], [2.0], [0.5]]] * 4,
    ),
    _family("margins", "Hinges of labels and of classes, and both ways to write a label.", *MARGINS),
    _exactly(
        "margins-at-the-kink",
        "Exactly at the margin, and rivals that are equal.",
        *MARGINS[:7],
        x=[[1.0, -1.0, 0.0], [2.0, 2.0, 3.0], [0.0, -1.0, -2.0], [-2.0, -3.0, -3.0]],
        targets=[
            [[1.0, -1.0, 1.0], [1.0, -1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]],
            [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]],
            [[1.0, -1.0, 1.0], [1.0, -1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]],
            [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]],
            [0, 2, 0, 0],
            [0, 2, 0, 0],
            [0, 2, 0, 0],
        ],
    ),
    _family(
        "dice",
        "Sums over the labelled pixels of an example, by class or together.",
        *DICE,
        shape=(2, 2, 3),
        targets={"t2": [[[[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]]] * 5},
    ),
    _family("ranking", "Pairs and lists of the labelled items of a query.", *RANKING, shape=(4, 3)),
]


def _queries(id: str, why: str, factor: float, relevances: list[Any], *losses: Document) -> Draft:
    """Return a draft of queries of three items, whose scores are the numbers below."""
    tasks = _tasks(*losses)
    scores = [[[1.0], [-1.0], [0.1]], [[0.5], [0.5], [-1.0]], [[0.2], [1.0], [1.0]], [[-0.3], [0.3], [0.9]]]
    heads = {f"tasks.{task['name']}.head[0].kernel": [[factor]] for task in tasks}
    return Draft(
        f"loss/{id}",
        why,
        several(inputs=[{"name": "x", "shape": [3, 1]}], tasks=tasks),
        examples=4,
        batches=((0, 1, 2, 3),),
        inputs={"x": scores},
        targets={task["name"]: relevances for task in tasks},
        parameters=heads,
        since=SINCE,
    )


EXTREMES = [
    _queries(
        "ranking-at-its-edges",
        "One item, none, equal relevances, relevances of 0; a hinge exactly at its margin.",
        1.0,
        [[[2.0], [1.0], None], [[0.0], [0.0], [0.0]], [[3.0], None, None], [None, None, None]],
        *RANKING[:1],
        RANKING[1] | {"margin": 2.0},
        *RANKING[2:],
    ),
    _queries(
        "ranking-far-out",
        "Scores of 400 on both sides of the truth.",
        400.0,
        [[[2.0], [1.0], [0.0]], [[0.0], [3.0], [1.0]], [[3.0], [0.0], None], [[1.0], [2.0], [2.0]]],
        *RANKING,
    ),
    Draft(
        "loss/dice-far-out",
        "A class that is nowhere, a guess beyond doubt, an example without a label.",
        several(
            inputs=[{"name": "x", "shape": [2, 2]}],
            tasks=[
                {"name": "c", "head": [dense(2)], "loss": {"kind": "dice"}},
                {
                    "name": "l",
                    "head": [dense(2)],
                    "loss": {"kind": "dice", "of": "sigmoid", "smooth_in": "denominator"},
                },
            ],
        ),
        examples=3,
        batches=((0, 1, 2),),
        inputs={"x": [[[40.0, -40.0], [30.0, -30.0]], [[-40.0, 40.0], [0.5, 0.2]], [[1.0, 2.0], [40.0, 1.0]]]},
        targets={
            "c": [[0, 0], [1, 0], [None, None]],
            "l": [[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]], [None, None]],
        },
        parameters={
            f"tasks.{name}.head[0].{leaf}": value
            for name in "cl"
            for leaf, value in (("kernel", [[1.0, 0.0], [0.0, 1.0]]), ("bias", [0.0, 0.0]))
        },
        since=SINCE,
    ),
]

RISK_DRAFTS = [*FAMILIES, *EXTREMES]
