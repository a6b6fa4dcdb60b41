"""Formulas of moments: Adam, Adamax and Nadam."""

from __future__ import annotations

import math

import torch

from mtlspec.spec import optimizers as spec
from mtlspec_torch.formulas import Formula, Rule


def _adam(optimizer: spec.Adam | spec.AdamW, at: Formula) -> None:
    """m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε)."""
    beta_1, beta_2, step = optimizer.beta_1, optimizer.beta_2, at.step
    m, v = at.slots["first_moment"].mul_(beta_1), at.slots["second_moment"].mul_(beta_2)
    at.gradient.add_to(m, factor=1 - beta_1)
    at.gradient.add_square_to(v, factor=1 - beta_2)
    if optimizer.amsgrad:
        most = at.slots["largest_second_moment"]
        v = torch.maximum(most, v, out=most)
    correction = math.sqrt(1 - beta_2**step.time)
    epsilon = optimizer.epsilon
    if optimizer.epsilon_placement == "before_correction":
        epsilon /= correction
    root = v.sqrt().div_(correction).add_(epsilon)
    at.w.addcdiv_(m, root, value=-step.rate / (1 - beta_1**step.time))


def _adamax(optimizer: spec.Adamax, at: Formula) -> None:
    """m = β1·m + (1-β1)·g; u = max(β2·u, |g|); w -= r / (1-β1^t) · m / (u + ε)."""
    beta_1, epsilon = optimizer.beta_1, optimizer.epsilon
    m, u = at.slots["first_moment"].mul_(beta_1), at.slots["largest_size"].mul_(optimizer.beta_2)
    at.gradient.add_to(m, factor=1 - beta_1)
    within = optimizer.epsilon_placement == "in_maximum"
    size = at.gradient.sum.abs()
    torch.maximum(u, size + epsilon if within else size, out=u)
    at.w.addcdiv_(m, u if within else u + epsilon, value=-at.step.rate / (1 - beta_1**at.step.time))


def _nadam(optimizer: spec.Nadam, at: Formula) -> None:
    """w -= r·(μ_(t+1)·m / (1-Π_(t+1)) + (1-μ_t)·g / (1-Π_t)) / (sqrt(v / (1-β2^t)) + ε)."""
    beta_1, beta_2, step = optimizer.beta_1, optimizer.beta_2, at.step
    m, v = at.slots["first_moment"].mul_(beta_1), at.slots["second_moment"].mul_(beta_2)
    at.gradient.add_to(m, factor=1 - beta_1)
    at.gradient.add_square_to(v, factor=1 - beta_2)
    now, following = (
        beta_1 * (1 - 0.5 * 0.96 ** (time * optimizer.momentum_decay)) for time in (step.time, step.time + 1)
    )
    product = at.slots["momentum_product"].mul_(now)
    root = v.div(1 - beta_2**step.time).sqrt_().add_(optimizer.epsilon)
    heading = m * (following / (1 - product * following)) + at.gradient.sum * ((1 - now) / (1 - product))
    at.w.addcdiv_(heading, root, value=-step.rate)


FORMULAS: dict[type[spec.Optimizer], Rule] = {
    spec.Adam: _adam,
    spec.AdamW: _adam,
    spec.Adamax: _adamax,
    spec.Nadam: _nadam,
}
