"""Windows in torch: the module that a layer becomes, native where it is exact."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mtlspec_torch import convolutions, extents, pools
from torch import nn

from mtlspec.registry import compile
from mtlspec.spec import Spec

LINE, IMAGE = (5, 4), (5, 4, 4)
CONV: dict[str, Any] = {"kind": "conv1d", "filters": 4, "kernel_size": 3}
UP: dict[str, Any] = {"kind": "transposed_conv2d", "filters": 2, "kernel_size": 3, "strides": 2}
SEPARABLE: dict[str, Any] = {"kind": "separable_conv2d", "filters": 2, "kernel_size": 3}


def module_of(layer: dict[str, Any], shape: tuple[int, ...]) -> nn.Module:
    head = ["flatten", {"kind": "dense", "units": 1}]
    blocks = [{"name": "trunk", "layers": [layer]}]
    tasks = [{"name": "t", "head": head, "loss": "squared_error"}]
    document = {"inputs": [{"name": "x", "shape": list(shape)}], "blocks": blocks, "tasks": tasks}
    program = compile(Spec.model_validate(document), backend="torch", precision="float64")
    found: nn.Module = program.model.trunk[0]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    ("layer", "shape", "kind"),
    [
        (CONV | {"padding": 1, "groups": 2}, LINE, nn.Conv1d),
        (CONV | {"padding": "same", "dilation": 2}, LINE, nn.Conv1d),
        (CONV | {"padding": "causal"}, LINE, convolutions.PaddedConv1d),
        ({"kind": "depthwise_conv2d", "kernel_size": 3, "depth_multiplier": 2}, IMAGE, nn.Conv2d),
        (SEPARABLE, IMAGE, convolutions.SeparableConv),
        (UP, IMAGE, nn.ConvTranspose2d),
        (UP | {"padding": [[1, 0], [1, 1]]}, IMAGE, nn.ConvTranspose2d),
        (UP | {"padding": [[0, -1], [1, 0]]}, IMAGE, nn.ConvTranspose2d),
        (UP | {"padding": [[0, 1], [0, 0]]}, IMAGE, convolutions.CroppedConvTranspose2d),
        ({"kind": "max_pool1d", "pool_size": 3, "padding": 1}, LINE, nn.MaxPool1d),
        ({"kind": "max_pool1d", "pool_size": 3, "padding": 2}, LINE, pools.PaddedMaxPool1d),
        ({"kind": "average_pool1d", "padding": 1, "padding_counts": True}, LINE, nn.AvgPool1d),
        ({"kind": "average_pool1d", "padding": [0, 1], "padding_counts": True}, LINE, pools.PaddedAvgPool),
        ({"kind": "zero_padding2d", "padding": 1}, IMAGE, nn.ZeroPad2d),
        ({"kind": "cropping1d", "cropping": 1}, LINE, nn.ZeroPad1d),
        ({"kind": "up_sampling2d", "factors": [4, 1]}, IMAGE, nn.Upsample),
        ({"kind": "up_sampling1d", "factor": 3}, LINE, extents.Repeated),
    ],
)
def test_the_module_of_a_layer(layer: dict[str, Any], shape: tuple[int, ...], kind: type[nn.Module]) -> None:
    assert type(module_of(layer, shape)) is kind


def test_the_output_padding_of_torch_is_what_is_cut_off_less_after() -> None:
    native = module_of(UP | {"padding": [[1, 0], [1, 1]]}, IMAGE)
    assert isinstance(native, nn.ConvTranspose2d)
    assert (native.padding, native.output_padding) == ((1, 1), (1, 0))


def test_a_native_up_sampling_is_exact_for_powers_of_two() -> None:
    x = torch.arange(700.0, dtype=torch.float64).reshape(1, 1, 700)
    for factor in (2, 4, 8, 16):
        native = extents.up_sampling(factor)
        assert isinstance(native, nn.Upsample)
        assert torch.equal(native(x), x.repeat_interleave(factor, dim=2))
