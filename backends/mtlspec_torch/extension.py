"""Extensions: kinds of a user's own, by the functions that they have for this backend."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.extension import function_of, updated
from mtlspec.spec.layer import Layer
from mtlspec.spec.loss import Loss
from mtlspec.spec.optimizer import Optimizer
from mtlspec.spec.signature import ParameterRule, Shape
from mtlspec.spec.slots import SlotRule
from mtlspec_torch.formulas import Formula
from mtlspec_torch.layouts import Layout
from mtlspec_torch.loss import TaskLoss

NAME = "torch"


class ExtensionLayer(nn.Module):
    """(layer, x, *others, parameters) -> tensor, with its parameters in canonical layout, named by their leaves."""

    def __init__(self, layer: Layer, *shapes: Shape, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self.layer, self.function = layer, function_of(layer, NAME)
        self._leaves: dict[str, str] = {}
        for rule in layer.signature_with(*shapes).parameters:
            self._leaves[rule.leaf] = native_leaf(rule.leaf)
            self._add(rule, device, dtype)

    def _add(self, rule: ParameterRule, device: torch.device, dtype: torch.dtype) -> None:
        made = torch.zeros(rule.shape, device=device, dtype=dtype if rule.dtype == "float" else torch.int64)
        if rule.role == "trainable":
            self.register_parameter(native_leaf(rule.leaf), nn.Parameter(made))
        else:
            self.register_buffer(native_leaf(rule.leaf), made)

    def forward(self, *tensors: Tensor) -> Tensor:
        parameters = {leaf: getattr(self, name) for leaf, name in self._leaves.items()}
        output: Tensor = self.function(self.layer, *tensors, parameters)
        return output

    def extra_repr(self) -> str:
        return self.layer.kind


_TAKEN = frozenset({*dir(nn.Module()), "layer", "function", "_leaves"})


def native_leaf(leaf: str) -> str:
    """Return the attribute that holds a parameter: its leaf, which ends in `_` where it is an attribute already."""
    return f"{leaf}_" if leaf in _TAKEN else leaf


def extension_layer(layer: Layer, site: Any) -> nn.Module:
    """Return the module of a layer that stands at `site`."""
    return ExtensionLayer(layer, site.shape, *site.others, **site.tensors)


class ExtensionLoss(TaskLoss):
    """(loss, logits, targets) -> the loss of each of N positions, for logits (N, units)."""

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        self.loss, self.function = loss, function_of(loss, NAME)

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        losses: Tensor = self.function(self.loss, logits, targets)
        return losses

    def extra_repr(self) -> str:
        return self.loss.kind


def update(optimizer: Optimizer, at: Formula) -> None:
    """Move a parameter and its slots, which the function gets in canonical layout."""
    layout = at.moving.layout
    rules = {rule.name: rule for rule in optimizer.slots(layout.shape)}
    slots = {name: _canonical(slot, layout, rules[name]) for name, slot in at.slots.items()}
    w, gradient = layout.canonical(at.w), layout.canonical(at.gradient.sum)
    new, news = updated(optimizer, NAME, w, gradient, slots, at.step.rate, at.step.time)
    made = [(slot, _native(news[name], layout, rules[name]).clone()) for name, slot in at.slots.items()]
    at.w.copy_(layout.native(new))  # after the slots: one of them may be the old w
    for slot, value in made:
        slot.copy_(value)


def _canonical(slot: Tensor, layout: Layout, rule: SlotRule) -> Tensor:
    if rule.averaged is not None:
        return slot.squeeze(rule.averaged)
    return layout.canonical(slot) if rule.shape == layout.shape else slot


def _native(slot: Tensor, layout: Layout, rule: SlotRule) -> Tensor:
    if rule.averaged is not None:
        return slot.unsqueeze(rule.averaged)
    return layout.native(slot) if rule.shape == layout.shape else slot
