"""Normalizations that `torch.nn` does not have."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class BatchNorm(_BatchNorm):
    """Batch normalization of (batch, channels, ...) for any number of axes, also for a single element per channel.

    `biased` moves the running variance toward the biased variance of the batch; the native layers take n/(n-1) times
    it, and refuse n = 1.
    """

    running_mean: Tensor
    running_var: Tensor
    momentum: float

    def __init__(
        self,
        channels: int,
        *,
        eps: float,
        momentum: float,
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

    def _of_one(self, input: Tensor) -> Tensor:
        """Return the offset: one number is its own mean, and its variance is 0, which the kernel would divide by 0."""
        with torch.no_grad():
            self.running_mean.lerp_(input.flatten(), self.momentum)
            self.running_var.mul_(1 - self.momentum)
        output = input - input
        shape = (1, -1, *[1] * (input.dim() - 2))
        if self.weight is not None:
            output = output * self.weight.view(shape)
        return output if self.bias is None else output + self.bias.view(shape)

    def _of_many(self, input: Tensor, count: int) -> Tensor:
        # The native kernel moves a copy toward n/(n-1) times the variance; rescaling that increment spares a second
        # pass over the input. Backward keeps what the kernel was given, so that must not be written to afterwards.
        moved = self.running_var.clone()
        output = torch.batch_norm(
            input,
            self.weight,
            self.bias,
            self.running_mean,
            moved,
            True,
            self.momentum,
            self.eps,
            torch.backends.cudnn.enabled,
        )
        with torch.no_grad():
            if self.biased:
                decayed = self.running_var * (1 - self.momentum)
                moved = decayed + (moved - decayed) * ((count - 1) / count)
            self.running_var.copy_(moved)
        return output

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, biased={self.biased}"  # type: ignore[no-untyped-call]


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
