"""Drafts of windows: convolutions of every form, pools with a border, and other extents; several layers read one block.

The block before them has a kernel, so that their gradient to what they read is looked at as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from documents import dense, several
from mtlspec_conformance.draft import Document, Draft

SINCE = "0.3.0"
STEPS = (7, 4)
IMAGE = (5, 4, 2)
PENALTIES: Document = {"kernel_penalty": {"l2": 0.05}, "bias_penalty": {"l1": 0.02}}


def _kind(kind: str, **fields: Any) -> Document:
    return {"kind": kind} | fields


def _several(id: str, why: str, shape: Sequence[int], *layers: Any, channels: int = 0, **draft: Any) -> Draft:
    """Return a draft in which each of `layers`, a layer or a list of some, reads what a dense layer makes of x."""
    chains = [layer if isinstance(layer, list) else [layer] for layer in layers]
    before = [dense(channels or shape[-1], "tanh")]
    spec = several(
        inputs=[{"name": "x", "shape": list(shape)}],
        blocks=[
            {"name": "trunk", "layers": before},
            *(
                {"name": f"part{index}", "inputs": ["trunk"], "layers": [*chain, "flatten"]}
                for index, chain in enumerate(chains)
            ),
        ],
        tasks=[
            {
                "name": "y",
                "inputs": [f"part{index}" for index in range(len(chains))],
                "head": [dense(1)],
                "loss": "squared_error",
            }
        ],
    )
    return Draft(f"layer/{id}", why, spec, examples=4, batches=((0, 1, 2),), since=SINCE, **draft)


CONVOLUTIONS = [
    _several(
        "conv1d",
        "Every padding of a sequence, with strides, gaps and groups; a step sees none after it where it is causal.",
        STEPS,
        _kind("conv1d", filters=3, kernel_size=3, activation="tanh"),
        _kind("conv1d", filters=2, kernel_size=2, strides=2, padding="same", bias=False),
        _kind("conv1d", filters=2, kernel_size=3, padding="causal", dilation=2),
        _kind("conv1d", filters=1, kernel_size=2, strides=3, padding="causal"),
        _kind("conv1d", filters=4, kernel_size=3, padding=[2, 1], groups=2),
        _kind("conv1d", filters=2, kernel_size=2, padding="same", dilation=3, **PENALTIES),
    ),
    _several(
        "conv1d-of-one-step",
        "A sequence of one step, and a kernel of one element.",
        (1, 2),
        _kind("conv1d", filters=2, kernel_size=1, strides=2),
        _kind("conv1d", filters=2, kernel_size=4, padding="same"),
        _kind("conv1d", filters=2, kernel_size=3, padding="causal", activation="relu"),
    ),
    _several(
        "conv2d-in-parts",
        "Height and width have gaps of their own, and each group of filters its own channels.",
        (5, 4, 4),
        _kind("conv2d", filters=2, kernel_size=2, padding="same", dilation=[3, 1]),
        _kind("conv2d", filters=4, kernel_size=[1, 2], padding="same", strides=[1, 2], groups=2),
        _kind("conv2d", filters=2, kernel_size=2, dilation=2, groups=2),
        _kind("conv2d", filters=4, kernel_size=1, groups=4),
    ),
    _several(
        "conv2d-with-a-border",
        "A border in numbers: alike on all sides, alike on two, and on each side another.",
        IMAGE,
        _kind("conv2d", filters=2, kernel_size=3, padding=1),
        _kind("conv2d", filters=1, kernel_size=2, strides=2, padding=[0, 3]),
        _kind("conv2d", filters=2, kernel_size=3, padding=[[0, 2], [1, 0]], dilation=[2, 1]),
    ),
    _several(
        "depthwise-conv1d",
        "Each channel of a sequence by itself, its outputs side by side.",
        (6, 3),
        _kind("depthwise_conv1d", kernel_size=3, activation="tanh"),
        _kind("depthwise_conv1d", kernel_size=2, depth_multiplier=2, strides=2, padding="same", bias=False),
        _kind("depthwise_conv1d", kernel_size=2, depth_multiplier=2, dilation=2, padding=[0, 1]),
    ),
    _several(
        "depthwise-conv2d",
        "Each channel of an image by itself; strides and gaps of height and width differ.",
        IMAGE,
        _kind("depthwise_conv2d", kernel_size=3, activation="tanh"),
        _kind("depthwise_conv2d", kernel_size=2, depth_multiplier=3, strides=[1, 2], padding="same", bias=False),
        _kind("depthwise_conv2d", kernel_size=[2, 1], depth_multiplier=2, strides=2, padding=1),
        _kind("depthwise_conv2d", kernel_size=2, dilation=[1, 2], padding="same"),
    ),
    _several(
        "separable-conv1d",
        "The outputs of each channel of a sequence are put together by the second kernel.",
        (6, 3),
        _kind("separable_conv1d", filters=2, kernel_size=3, activation="tanh"),
        _kind("separable_conv1d", filters=3, kernel_size=2, depth_multiplier=2, strides=2, padding="same", bias=False),
        _kind("separable_conv1d", filters=1, kernel_size=2, depth_multiplier=2, dilation=2, padding=[0, 1]),
    ),
    _several(
        "separable-conv2d",
        "The outputs of each channel of an image are put together by the second kernel.",
        IMAGE,
        _kind("separable_conv2d", filters=3, kernel_size=3, activation="tanh"),
        _kind("separable_conv2d", filters=2, kernel_size=2, depth_multiplier=3, strides=[2, 1], padding="same"),
        _kind("separable_conv2d", filters=1, kernel_size=2, depth_multiplier=2, strides=2, padding=1, bias=False),
        _kind("separable_conv2d", filters=2, kernel_size=2, dilation=[1, 2], padding="same"),
    ),
    _several(
        "transposed-conv1d",
        "A longer sequence: what `same` crops, what a short kernel leaves empty, and ends in numbers.",
        (3, 2),
        _kind("transposed_conv1d", filters=3, kernel_size=3, activation="tanh"),
        _kind("transposed_conv1d", filters=1, kernel_size=5, strides=2, padding="same"),
        _kind("transposed_conv1d", filters=2, kernel_size=2, strides=3, padding="same", bias=False),
        _kind("transposed_conv1d", filters=1, kernel_size=2, strides=3),
        _kind("transposed_conv1d", filters=2, kernel_size=3, strides=2, padding=[1, 0]),
        _kind("transposed_conv1d", filters=1, kernel_size=4, strides=2, padding=[0, -1]),
        _kind("transposed_conv1d", filters=1, kernel_size=4, strides=3, padding=[1, 2]),
    ),
    _several(
        "transposed-conv2d",
        "A larger image; height and width are not exchanged, nor the channels in and out.",
        (2, 3, 2),
        _kind("transposed_conv2d", filters=2, kernel_size=2, strides=2, activation="tanh"),
        _kind("transposed_conv2d", filters=3, kernel_size=[3, 4], strides=[2, 1], padding="same", bias=False),
        _kind("transposed_conv2d", filters=2, kernel_size=[1, 3], strides=[2, 1]),
        _kind("transposed_conv2d", filters=1, kernel_size=3, strides=2, padding=[[1, 0], [1, 0]]),
        _kind("transposed_conv2d", filters=1, kernel_size=[3, 2], strides=2, padding=[[2, 1], [0, -1]]),
    ),
]

POOLS = [
    _several(
        "max-pool1d",
        "A border never wins a maximum of negative numbers; windows overlap, and leave steps out.",
        STEPS,
        "max_pool1d",
        _kind("max_pool1d", pool_size=3, strides=2, padding="same"),
        _kind("max_pool1d", pool_size=3, strides=1, padding=[2, 0]),
        _kind("max_pool1d", pool_size=4, padding=2),
        parameters={"trunk[0].bias": [-3.0, -2.5, -3.0, -2.5]},
    ),
    _several(
        "max-pool2d-with-a-border",
        "A border in numbers never wins, and may be more than half a window.",
        IMAGE,
        _kind("max_pool2d", pool_size=3, strides=2, padding=1),
        _kind("max_pool2d", pool_size=[2, 3], padding=[[1, 0], [2, 2]]),
        parameters={"trunk[0].bias": [-3.0, -2.5]},
    ),
    Draft(
        "layer/max-pool1d-ties",
        "Of equal maxima of a sequence the first gets the gradient, which shows as each step has a bias of its own.",
        several(
            inputs=[{"name": "x", "shape": [2]}],
            blocks=[
                {
                    "name": "trunk",
                    "layers": [dense(6), _kind("reshape", shape=[6, 1]), _kind("max_pool1d", pool_size=3), "flatten"],
                }
            ],
            tasks=[{"name": "y", "head": [dense(1)], "loss": "squared_error"}],
        ),
        inputs={"x": [[1.0, 0.5], [-0.5, 2.0], [1.5, -1.0], [-1.0, -0.5]]},
        examples=4,
        parameters={
            "trunk[0].kernel": [[1.0, 0.5, 1.0, 0.0, 1.0, 1.0], [1.0, 0.5, 1.0, 1.0, 0.5, 0.5]],
            "trunk[0].bias": [0.0] * 6,
        },
        since=SINCE,
    ),
    _several(
        "average-pool1d",
        "A border counts, or not; `same` never counts it.",
        STEPS,
        "average_pool1d",
        _kind("average_pool1d", pool_size=3, strides=2, padding="same"),
        _kind("average_pool1d", pool_size=3, strides=1, padding=[2, 0]),
        _kind("average_pool1d", pool_size=3, strides=2, padding=1),
        _kind("average_pool1d", pool_size=3, strides=2, padding=[1, 2], padding_counts=True),
    ),
    _several(
        "average-pool2d-with-a-border",
        "A border in numbers counts, or not.",
        IMAGE,
        _kind("average_pool2d", pool_size=3, strides=2, padding=1, padding_counts=True),
        _kind("average_pool2d", pool_size=[2, 3], padding=[[1, 0], [2, 2]], padding_counts=True),
        _kind("average_pool2d", pool_size=3, strides=[2, 1], padding=1),
        _kind("average_pool2d", pool_size=[2, 3], padding=[[0, 1], [0, 2]]),
    ),
]

EXTENTS = [
    _several(
        "extents-of-a-sequence",
        "Before and after are not exchanged, copies stand in a row, and the gradient of each is counted.",
        (4, 3),
        _kind("zero_padding1d", padding=[2, 1]),
        _kind("zero_padding1d", padding=1),
        _kind("cropping1d", cropping=[2, 0]),
        _kind("cropping1d", cropping=1),
        _kind("up_sampling1d", factor=3),
        "up_sampling1d",
        channels=2,
    ),
    _several(
        "extents-of-an-image",
        "Neither top and bottom nor height and width are exchanged, and the gradient of each copy is counted.",
        (3, 4, 3),
        _kind("zero_padding2d", padding=[[0, 1], [2, 0]]),
        _kind("zero_padding2d", padding=[1, 0]),
        _kind("cropping2d", cropping=[[1, 0], [0, 2]]),
        _kind("cropping2d", cropping=1),
        _kind("up_sampling2d", factors=[3, 1]),
        "up_sampling2d",
        channels=2,
    ),
]

OF_ANY_LENGTH: list[Document] = [
    _kind("conv1d", filters=3, kernel_size=3, strides=2, padding="same", activation="tanh"),
    _kind("conv1d", filters=2, kernel_size=2, padding="causal", dilation=2),
    _kind("max_pool1d", pool_size=3, strides=2, padding="same"),
    _kind("up_sampling1d"),
    _kind("zero_padding1d", padding=[1, 0]),
    _kind("transposed_conv1d", filters=2, kernel_size=3, strides=2, padding=[1, 0]),
    _kind("average_pool1d", pool_size=3, strides=2, padding="same"),
    _kind("max_pool1d", pool_size=3, strides=1, padding=[1, 0]),
    _kind("average_pool1d", pool_size=3, strides=1, padding=[0, 2]),
    _kind("separable_conv1d", filters=3, kernel_size=2, strides=3, padding="same"),
    _kind("global_average_pool"),
]

FRESH: Document = {"kernel_initializer": "he_normal", "bias_initializer": {"kind": "constant", "value": 0.1}}
STAGES: Document = {
    "depthwise_initializer": "he_uniform",
    "pointwise_initializer": "he_normal",
    "bias_initializer": "uniform",
}
REMAINING: Document = {
    "depthwise_penalty": {"l1": 0.02},
    "pointwise_penalty": {"l2": 0.05},
    "bias_penalty": {"l1": 0.01},
}


def _of_all(id: str, why: str, one: Document, two: Document, fans: Document, **draft: Any) -> Draft:
    """Return a draft of every convolution with the fields `one`, and of those in two stages with `two`."""
    plain = [_kind(kind, filters=2, kernel_size=2) | one for kind in ("conv1d", "transposed_conv1d")]
    image = [_kind(kind, filters=2, kernel_size=2) | one for kind in ("conv2d", "transposed_conv2d")]
    blocks = {
        "steps": [*plain, _kind("depthwise_conv1d", kernel_size=2) | one | fans, two | {"kind": "separable_conv1d"}],
        "image": [*image, _kind("depthwise_conv2d", kernel_size=2) | one | fans, two | {"kind": "separable_conv2d"}],
    }
    spec = several(
        inputs=[{"name": "s", "shape": [4, 2]}, {"name": "i", "shape": [3, 4, 2]}],
        blocks=[{"name": name, "inputs": [name[0]], "layers": [*layers, "flatten"]} for name, layers in blocks.items()],
        tasks=[{"name": "y", "inputs": list(blocks), "head": [dense(1)], "loss": "squared_error"}],
    )
    return Draft(id, why, spec, examples=4, batches=((0, 1, 2),), since=SINCE, **draft)


WHOLE = [
    Draft(
        "model/windows-of-any-length",
        "A border that depends on the length is that of the length that comes.",
        several(
            inputs=[{"name": "x", "shape": [None, 2]}],
            blocks=[{"name": "trunk", "layers": OF_ANY_LENGTH}],
            tasks=[{"name": "y", "head": [dense(2)], "loss": "squared_error"}],
        ),
        examples=4,
        batches=((0, 1, 2),),
        since=SINCE,
    ),
    _of_all(
        "initializer/of-convolutions",
        "Every kernel of a convolution has an initializer and fans, by the law that is asked for.",
        FRESH,
        {"filters": 2, "kernel_size": 2, "fans": "plain"} | STAGES,
        {"fans": "plain"},
        initial=True,
    ),
    _of_all(
        "penalty/of-convolutions",
        "Every kernel and bias of a convolution can have a penalty.",
        PENALTIES,
        {"filters": 2, "kernel_size": 2} | REMAINING,
        {},
        steps=True,
    ),
    Draft(
        "chance/fans-of-a-depthwise-kernel",
        "The fans of a kernel that reads each channel by itself are those of the law.",
        several(
            inputs=[{"name": "x", "shape": [3, 3, 256]}],
            blocks=[
                {
                    "name": fans,
                    "inputs": ["x"],
                    "layers": [
                        _kind(
                            "depthwise_conv2d",
                            kernel_size=3,
                            depth_multiplier=2,
                            fans=fans,
                            kernel_initializer="glorot_uniform",
                        ),
                        "global_average_pool",
                    ],
                }
                for fans in ("grouped", "plain")
            ],
            tasks=[{"name": "y", "inputs": ["grouped", "plain"], "head": [dense(1)], "loss": "squared_error"}],
        ),
        examples=4,
        batches=((0, 1),),
        inputs={"x": {"shape": [4, 3, 3, 256], "fill": 0.5}},
        chance=True,
        since=SINCE,
    ),
]

WINDOW_DRAFTS = [*CONVOLUTIONS, *POOLS, *EXTENTS, *WHOLE]
