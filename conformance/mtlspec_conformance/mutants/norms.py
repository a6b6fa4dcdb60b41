"""Mutants of normalizations over groups and squares, of frozen and counted statistics, of shaping and of merges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtlspec_numpy import layers, merges, normalizations

from mtlspec.spec import layers as kinds
from mtlspec_conformance.mutants import mistaken_norms as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every


def _layer(
    name: str, mistake: str, level: str, case: str, kind: type[kinds.Layer], function: Callable[..., Any]
) -> Mutant:
    return Mutant(name, mistake, level, (f"layer/{case}",), grafts=(Graft(layers.LAYERS, kind, function),))


def _merge(name: str, mistake: str, level: str, case: str, merge: str, function: Callable[..., Any]) -> Mutant:
    return Mutant(name, mistake, level, (f"merge/{case}",), grafts=(Graft(merges.MERGES, merge, function),))


GROUP, RMS, BATCH = kinds.GroupNormalization, kinds.RmsNormalization, kinds.BatchNormalization
CUMULATIVE = ("layer/batch-normalization-cumulative",)

OTHER_NORM_MUTANTS = (
    _layer(
        "groups-scattered",
        "Groups every n-th channel.",
        "forward",
        "group-normalization",
        GROUP,
        wrong.scattered_groups,
    ),
    _layer(
        "groups-of-each-place",
        "Keeps the places of an image apart in a group.",
        "forward",
        "group-normalization-of-an-image",
        GROUP,
        wrong.groups_of_each_place,
    ),
    Mutant(
        "group-epsilon",
        "Has an epsilon of its own in group normalization.",
        "forward",
        ("layer/group-normalization",),
        every(GROUP, epsilon=1e-3),
    ),
    Mutant(
        "rms-epsilon",
        "Has an epsilon of its own in RMS normalization.",
        "forward",
        ("layer/rms-normalization",),
        every(RMS, epsilon=2.0**-23),
    ),
    _layer("rms-centred", "Subtracts the mean first.", "forward", "rms-normalization", RMS, wrong.centred),
    _layer(
        "rms-detached",
        "Takes the mean square for a constant in its gradient.",
        "gradient",
        "rms-normalization",
        RMS,
        wrong.constant_square,
    ),
    Mutant(
        "last-axis-alone",
        "Normalizes over the last axis, where several are asked for.",
        "forward",
        ("layer/normalization-over-several-axes",),
        grafts=(Graft(normalizations, "_standardized", wrong.last_axis),),
    ),
    _layer(
        "frozen-trains-by-the-batch",
        "Keeps frozen statistics and trains by those of the batch.",
        "loss",
        "batch-normalization-frozen",
        BATCH,
        wrong.batch_statistics,
    ),
    Mutant(
        "batches-counted-late",
        "Gives the first batch half the weight.",
        "gradient",
        CUMULATIVE,
        grafts=(Graft(normalizations, "_moved", wrong.counted_late),),
    ),
    Mutant(
        "batches-not-counted",
        "Forgets to count the batches.",
        "gradient",
        CUMULATIVE,
        grafts=(Graft(normalizations, "_moved", wrong.never_counted),),
    ),
)

SHAPING_MUTANTS = (
    _layer(
        "permute-by-reshape",
        "Exchanges sizes and leaves elements in their order.",
        "forward",
        "permute",
        kinds.Permute,
        wrong.permuted_by_reshape,
    ),
    _layer(
        "permute-not-undone",
        "Comes back in the new order.",
        "gradient",
        "permute",
        kinds.Permute,
        wrong.permuted_one_way,
    ),
    _layer("slice-without-stride", "Takes neighbours.", "forward", "slice", kinds.Slice, wrong.stride_forgotten),
    _layer("slice-shifted-back", "Comes back one place off.", "gradient", "slice", kinds.Slice, wrong.slice_shifted),
    _layer(
        "gradient-of-one-copy",
        "Gives a repeated vector the gradient of its first copy.",
        "gradient",
        "repeat-vector",
        kinds.RepeatVector,
        wrong.gradient_of_one_copy,
    ),
    _merge("subtract-turned", "Subtracts the first.", "forward", "subtract", "subtract", wrong.subtracted_backwards),
    _merge("subtrahend-uphill", "Does not turn a gradient.", "gradient", "subtract", "subtract", wrong.minuend_alone),
    _merge(
        "maximum-shared",
        "Shares the gradient among equal maxima, as PyTorch.",
        "gradient",
        "maximum-ties",
        "maximum",
        wrong.ties_shared,
    ),
    _merge(
        "minimum-to-the-last",
        "Gives the last of equal minima the gradient.",
        "gradient",
        "maximum-ties",
        "minimum",
        wrong.last_of_ties,
    ),
)
