"""Attention: four linear layers around PyTorch's scaled dot product.

`torch.nn.MultiheadAttention` packs query, key and value into one tensor, which a clip by tensor, or an optimizer that
takes the scale of a tensor, would see as one; here each parameter of the spec is a tensor of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtlspec.graph import Parameter
from mtlspec.randomness import dropout_key
from mtlspec.spec import attention as spec
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import Sizes, channels
from mtlspec_torch.dropout import HashDropout
from mtlspec_torch.layouts import Layout

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site

LEAVES = {
    f"{name}_{leaf}": f"{name}.{native}"
    for name in ("query", "key", "value", "output")
    for leaf, native in (("kernel", "weight"), ("bias", "bias"))
} | {"step": "dropout.step"}
"""The native name of each parameter, below the module."""
KERNELS = tuple(leaf for leaf in LEAVES if leaf.endswith("kernel"))


class Attention(nn.Module):
    """softmax(q·kᵀ / sqrt(key_units))·v for each head, all heads projected.

    `features` are those of what query, key and value are made of, `head_units` those of a head for keys and values.
    """

    def __init__(
        self,
        features: Sizes,
        heads: int,
        head_units: Sizes,
        units: int,
        *,
        bias: bool = True,
        masked: bool = False,
        causal: bool = False,
        uniform_if_masked: bool = False,
        dropout: HashDropout | None = None,
        **tensors: Any,
    ) -> None:
        super().__init__()
        (of_query, of_key, of_value), (keys, values) = features, head_units
        self.query = nn.Linear(of_query, heads * keys, bias, **tensors)
        self.key = nn.Linear(of_key, heads * keys, bias, **tensors)
        self.value = nn.Linear(of_value, heads * values, bias, **tensors)
        self.output = nn.Linear(heads * values, units, bias, **tensors)
        self.dropout = dropout
        self.heads, self.scale = heads, 1 / math.sqrt(keys)
        self.masked, self.causal, self.uniform_if_masked = masked, causal, uniform_if_masked

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        memory, values, mask = spec.told_apart(x, others, masked=self.masked)
        q, k, v = self._split(self.query(x)), self._split(self.key(memory)), self._split(self.value(values))
        gathered = self._gathered(q, k, v, mask)
        output: Tensor = self.output(gathered.transpose(1, 2).flatten(2))
        return output

    def _split(self, x: Tensor) -> Tensor:
        """Return (B, T, heads·units) as (B, heads, T, units)."""
        return torch.unflatten(x, -1, (self.heads, -1)).transpose(1, 2)

    def _gathered(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """Return what each position takes of all that it sees; one that sees none is kept out of the softmax."""
        dropout = self.dropout if self.training else None
        if mask is None and dropout is None:
            return functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal, scale=self.scale)
        sees = self._seen(mask, q.shape[2], k)
        some = sees.any(dim=-1, keepdim=True)
        sees = sees | ~some
        if dropout is None:
            gathered = functional.scaled_dot_product_attention(q, k, v, attn_mask=sees, scale=self.scale)
            return torch.where(some, gathered, v.mean(dim=-2, keepdim=True) if self.uniform_if_masked else 0.0)
        scores = (q * self.scale) @ k.transpose(-1, -2)
        weights = scores.masked_fill(~sees, float("-inf")).softmax(dim=-1)
        weights = torch.where(some, weights, 1 / k.shape[2] if self.uniform_if_masked else 0.0)
        return dropout(weights) @ v  # type: ignore[no-any-return]

    def _seen(self, mask: Tensor | None, positions: int, k: Tensor) -> Tensor:
        """Return which positions of the memory each position sees (B or 1, 1, T, S)."""
        sees = torch.ones(1, 1, positions, k.shape[2], dtype=torch.bool, device=k.device)
        if self.causal:
            sees = sees.tril()
        return sees if mask is None else sees & (mask != 0)[:, None, None]

    def extra_repr(self) -> str:
        return f"heads={self.heads}, masked={self.masked}, causal={self.causal}"


def layout(parameter: Parameter) -> Layout:
    """Return how a linear layer has a parameter, heads and their units on one axis: (out, in)."""
    shape = parameter.shape
    if parameter.leaf == "output_kernel":
        return Layout(shape, (2, 0, 1), (shape[2], shape[0] * shape[1]))
    if parameter.leaf.endswith("kernel"):
        return Layout(shape, (1, 2, 0), (shape[1] * shape[2], shape[0]))
    return Layout(shape, tuple(range(len(shape))), (prod(shape),) * bool(shape))


def attention(layer: spec.Attention, site: Site) -> Attention:
    """Return the attention of a layer, with memory for its tensors."""
    memory, values, _ = spec.told_apart(site.shape, site.others, masked=layer.mask is not None)
    key = dropout_key(site.seed, site.path)
    made = Attention(
        (site.channels, channels(memory), channels(values)),
        layer.heads,
        layer.head_units(site.channels),
        layer.units or site.channels,
        bias=layer.bias,
        masked=layer.mask is not None,
        causal=layer.causal,
        uniform_if_masked=layer.masked_rows == "uniform",
        device="meta",
        dtype=site.dtype,
    )
    filled = site.filled(made)
    if filled.key.bias is not None:
        filled.key.bias.requires_grad_(False)  # its gradient is rounding alone
    filled.dropout = HashDropout(layer.dropout, key=key, device=site.device) if layer.drops else None
    return filled


LAYERS: dict[type[Layer], Callable[[Any, Site], nn.Module]] = {spec.Attention: attention}
