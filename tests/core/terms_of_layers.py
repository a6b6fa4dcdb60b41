"""Layers with a mistake that somebody writing one makes, gradients with a term dropped among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bent_reference import Bend, placed, replaced
from layer_cases import TRAINING
from mtlspec_conformance.mutants import mistaken_layers as wrong
from mtlspec_conformance.mutants import mistaken_normalizations as unnormal
from mtlspec_numpy import layers, normalizations, windows
from mtlspec_numpy.windows import Windows
from test_reference_layers import assert_pullback
from test_reference_statistics import test_running_statistics_move_toward_the_batch as check_statistics
from test_reference_windows import test_an_average_counts_no_padding as check_average
from test_reference_windows import test_equal_maxima_share_the_gradient_of_a_global_pool as check_shared
from test_reference_windows import test_padding_never_wins_a_maximum as check_padding
from test_reference_windows import test_the_first_of_equal_maxima_in_row_order_has_the_gradient as check_first
from test_reference_windows import test_the_odd_zero_comes_after as check_odd_zero

from mtlspec.spec import layers as kinds

BATCH_NORM = {"kind": "batch_normalization", "epsilon": 0.01}
LAYER_NORM = {"kind": "layer_normalization", "epsilon": 0.01}


def _standard(kind: str, what: str, function: Any, document: dict[str, Any], shape: tuple[int, ...]) -> Bend:
    plant = replaced(normalizations, "_standardized", function)
    return Bend(f"layer/{kind}", what, plant, lambda: assert_pullback(document, shape, TRAINING))


NORMALIZATIONS = (
    _standard("batch_normalization", "the variance is a constant", unnormal.constant_variance, BATCH_NORM, (2,)),
    _standard("batch_normalization", "the mean is a constant", unnormal.constant_mean, BATCH_NORM, (2,)),
    _standard("layer_normalization", "the variance is a constant", unnormal.constant_variance, LAYER_NORM, (4,)),
    _standard("layer_normalization", "the mean is a constant", unnormal.constant_mean, LAYER_NORM, (4,)),
    Bend(
        "layer/batch_normalization",
        "divides by n - 1",
        replaced(normalizations, "_standardized", unnormal.unbiased_now),
        lambda: check_statistics("biased", 14 / 4),
    ),
    Bend(
        "layer/batch_normalization",
        "the running variance is biased",
        replaced(normalizations, "_moved", unnormal.never_unbiased),
        lambda: check_statistics("unbiased", 14 / 3),
    ),
)


def _layer(kind: type[Any], what: str, function: Any, check: Callable[[], None]) -> Bend:
    return Bend(f"layer/{kind.model_fields['kind'].default}", what, placed(layers.LAYERS, kind, function), check)


def _slope(document: dict[str, Any], *shape: int) -> Callable[[], None]:
    return lambda: assert_pullback(document, shape, TRAINING)


DROPOUT = {"kind": "dropout", "rate": 0.4}
CONV = {"kind": "conv2d", "filters": 2, "kernel_size": 3}
LAYER_TERMS = (
    _layer(kinds.Dense, "bias by the mean", wrong.mean_bias, _slope({"kind": "dense", "units": 4}, 3)),
    _layer(
        kinds.Embedding,
        "repeated ids overwrite",
        wrong.last_rows,
        _slope({"kind": "embedding", "rows": 4, "units": 2}, 3),
    ),
    _layer(
        kinds.Dropout,
        "no mask on the way back",
        wrong.unmasked_way_back,
        _slope({"kind": "dropout", "rate": 0.4}, 2, 3),
    ),
    Bend(
        "layer/conv2d",
        "one pixel off on the way back",
        replaced(Windows, "cropped", wrong.shifted),
        _slope(CONV, 4, 5, 2),
    ),
    Bend(
        "layer/max_pool2d",
        "one pixel off on the way back",
        replaced(Windows, "cropped", wrong.shifted),
        _slope({"kind": "max_pool2d"}, 4, 5, 2),
    ),
    Bend("layer/conv2d", "odd zero before", replaced(windows, "_border", wrong.odd_zero_before), check_odd_zero),
    Bend("layer/max_pool2d", "zeros win", replaced(Windows, "padded", wrong.zeros_win), check_padding),
    _layer(kinds.AveragePool2d, "padding counts", wrong.padding_counted, check_average),
    _layer(kinds.GlobalMaxPool, "every maximum counts whole", wrong.every_maximum, check_shared),
    _layer(kinds.MaxPool2d, "the last maximum", wrong.last_maximum, check_first),
)
