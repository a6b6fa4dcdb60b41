"""Drafts of losses, their laws and reductions, and of penalties."""

from __future__ import annotations

from typing import Any

from documents import conv, dense, model, several
from mtlspec_conformance.draft import Document, Draft

FORTY = [[40.0, 0.0, 0.0], [0.0, 40.0, 0.0], [0.0, 0.0, 40.0]]
SATURATING: Document = {
    "inputs": {"x": [[1.0, -0.9, 0.4], [-1.0, 0.8, 1.05], [0.02, -0.03, 0.01], [-0.97, 1.0, -0.5]]},
    "parameters": {"tasks.y.head[0].kernel": FORTY, "tasks.y.head[0].bias": [0.1, -0.2, 0.3]},
    "examples": 4,
}
"""Logits of about 40 on both sides of the truth, and of about 1."""
SMALL = [
    [0.31, -0.42, 1.3],
    [-1.2, 0.77, 0.05],
    [0.6, 0.2, -0.8],
    [-0.4, 1.6, -0.2],
    [0.9, -0.2, 0.4],
    [0.2, 1.1, -1.0],
]


def _loss(id: str, why: str, kind: str, *, units: int = 3, data: Document | None = None, **fields: object) -> Draft:
    loss = {"kind": kind} | {name.rstrip("_"): value for name, value in fields.items()}
    spec = model(head=[dense(units)], loss=loss)
    return Draft(f"loss/{id}", why, spec, **(data or {"inputs": {"x": SMALL}}))


def _probabilities(clip: float = 1e-7, **fields: object) -> Document:
    return {"kind": "probabilities", "clip": clip} | fields


def _terms(id: str, why: str, **fields: Any) -> Draft:
    weights = {"class_weights": [0.5, 2.0, 1.25], "class_weights_apply_to": "class_terms"}
    return _loss(id, why, "softmax_cross_entropy", **weights, **fields)


LOSSES = [
    _loss("squared-error", "The mean over the units, not their sum.", "squared_error"),
    _loss("absolute-error", "The mean over the units.", "absolute_error"),
    _loss(
        "absolute-error-at-zero",
        "The slope at exactly 0 is 0.",
        "absolute_error",
        data={
            "inputs": {"x": [[1.0, 0.0, 2.0], [0.0, -1.0, 0.5], [2.0, 2.0, 0.0], [0.0, 0.0, 1.0]]},
            "targets": {"y": [[1.0, 0.5, 2.0], [0.25, -1.0, 0.5], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]},
            "parameters": {
                "tasks.y.head[0].kernel": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                "tasks.y.head[0].bias": [0.0, 0.0, 0.0],
            },
            "examples": 4,
        },
    ),
    _loss("huber", "Both branches, at the published delta.", "huber"),
    _loss("huber-small-delta", "Both branches, at another delta.", "huber", delta=0.3),
    _loss("softmax", "Integer targets.", "softmax_cross_entropy"),
    _loss("softmax-of-probabilities", "A target for every class.", "softmax_cross_entropy", targets="probabilities"),
    _loss("softmax-smoothed", "Smoothing of integer targets.", "softmax_cross_entropy", label_smoothing=0.2),
    _loss(
        "softmax-smoothed-probabilities",
        "Smoothing of given probabilities.",
        "softmax_cross_entropy",
        targets="probabilities",
        label_smoothing=0.1,
    ),
    _loss(
        "softmax-class-weights",
        "Class weights are weights of examples; the sum of weights divides.",
        "softmax_cross_entropy",
        class_weights=[0.5, 2.0, 1.25],
        label_smoothing=0.1,
        reduction="weight_sum",
    ),
    _loss(
        "softmax-class-weights-of-probabilities",
        "The factor of an example is the mean of its classes' factors.",
        "softmax_cross_entropy",
        targets="probabilities",
        class_weights=[0.5, 2.0, 1.25],
    ),
    _terms("softmax-class-terms", "Class weights are factors of the terms.", label_smoothing=0.1),
    _terms("softmax-class-terms-unsmoothed", "Of one term there is the factor of the label's class."),
    _terms(
        "softmax-class-terms-weight-sum",
        "Factors of the labels' classes are in the sum of weights, and not in the weights.",
        data={"inputs": {"x": SMALL}, "weighted": True, "absent": {"y": [2, 5]}, "steps": True},
        label_smoothing=0.1,
        reduction="weight_sum",
    ),
    _terms(
        "softmax-class-terms-of-probabilities",
        "The factors are not in the sum of weights, since an example has no one class.",
        data={"inputs": {"x": SMALL}, "weighted": True},
        targets="probabilities",
        label_smoothing=0.1,
        reduction="weight_sum",
    ),
    _terms(
        "softmax-class-terms-from-probabilities",
        "Terms of clipped probabilities, the labels smoothed before.",
        from_=_probabilities(0.2),
        label_smoothing=0.1,
    ),
    _terms(
        "softmax-class-terms-from-probabilities-renormalized",
        "The sum that divides again has the factors of all terms.",
        targets="probabilities",
        from_=_probabilities(0.25, renormalized=True),
    ),
    _loss(
        "softmax-saturated", "Logits of 40 lose nothing when read as such.", "softmax_cross_entropy", data=SATURATING
    ),
    _loss(
        "softmax-from-probabilities",
        "Clipped and not divided again.",
        "softmax_cross_entropy",
        targets="probabilities",
        from_=_probabilities(),
    ),
    _loss(
        "softmax-from-probabilities-saturated",
        "Where the clip acts the gradient is gone.",
        "softmax_cross_entropy",
        from_=_probabilities(),
        data=SATURATING,
    ),
    _loss(
        "softmax-from-probabilities-renormalized",
        "Clipped, then divided by the sum again.",
        "softmax_cross_entropy",
        from_=_probabilities(0.25, renormalized=True),
        label_smoothing=0.1,
    ),
    _loss(
        "softmax-from-probabilities-renormalized-saturated",
        "The sum after the clip is not 1.",
        "softmax_cross_entropy",
        from_=_probabilities(1e-3, renormalized=True),
        data=SATURATING,
    ),
    _loss("sigmoid", "The mean over the labels.", "sigmoid_cross_entropy"),
    _loss("sigmoid-of-one-label", "One yes or no is a head of one unit.", "sigmoid_cross_entropy", units=1),
    _loss("sigmoid-smoothed", "Smoothing toward one half.", "sigmoid_cross_entropy", label_smoothing=0.2),
    _loss(
        "sigmoid-positive-weights",
        "A factor for the positive part of each label.",
        "sigmoid_cross_entropy",
        positive_weights=[0.5, 3.0, 1.0],
        label_smoothing=0.1,
    ),
    _loss("sigmoid-saturated", "Logits of 40 neither overflow nor vanish.", "sigmoid_cross_entropy", data=SATURATING),
    _loss(
        "sigmoid-saturated-positive-weights",
        "The stable form has the positive weight in it.",
        "sigmoid_cross_entropy",
        positive_weights=[0.5, 3.0, 1.0],
        data=SATURATING,
    ),
    _loss(
        "sigmoid-from-probabilities",
        "Read from probabilities, with positive weights.",
        "sigmoid_cross_entropy",
        from_=_probabilities(0.1),
        positive_weights=[0.5, 3.0, 1.0],
        label_smoothing=0.2,
    ),
    _loss(
        "sigmoid-from-probabilities-saturated",
        "Where the clip acts the gradient is gone.",
        "sigmoid_cross_entropy",
        from_=_probabilities(),
        data=SATURATING,
    ),
]

_FIVE = ("softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error", "huber")
_NAMES = ("classes", "labels", "size", "distance", "offset")


def _reduction(reduction: str, why: str) -> Draft:
    tasks = [
        {"name": name, "head": [dense(2)], "loss": {"kind": kind, "reduction": reduction}}
        for name, kind in zip(_NAMES, _FIVE, strict=True)
    ]
    return Draft(
        f"reduction/{reduction.replace('_', '-')}",
        why,
        several(tasks=tasks),
        batches=((0, 1, 2, 3), (4, 5, 1, 2)),
        absent={name: [index, (index + 3) % 6] for index, name in enumerate(_NAMES)},
        weighted=True,
    )


REDUCTIONS = [
    _reduction("present", "The number of labels present divides, whatever they weigh."),
    _reduction("batch", "The number of examples divides, absent labels included."),
    _reduction("weight_sum", "The sum of the weights divides."),
]

PENALTIES = [
    Draft(
        "penalty/l1-and-l2",
        "Of kernels and biases alike, in the total and in no task's loss; without a factor one half.",
        model(
            dense(3, "tanh", kernel_penalty={"l1": 0.02, "l2": 0.05}, bias_penalty={"l2": 0.3}),
            head=[dense(2, kernel_penalty={"l2": 0.1}, bias_penalty={"l1": 0.04})],
        ),
        steps=True,
    ),
    Draft(
        "penalty/of-a-convolution",
        "A kernel of four axes.",
        model(
            conv(2, 2, kernel_penalty={"l2": 0.05}, bias_penalty={"l1": 0.1}),
            {"kind": "flatten"},
            shape=(3, 3, 1),
        ),
    ),
    Draft(
        "penalty/of-a-table",
        "A penalty gives every row a gradient, also beside `repeated_ids: separate`.",
        model(
            {
                "kind": "embedding",
                "rows": 5,
                "units": 2,
                "penalty": {"l1": 0.01, "l2": 0.1},
                "repeated_ids": "separate",
            },
            shape=(),
            dtype="integer",
            optimizer={"kind": "adam", "learning_rate": 0.05},
        ),
        inputs={"x": [1, 3, 1, 0, 3, 1]},
        steps=True,
    ),
    Draft(
        "penalty/clipped",
        "The clip sees the gradient with the penalty.",
        model(
            dense(3, "tanh", kernel_penalty={"l2": 0.5}),
            clipping={"kind": "global_norm", "limit": 0.4},
        ),
        steps=True,
    ),
]

LOSS_DRAFTS = [*LOSSES, *REDUCTIONS, *PENALTIES]
