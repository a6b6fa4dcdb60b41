"""Optimizers of accumulated squares: Adagrad, RMSprop and Adadelta."""

from __future__ import annotations

from typing import Any

from mtlspec.spec import optimizers as spec
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.optimizer import FromLaw
from mtlspec_keras.rows import Gradient


@keras.saving.register_keras_serializable("mtlspec")
class Adagrad(FromLaw):
    """a += g²; w -= r·g / (sqrt(a) + ε), or r·g / sqrt(a + ε)."""

    family = spec.Adagrad

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        slot = self.slot("squares", variable)
        squares = gradient.read(slot) + gradient.square
        gradient.write(slot, squares)
        root = _root(squares, self.law.epsilon, inside=self.law.epsilon_placement == "inside_root")
        return w - tf.cast(rate, w.dtype) * gradient.sum / root


@keras.saving.register_keras_serializable("mtlspec")
class Rmsprop(FromLaw):
    """v = ρ·v + (1-ρ)·g²; w -= r·g / sqrt(v + ε); centered max(v - a², 0) in place of v; momentum of the steps."""

    family = spec.Rmsprop

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        law, r = self.law, tf.cast(rate, w.dtype)
        v = self.averaged("second_moment", law.rho, gradient, gradient.square, variable)
        if law.centered:
            a = self.averaged("first_moment", law.rho, gradient, gradient.sum, variable)
            v = tf.maximum(v - a * a, tf.zeros((), w.dtype))
        step = gradient.sum / _root(v, law.epsilon, inside=law.epsilon_placement == "inside_root")
        if not law.momentum:
            return w - r * step
        slot, at_update = self.slot("velocity", variable), law.rate_applied == "at_update"
        velocity = tf.constant(law.momentum, w.dtype) * gradient.read(slot) + (step if at_update else r * step)
        gradient.write(slot, velocity)
        return w - (r * velocity if at_update else velocity)


@keras.saving.register_keras_serializable("mtlspec")
class Adadelta(FromLaw):
    """v = ρ·v + (1-ρ)·g²; δ = sqrt(d + ε) / sqrt(v + ε) · g; d = ρ·d + (1-ρ)·δ²; w -= r·δ."""

    family = spec.Adadelta

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        law, epsilon = self.law, tf.constant(self.law.epsilon, w.dtype)
        v = self.averaged("second_moment", law.rho, gradient, gradient.square, variable)
        d = gradient.read(self.slot("squared_steps", variable))
        delta = tf.sqrt(d + epsilon) / tf.sqrt(v + epsilon) * gradient.sum
        self.averaged("squared_steps", law.rho, gradient, tf.square(delta), variable)
        return w - tf.cast(rate, w.dtype) * delta


def _root(squares: Any, epsilon: float, *, inside: bool) -> Any:
    number = tf.constant(epsilon, squares.dtype)
    return tf.sqrt(squares + number) if inside else tf.sqrt(squares) + number
