"""Mutants planted in layers of the reference, where no wrapper reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtlspec_numpy import layers, model, normalizations, windows
from mtlspec_numpy.windows import Windows

from mtlspec.randomness import dropout_key
from mtlspec.spec import layers as kinds
from mtlspec_conformance.mutants import mistaken_layers as wrong
from mtlspec_conformance.mutants import mistaken_normalizations as unnormal
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant


def _layer(kind: type[Any], function: Callable[..., Any]) -> tuple[Graft, ...]:
    return (Graft(layers.LAYERS, kind, function),)


def _standardized(function: Callable[..., Any]) -> tuple[Graft, ...]:
    return (Graft(normalizations, "_standardized", function),)


PADDED = (
    "layer/conv2d-same",
    "layer/conv2d-same-with-strides",
    "layer/max-pool2d-same",
    "layer/average-pool2d-same",
)
DROPOUT = ("layer/dropout",)
NORM = ("layer/batch-normalization",)

WINDOW_MUTANTS = (
    Mutant(
        "symmetric-padding",
        "Pads by half a window before the image, whatever the stride.",
        "forward",
        PADDED,
        grafts=(Graft(windows, "_border", wrong.symmetric),),
    ),
    Mutant(
        "odd-zero-before",
        "Puts the odd row of padding before the image.",
        "forward",
        PADDED,
        grafts=(Graft(windows, "_border", wrong.odd_zero_before),),
    ),
    Mutant(
        "padding-counted",
        "Counts padding in an average.",
        "forward",
        ("layer/average-pool2d-same",),
        grafts=_layer(kinds.AveragePool2d, wrong.padding_counted),
    ),
    Mutant(
        "padding-wins",
        "Takes the maximum with padding of 0.",
        "forward",
        ("layer/max-pool2d-same",),
        grafts=(Graft(Windows, "padded", wrong.zeros_win),),
    ),
    Mutant(
        "last-maximum",
        "Gives the last of equal maxima the gradient.",
        "gradient",
        ("layer/max-pool2d-ties-by-place",),
        grafts=_layer(kinds.MaxPool2d, wrong.last_maximum),
    ),
    Mutant(
        "global-maximum-to-the-first",
        "Gives the first of equal maxima the whole gradient, where they share it.",
        "gradient",
        ("layer/global-max-pool-ties-by-place",),
        grafts=_layer(kinds.GlobalMaxPool, wrong.first_maximum),
    ),
    Mutant(
        "global-maximum-to-each",
        "Gives each of equal maxima the whole gradient.",
        "gradient",
        ("layer/global-max-pool-ties-by-place",),
        grafts=_layer(kinds.GlobalMaxPool, wrong.every_maximum),
    ),
    Mutant(
        "windows-shifted-back",
        "Comes back from its windows one pixel off.",
        "gradient",
        ("layer/max-pool2d-overlapping",),
        grafts=(Graft(Windows, "cropped", wrong.shifted),),
    ),
)

LAYER_GRAFTS = (
    Mutant(
        "bias-by-mean",
        "Averages the gradient of a bias over the batch.",
        "gradient",
        ("layer/dense",),
        grafts=_layer(kinds.Dense, wrong.mean_bias),
    ),
    Mutant(
        "rows-overwritten",
        "Overwrites the gradient of a row when its id comes again.",
        "gradient",
        ("layer/embedding", "layer/embedding-of-several-ids"),
        grafts=_layer(kinds.Embedding, wrong.last_rows),
    ),
    Mutant(
        "of-the-last-reader",
        "Gives a tensor that several read the gradient of one.",
        "gradient",
        ("merge/add", "layer/residual"),
        grafts=(Graft(model, "_accumulate", wrong.of_the_last_reader),),
    ),
    Mutant(
        "dropout-unscaled",
        "Does not divide by the share that it keeps.",
        "loss",
        DROPOUT,
        grafts=_layer(kinds.Dropout, wrong.dropout_unscaled),
    ),
    Mutant(
        "dropout-scaled-in-inference",
        "Scales in inference, and not in training.",
        "forward",
        DROPOUT,
        grafts=_layer(kinds.Dropout, wrong.dropout_scaled_in_inference),
    ),
    Mutant(
        "one-mask-for-all",
        "Draws one mask for all examples.",
        "loss",
        DROPOUT,
        grafts=_layer(kinds.Dropout, wrong.one_mask),
    ),
    Mutant(
        "mask-channels-first",
        "Counts the elements of a mask with the channels first.",
        "loss",
        ("layer/channels-stay-last", "layer/dropout-of-a-matrix"),
        grafts=_layer(kinds.Dropout, wrong.mask_channels_first),
    ),
    Mutant(
        "one-mask-for-all-nodes",
        "Draws the same mask in every node.",
        "loss",
        DROPOUT,
        grafts=(Graft(model, "dropout_key", lambda seed, path: dropout_key(seed, "dropout")),),
    ),
    Mutant(
        "mask-anew-on-the-way-back",
        "Draws another mask for the gradient.",
        "gradient",
        DROPOUT,
        grafts=_layer(kinds.Dropout, wrong.mask_anew),
    ),
    Mutant(
        "no-mask-on-the-way-back",
        "Lets the gradient through what was dropped.",
        "gradient",
        DROPOUT,
        grafts=_layer(kinds.Dropout, wrong.unmasked_way_back),
    ),
)

NORM_MUTANTS = (
    Mutant(
        "batch-variance-detached",
        "Takes the variance of the batch for a constant in its gradient.",
        "gradient",
        NORM,
        grafts=_standardized(unnormal.constant_variance),
    ),
    Mutant(
        "batch-mean-detached",
        "Takes the mean of the batch for a constant in its gradient.",
        "gradient",
        NORM,
        grafts=_standardized(unnormal.constant_mean),
    ),
    Mutant(
        "batch-variance-unbiased",
        "Divides by n - 1 in training.",
        "loss",
        NORM,
        grafts=_standardized(unnormal.unbiased_now),
    ),
    Mutant(
        "statistics-of-each-place",
        "Keeps the places of an image apart in batch statistics.",
        "loss",
        ("layer/batch-normalization-of-an-image", "layer/batch-normalization-of-a-matrix"),
        grafts=_standardized(unnormal.of_each_place),
    ),
    Mutant(
        "variance-of-one",
        "Divides by n - 1 in a batch of one.",
        "gradient",
        ("layer/batch-normalization-of-one",),
        grafts=(Graft(normalizations, "_moved", unnormal.nothing_over_zero),),
    ),
    Mutant(
        "epsilon-outside-the-root",
        "Adds epsilon to the deviation.",
        "forward",
        ("layer/layer-normalization",),
        grafts=_standardized(unnormal.epsilon_outside),
    ),
    Mutant(
        "whole-example-normalized",
        "Normalizes an example over all of its axes.",
        "forward",
        ("layer/layer-normalization-of-a-matrix",),
        grafts=_layer(kinds.LayerNormalization, unnormal.whole_examples),
    ),
    Mutant(
        "epsilon-under-the-root",
        "Adds epsilon to a stored variance, where it is the least deviation.",
        "forward",
        ("layer/normalization",),
        grafts=_layer(kinds.Normalization, unnormal.epsilon_under_the_root),
    ),
)
