"""Normalizations: native modules, and those that `torch.nn` does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from mtlspec.spec import normalizations as spec
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import Shape, known

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site

Module = TypeVar("Module", bound=nn.Module)
CHANNELS_FIRST = (_BatchNorm, nn.GroupNorm)
"""Modules that take (batch, channels, ...)."""

NATIVE_BATCH_NORMS: dict[int, type[_BatchNorm]] = {2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm3d}
"""By the number of axes of one example."""


class BatchNorm(_BatchNorm):
    """Batch normalization of (batch, channels, ...) for any number of axes, also for a single element per channel.

    `biased` moves the running variance toward the biased variance of the batch; the native layers take n/(n-1) times
    it, and refuse n = 1.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self,
        channels: int,
        *,
        eps: float,
        momentum: float | None,
        biased: bool,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(channels, eps=eps, momentum=momentum, device=device, dtype=dtype)
        self.biased = biased

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected (batch, channels, ...), found {input.dim()} axes")

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        self._check_input_dim(input)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        count = input.numel() // input.shape[1]
        return self._of_one(input) if count == 1 else self._of_many(input, count)

    @property
    def _share(self) -> float:
        """The share of the running statistics that a batch has: without momentum 1/k for the k-th, as natively."""
        return 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum  # type: ignore[union-attr]

    def _of_one(self, input: Tensor) -> Tensor:
        """Return the offset: one number is its own mean, and its variance is 0, which the kernel would divide by 0."""
        share = self._share
        with torch.no_grad():
            self.running_mean.lerp_(input.flatten(), share)
            self.running_var.mul_(1 - share)
        output = input - input
        shape = (1, -1, *[1] * (input.dim() - 2))
        if self.weight is not None:
            output = output * self.weight.view(shape)
        return output if self.bias is None else output + self.bias.view(shape)

    def _of_many(self, input: Tensor, count: int) -> Tensor:
        # The native kernel moves a copy toward n/(n-1) times the variance; rescaling that increment spares a second
        # pass over the input. Backward keeps what the kernel was given, so that must not be written to afterwards.
        moved, share = self.running_var.clone(), self._share
        output = torch.batch_norm(
            input,
            self.weight,
            self.bias,
            self.running_mean,
            moved,
            True,
            share,
            self.eps,
            torch.backends.cudnn.enabled,
        )
        with torch.no_grad():
            if self.biased:
                decayed = self.running_var * (1 - share)
                moved = decayed + (moved - decayed) * ((count - 1) / count)
            self.running_var.copy_(moved)
        return output

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, biased={self.biased}"  # type: ignore[no-untyped-call]


class FrozenBatchNorm(_BatchNorm):
    """Batch normalization by its running statistics, in training too, which leaves them as they are."""

    def _check_input_dim(self, input: Tensor) -> None:
        """Take any number of axes."""

    def forward(self, input: Tensor) -> Tensor:
        return functional.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
        )


class GroupNorm(nn.GroupNorm):
    """`torch.nn.GroupNorm` without two ways back of its kernel that fail on a CPU (PyTorch 2.13).

    For images with channels last, or one channel, it writes a gradient of the input to no memory where none is needed:
    so all places go as one axis, which no such layout has. And there is no way back to an offset without a scale.
    """

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = cast(Tensor | None, self.weight), cast(Tensor | None, self.bias)
        alone = weight is None and bias is not None
        places = input.reshape(*input.shape[:2], -1)
        native = torch.backends.cudnn.enabled
        output = torch.group_norm(places, self.num_groups, weight, None if alone else bias, self.eps, native)
        return (output + self.bias[:, None] if alone else output).view(input.shape)


class Normalization(nn.Module):
    """(x - mean) / max(sqrt(variance), epsilon), with statistics of the training data as buffers."""

    mean: Tensor
    variance: Tensor

    def __init__(
        self,
        features: int,
        *,
        epsilon: float,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.register_buffer("mean", torch.zeros(features, device=device, dtype=dtype))
        self.register_buffer("variance", torch.ones(features, device=device, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.variance.sqrt().clamp(min=self.epsilon)

    def extra_repr(self) -> str:
        return f"{len(self.mean)}, epsilon={self.epsilon}"


def batch_normalization(layer: spec.BatchNormalization, site: Site) -> nn.Module:
    """Return a batch normalization; the native one where its running variance is meant and n = 1 cannot occur."""
    keeps = None if layer.running_average == "cumulative" else layer.running_average_keeps
    numbers: dict[str, Any] = {"eps": layer.epsilon, "momentum": None if keeps is None else 1 - keeps, **site.tensors}
    channels, native = site.channels, NATIVE_BATCH_NORMS.get(len(site.shape))
    made: _BatchNorm
    if layer.frozen != "nothing":
        made = FrozenBatchNorm(channels, **numbers).requires_grad_(layer.frozen == "statistics")
    elif native is not None and layer.running_variance == "unbiased" and _several(site.shape[:-1]):
        made = native(channels, **numbers)
    else:
        made = BatchNorm(channels, biased=layer.running_variance == "biased", **numbers)
    return _affine(made, layer)


def _several(axes: Shape) -> bool:
    """Return whether every example has several elements for each channel, whatever length the data chooses."""
    return any(size is not None and size > 1 for size in axes)


def layer_normalization(layer: spec.LayerNormalization, site: Site) -> nn.Module:
    """Return a layer normalization over the last axes."""
    return _affine(nn.LayerNorm(list(known(site.shape[-layer.axes :])), eps=layer.epsilon, **site.tensors), layer)


def group_normalization(layer: spec.GroupNormalization, site: Site) -> nn.Module:
    """Return a normalization of groups of channels."""
    return _affine(GroupNorm(layer.groups, site.channels, eps=layer.epsilon, **site.tensors), layer)


def rms_normalization(layer: spec.RmsNormalization, site: Site) -> nn.Module:
    """Return a normalization by the root of the mean square of the last axes."""
    return _affine(nn.RMSNorm(list(known(site.shape[-layer.axes :])), eps=layer.epsilon, **site.tensors), layer)


def _affine(module: Module, layer: spec.Affine) -> Module:
    if not layer.scale:
        module.register_parameter("weight", None)
    if not layer.offset:
        module.register_parameter("bias", None)
    return module


LAYERS: dict[type[Layer], Callable[[Any, Site], nn.Module]] = {
    spec.BatchNormalization: batch_normalization,
    spec.LayerNormalization: layer_normalization,
    spec.GroupNormalization: group_normalization,
    spec.RmsNormalization: rms_normalization,
    spec.Normalization: lambda layer, site: Normalization(site.channels, epsilon=layer.epsilon, **site.tensors),
}
