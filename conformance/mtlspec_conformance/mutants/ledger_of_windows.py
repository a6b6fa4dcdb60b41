"""The ledger's traps of convolutions by channel, borders in numbers, transposed convolutions and other extents."""

from __future__ import annotations

from mtlspec_conformance.mutants.ledger_of_layers import INITIAL, WINDOWS
from mtlspec_conformance.mutants.trap import Trap

CONVOLUTIONS = ("conv1d", "depthwise_conv1d", "depthwise_conv2d", "transposed_conv1d", "transposed_conv2d")
STAGES = ("separable_conv1d", "separable_conv2d")

WINDOW_TRAPS = (
    Trap(
        WINDOWS,
        "A border in numbers has another order of sides: before and after, or the last axis first.",
        ("conv1d.padding", "conv2d.padding", "max_pool2d.padding", "zero_padding2d.padding", "cropping2d.cropping"),
        (
            "border-of-a-sequence-exchanged",
            "border-exchanged",
            "border-of-a-maximum-exchanged",
            "zeros-of-a-sequence-exchanged",
            "zeros-exchanged",
            "crop-of-a-sequence-exchanged",
            "crop-exchanged",
        ),
    ),
    Trap(
        WINDOWS,
        "A border in numbers counts in an average (PyTorch's default), or does not (Keras).",
        ("average_pool1d.padding_counts", "average_pool2d.padding_counts"),
        ("border-of-steps-counted-otherwise", "border-counted-otherwise"),
    ),
    Trap(WINDOWS, "A causal convolution sees the steps after it.", mutants=("causal-backward",)),
    Trap(WINDOWS, "Gaps, and the channels of groups, lie elsewhere.", mutants=("gaps-exchanged", "groups-interleaved")),
    Trap(
        WINDOWS,
        "The outputs of a channel stand side by side, or those of the same number do.",
        mutants=("multiplier-first", "multiplier-of-an-image-first", "multiplier-of-a-stage-first"),
    ),
    Trap(WINDOWS, "A kernel of two stages learns in part.", mutants=("first-stage-detached",)),
    Trap(
        WINDOWS,
        "What a transposed convolution crops for `same` is the last place, or the first; its kernel is turned or not.",
        ("transposed_conv1d.padding", "transposed_conv2d.padding"),
        ("odd-place-before", "transposed-kernel-turned"),
    ),
    Trap(WINDOWS, "Of equal steps another than the first gets the gradient of a maximum.", mutants=("last-step-wins",)),
    Trap(
        WINDOWS,
        "Copies stand elsewhere, or their gradients are no sum.",
        mutants=("copies-side-by-side", "copies-averaged"),
    ),
    Trap(
        INITIAL,
        "A kernel that reads each channel by itself counts its fans by its axes (Keras), or as a group (PyTorch).",
        tuple(f"{kind}.fans" for kind in ("depthwise_conv1d", "depthwise_conv2d", *STAGES)),
        ("fans-of-the-other-law",),
        cases=("initializer/of-convolutions",),
    ),
    Trap(
        INITIAL,
        "Convolutions of every form have the frameworks' laws of initial values.",
        (
            *(f"{kind}.{part}_initializer" for kind in CONVOLUTIONS for part in ("kernel", "bias")),
            *(f"{kind}.{part}_initializer" for kind in STAGES for part in ("depthwise", "pointwise", "bias")),
        ),
        ("fans-exchanged", "values-without-seed"),
        cases=("initializer/of-convolutions",),
    ),
)
