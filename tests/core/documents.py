"""Small documents that tests read."""

from __future__ import annotations

from typing import Any

TWO_TASKS = """
inputs:
  - {name: x, shape: [4]}
blocks:
  - name: trunk
    layers:
      - {kind: dense, units: 8, activation: relu}
tasks:
  - {name: kind, head: [{kind: dense, units: 3}], loss: softmax_cross_entropy}
  - {name: size, head: [{kind: dense, units: 1}], loss: squared_error, weight: 0.5}
"""


def document(**changes: Any) -> dict[str, Any]:
    """Return a two-task document with some top-level entries replaced."""
    return {
        "inputs": [{"name": "x", "shape": [4]}],
        "blocks": [{"name": "trunk", "layers": [{"kind": "dense", "units": 8, "activation": "relu"}]}],
        "tasks": [
            {"name": "kind", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy"},
            {"name": "size", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},
        ],
        **changes,
    }
