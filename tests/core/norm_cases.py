"""Normalizations, gates and shaping: examples for their pullbacks, and numbers derived by hand."""

from __future__ import annotations

from typing import Any

from mtlspec.spec.layers import GradientReversal, Layer, StopGradient

LAYER_CASES: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"kind": "batch_normalization", "frozen": "statistics", "epsilon": 0.01}, (2, 3)),
    ({"kind": "batch_normalization", "frozen": "all"}, (3,)),
    ({"kind": "batch_normalization", "running_average": "cumulative"}, (2,)),
    ({"kind": "layer_normalization", "axes": 2}, (2, 3)),
    ({"kind": "layer_normalization", "axes": 2, "scale": False}, (2, 2, 3)),
    ({"kind": "group_normalization", "groups": 2, "epsilon": 0.01}, (6,)),
    ({"kind": "group_normalization", "groups": 3, "scale": False}, (4, 3)),
    ({"kind": "group_normalization", "groups": 2, "offset": False}, (2, 3, 4)),
    ({"kind": "rms_normalization", "epsilon": 0.01}, (4,)),
    ({"kind": "rms_normalization", "axes": 2}, (2, 2, 3)),
    ({"kind": "rms_normalization", "scale": False}, (2, 3)),
    ({"kind": "prelu", "slopes": "one"}, (2, 3)),
    ({"kind": "prelu", "slopes": "one"}, ()),
    ({"kind": "prelu"}, (2, 3)),
    ({"kind": "prelu", "slopes": "per_element"}, (2, 3)),
    ({"kind": "glu"}, (4,)),
    ({"kind": "glu", "function": "gelu", "gate": "first"}, (2, 6)),
    ({"kind": "gradient_reversal", "factor": 0.3}, (2, 3)),
    ({"kind": "stop_gradient"}, (3,)),
    ({"kind": "permute", "axes": [2, 0, 1]}, (2, 3, 4)),
    ({"kind": "slice", "axis": 0, "begin": 1, "stride": 2}, (4, 2)),
    ({"kind": "slice", "axis": -1, "begin": -3, "end": -1}, (2, 4)),
    ({"kind": "repeat_vector", "count": 3}, (2,)),
]


def backward(layer: Layer) -> float:
    """Return what the way back multiplies the slope by: not 1 in the layers that are made for that."""
    match layer:
        case GradientReversal(factor=factor):
            return -factor
        case StopGradient():
            return 0.0
    return 1.0


BY_HAND: list[tuple[dict[str, Any], dict[str, Any], Any, Any]] = [
    # groups (1, 5) and (2, 2): means 3 and 2, variances 4 and 0, epsilon 5: ∓2/3 and 0, times 3 plus 1
    (
        {"kind": "group_normalization", "groups": 2, "epsilon": 5.0},
        {"scale": [3.0, 3.0, 3.0, 3.0], "offset": [1.0, 1.0, 1.0, 1.0]},
        [1.0, 5.0, 2.0, 2.0],
        [-1.0, 3.0, 1.0, 1.0],
    ),
    # (1 + 49) / 2 = 25, epsilon 11: x / 6, doubled
    ({"kind": "rms_normalization", "epsilon": 11.0}, {"scale": [2.0, 2.0]}, [1.0, 7.0], [1 / 3, 7 / 3]),
    # over both axes: (1 + 49 + 25 + 25) / 4 = 25
    (
        {"kind": "rms_normalization", "epsilon": 11.0, "axes": 2, "scale": False},
        {},
        [[1.0, 7.0], [-5.0, 5.0]],
        [[1 / 6, 7 / 6], [-5 / 6, 5 / 6]],
    ),
    ({"kind": "prelu"}, {"slope": [0.5, 0.25]}, [[-2.0, 3.0], [1.0, -8.0]], [[-1.0, 3.0], [1.0, -2.0]]),
    ({"kind": "glu", "function": "relu"}, {}, [2.0, 3.0, 5.0, -1.0], [10.0, 0.0]),
    ({"kind": "glu", "function": "relu", "gate": "first"}, {}, [2.0, -3.0, 5.0, 7.0], [10.0, 0.0]),
    ({"kind": "gradient_reversal"}, {}, [2.0, -3.0], [2.0, -3.0]),
    ({"kind": "stop_gradient"}, {}, [2.0, -3.0], [2.0, -3.0]),
    ({"kind": "permute", "axes": [1, 0]}, {}, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]),
    ({"kind": "slice", "axis": 0, "begin": 1, "end": 4, "stride": 2}, {}, [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0]),
    ({"kind": "repeat_vector", "count": 2}, {}, [1.0, 2.0], [[1.0, 2.0], [1.0, 2.0]]),
    (
        {"kind": "batch_normalization", "frozen": "all", "epsilon": 1.0},
        {"scale": [2.0], "offset": [1.0], "running_mean": [3.0], "running_variance": [8.0]},
        [9.0],
        [5.0],
    ),
]
