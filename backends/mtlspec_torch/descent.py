"""The formula of plain descent, with or without a velocity."""

from __future__ import annotations

from mtlspec.spec import optimizers as spec
from mtlspec_torch.formulas import Formula, Rule


def _sgd(optimizer: spec.Sgd, at: Formula) -> None:
    """v = momentum·v + g; w -= r·v (`at_update`), or v = momentum·v + r·g; w -= v (`into_velocity`)."""
    rate, factor = at.step.rate, 1.0
    if optimizer.momentum and optimizer.rate_applied == "into_velocity":
        rate, factor = 1.0, at.step.rate
    if optimizer.momentum:
        velocity = at.slots["velocity"].mul_(optimizer.momentum)
        at.gradient.add_to(velocity, factor=factor)
        at.w.sub_(velocity, alpha=rate * optimizer.momentum if optimizer.nesterov else rate)
    if not optimizer.momentum or optimizer.nesterov:
        at.gradient.add_to(at.w, factor=-rate * factor)


FORMULAS: dict[type[spec.Optimizer], Rule] = {spec.Sgd: _sgd}
