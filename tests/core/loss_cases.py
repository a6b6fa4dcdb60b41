"""Losses with numbers derived by hand, and documents whose slopes are held against differences."""

from __future__ import annotations

from math import e, exp, log, pi
from typing import Any

SUM = "weighted_sum"
LN3 = log(3)
FOCAL = 0.375 * log(0.75) - 0.0625
"""2·(1 - p)·p·log p - (1 - p)² at p = 3/4."""
EASY = 0.25 * (0.25 * log(0.25) - 0.75)
"""(p·log p - (1 - p))·alpha at p = alpha = 1/4."""
KEPT = {"kind": "kullback_leibler", "from": {"kind": "probabilities", "clip": 0.2}}
GAUSSIAN = "gaussian_likelihood"
TIGHT = {"kind": GAUSSIAN, "minimum": 1.0}
DICE = {"kind": "dice", "of": "sigmoid", "squares": False, "smooth": 0.25}
DISTANCES = {
    "kind": SUM,
    "terms": [{"loss": "squared_error", "weight": 0.5}, {"loss": "absolute_error", "weight": 2.0}],
}

# softmax(0, ln 3) = (1/4, 3/4), σ(ln 3) = 3/4, σ(0) = 1/2; items and pixels are lists of lists
GOLDEN: list[tuple[dict[str, Any], list[Any], Any, float, list[Any]]] = [
    ({"kind": "softmax_focal"}, [0, LN3], 1, log(4 / 3) / 16, [-FOCAL / 4, FOCAL / 4]),
    (
        {"kind": "softmax_focal", "gamma": 1.0, "alpha": 0.25},
        [0, LN3],
        0,
        0.25 * 0.75 * log(4),
        [0.75 * EASY, -0.75 * EASY],
    ),
    ({"kind": "sigmoid_focal"}, [LN3], [1], log(4 / 3) / 64, [(1.5 * log(0.75) - 0.25) / 64]),
    ({"kind": "sigmoid_focal"}, [LN3], [0], 27 / 64 * log(4), [27 / 64 * (0.5 * log(4) + 0.75)]),
    ({"kind": "ordinal_cross_entropy"}, [LN3, 0], 1, log(4 / 3) + log(2), [-0.25, 0.5]),
    (
        {"kind": "ordinal_cross_entropy", "threshold_weights": [2.0, 1.0]},
        [LN3, 0],
        0,
        2 * log(4) + log(2),
        [1.5, 0.5],
    ),
    ({"kind": "kullback_leibler"}, [0, LN3], [0.5, 0.5], log(4 / 3) / 2, [-0.25, 0.25]),
    ({"kind": "kullback_leibler"}, [0, LN3], [1, 0], log(4), [-0.75, 0.75]),
    # y is held to (1, 1/5), softmax(z) stays
    (KEPT, [0, LN3], [1, 0], log(4) + 0.2 * log(0.2 / 0.75), [-0.7, 0.7]),
    # cosh(ln 2) = 5/4, tanh(ln 2) = 3/5, cosh(ln 3) = 5/3, tanh(ln 3) = 4/5
    ({"kind": "log_cosh"}, [log(2)], [0], log(1.25), [0.6]),
    ({"kind": "log_cosh"}, [LN3, 1], [0, 1], log(5 / 3) / 2, [0.4, 0]),
    ({"kind": "quantile", "quantiles": [0.1, 0.9]}, [1, 3], [2], 0.1, [-0.05, 0.05]),
    ({"kind": "quantile", "quantiles": [0.25]}, [2], [2], 0, [0.75]),
    ({"kind": "percentage_error"}, [1, 3], [2, 4], 37.5, [-25, -12.5]),
    ({"kind": "percentage_error", "epsilon": 0.5}, [1], [0], 200, [200]),
    ({"kind": "squared_logarithmic_error"}, [e - 1], [0], 1, [2 / e]),
    ({"kind": "squared_logarithmic_error"}, [-5], [e - 1], 1, [0]),
    ({"kind": "squared_logarithmic_error", "clip": e - 1}, [e - 1], [e * e - 1], 1, [-2 / e]),
    ({"kind": "cosine_similarity"}, [3, 4], [1, 0], 0.4, [-0.128, 0.096]),
    ({"kind": "cosine_similarity", "value": "negative"}, [3, 4], [1, 0], -0.6, [-0.128, 0.096]),
    ({"kind": "cosine_similarity", "epsilon": 10.0}, [3, 4], [1, 0], 0.97, [-0.01, 0]),
    # 25 + 24 = 7², 1 + 24 = 5²
    (
        {"kind": "cosine_similarity", "epsilon": 24.0, "epsilon_placement": "inside_root"},
        [3, 4],
        [1, 0],
        1 - 3 / 35,
        [9 / 1715 - 1 / 35, 12 / 1715],
    ),
    ({"kind": "poisson"}, [LN3], [2], 3 - 2 * LN3, [1]),
    ({"kind": "poisson", "full": True}, [LN3], [2], 1 - 2 * LN3 + 2 * log(2) + log(4 * pi) / 2, [1]),
    ({"kind": "poisson", "input": "rate", "epsilon": 2.0}, [2], [2], 2 - 2 * log(4), [0.5]),
    ({"kind": GAUSSIAN}, [1, log(4)], [3], log(2) + 0.5, [-0.5, 0]),
    # softplus(log(e² - 1)) = 2, and σ of it is 1 - 1 / e²
    (
        {"kind": GAUSSIAN, "variance": "softplus", "full": True},
        [1, log(exp(2) - 1)],
        [3],
        log(2) / 2 + 1 + log(2 * pi) / 2,
        [-1, -0.25 * (1 - exp(-2))],
    ),
    (TIGHT, [1, log(0.25)], [3], 2, [-2, 0]),
    ({**TIGHT, "below_minimum": "unheld"}, [1, log(0.25)], [3], 2, [-2, -0.375]),
    ({"kind": "hinge"}, [0.5, 2], [1, -1], 1.75, [-0.5, 0.5]),
    ({"kind": "hinge"}, [1], [1], 0, [-1]),
    ({"kind": "hinge", "targets": "zero_one"}, [0.5], [0], 1.5, [1]),
    ({"kind": "squared_hinge"}, [0.5, 2], [1, -1], 4.625, [-0.5, 3]),
    ({"kind": "squared_hinge", "targets": "zero_one"}, [0.5], [0], 2.25, [3]),
    ({"kind": "categorical_hinge"}, [1, 2, 0], 0, 2, [-1, 1, 0]),
    ({"kind": "categorical_hinge"}, [-1, -2], 0, 0, [-1, 1]),
    ({"kind": "categorical_hinge", "rivals": "others_or_zero"}, [-1, -2], 0, 2, [-1, 0]),
    # equal rivals share the slope
    ({"kind": "categorical_hinge"}, [1, 1, 1], 2, 1, [0.5, 0.5, -1]),
    ({"kind": "multi_margin"}, [1, 2, 0], 0, 2 / 3, [-1 / 3, 1 / 3, 0]),
    (
        {"kind": "multi_margin", "power": 2, "margin": 2.0, "class_weights": [0.5, 1.0, 1.0]},
        [1, 2, 0],
        0,
        5 / 3,
        [-4 / 3, 1, 1 / 3],
    ),
    # (2·3/4 + 1/4) / (3/4 + 1/2 + 1 + 1/4) = 0.7
    (DICE, [[LN3], [0]], [[1], [0]], 0.3, [[-0.0975], [0.07]]),
    # (2·3/4 + 3/8) / (1/16 + 9/16 + 1 + 3/8) = 15/16, of both classes together
    (
        {"kind": "dice", "smooth": 0.375, "classes": "together"},
        [[0, LN3]],
        [1],
        0.0625,
        [[0.099609375, -0.099609375]],
    ),
    # without a guess and without a label
    ({**DICE, "smooth_in": "denominator"}, [[-800]], [[0]], 1, [[0]]),
    ({"kind": "pairwise_ranking"}, [[0], [LN3]], [[1], [0]], log(4), [[-0.75], [0.75]]),
    # 2 + 3 + 2
    (
        {"kind": "pairwise_ranking", "function": "hinge", "pairs": "sum"},
        [[0], [1], [2]],
        [[2], [1], [0]],
        7,
        [[-2], [0], [2]],
    ),
    ({"kind": "pairwise_ranking"}, [[0], [1]], [[3], [3]], 0, [[0], [0]]),
    ({"kind": "list_net"}, [[0], [LN3]], [[7], [7]], (log(4) + log(4 / 3)) / 2, [[-0.25], [0.25]]),
    (
        {"kind": "list_net", "relevances": "share"},
        [[0], [LN3]],
        [[3], [1]],
        0.75 * log(4) + 0.25 * log(4 / 3),
        [[-0.5], [0.5]],
    ),
    ({"kind": "list_mle"}, [[0], [LN3]], [[5], [5]], log(4), [[-0.75], [0.75]]),
    ({"kind": "list_mle"}, [[0], [LN3]], [[0], [1]], log(4 / 3), [[0.25], [-0.25]]),
    (DISTANCES, [1, 3], [0, 1], 4.25, [1.5, 2]),
    (
        {"kind": SUM, "terms": [{"loss": DICE}, {"loss": "sigmoid_cross_entropy"}]},
        [[LN3], [0]],
        [[1], [0]],
        0.3 + (log(4 / 3) + log(2)) / 2,
        [[-0.2225], [0.32]],
    ),
]

SLOPES: list[dict[str, Any]] = [
    {"kind": "softmax_focal"},
    {"kind": "softmax_focal", "gamma": 0.5, "alpha": [0.5, 2.0, 1.0], "label_smoothing": 0.1},
    {"kind": "softmax_focal", "targets": "probabilities", "gamma": 0.0, "alpha": 0.5},
    {"kind": "sigmoid_focal"},
    {"kind": "sigmoid_focal", "gamma": 0.5, "alpha": None, "label_smoothing": 0.2},
    {"kind": "ordinal_cross_entropy"},
    {"kind": "ordinal_cross_entropy", "threshold_weights": [0.5, 2.0, 1.0]},
    {"kind": "kullback_leibler"},
    KEPT,
    {"kind": "log_cosh"},
    {"kind": "quantile", "quantiles": [0.1, 0.5, 0.8]},
    {"kind": "percentage_error"},
    {"kind": "squared_logarithmic_error"},
    {"kind": "squared_logarithmic_error", "clip": 0.2},
    {"kind": "cosine_similarity"},
    {"kind": "cosine_similarity", "value": "negative", "epsilon": 1.5},
    {"kind": "cosine_similarity", "epsilon_placement": "inside_root", "epsilon": 0.5},
    {"kind": "poisson"},
    {"kind": "poisson", "full": True},
    {"kind": "poisson", "input": "rate", "epsilon": 0.1},
    {"kind": GAUSSIAN},
    {"kind": GAUSSIAN, "variance": "softplus", "full": True},
    {"kind": GAUSSIAN, "minimum": 0.7},
    {"kind": "hinge"},
    {"kind": "hinge", "targets": "zero_one"},
    {"kind": "squared_hinge"},
    {"kind": "categorical_hinge"},
    {"kind": "categorical_hinge", "rivals": "others_or_zero"},
    {"kind": "multi_margin"},
    {"kind": "multi_margin", "power": 2, "margin": 0.5, "class_weights": [0.5, 2.0, 1.0]},
    {"kind": "dice"},
    {"kind": "dice", "squares": False, "targets": "probabilities", "classes": "together", "smooth": 0.5},
    {"kind": "dice", "of": "sigmoid", "smooth_in": "denominator"},
    {"kind": "pairwise_ranking"},
    {"kind": "pairwise_ranking", "function": "hinge", "margin": 0.5, "pairs": "sum"},
    {"kind": "list_net"},
    {"kind": "list_net", "relevances": "share"},
    {"kind": "list_mle"},
    DISTANCES,
    {"kind": SUM, "terms": [{"loss": "dice"}, {"loss": "softmax_focal", "weight": 0.5}]},
]
