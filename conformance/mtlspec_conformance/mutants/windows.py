"""Mutants of windows with gaps, groups and borders, of transposed convolutions and of other extents."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mtlspec_numpy import convolutions, extents, layers

from mtlspec.spec import layers as kinds
from mtlspec_conformance.mutants import mistaken_windows as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mistaken_windows import ends_exchanged, of_another
from mtlspec_conformance.mutants.mutant import Mutant

initial = import_module("mtlspec.graph.initial")


def _layers(name: str, mistake: str, case: str, function: Callable[..., Any], *own: Any, level: str = "forward") -> Any:
    grafts = tuple(Graft(layers.LAYERS, kind, function) for kind in own)
    return Mutant(name, mistake, level, (f"layer/{case}",), grafts=grafts)


def _by_channel(name: str, what: str, case: str) -> Mutant:
    graft = Graft(convolutions, "_by_channel", wrong.multiplier_first)
    return Mutant(
        name, f"Puts the first output of every channel before the second, {what}.", "forward", (case,), grafts=(graft,)
    )


def _repeated(name: str, mistake: str, level: str, function: Callable[..., Any]) -> Mutant:
    cases = ("layer/extents-of-a-sequence", "layer/extents-of-an-image")
    return Mutant(name, mistake, level, cases, grafts=(Graft(extents, "_repeated", function),))


BORDER = ends_exchanged("padding")
CROP = ends_exchanged("cropping")

SPATIAL_MUTANTS = (
    _layers(
        "causal-backward",
        "Puts the zeros of a causal convolution after the sequence.",
        "conv1d",
        of_another(wrong.zeros_after),
        kinds.Conv1d,
    ),
    _layers(
        "border-of-a-sequence-exchanged", "Exchanges before and after.", "conv1d", of_another(BORDER), kinds.Conv1d
    ),
    _layers(
        "gaps-exchanged",
        "Exchanges the dilation of height and width.",
        "conv2d-in-parts",
        of_another(wrong.gaps_exchanged),
        kinds.Conv2d,
    ),
    _layers(
        "groups-interleaved",
        "Takes every g-th channel for a group.",
        "conv2d-in-parts",
        wrong.interleaved,
        kinds.Conv2d,
    ),
    _layers(
        "border-exchanged",
        "Exchanges top with bottom, and left with right.",
        "conv2d-with-a-border",
        of_another(BORDER),
        kinds.Conv2d,
    ),
    _by_channel("multiplier-first", "in a sequence", "layer/depthwise-conv1d"),
    _by_channel("multiplier-of-an-image-first", "in an image", "layer/depthwise-conv2d"),
    _by_channel("multiplier-of-a-stage-first", "in front of the second stage", "layer/separable-conv1d"),
    _layers(
        "first-stage-detached",
        "Forgets the gradient of all but the first output of a channel.",
        "separable-conv2d",
        wrong.detached_stage,
        kinds.SeparableConv2d,
        level="gradient",
    ),
    _layers(
        "odd-place-before",
        "Crops the odd place before a transposed convolution.",
        "transposed-conv1d",
        of_another(wrong.odd_place_before),
        kinds.TransposedConv1d,
    ),
    _layers(
        "transposed-kernel-turned",
        "Turns the kernel of a transposed convolution around.",
        "transposed-conv2d",
        wrong.kernel_turned,
        kinds.TransposedConv2d,
    ),
    _layers(
        "last-step-wins",
        "Gives the last of equal maxima of a sequence the gradient.",
        "max-pool1d-ties",
        wrong.last_step,
        kinds.MaxPool1d,
        level="gradient",
    ),
    _layers(
        "border-of-a-maximum-exchanged",
        "Exchanges before and after.",
        "max-pool2d-with-a-border",
        of_another(BORDER),
        kinds.MaxPool2d,
    ),
    _layers(
        "border-of-steps-counted-otherwise",
        "Counts a border that it should not, and the reverse.",
        "average-pool1d",
        of_another(wrong.counting_otherwise),
        kinds.AveragePool1d,
    ),
    _layers(
        "border-counted-otherwise",
        "Counts a border that it should not, and the reverse.",
        "average-pool2d-with-a-border",
        of_another(wrong.counting_otherwise),
        kinds.AveragePool2d,
    ),
    _layers(
        "zeros-of-a-sequence-exchanged",
        "Exchanges the zeros before and after.",
        "extents-of-a-sequence",
        of_another(BORDER),
        kinds.ZeroPadding1d,
    ),
    _layers(
        "zeros-exchanged",
        "Exchanges the zeros before and after on each axis.",
        "extents-of-an-image",
        of_another(BORDER),
        kinds.ZeroPadding2d,
    ),
    _layers(
        "crop-of-a-sequence-exchanged",
        "Crops after what it should crop before.",
        "extents-of-a-sequence",
        of_another(CROP),
        kinds.Cropping1d,
    ),
    _layers(
        "crop-exchanged",
        "Crops after what it should crop before on each axis.",
        "extents-of-an-image",
        of_another(CROP),
        kinds.Cropping2d,
    ),
    _repeated("copies-side-by-side", "Repeats the whole instead of each element.", "forward", wrong.tiled),
    _repeated("copies-averaged", "Averages the gradients of copies.", "gradient", wrong.one_copy),
    Mutant(
        "fans-of-the-other-law",
        "Counts the fans of a kernel that reads each channel by itself as the other framework does.",
        "chance",
        ("chance/fans-of-a-depthwise-kernel",),
        host=(Graft(initial, "_drawn", wrong.fans_exchanged(initial._drawn)),),
    ),
)
