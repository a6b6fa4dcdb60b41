"""The ledger's traps of normalizations, gates, activations, shaping and merges beyond the first ones."""

from __future__ import annotations

from mtlspec_conformance.mutants.ledger_of_layers import FUNCTION, LAYOUT, NORM
from mtlspec_conformance.mutants.trap import Trap

GATE = "gates and merges"

OTHER_LAYER_TRAPS = (
    Trap(
        NORM,
        "Group and RMS normalization have an epsilon of every framework's own, too.",
        ("group_normalization.epsilon", "rms_normalization.epsilon"),
        ("group-epsilon", "rms-epsilon"),
    ),
    Trap(
        NORM,
        "A group is a run of neighbouring channels with all their places.",
        mutants=("groups-scattered", "groups-of-each-place"),
    ),
    Trap(
        NORM,
        "RMS normalization is taken for a layer normalization, or its divisor for a constant.",
        mutants=("rms-centred", "rms-detached"),
    ),
    Trap(
        NORM,
        "Statistics are those of the last axis, or of as many as are named.",
        ("layer_normalization.axes", "rms_normalization.axes"),
        ("last-axis-alone",),
    ),
    Trap(
        NORM,
        "Frozen, Keras takes the running statistics in training too; PyTorch goes on by the batch until `eval`.",
        ("batch_normalization.frozen",),
        ("frozen-trains-by-the-batch",),
        cases=("layer/batch-normalization-frozen-image",),
    ),
    Trap(
        NORM,
        "Without a momentum PyTorch averages over all batches.",
        ("batch_normalization.running_average",),
        ("batches-counted-late", "batches-not-counted"),
    ),
    Trap(
        GATE,
        "Slopes that train are one, one for each channel or one for each element, and begin elsewhere.",
        ("prelu.slopes", "prelu.initializer"),
        ("prelu-slopes-turned", "prelu-slope-by-mean"),
    ),
    Trap(
        GATE,
        "The first half is the gate, or the second; and not every gate is a sigmoid.",
        ("glu.gate", "glu.function"),
        ("glu-gate-turned", "glu-by-sigmoid", "glu-gate-constant"),
    ),
    Trap(
        GATE,
        "A gradient that is to turn or end goes on as it was, or takes the values with it.",
        ("gradient_reversal.factor",),
        ("gradient-not-reversed", "values-reversed", "reversal-of-factor-one", "gradient-not-stopped"),
    ),
    Trap(
        GATE,
        "Of equal elements of a maximum the first has the gradient, the last, or all share it.",
        mutants=("maximum-shared", "minimum-to-the-last"),
    ),
    Trap(GATE, "A difference is turned, forward or backward.", mutants=("subtract-turned", "subtrahend-uphill")),
    Trap(
        LAYOUT,
        "Axes change their sizes and elements stay, or the way back is another permutation.",
        mutants=("permute-by-reshape", "permute-not-undone"),
    ),
    Trap(
        LAYOUT,
        "A slice or a repetition gives its gradient to other places, or to some of them.",
        mutants=("slice-without-stride", "slice-shifted-back", "gradient-of-one-copy"),
    ),
    Trap(
        FUNCTION,
        "Pieces of a function meet, and each framework takes another slope there.",
        mutants=(
            "prelu-one-at-zero",
            "selu-of-tensorflow-at-zero",
            "celu-two-at-zero",
            "relu6-one-at-six",
            "hard-tanh-one-at-one",
        ),
    ),
    Trap(
        FUNCTION,
        "What lies on a threshold is kept, or not; what is kept is moved, or not.",
        mutants=("soft-shrink-hard", "hard-shrink-closed", "threshold-closed"),
    ),
    Trap(
        FUNCTION,
        "A function of one name is another one elsewhere.",
        mutants=("hard-sigmoid-of-keras-2", "celu-is-elu", "selu-in-float32", "exponential-minus-one"),
    ),
    Trap(
        FUNCTION,
        "A logarithm is taken of what has underflowed.",
        mutants=("log-of-sigmoid", "log-of-softmax"),
    ),
    Trap(
        FUNCTION,
        "A slope lacks the terms of a gate or of other elements.",
        mutants=(
            "mish-gate-constant",
            "hard-silu-gate-constant",
            "softsign-once",
            "log-softmax-diagonal",
            "tanh-shrink-as-tanh",
        ),
    ),
)
