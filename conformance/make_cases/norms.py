"""Drafts of normalizations, gates, shaping and merges: every law of each, with its kinks, ties and edges."""

from __future__ import annotations

from typing import Any

from documents import Document, conv, dense, model, several
from mtlspec_conformance.draft import Draft

SINCE = "0.3.0"
LAST = ["flatten", dense(2)]
IDENTITY = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def _norm(kind: str, **fields: object) -> Document:
    return {"kind": f"{kind}_normalization"} | fields


def _beside(*chains: list[Any], shape: list[int], **training: Any) -> Document:
    """Return a document in which every chain of layers reads x, and one task all of them."""
    names = [f"b{index}" for index in range(len(chains))]
    return several(
        inputs=[{"name": "x", "shape": shape}],
        blocks=[
            {"name": name, "inputs": ["x"], "layers": [*chain, "flatten"]}
            for name, chain in zip(names, chains, strict=True)
        ],
        tasks=[{"name": "y", "inputs": names, "head": [dense(2)], "loss": "squared_error"}],
        **training,
    )


def _heads(*heads: list[Any], trunk: Document) -> Document:
    """Return a document in which every head reads one trunk."""
    tasks = [{"name": f"y{i}", "head": [*head, dense(1)], "loss": "squared_error"} for i, head in enumerate(heads)]
    return several(blocks=[{"name": "trunk", "layers": [trunk]}], tasks=tasks)


NORMALIZATIONS = [
    Draft(
        "layer/group-normalization",
        "Statistics of each group of neighbouring channels of a vector; epsilon is visible.",
        model(dense(6, "tanh"), _norm("group", groups=2, epsilon=0.01)),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/group-normalization-of-an-image",
        "A group has all places of an image; one group for each channel, for two, and for all.",
        _beside(
            [conv(4, 2), _norm("group", groups=2)],
            [conv(4, 2, bias=False), _norm("group", groups=4, scale=False)],
            [_norm("group", groups=1, offset=False)],
            shape=[3, 4, 2],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/rms-normalization",
        "The mean square has no mean in it; epsilon is visible, a scale may be missing.",
        model(dense(4, "tanh"), _norm("rms", epsilon=0.01), dense(3, "tanh"), _norm("rms", scale=False)),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/normalization-over-several-axes",
        "Statistics, scale and offset of the last two or three axes.",
        _beside(
            [_norm("layer", axes=2)],
            [_norm("layer", axes=3, scale=False)],
            [_norm("rms", axes=2)],
            [_norm("rms", axes=3, scale=False)],
            shape=[2, 3, 2],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/batch-normalization-frozen",
        "Training takes stored statistics and leaves them; scale and offset train, or not.",
        model(
            dense(4, "tanh"),
            _norm("batch", frozen="statistics", epsilon=0.01),
            dense(3, "tanh"),
            _norm("batch", frozen="all", running_variance="biased"),
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/batch-normalization-frozen-image",
        "The stored statistics of an image are those of its channels.",
        model(
            conv(2, 2),
            _norm("batch", frozen="all", scale=False),
            conv(2, 2),
            _norm("batch", frozen="statistics", offset=False),
            shape=(4, 3, 1),
            head=LAST,
        ),
        since=SINCE,
    ),
    Draft(
        "layer/batch-normalization-cumulative",
        "The running statistics are the means of all batches: the first one replaces them, the fourth has a quarter.",
        model(
            dense(4, "tanh", bias=False),
            _norm("batch", running_average="cumulative"),
            dense(3, "tanh", bias=False),
            _norm("batch", running_average="cumulative", running_variance="biased"),
        ),
        parameters={"trunk[1].batches": 3, "trunk[3].batches": 0},
        steps=True,
        since=SINCE,
    ),
]

ON_ZERO = [[1.0, 0.0, -1.0], [0.0, 2.0, 0.5], [-0.75, -2.0, 0.0], [0.5, 0.0, -1.5]]


def _prelu(slopes: str, value: float) -> Document:
    return {"kind": "prelu", "slopes": slopes, "initializer": {"kind": "constant", "value": value}}


def _glu(function: Any, gate: str = "second") -> Document:
    return {"kind": "glu", "function": function, "gate": gate}


GATES = [
    Draft(
        "layer/prelu",
        "One slope, or one for each feature, and at exactly 0 that of the left.",
        _heads([{"kind": "prelu", "slopes": "one"}], [{"kind": "prelu"}], trunk=dense(3)),
        inputs={"x": ON_ZERO},
        parameters={"trunk[0].kernel": IDENTITY, "trunk[0].bias": [0.0, 0.0, 0.0]},
        examples=4,
        since=SINCE,
    ),
    Draft(
        "layer/prelu-of-an-image",
        "A slope for each channel or each element is that of no other.",
        _beside(
            [conv(2, 2), _prelu("per_channel", 0.1), conv(1, 1), _prelu("one", -0.3)],
            [dense(2), _prelu("per_element", 0.2)],
            [{"kind": "prelu", "slopes": "per_element"}],
            shape=[3, 2, 2],
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/glu",
        "Which half is the gate, and what opens it.",
        _heads(
            [{"kind": "glu"}],
            [_glu("silu")],
            [_glu("gelu", "first")],
            [_glu("relu", "first"), _glu("linear")],
            trunk=dense(4),
        ),
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/glu-of-an-image",
        "The halves are those of the channels.",
        _beside(
            [conv(4, 2), {"kind": "glu"}],
            [conv(2, 2), _glu("sigmoid", "first")],
            [conv(4, 2), _glu("softmax")],
            shape=[3, 3, 1],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/gradient-reversal",
        "Forward nothing happens; backward a gradient turns, fades or ends, and what nothing reaches stays.",
        several(
            blocks=[
                {"name": "trunk", "layers": [dense(4, "tanh")]},
                {"name": "still", "inputs": ["x"], "layers": [dense(3, "tanh"), "stop_gradient"]},
            ],
            tasks=[
                {"name": "plain", "inputs": ["trunk"], "head": [dense(1)], "loss": "squared_error"},
                {
                    "name": "turned",
                    "inputs": ["trunk"],
                    "head": ["gradient_reversal", dense(3)],
                    "loss": "softmax_cross_entropy",
                },
                {
                    "name": "faded",
                    "inputs": ["trunk"],
                    "head": [{"kind": "gradient_reversal", "factor": 0.3}, dense(2)],
                    "loss": "squared_error",
                },
                {"name": "ended", "inputs": ["still", "trunk"], "head": [dense(1)], "loss": "squared_error"},
            ],
        ),
        steps=True,
        since=SINCE,
    ),
]

SHAPING = [
    Draft(
        "layer/permute",
        "The order of three axes, which is not its own inverse, and of two.",
        _beside(
            [dense(2, "tanh"), {"kind": "permute", "axes": [2, 0, 1]}, dense(2, "tanh")],
            [{"kind": "reshape", "shape": [2, 6]}, dense(3), {"kind": "permute", "axes": [1, 0]}, dense(2, "tanh")],
            shape=[2, 3, 2],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/slice",
        "Places counted from either end, with a step, on the first axis and the last.",
        _beside(
            [dense(3), {"kind": "slice", "axis": -1, "begin": 1}],
            [dense(1), {"kind": "slice", "axis": 0, "stride": 2}],
            [{"kind": "slice", "axis": 1, "begin": -3, "end": -1}],
            [{"kind": "slice", "axis": -2, "begin": 1, "end": 4, "stride": 2}, dense(2, "tanh")],
            shape=[3, 4, 2],
        ),
        since=SINCE,
    ),
    Draft(
        "layer/repeat-vector",
        "Every copy of a vector has its gradient.",
        _beside(
            [dense(3, "tanh"), {"kind": "repeat_vector", "count": 3}, {"kind": "permute", "axes": [1, 0]}, dense(2)],
            [{"kind": "repeat_vector", "count": 1}, dense(2)],
            shape=[2],
        ),
        since=SINCE,
    ),
]

DIAGONALS: list[list[float]] = [[1.0, 1.0, 1.0], [1.0, 2.0, 0.5], [1.0, 2.0, 1.0]]


def _parallel(*merges: tuple[str, list[str]]) -> Document:
    """Return a document that merges parallel blocks, each time in a block, and the result with b in a head."""
    names = [f"m{index}" for index in range(len(merges))]
    return several(
        blocks=[
            *({"name": name, "inputs": ["x"], "layers": [dense(3, bias=False)]} for name in "abc"),
            *(
                {"name": name, "inputs": inputs, "merge": merge}
                for name, (merge, inputs) in zip(names, merges, strict=True)
            ),
        ],
        tasks=[
            {"name": merge, "inputs": [name, "b"], "merge": merge, "head": [dense(2)], "loss": "squared_error"}
            for name, (merge, _) in zip(names, merges, strict=True)
        ],
    )


MERGES = [
    Draft(
        "merge/of-both-directions",
        "Both directions of a recurrent layer are joined by any merge, the forward one first.",
        _beside(
            *(
                [{"kind": "bidirectional", "layer": {"kind": "simple_rnn", "units": 2}, "merge": merge}]
                for merge in ("subtract", "maximum", "minimum")
            ),
            shape=[3, 2],
        ),
        since=SINCE,
    ),
    Draft(
        "merge/subtract",
        "The first minus the second, of blocks and of differences.",
        _parallel(("subtract", ["b", "a"])),
        since=SINCE,
    ),
    Draft(
        "merge/maximum-ties",
        "Of equal elements of two or three sources the first has the gradient, in a maximum and in a minimum.",
        _parallel(("maximum", ["a", "b", "c"]), ("minimum", ["c", "a", "b"])),
        inputs={"x": [[1.0, -0.5, 2.0], [-1.5, 1.0, -1.0], [0.0, 2.0, 0.5], [0.5, 0.0, -0.25]]},
        parameters={
            f"{name}[0].kernel": [[diagonal[i] * (i == j) for j in range(3)] for i in range(3)]
            for name, diagonal in zip("abc", DIAGONALS, strict=True)
        },
        examples=4,
        since=SINCE,
    ),
    Draft(
        "merge/maximum",
        "Elements that differ: each has the gradient where it is the largest, or the least.",
        _parallel(("maximum", ["b", "a"]), ("minimum", ["a", "b"])),
        steps=True,
        since=SINCE,
    ),
]

KINKS = [
    [0.0, 1.0, -1.0],
    [3.0, -3.0, 6.0],
    [0.5, -0.5, 0.25],
    [-0.25, 5.9, -7.0],
    [0.31, -0.42, 1.3],
    [-1.2, 7.5, 2.9],
]
WIDE = [
    [0.0, -0.42, 1.3],
    [-1.2, 0.77, 0.05],
    [25.3, -31.0, 7.1],
    [-9.4, 12.6, -22.8],
    [0.9, 0.0, 0.4],
    [2.2, 1.1, 0.0],
]
FAR = [[1000.0, -1000.0, 0.5], [-1000.0, 900.0, 1000.0], [-0.3, 2.0, -1000.0], [800.0, -750.0, 810.0]]
NEAR_ONE = [[1.4, -0.9, 2.1], [-1.7, 0.8, 1.2], [0.6, 1.9, -2.2], [-0.4, 2.4, 1.1]]
PIECES: list[Any] = [
    "relu6",
    "hard_tanh",
    "hard_sigmoid",
    "hard_silu",
    "soft_shrink",
    {"kind": "soft_shrink", "threshold": 0.25},
    "hard_shrink",
    {"kind": "hard_shrink", "threshold": 1.0},
    {"kind": "threshold", "threshold": 0.25, "value": -1.1},
    {"kind": "threshold", "threshold": -1.0, "value": 0.7},
]
CURVES: list[Any] = [
    "selu",
    "celu",
    {"kind": "celu", "alpha": 0.7},
    "mish",
    "softsign",
    "log_sigmoid",
    "log_softmax",
    "tanh_shrink",
]


def _functions(id: str, why: str, x: list[list[float]], functions: list[Any]) -> Draft:
    """Return a draft whose functions read `x` itself, by a kernel that is the identity."""
    spec = _heads(*([{"kind": "activation", "function": function}] for function in functions), trunk=dense(3))
    parameters = {"trunk[0].kernel": IDENTITY, "trunk[0].bias": [0.0, 0.0, 0.0]}
    return Draft(f"activation/{id}", why, spec, inputs={"x": x}, examples=len(x), parameters=parameters, since=SINCE)


FUNCTIONS = [
    _functions("pieces", "Functions made of lines, on their kinks and between them.", KINKS, PIECES),
    _functions("curves", "Functions that bend, at 0 and in both tails.", WIDE, CURVES),
    _functions("curves-far-out", "No exponential of 1000 reaches a value or a slope.", FAR, [*PIECES[:4], *CURVES]),
    _functions("exponential", "The exponential, where none is large.", NEAR_ONE, ["exponential", "selu"]),
]

NORM_DRAFTS = [*NORMALIZATIONS, *GATES, *SHAPING, *MERGES, *FUNCTIONS]
