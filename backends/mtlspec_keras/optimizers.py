"""Optimizers: Keras optimizers with exactly the laws of the spec, by their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.spec import optimizers as kinds
from mtlspec.spec.decay import CoupledDecay, Decay, DecoupledDecay
from mtlspec.spec.slots import SlotRule, like_parameter
from mtlspec_keras.accumulators import Adadelta, Adagrad, Rmsprop
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.factors import Adafactor
from mtlspec_keras.moments import Adam, Adamax, Nadam
from mtlspec_keras.optimizer import FromLaw
from mtlspec_keras.optimizer import LawfulOptimizer as LawfulOptimizer
from mtlspec_keras.rows import Gradient
from mtlspec_keras.signs import Lion


@keras.saving.register_keras_serializable("mtlspec")
class Sgd(LawfulOptimizer):
    """v = momentum·v + g; w -= r·v (`at_update`), or v = momentum·v + r·g; w -= v (`into_velocity`).

    With `nesterov` the step is r·(g + momentum·v), or r·g + momentum·v.
    """

    def __init__(
        self, learning_rate: float, *, momentum: float, nesterov: bool, rate_applied: str, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov, self.rate_applied = momentum, nesterov, rate_applied

    def slot_rules(self, shape: tuple[int, ...]) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "velocity") if self.momentum else ()

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        g, r, momentum = gradient.sum, tf.cast(rate, w.dtype), tf.constant(self.momentum, w.dtype)
        if not self.momentum:
            return w - r * g
        slot = self.slot("velocity", variable)
        push = g if self.rate_applied == "at_update" else r * g
        v = momentum * gradient.read(slot) + push
        step = push + momentum * v if self.nesterov else v
        gradient.write(slot, v)
        return w - (r * step if self.rate_applied == "at_update" else step)

    def get_config(self) -> dict[str, Any]:
        own = {"momentum": self.momentum, "nesterov": self.nesterov, "rate_applied": self.rate_applied}
        return {**super().get_config(), **own}


def _of_fields(cls: type[LawfulOptimizer], *names: str) -> Callable[[Any, dict[str, Any]], LawfulOptimizer]:
    """Return what makes `cls` of the named fields of a value of the spec."""

    def made(law: Any, options: dict[str, Any]) -> LawfulOptimizer:
        return cls(law.learning_rate, **{name: getattr(law, name) for name in names}, **options)

    return made


def _of_law(cls: type[FromLaw]) -> Callable[[Any, dict[str, Any]], LawfulOptimizer]:
    return lambda law, options: cls(law.learning_rate, law=law.model_dump(), **options)


_ADAM = _of_fields(Adam, "beta_1", "beta_2", "epsilon", "epsilon_placement", "amsgrad")

OPTIMIZERS: Mapping[type[kinds.Optimizer], Callable[[Any, dict[str, Any]], LawfulOptimizer]] = {
    kinds.Sgd: _of_fields(Sgd, "momentum", "nesterov", "rate_applied"),
    kinds.Adam: _ADAM,
    kinds.AdamW: _ADAM,
    kinds.Rmsprop: _of_law(Rmsprop),
    kinds.Adagrad: _of_law(Adagrad),
    kinds.Adadelta: _of_law(Adadelta),
    kinds.Adamax: _of_law(Adamax),
    kinds.Nadam: _of_law(Nadam),
    kinds.Lion: _of_law(Lion),
    kinds.Adafactor: _of_law(Adafactor),
}
DECAYS: tuple[type[Decay], ...] = (CoupledDecay, DecoupledDecay)
