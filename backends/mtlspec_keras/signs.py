"""Optimizers along signs: Lion; Keras' own has its betas in float32."""

from __future__ import annotations

from typing import Any

from mtlspec.spec import optimizers as spec
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.optimizer import FromLaw
from mtlspec_keras.rows import Gradient


@keras.saving.register_keras_serializable("mtlspec")
class Lion(FromLaw):
    """w -= r·sign(β1·m + (1-β1)·g); m = β2·m + (1-β2)·g."""

    family = spec.Lion

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        m, g = gradient.read(self.slot("first_moment", variable)), gradient.sum
        keeps, takes = (tf.constant(number, w.dtype) for number in (self.law.beta_1, 1 - self.law.beta_1))
        heading = tf.sign(keeps * m + takes * g)
        self.averaged("first_moment", self.law.beta_2, gradient, g, variable)
        return w - tf.cast(rate, w.dtype) * heading
