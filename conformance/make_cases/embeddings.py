"""Drafts of tables with padding, and of bags of rows."""

from __future__ import annotations

from documents import Document, dense, model, several
from mtlspec_conformance.draft import Draft

SINCE = "0.3.0"
IDS = [[1, 3, 0], [0, 0, 0], [2, 1, 1], [3, 0, 3], [4, 2, 0], [0, 0, 1]]
"""Padding in the middle, at the ends and everywhere; ids that occur twice; one row that no batch has."""
ADAM = {"kind": "adam", "learning_rate": 0.05}


def _table(kind: str = "embedding", *after: Document, **fields: object) -> Document:
    document = {"kind": kind, "rows": 6, "units": 2} | fields
    return model(document, *after, shape=(3,), dtype="integer", optimizer=ADAM)


FLAT = {"kind": "flatten"}
BAG = "embedding_bag"
EMBEDDING_DRAFTS = [
    Draft(
        "layer/embedding-with-padding",
        "The row of padding gets no gradient, whatever its occurrences are given.",
        _table("embedding", FLAT, padding_id=0),
        inputs={"x": IDS},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/embedding-with-padding-by-row",
        "Padding does not touch its row, which stays as it is while others decay.",
        _table("embedding", FLAT, padding_id=1, untouched_rows="skip", repeated_ids="separate"),
        inputs={"x": IDS},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "initializer/row-of-padding",
        "The row of padding begins at 0.",
        _table("embedding", FLAT, padding_id=4, initializer="normal"),
        inputs={"x": IDS},
        initial=True,
        since=SINCE,
    ),
    Draft(
        "layer/bag-sum",
        "The sum of the rows of an example; an id that occurs twice counts twice.",
        _table(BAG, combine="sum", units=3, rows=5),
        inputs={"x": IDS},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/bag-mean-with-padding",
        "The mean over the ids that are no padding; of none it is 0.",
        _table(BAG, combine="mean", padding_id=0, repeated_ids="separate"),
        inputs={"x": IDS},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/bag-max-with-padding",
        "The maximum over the ids that are no padding, whose rows may be below 0; of none it is 0.",
        _table(BAG, combine="max", padding_id=0, initializer={"kind": "uniform", "low": -1.0, "high": -0.1}),
        inputs={"x": IDS},
        initial=True,
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/bag-max-by-row",
        "The gradient of a maximum goes to one occurrence, and touches the rows of the others, too.",
        _table(BAG, combine="max", padding_id=3, untouched_rows="skip", penalty={}),
        inputs={"x": IDS},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/bag-max-without-padding",
        "Two ids whose rows are equal: the first has the gradient.",
        _table(BAG, combine="max", penalty={"l1": 0.01, "l2": 0.02}),
        inputs={"x": IDS},
        parameters={"trunk[0].table": [[1.0, -1.0], [1.0, 0.5], [0.5, 0.5], [-2.0, 0.5], [0.0, 0.0], [3.0, 3.0]]},
        since=SINCE,
    ),
    Draft(
        "layer/bag-weighted",
        "Weights of the ids, which a layer makes and is trained by.",
        several(
            inputs=[{"name": "ids", "shape": [None], "dtype": "integer"}, {"name": "x", "shape": [2]}],
            blocks=[
                {"name": "share", "inputs": ["x"], "layers": [dense(3, "sigmoid")]},
                {
                    "name": "bag",
                    "inputs": ["ids"],
                    "layers": [
                        {
                            "kind": BAG,
                            "rows": 6,
                            "units": 2,
                            "combine": "sum",
                            "weights": "share",
                            "padding_id": 0,
                            "untouched_rows": "skip",
                        }
                    ],
                },
            ],
            tasks=[{"name": "y", "inputs": ["bag"], "head": [dense(2)], "loss": "squared_error"}],
        ),
        inputs={"ids": IDS},
        steps=True,
        since=SINCE,
    ),
    Draft(
        "layer/bag-weighted-by-data",
        "Weights that the data gives, 0 among them.",
        several(
            inputs=[{"name": "ids", "shape": [3], "dtype": "integer"}, {"name": "w", "shape": [3]}],
            blocks=[
                {
                    "name": "bag",
                    "inputs": ["ids"],
                    "layers": [{"kind": BAG, "rows": 6, "units": 2, "combine": "sum", "weights": "w"}],
                }
            ],
            tasks=[{"name": "y", "inputs": ["bag"], "head": [dense(2)], "loss": "squared_error"}],
        ),
        inputs={"ids": IDS, "w": [[0.5, -1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 0.0, 3.0]] * 2},
        since=SINCE,
    ),
]
