"""Activations with their values at 1 and -1, each from its definition, and their slopes where pieces meet."""

from __future__ import annotations

import math
from typing import Any

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
FUNCTION_CASES: list[dict[str, Any]] = [
    {"kind": "relu6"},
    {"kind": "selu"},
    {"kind": "celu"},
    {"kind": "celu", "alpha": 1.7},
    {"kind": "mish"},
    {"kind": "softsign"},
    {"kind": "hard_sigmoid"},
    {"kind": "hard_silu"},
    {"kind": "hard_tanh"},
    {"kind": "log_sigmoid"},
    {"kind": "log_softmax"},
    {"kind": "tanh_shrink"},
    {"kind": "soft_shrink", "threshold": 0.3},
    {"kind": "hard_shrink", "threshold": 0.7},
    {"kind": "threshold", "threshold": -0.4, "value": 2.0},
    {"kind": "exponential"},
]
FUNCTION_VALUES: list[tuple[dict[str, Any], float, float]] = [
    ({"kind": "relu6"}, 1.0, 0.0),
    ({"kind": "selu"}, SCALE, SCALE * ALPHA * (math.exp(-1) - 1)),
    ({"kind": "celu", "alpha": 2.0}, 1.0, 2 * (math.exp(-0.5) - 1)),
    ({"kind": "mish"}, math.tanh(math.log(1 + math.e)), -math.tanh(math.log(1 + math.exp(-1)))),
    ({"kind": "softsign"}, 0.5, -0.5),
    ({"kind": "hard_sigmoid"}, 4 / 6, 2 / 6),
    ({"kind": "hard_silu"}, 4 / 6, -2 / 6),
    ({"kind": "hard_tanh"}, 1.0, -1.0),
    ({"kind": "log_sigmoid"}, -math.log1p(math.exp(-1)), -math.log1p(math.e)),
    ({"kind": "log_softmax"}, -math.log1p(math.exp(-2)), -2 - math.log1p(math.exp(-2))),
    ({"kind": "tanh_shrink"}, 1 - math.tanh(1), math.tanh(1) - 1),
    ({"kind": "soft_shrink", "threshold": 0.25}, 0.75, -0.75),
    ({"kind": "hard_shrink"}, 1.0, -1.0),
    ({"kind": "threshold", "threshold": 0.0, "value": 0.3}, 1.0, 0.3),
    ({"kind": "exponential"}, math.e, 1 / math.e),
]
KINKS: list[tuple[dict[str, Any], float, float]] = [
    ({"kind": "relu6"}, 0.0, 0.0),
    ({"kind": "relu6"}, 6.0, 0.0),
    ({"kind": "selu"}, 0.0, SCALE * ALPHA),
    ({"kind": "celu", "alpha": 2.0}, 0.0, 1.0),
    ({"kind": "softsign"}, 0.0, 1.0),
    ({"kind": "hard_sigmoid"}, -3.0, 0.0),
    ({"kind": "hard_sigmoid"}, 3.0, 0.0),
    ({"kind": "hard_silu"}, -3.0, 0.0),
    ({"kind": "hard_silu"}, 3.0, 1.0),
    ({"kind": "hard_tanh"}, -1.0, 0.0),
    ({"kind": "hard_tanh"}, 1.0, 0.0),
    ({"kind": "soft_shrink"}, 0.5, 0.0),
    ({"kind": "hard_shrink"}, -0.5, 0.0),
    ({"kind": "threshold", "threshold": 1.0, "value": 0.0}, 1.0, 0.0),
]
"""A kind, a point and the slope there."""
