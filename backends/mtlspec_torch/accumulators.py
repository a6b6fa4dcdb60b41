"""Formulas of accumulated squares: Adagrad, RMSprop and Adadelta."""

from __future__ import annotations

from torch import Tensor

from mtlspec.spec import optimizers as spec
from mtlspec_torch.formulas import Formula, Rule


def _adagrad(optimizer: spec.Adagrad, at: Formula) -> None:
    """a += g²; w -= r·g / (sqrt(a) + ε), or r·g / sqrt(a + ε)."""
    squares = at.slots["squares"]
    at.gradient.add_square_to(squares, factor=1.0)
    root = _root(squares, optimizer.epsilon, inside=optimizer.epsilon_placement == "inside_root")
    at.w.addcdiv_(at.gradient.sum, root, value=-at.step.rate)


def _rmsprop(optimizer: spec.Rmsprop, at: Formula) -> None:
    """v = ρ·v + (1-ρ)·g²; w -= r·g / sqrt(v + ε); centered max(v - a², 0) in place of v; momentum of the steps."""
    rho, rate, g = optimizer.rho, at.step.rate, at.gradient.sum
    v = at.slots["second_moment"].mul_(rho)
    at.gradient.add_square_to(v, factor=1 - rho)
    if optimizer.centered:
        a = at.slots["first_moment"].mul_(rho)
        at.gradient.add_to(a, factor=1 - rho)
        v = (v - a * a).clamp_(min=0)
    root = _root(v, optimizer.epsilon, inside=optimizer.epsilon_placement == "inside_root")
    if not optimizer.momentum:
        at.w.addcdiv_(g, root, value=-rate)
        return
    velocity = at.slots["velocity"].mul_(optimizer.momentum)
    if optimizer.rate_applied == "at_update":
        at.w.sub_(velocity.addcdiv_(g, root), alpha=rate)
    else:
        at.w.sub_(velocity.addcdiv_(g, root, value=rate))


def _adadelta(optimizer: spec.Adadelta, at: Formula) -> None:
    """v = ρ·v + (1-ρ)·g²; δ = sqrt(d + ε) / sqrt(v + ε) · g; d = ρ·d + (1-ρ)·δ²; w -= r·δ."""
    rho, epsilon = optimizer.rho, optimizer.epsilon
    v, d = at.slots["second_moment"].mul_(rho), at.slots["squared_steps"]
    at.gradient.add_square_to(v, factor=1 - rho)
    delta = d.add(epsilon).sqrt_().div_(v.add(epsilon).sqrt_()).mul_(at.gradient.sum)
    d.mul_(rho).addcmul_(delta, delta, value=1 - rho)
    at.w.sub_(delta, alpha=at.step.rate)


def _root(squares: Tensor, epsilon: float, *, inside: bool) -> Tensor:
    return squares.add(epsilon).sqrt_() if inside else squares.sqrt().add_(epsilon)


FORMULAS: dict[type[spec.Optimizer], Rule] = {
    spec.Adagrad: _adagrad,
    spec.Rmsprop: _rmsprop,
    spec.Adadelta: _adadelta,
}
