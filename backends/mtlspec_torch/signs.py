"""Formulas along signs: Lion."""

from __future__ import annotations

from mtlspec.spec import optimizers as spec
from mtlspec_torch.formulas import Formula, Rule


def _lion(optimizer: spec.Lion, at: Formula) -> None:
    """w -= r·sign(β1·m + (1-β1)·g); m = β2·m + (1-β2)·g."""
    m, g = at.slots["first_moment"], at.gradient.sum
    heading = (m * optimizer.beta_1).add_(g, alpha=1 - optimizer.beta_1).sign_()
    m.mul_(optimizer.beta_2).add_(g, alpha=1 - optimizer.beta_2)
    at.w.sub_(heading, alpha=at.step.rate)


FORMULAS: dict[type[spec.Optimizer], Rule] = {spec.Lion: _lion}
