"""Foreign modules: what they return, what runs in them, and their dropout, switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.errors import MtlspecError
from mtlspec.tensors import Array
from mtlspec_torch.witness_layouts import Held, channels_last

Call = tuple[str, Array, Array]
"""A layer that ran, its input and its output."""


def named(made: Any, names: Sequence[str]) -> dict[str, Tensor]:
    """Return a model's outputs by name: a mapping as it is, others in the order of `names`.

    Raises:
        MtlspecError: there are more or fewer.
    """
    if isinstance(made, Mapping):
        return dict(made)
    several = list(made) if isinstance(made, tuple | list) else [made]
    if len(several) != len(names):
        raise MtlspecError(f"the model returns {len(several)} outputs for {len(names)} names: {', '.join(names)}")
    return dict(zip(names, several, strict=True))


def noted(layer: str, calls: list[Call]) -> Callable[..., None]:
    """Return a hook that notes in `calls` what goes into a layer and what comes out."""

    def hook(module: nn.Module, given: Any, options: dict[str, Any], made: Any) -> None:
        tensors = [value for value in (*given, *options.values()) if isinstance(value, Tensor)]
        out = made[0] if isinstance(made, tuple) else made
        if tensors and isinstance(out, Tensor):
            calls.append((layer, channels_last(module, tensors[0]), channels_last(module, out)))

    return hook


def grouped(held: Sequence[Held]) -> dict[str, tuple[str, ...]]:
    """Return the names of what each layer holds."""
    layers: dict[str, tuple[str, ...]] = {}
    for each in held:
        layers[each.layer] = (*layers.get(each.layer, ()), each.name)
    return layers


def without_dropout(model: nn.Module) -> Iterator[str]:
    """Switch every kind of native dropout off and yield the modules that had some."""
    for name, module in model.named_modules():
        attribute = "p" if isinstance(module, nn.modules.dropout._DropoutNd) else "dropout"
        rate = getattr(module, attribute, None)
        if isinstance(rate, float) and rate > 0 and type(module).__module__.startswith("torch.nn."):
            setattr(module, attribute, 0.0)
            yield name


def notes(held: Sequence[Held], dropped: Iterator[str]) -> Iterator[str]:
    """Yield what a reader of the record should know of how the program was changed, or not understood."""
    if names := ", ".join(dropped):
        yield f"dropout switched off: {names}"
    if own := ", ".join(each.native for each in held if not each.known and each.tensor.dim() > 1):
        yield f"in the module's own layout: {own}"


def dense(parameter: Tensor, gradient: Tensor | None) -> Tensor:
    """Return a gradient as one tensor, 0 where none reached the parameter."""
    if gradient is None:
        return torch.zeros_like(parameter)
    return gradient.to_dense() if gradient.is_sparse else gradient


def array_of(tensor: Tensor) -> Array:
    """Return a copy of a tensor."""
    return tensor.detach().cpu().numpy().copy()
