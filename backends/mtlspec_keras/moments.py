"""Optimizers of moments: Adam, Adamax and Nadam."""

from __future__ import annotations

from typing import Any

from mtlspec.spec import optimizers as spec
from mtlspec.spec.slots import SlotRule, like_parameter
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.optimizer import FromLaw, LawfulOptimizer
from mtlspec_keras.rows import Gradient


@keras.saving.register_keras_serializable("mtlspec")
class Adam(LawfulOptimizer):
    """m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε).

    With `epsilon_placement` "before_correction" w -= r·sqrt(1-β2^t) / (1-β1^t) · m / (sqrt(v) + ε).
    """

    def __init__(
        self,
        learning_rate: float,
        *,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        epsilon_placement: str,
        amsgrad: bool,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.epsilon_placement, self.amsgrad = epsilon_placement, amsgrad

    def slot_rules(self, shape: tuple[int, ...]) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "first_moment", "second_moment", *("largest_second_moment",) * self.amsgrad)

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        m = self.averaged("first_moment", self.beta_1, gradient, gradient.sum, variable)
        v = self.averaged("second_moment", self.beta_2, gradient, gradient.square, variable)
        if self.amsgrad:
            largest = self.slot("largest_second_moment", variable)
            v = tf.maximum(gradient.read(largest), v)
            gradient.write(largest, v)
        return w - self._step(m, v, rate)

    def _step(self, m: Any, v: Any, rate: Any) -> Any:
        first, second = (1 - tf.pow(tf.constant(beta, tf.float64), self.time) for beta in (self.beta_1, self.beta_2))
        epsilon = tf.constant(self.epsilon, m.dtype)
        if self.epsilon_placement == "before_correction":
            return tf.cast(rate * tf.sqrt(second) / first, m.dtype) * m / (tf.sqrt(v) + epsilon)
        return tf.cast(rate / first, m.dtype) * m / (tf.sqrt(v / tf.cast(second, m.dtype)) + epsilon)

    def get_config(self) -> dict[str, Any]:
        names = ("beta_1", "beta_2", "epsilon", "epsilon_placement", "amsgrad")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable("mtlspec")
class Adamax(FromLaw):
    """m = β1·m + (1-β1)·g; u = max(β2·u, |g|); w -= r / (1-β1^t) · m / (u + ε)."""

    family = spec.Adamax

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        law, slot = self.law, self.slot("largest_size", variable)
        epsilon, beta_2 = tf.constant(law.epsilon, w.dtype), tf.constant(law.beta_2, w.dtype)
        m = self.averaged("first_moment", law.beta_1, gradient, gradient.sum, variable)
        within = law.epsilon_placement == "in_maximum"
        size = tf.abs(gradient.sum)
        u = tf.maximum(beta_2 * gradient.read(slot), size + epsilon if within else size)
        gradient.write(slot, u)
        factor = tf.cast(rate / (1 - tf.pow(tf.constant(law.beta_1, tf.float64), self.time)), w.dtype)
        return w - factor * m / (u if within else u + epsilon)


@keras.saving.register_keras_serializable("mtlspec")
class Nadam(FromLaw):
    """w -= r·(μ_(t+1)·m / (1-Π_(t+1)) + (1-μ_t)·g / (1-Π_t)) / (sqrt(v / (1-β2^t)) + ε).

    Keras' own has 0.96 in float32.
    """

    family = spec.Nadam

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        law, slot = self.law, self.slot("momentum_product", variable)
        m = self.averaged("first_moment", law.beta_1, gradient, gradient.sum, variable)
        v = self.averaged("second_moment", law.beta_2, gradient, gradient.square, variable)
        now, following = self._momentum(self.time), self._momentum(self.time + 1)
        product = tf.cast(tf.cast(slot, tf.float64) * now, w.dtype)
        slot.assign(product)
        held = tf.cast(product, tf.float64)
        of_m, of_g = following / (1 - held * following), (1 - now) / (1 - held)
        heading = tf.cast(of_m, w.dtype) * m + tf.cast(of_g, w.dtype) * gradient.sum
        second = tf.cast(1 - tf.pow(tf.constant(law.beta_2, tf.float64), self.time), w.dtype)
        return w - tf.cast(rate, w.dtype) * heading / (tf.sqrt(v / second) + tf.constant(law.epsilon, w.dtype))

    def _momentum(self, time: Any) -> Any:
        """μ_t = β1·(1 - 0.96^(t·ψ) / 2)."""
        base, decay, beta = (tf.constant(n, tf.float64) for n in (0.96, self.law.momentum_decay, self.law.beta_1))
        return beta * (1 - tf.pow(base, time * decay) / 2)
