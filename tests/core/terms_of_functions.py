"""Activations and losses with a mistake that somebody writing one makes."""

from __future__ import annotations

import math
from typing import Any

from bent_reference import Bend, placed, replaced
from mtlspec_conformance.mutants import mistaken_functions as wrong
from mtlspec_numpy import activations, cross_entropies, losses
from test_reference_activations import test_the_pullback_is_the_slope as check_activation
from test_reference_losses import LN3, LN6
from test_reference_losses import test_a_loss_is_the_number_derived_by_hand as check_golden
from test_reference_losses import test_the_pullback_of_a_loss_is_the_slope as check_loss

from mtlspec.spec import activations as functions
from mtlspec.spec import losses as risks

SOFTMAX = "softmax_cross_entropy"
CLIPPED = {"kind": SOFTMAX, "from": {"kind": "probabilities", "clip": 0.2}}


def _function(kind: type[Any], what: str, function: Any, document: dict[str, Any]) -> Bend:
    plant = placed(activations.ACTIVATIONS, kind, function)
    return Bend(f"activation/{document['kind']}", what, plant, lambda: check_activation(document))


FUNCTION_TERMS = (
    Bend(
        "activation/softmax",
        "no mixed terms",
        replaced(activations, "softmax_pullback", wrong.diagonal),
        lambda: check_activation({"kind": "softmax"}),
    ),
    Bend(
        f"loss/{SOFTMAX}",
        "no mixed terms",
        replaced(cross_entropies, "softmax_pullback", wrong.diagonal),
        lambda: check_loss({"kind": SOFTMAX, "from": "probabilities"}),
    ),
    _function(functions.LeakyRelu, "slope forgotten", wrong.slope_forgotten, {"kind": "leaky_relu", "slope": 0.2}),
    _function(functions.Gelu, "density forgotten", wrong.density_forgotten, {"kind": "gelu"}),
    _function(functions.Silu, "gate constant", wrong.gate_constant, {"kind": "silu"}),
    _function(functions.Elu, "alpha forgotten", wrong.alpha_forgotten, {"kind": "elu", "alpha": 1.7}),
    Bend(
        "loss/huber",
        "never linear",
        placed(losses.LOSSES, risks.Huber, wrong.never_linear),
        lambda: check_loss({"kind": "huber", "delta": 0.3}),
    ),
    Bend(
        "loss/squared_error",
        "summed over units",
        placed(losses.LOSSES, risks.SquaredError, wrong.summed),
        lambda: check_golden({"kind": "squared_error"}, [1, 3], [0, 1], 2.5, [1, 2]),
    ),
    Bend(
        f"loss/{SOFTMAX}",
        "gradient outside the clip",
        replaced(cross_entropies, "_clipped", wrong.probabilities_flow),
        lambda: check_loss(CLIPPED),
    ),
    Bend(
        "loss/sigmoid_cross_entropy",
        "gradient outside the clip",
        replaced(cross_entropies, "_clipped", wrong.probabilities_flow),
        lambda: check_loss({"kind": "sigmoid_cross_entropy", "from": CLIPPED["from"]}),
    ),
    Bend(
        f"loss/{SOFTMAX}",
        "smoothing over the other classes",
        replaced(cross_entropies, "smoothed", wrong.over_the_others),
        lambda: check_golden(
            {"kind": SOFTMAX, "label_smoothing": 0.2},
            [0, LN3],
            0,
            0.9 * math.log(4) + 0.1 * math.log(4 / 3),
            [-0.65, 0.65],
        ),
    ),
    Bend(
        f"loss/{SOFTMAX}",
        "the sum after the clip forgotten",
        replaced(cross_entropies, "_of_probabilities", wrong.clipped_once),
        lambda: check_golden(
            {"kind": SOFTMAX, "from": {**CLIPPED["from"], "renormalized": True}},  # type: ignore[dict-item]
            [0, 0, LN6],
            2,
            math.log(1.15 / 0.75),
            [32 / 69 * 3 / 32, 32 / 69 * 3 / 32, -32 / 69 * 3 / 16],
        ),
    ),
)
