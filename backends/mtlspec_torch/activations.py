"""Activations as modules: native ones, and those whose native form has another branch, constant or slope at a kink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec import activations as spec


class Softplus(nn.Module):
    """log(1 + exp(x)) everywhere; `torch.nn.Softplus` returns x itself above its threshold."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.logaddexp(x, x.new_zeros(()))


class Celu(nn.Module):
    """x where x > 0, alpha·(exp(x/alpha) - 1) elsewhere; the slope of `torch.nn.CELU` has 1/alpha in float32."""

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.alpha * functional.elu(x / self.alpha))

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class HardSigmoid(nn.Module):
    """min(max(x + 3, 0), 6) / 6; the slope of `torch.nn.Hardsigmoid` is 1/6 in float32."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu6(x + 3) / 6


class HardSilu(nn.Module):
    """x·min(max(x + 3, 0), 6) / 6; `torch.nn.Hardswish` had other slopes at -3 and 3 before PyTorch 2.7."""

    def forward(self, x: Tensor) -> Tensor:
        return x * functional.relu6(x + 3) / 6


class Exponential(nn.Module):
    """exp(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.exp()


ACTIVATIONS: dict[type[spec.Activation], Callable[[Any], nn.Module]] = {
    spec.Linear: lambda function: nn.Identity(),
    spec.Relu: lambda function: nn.ReLU(),
    spec.LeakyRelu: lambda function: nn.LeakyReLU(function.slope),
    spec.Elu: lambda function: nn.ELU(function.alpha),
    spec.Gelu: lambda function: nn.GELU(function.approximation),
    spec.Silu: lambda function: nn.SiLU(),
    spec.Tanh: lambda function: nn.Tanh(),
    spec.Sigmoid: lambda function: nn.Sigmoid(),
    spec.Softplus: lambda function: Softplus(),
    spec.Softmax: lambda function: nn.Softmax(dim=-1),
    spec.Relu6: lambda function: nn.ReLU6(),
    spec.Selu: lambda function: nn.SELU(),
    spec.Celu: lambda function: Celu(function.alpha),
    spec.Mish: lambda function: nn.Mish(),
    spec.Softsign: lambda function: nn.Softsign(),
    spec.HardSigmoid: lambda function: HardSigmoid(),
    spec.HardSilu: lambda function: HardSilu(),
    spec.HardTanh: lambda function: nn.Hardtanh(),
    spec.LogSigmoid: lambda function: nn.LogSigmoid(),
    spec.LogSoftmax: lambda function: nn.LogSoftmax(dim=-1),
    spec.TanhShrink: lambda function: nn.Tanhshrink(),
    spec.SoftShrink: lambda function: nn.Softshrink(function.threshold),
    spec.HardShrink: lambda function: nn.Hardshrink(function.threshold),
    spec.Threshold: lambda function: nn.Threshold(function.threshold, function.value),
    spec.Exp: lambda function: Exponential(),
}


def activation(function: spec.Activation) -> nn.Module:
    """Return the module that computes `function`."""
    return ACTIVATIONS[type(function)](function)
