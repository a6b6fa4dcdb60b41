"""Drafts for mistakes that no plain case can see: arguments far out or on a kink, and counts that happen to agree."""

from __future__ import annotations

from documents import Document, dense, model, several
from mtlspec_conformance.draft import Draft

SINCE = "0.2.0"
IDENTITY = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
FAR = [[1000.0, -1000.0, 0.5], [-1000.0, 900.0, 1000.0], [-0.3, 2.0, -1000.0], [800.0, -750.0, 810.0]]
"""Arguments whose exponential no number holds."""
ABOVE_TWENTY = [[20.05, 20.4, 20.6], [20.3, 20.1, 20.9], [20.8, 20.5, 20.2], [20.15, 20.7, 20.35]]
ZEROS = [[1.0, 0.0, -1.0], [0.0, 2.0, 0.0], [-1.0, 0.0, 0.0], [0.5, 0.0, 1.0]]


def _activation(id: str, why: str, x: list[list[float]], *functions: object, head: object = None) -> Draft:
    """Return a draft whose functions read `x` itself, by a kernel that is the identity."""
    spec = several(
        blocks=[{"name": "trunk", "layers": [dense(3)]}],
        tasks=[
            {
                "name": f"y{index}",
                "head": [{"kind": "activation", "function": function}, dense(2)],
                "loss": "squared_error",
            }
            for index, function in enumerate(functions)
        ],
    )
    parameters = {"trunk[0].kernel": IDENTITY, "trunk[0].bias": [0.0, 0.0, 0.0]}
    if head is not None:
        parameters["tasks.y0.head[1].kernel"] = head  # type: ignore[assignment]
    return Draft(f"activation/{id}", why, spec, inputs={"x": x}, examples=4, parameters=parameters, since=SINCE)


ACTIVATIONS = [
    _activation(
        "softplus-above-twenty",
        "A linear branch above 20 is off by two parts in a billion, which differences of near arguments show.",
        ABOVE_TWENTY,
        "softplus",
        head=[[1.0, -0.5], [-1.5, 1.0], [0.5, -0.5]],
    ),
    _activation("softplus-far-out", "The exponential of 1000 is no number, its softplus is.", FAR, "softplus"),
    _activation("softmax-far-out", "Of 1000 and -1000 the softmax is 1 and 0.", FAR, "softmax"),
    _activation(
        "elu-far-out",
        "The branch that is not taken overflows, and must not reach the slope.",
        FAR,
        {"kind": "elu", "alpha": 0.7},
    ),
    _activation(
        "slope-at-zero",
        "At exactly 0 a leaky rectifier and elu have the slope of the left.",
        ZEROS,
        {"kind": "leaky_relu", "slope": 0.3},
        {"kind": "elu", "alpha": 0.7},
    ),
]

NEAR_ONE = [[1.4, -0.9, 2.1], [-1.7, 0.8, 1.2], [0.6, 1.9, -2.2], [-0.4, 2.4, 1.1]]
ACTIVATIONS.append(
    _activation(
        "gelu-near-one",
        "Constants in float32 show where no argument is large: sqrt(1/2), and 0.044715 of the approximation.",
        NEAR_ONE,
        "gelu",
        {"kind": "gelu", "approximation": "tanh"},
    )
)

PLACES = [[0.5, 1.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0], [1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0]]
"""Columns that are equal make places with equal values, each with a bias of its own."""


def _ties(id: str, why: str, pool: object) -> Draft:
    spec = model(dense(8), {"kind": "reshape", "shape": [2, 4, 1]}, pool, shape=(2,), head=["flatten", dense(2)])
    parameters = {"trunk[0].kernel": PLACES, "trunk[0].bias": [0.0] * 8}
    x = [[1.0, 0.5], [-0.5, 2.0], [1.5, -1.0], [-1.0, -0.5]]
    return Draft(f"layer/{id}", why, spec, inputs={"x": x}, examples=4, parameters=parameters, since=SINCE)


POOLS = [
    _ties(
        "max-pool2d-ties-by-place",
        "Which of equal maxima gets the gradient shows where each place has a parameter of its own.",
        {"kind": "max_pool2d"},
    ),
    _ties(
        "global-max-pool-ties-by-place",
        "Equal maxima share the gradient, which shows where each place has a parameter of its own.",
        {"kind": "global_max_pool"},
    ),
]

LAWS = [
    Draft(
        "law/clip-global-norm-below-limit",
        "An epsilon so large that norms below the limit are clipped.",
        model(
            dense(2, "tanh"),
            optimizer={"kind": "sgd", "learning_rate": 0.1},
            clipping={"kind": "global_norm", "limit": 1.0, "epsilon": 1.0},
        ),
        steps=True,
        law=True,
        since=SINCE,
    ),
]

THOUSAND = [[1000.0, 0.0, 0.0], [0.0, 1000.0, 0.0], [0.0, 0.0, 1000.0]]
FAR_LOGITS: Document = {
    "inputs": {"x": [[1.0, -0.9, 0.4], [-1.0, 0.8, 1.05], [0.002, -0.003, 0.001], [-0.97, 1.0, -0.5]]},
    "parameters": {"tasks.y.head[0].kernel": THOUSAND, "tasks.y.head[0].bias": [0.1, -0.2, 0.3]},
    "examples": 4,
    "since": SINCE,
}

LOSSES = [
    Draft(
        "loss/softmax-far-out",
        "Logits of 1000: neither the exponential nor the logarithm of a probability is a number.",
        model(head=[dense(3)], loss="softmax_cross_entropy"),
        **FAR_LOGITS,
    ),
    Draft(
        "loss/sigmoid-far-out",
        "Logits of 1000 for labels of either kind.",
        model(head=[dense(3)], loss="sigmoid_cross_entropy"),
        **FAR_LOGITS,
    ),
    Draft(
        "reduction/as-many-units-as-examples",
        "A weight belongs to an example, also where a weight for each unit would have the same shape.",
        model(head=[dense(3)], loss="squared_error"),
        batches=((0, 1, 2), (3, 4, 5)),
        weighted=True,
        since=SINCE,
    ),
]

TASKS = [
    Draft(
        "tasks/two-classifiers",
        "Two heads with the same loss have each its own weight.",
        several(
            blocks=[{"name": "trunk", "layers": [dense(4, "tanh")]}],
            tasks=[
                {"name": "first", "head": [dense(3)], "loss": "softmax_cross_entropy"},
                {"name": "second", "head": [dense(2)], "loss": "softmax_cross_entropy", "weight": 0.5},
            ],
        ),
        steps=True,
        since=SINCE,
    ),
]

TRAP_DRAFTS = [*ACTIVATIONS, *POOLS, *LAWS, *LOSSES, *TASKS]
