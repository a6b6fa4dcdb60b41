"""Activations as modules: native ones, and softplus without PyTorch's linear branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.spec import activations as spec


class Softplus(nn.Module):
    """log(1 + exp(x)) everywhere; `torch.nn.Softplus` returns x itself above its threshold."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.logaddexp(x, x.new_zeros(()))


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
}


def activation(function: spec.Activation) -> nn.Module:
    """Return the module that computes `function`."""
    return ACTIVATIONS[type(function)](function)
