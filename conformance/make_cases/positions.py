"""Drafts of heads with several positions, of labels that are absent at some, and of several losses of one task."""

from __future__ import annotations

from typing import Any

from documents import conv, dense, several
from mtlspec_conformance.draft import Document, Draft

SINCE = "0.3.0"
FIVE = ("softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error", "huber")


def _steps(reduction: str, why: str, law: str) -> Draft:
    tasks = [
        {"name": f"t{index}", "head": [dense(2)], "loss": {"kind": kind, "reduction": reduction, "positions": law}}
        for index, kind in enumerate(FIVE)
    ]
    tasks[0]["loss"] |= {"ignored_class": -1} if law == "each" else {"class_weights": [0.5, 2.0]}
    return Draft(
        f"positions/{reduction.replace('_', '-')}-{law.replace('_', '-')}",
        why,
        several(inputs=[{"name": "x", "shape": [3, 2]}], tasks=tasks),
        batches=((0, 1, 2, 3), (4, 5, 1)),
        absent={"t1": [0], "t2": [0, 1, 2, 3]},
        absent_positions={f"t{index}": [(index, 1), (1, 2)] for index in (0, 3, 4)},
        weighted=True,
        since=SINCE,
    )


def _pixels() -> Document:
    mask: Document = {"kind": "softmax_cross_entropy", "positions": "example_mean"}
    return several(
        inputs=[{"name": "x", "shape": [3, 2, 2]}],
        blocks=[{"name": "trunk", "layers": [conv(3, 2, padding="same", activation="tanh")]}],
        tasks=[
            {"name": "mask", "head": [conv(2, 1)], "loss": mask, "weight": 0.5},
            {"name": "depth", "head": [dense(1)], "loss": "huber"},
            {"name": "kind", "head": [{"kind": "global_average_pool"}, dense(3)], "loss": "softmax_cross_entropy"},
        ],
    )


def _sum(*terms: Any, **laws: Any) -> Document:
    own = [{"loss": loss, "weight": weight} for loss, weight in terms]
    return {"kind": "weighted_sum", "terms": own} | laws


SMOOTHED: Document = {"kind": "softmax_cross_entropy", "label_smoothing": 0.1}
WEIGHTED: Document = {
    "kind": "softmax_cross_entropy",
    "class_weights": [0.5, 2.0, 1.0],
    "class_weights_apply_to": "class_terms",
}
SUMS: list[Document] = [
    _sum(("squared_error", 0.5), ("absolute_error", 2.0), positions="example_mean"),
    _sum((SMOOTHED, 1.0), (_sum((WEIGHTED, 0.5), ("softmax_focal", 0.0)), 2.0), reduction="batch"),
    _sum(("dice", 1.0), ({"kind": "softmax_cross_entropy", "ignored_class": 9}, 0.5), reduction="weight_sum"),
    _sum(({"kind": "dice", "of": "sigmoid"}, 0.3), ("sigmoid_cross_entropy", 1.0)),
    _sum(("poisson", 1.0)),
]

POSITION_DRAFTS = [
    _steps("present", "Every labelled step counts.", "each"),
    _steps("batch", "Every step divides, absent ones included.", "each"),
    _steps("weight_sum", "The weights of all steps divide.", "each"),
    _steps("present", "An example is the mean over its labelled steps.", "example_mean"),
    _steps("batch", "Examples divide, whatever they have of labels.", "example_mean"),
    _steps("weight_sum", "An example weighs what its steps do in the mean.", "example_mean"),
    Draft(
        "positions/pixels",
        "A label for every pixel beside one for the image, through whole steps.",
        _pixels(),
        absent={"depth": [1]},
        absent_positions={"mask": [(0, 1, 1), (2, 0, 0)], "depth": [(2, 2, 1)]},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "loss/weighted-sum",
        "Losses of positions and of examples in one, and a sum within a sum.",
        several(
            inputs=[{"name": "x", "shape": [2, 3]}],
            tasks=[{"name": f"t{index}", "head": [dense(3)], "loss": loss} for index, loss in enumerate(SUMS)],
        ),
        examples=5,
        batches=((0, 1, 2, 3), (4,)),
        absent={"t0": [1], "t2": [1]},
        absent_positions={f"t{index}": [(0, 1)] for index in range(len(SUMS))},
        weighted=True,
        steps=True,
        since=SINCE,
    ),
]
