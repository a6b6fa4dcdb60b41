"""Layers that move windows or change extents, with the shape of one example, and some with numbers by hand."""

from __future__ import annotations

from typing import Any

Case = tuple[dict[str, Any], tuple[int, ...]]

WINDOWS: list[Case] = [
    ({"kind": "conv1d", "filters": 2, "kernel_size": 3}, (5, 2)),
    ({"kind": "conv1d", "filters": 2, "kernel_size": 2, "padding": "same", "dilation": 3, "bias": False}, (5, 2)),
    ({"kind": "conv1d", "filters": 2, "kernel_size": 3, "padding": "causal", "strides": 2}, (6, 1)),
    ({"kind": "conv1d", "filters": 2, "kernel_size": 2, "padding": "causal", "dilation": 2}, (4, 1)),
    ({"kind": "conv1d", "filters": 4, "kernel_size": 3, "padding": [2, 1], "groups": 2}, (4, 2)),
    ({"kind": "conv2d", "filters": 4, "kernel_size": 2, "groups": 2, "strides": [2, 1]}, (4, 3, 4)),
    ({"kind": "conv2d", "filters": 2, "kernel_size": 2, "dilation": [2, 1], "padding": "same"}, (4, 3, 1)),
    ({"kind": "conv2d", "filters": 1, "kernel_size": 2, "dilation": 2, "padding": [[1, 0], [0, 2]]}, (3, 3, 2)),
    ({"kind": "depthwise_conv1d", "kernel_size": 3}, (5, 2)),
    ({"kind": "depthwise_conv1d", "kernel_size": 2, "depth_multiplier": 3, "dilation": 2, "bias": False}, (5, 2)),
    ({"kind": "depthwise_conv2d", "kernel_size": 2}, (4, 3, 2)),
    (
        {
            "kind": "depthwise_conv2d",
            "kernel_size": [2, 3],
            "depth_multiplier": 2,
            "padding": "same",
            "strides": [1, 2],
        },
        (3, 4, 2),
    ),
    ({"kind": "separable_conv1d", "filters": 3, "kernel_size": 2, "depth_multiplier": 2}, (4, 2)),
    ({"kind": "separable_conv1d", "filters": 2, "kernel_size": 3, "padding": [0, 2], "bias": False}, (4, 2)),
    ({"kind": "separable_conv2d", "filters": 2, "kernel_size": 2, "depth_multiplier": 2, "strides": 2}, (4, 3, 2)),
    ({"kind": "transposed_conv1d", "filters": 2, "kernel_size": 3, "strides": 2}, (3, 2)),
    ({"kind": "transposed_conv1d", "filters": 2, "kernel_size": 5, "strides": 2, "padding": "same"}, (3, 2)),
    ({"kind": "transposed_conv1d", "filters": 1, "kernel_size": 2, "strides": 3, "padding": "same"}, (3, 2)),
    ({"kind": "transposed_conv1d", "filters": 1, "kernel_size": 4, "strides": 3, "padding": [1, -2]}, (3, 1)),
    ({"kind": "transposed_conv2d", "filters": 3, "kernel_size": [3, 2], "strides": [1, 3]}, (2, 2, 2)),
    ({"kind": "transposed_conv2d", "filters": 1, "kernel_size": 3, "strides": 2, "padding": [1, [1, 0]]}, (2, 3, 2)),
    ({"kind": "max_pool1d"}, (5, 2)),
    ({"kind": "max_pool1d", "pool_size": 3, "strides": 2, "padding": "same"}, (6, 2)),
    ({"kind": "max_pool1d", "pool_size": 3, "strides": 1, "padding": [2, 0]}, (4, 1)),
    ({"kind": "max_pool2d", "pool_size": [3, 2], "strides": 2, "padding": [[2, 1], [0, 1]]}, (4, 3, 1)),
    ({"kind": "average_pool1d"}, (5, 2)),
    ({"kind": "average_pool1d", "pool_size": 3, "strides": 2, "padding": "same"}, (6, 2)),
    ({"kind": "average_pool1d", "pool_size": 3, "strides": 1, "padding": [2, 1], "padding_counts": True}, (4, 1)),
    ({"kind": "average_pool2d", "pool_size": 3, "strides": 2, "padding": [1, 2]}, (4, 3, 1)),
    ({"kind": "average_pool2d", "pool_size": 3, "strides": 1, "padding": 1, "padding_counts": True}, (2, 3, 1)),
]
EXTENTS: list[Case] = [
    ({"kind": "zero_padding1d", "padding": [2, 1]}, (3, 2)),
    ({"kind": "zero_padding2d", "padding": [[0, 1], [2, 0]]}, (2, 3, 2)),
    ({"kind": "cropping1d", "cropping": [2, 0]}, (4, 2)),
    ({"kind": "cropping2d", "cropping": [[1, 0], [0, 2]]}, (3, 4, 2)),
    ({"kind": "up_sampling1d", "factor": 3}, (2, 2)),
    ({"kind": "up_sampling2d", "factors": [1, 3]}, (2, 2, 2)),
]

ONE = [[1.0]]
LINE = [[1.0], [2.0], [4.0]]
IMAGE = [[[1.0], [2.0]], [[4.0], [8.0]]]
BY_HAND: list[tuple[dict[str, Any], dict[str, Any], Any, Any]] = [
    # 10·x[t] + x[t + 1]
    (
        {"kind": "conv1d", "filters": 1, "kernel_size": 2},
        {"kernel": [[[10.0]], ONE], "bias": [5.0]},
        LINE,
        [[17.0], [29.0]],
    ),
    # 10·x[t - 2] + x[t]: nothing of a later step
    (
        {"kind": "conv1d", "filters": 1, "kernel_size": 2, "dilation": 2, "padding": "causal", "bias": False},
        {"kernel": [[[10.0]], ONE]},
        LINE,
        [[1.0], [2.0], [14.0]],
    ),
    # the first filter reads the first channel, the second the second
    (
        {"kind": "conv1d", "filters": 2, "kernel_size": 1, "groups": 2, "bias": False},
        {"kernel": [[[10.0, 1.0]]]},
        [[2.0, 3.0]],
        [[20.0, 3.0]],
    ),
    # outputs 0 and 1 are of channel 0, outputs 2 and 3 of channel 1
    (
        {"kind": "depthwise_conv1d", "kernel_size": 1, "depth_multiplier": 2},
        {"kernel": [[[1.0, 10.0], [100.0, 1000.0]]], "bias": [0.0, 0.0, 0.0, 1.0]},
        [[2.0, 3.0]],
        [[2.0, 20.0, 300.0, 3001.0]],
    ),
    (
        {"kind": "depthwise_conv2d", "kernel_size": 2, "bias": False},
        {"kernel": [[ONE, [[10.0]]], [[[100.0]], [[1000.0]]]]},
        IMAGE,
        [[[8421.0]]],
    ),
    (
        {"kind": "separable_conv1d", "filters": 1, "kernel_size": 1, "depth_multiplier": 2},
        {"depthwise_kernel": [[[1.0, 10.0]]], "pointwise_kernel": [[[2.0], [3.0]]], "bias": [1.0]},
        [[4.0]],
        [[129.0]],
    ),
    (
        {"kind": "separable_conv2d", "filters": 1, "kernel_size": [1, 2], "bias": False},
        {"depthwise_kernel": [[ONE, [[10.0]]]], "pointwise_kernel": [[[[3.0]]]]},
        IMAGE,
        [[[63.0]], [[252.0]]],
    ),
    # each step adds (x, 10·x) at twice its place; `same` cuts nothing, since the kernel is as long as the stride
    (
        {"kind": "transposed_conv1d", "filters": 1, "kernel_size": 2, "strides": 2, "padding": "same"},
        {"kernel": [ONE, [[10.0]]], "bias": [0.5]},
        LINE,
        [[1.5], [10.5], [2.5], [20.5], [4.5], [40.5]],
    ),
    # (x, 10·x, 100·x) at each place: 1, 12, 124 | 240, 400; `same` leaves out one of two before
    (
        {"kind": "transposed_conv1d", "filters": 1, "kernel_size": 3, "padding": "same", "bias": False},
        {"kernel": [ONE, [[10.0]], [[100.0]]]},
        LINE,
        [[12.0], [124.0], [240.0]],
    ),
    # a place that no step reaches has the bias alone
    (
        {"kind": "transposed_conv1d", "filters": 1, "kernel_size": 1, "strides": 2, "padding": [1, -1]},
        {"kernel": [ONE], "bias": [0.5]},
        [[1.0], [2.0]],
        [[0.5], [2.5], [0.5]],
    ),
    (
        {"kind": "transposed_conv2d", "filters": 1, "kernel_size": [1, 2], "bias": False},
        {"kernel": [[ONE, [[10.0]]]]},
        IMAGE,
        [[[1.0], [12.0], [20.0]], [[4.0], [48.0], [80.0]]],
    ),
    ({"kind": "max_pool1d", "pool_size": 2, "strides": 1, "padding": [1, 0]}, {}, [[-3.0], [-2.0]], [[-3.0], [-2.0]]),
    ({"kind": "average_pool1d", "pool_size": 2, "strides": 1, "padding": [1, 0]}, {}, LINE[:2], [[1.0], [1.5]]),
    (
        {"kind": "average_pool1d", "pool_size": 2, "strides": 1, "padding": [1, 0], "padding_counts": True},
        {},
        LINE[:2],
        [[0.5], [1.5]],
    ),
    ({"kind": "zero_padding1d", "padding": [1, 2]}, {}, ONE, [[0.0], [1.0], [0.0], [0.0]]),
    ({"kind": "zero_padding2d", "padding": [[1, 0], [0, 1]]}, {}, [ONE], [[[0.0], [0.0]], [[1.0], [0.0]]]),
    ({"kind": "cropping1d", "cropping": [2, 0]}, {}, LINE, [[4.0]]),
    ({"kind": "cropping2d", "cropping": [[1, 0], [0, 1]]}, {}, IMAGE, [[[4.0]]]),
    ({"kind": "up_sampling1d"}, {}, LINE[:2], [[1.0], [1.0], [2.0], [2.0]]),
    ({"kind": "up_sampling2d", "factors": [1, 2]}, {}, [[[1.0], [2.0]]], [[[1.0], [1.0], [2.0], [2.0]]]),
]
"""A layer, its parameters, an example and what it makes of it."""
