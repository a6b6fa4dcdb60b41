"""Small specs that the tests of data and training share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtlspec.spec import Spec

TASKS: tuple[dict[str, Any], ...] = (
    {"name": "kind", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy", "metrics": ["accuracy"]},
    {"name": "size", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error", "weight": 0.5},
)


def two_tasks(*, tasks: tuple[dict[str, Any], ...] = TASKS, **training: Any) -> Spec:
    """Return a spec of two float features, a dense layer and two tasks."""
    return Spec.model_validate(
        {
            "mtlspec": 1,
            "inputs": [{"name": "x", "shape": [2]}],
            "blocks": [
                {"name": "trunk", "layers": ["normalization", {"kind": "dense", "units": 4, "activation": "tanh"}]}
            ],
            "tasks": list(tasks),
            "training": {"precision": "float64", "batch_size": 4, "epochs": 3, **training},
        }
    )


def one_task(units: int, loss: object, *, metrics: Sequence[object] = ()) -> Spec:
    """Return a spec of one feature and one task called `t`."""
    head = [{"kind": "dense", "units": units}]
    return Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [1]}],
            "tasks": [{"name": "t", "head": head, "loss": loss, "metrics": list(metrics)}],
        }
    )


def table_spec(
    *,
    inputs: list[dict[str, Any]],
    data: dict[str, Any],
    blocks: list[dict[str, Any]],
    tasks: list[dict[str, Any]] | None = None,
    seed: int = 0,
) -> Spec:
    """Return a spec that reads a table; by default with the class of column `kind` as its one task."""
    head = [{"kind": "dense", "units": 3}]
    targets = [{"name": "kind", "columns": ["kind"], "encode": "vocabulary"}]
    return Spec.model_validate(
        {
            "inputs": inputs,
            "blocks": blocks,
            "tasks": tasks or [{"name": "kind", "head": head, "loss": "softmax_cross_entropy"}],
            "training": {"seed": seed},
            "data": {"file": "table.csv", "targets": targets, **data},
        }
    )


def numeric_spec(columns: list[str], *, shape: list[int] | None = None, seed: int = 0, **data: Any) -> Spec:
    """Return a spec whose one float input `x` is made of `columns`; `missing` goes to the input."""
    given = {"name": "x", "columns": columns} | ({"missing": data.pop("missing")} if "missing" in data else {})
    return table_spec(
        inputs=[{"name": "x", "shape": [len(columns)] if shape is None else shape}],
        blocks=[{"name": "b", "layers": ["flatten", {"kind": "dense", "units": 2}]}],
        data={"inputs": [given], **data},
        seed=seed,
    )


def id_spec(encode: object, *, rows: int, columns: tuple[str, ...] = ("c",), **data: Any) -> Spec:
    """Return a spec whose one integer input `c` is an encoded column."""
    layers = [{"kind": "embedding", "rows": rows, "units": 2}, "flatten"]
    return table_spec(
        inputs=[{"name": "c", "shape": [len(columns)], "dtype": "integer"}],
        blocks=[{"name": "b", "layers": layers}],
        data={"inputs": [{"name": "c", "columns": list(columns), "encode": encode}], **data},
    )
