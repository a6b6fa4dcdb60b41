"""Feature crosses: products of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlspec_keras.engine import keras, tf


@keras.saving.register_keras_serializable("mtlspec")
class DotProduct(keras.layers.Layer):  # type: ignore[misc]
    """Σ x·y over the last axis; with `epsilon`, of x / sqrt(max(Σ x², epsilon)) and y likewise."""

    def __init__(self, epsilon: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon = epsilon

    def call(self, x: Any, y: Any) -> Any:
        return tf.reduce_sum(self._scaled(x) * self._scaled(y), axis=-1, keepdims=True)

    def _scaled(self, x: Any) -> Any:
        if self.epsilon is None:
            return x
        square = tf.reduce_sum(tf.square(x), axis=-1, keepdims=True)
        return x * tf.math.rsqrt(tf.maximum(square, tf.constant(self.epsilon, x.dtype)))

    def compute_output_spec(self, x: Any, y: Any) -> Any:
        return keras.KerasTensor((*x.shape[:-1], 1), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("mtlspec")
class DotInteraction(keras.layers.Layer):  # type: ignore[misc]
    """The products of each pair of fields i > j (`itself`: i >= j), row by row."""

    def __init__(self, itself: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.itself = itself

    def call(self, x: Any) -> Any:
        fields = x.shape[1]
        rows, columns = np.tril_indices(fields, 0 if self.itself else -1)
        products = tf.reshape(tf.matmul(x, x, transpose_b=True), (-1, fields * fields))
        return tf.gather(products, rows * fields + columns, axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        fields = input_shape[1]
        return (input_shape[0], fields * (fields + (1 if self.itself else -1)) // 2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "itself": self.itself}


@keras.saving.register_keras_serializable("mtlspec")
class FactorizationMachine(keras.layers.Layer):  # type: ignore[misc]
    """½·((Σ x)² - Σ x²) over the fields, and where `pooled` the sum of its units."""

    def __init__(self, pooled: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.pooled = pooled

    def call(self, x: Any) -> Any:
        pairs = tf.square(tf.reduce_sum(x, axis=1)) - tf.reduce_sum(tf.square(x), axis=1)
        pairs = tf.constant(0.5, x.dtype) * pairs
        return tf.reduce_sum(pairs, axis=-1, keepdims=True) if self.pooled else pairs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], 1 if self.pooled else input_shape[2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pooled": self.pooled}


@keras.saving.register_keras_serializable("mtlspec")
class Cross(keras.layers.Layer):  # type: ignore[misc]
    """start ⊙ (x·kernel + bias) + x, the kernel a matrix or the product of two of a lower rank."""

    def __init__(
        self,
        rank: int | None = None,
        use_bias: bool = True,
        initializer: Any = None,
        regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.rank, self.use_bias = rank, use_bias
        self.initializer = keras.initializers.get(initializer or "glorot_uniform")
        self.regularizer = keras.regularizers.get(regularizer)

    def build(self, x_shape: Any, start_shape: Any = None) -> None:
        size = x_shape[-1]
        sizes = {"kernel": (size, size)}
        if self.rank is not None:
            sizes = {"down": (size, self.rank), "up": (self.rank, size)}
        for name, shape in sizes.items():
            made = self.add_weight(shape=shape, name=name, initializer=self.initializer, regularizer=self.regularizer)
            setattr(self, name, made)
        if self.use_bias:
            self.bias = self.add_weight(shape=(size,), name="bias", initializer="zeros")

    def call(self, x: Any, start: Any) -> Any:
        inner = keras.ops.matmul(x, self.kernel if self.rank is None else self.down)
        inner = inner if self.rank is None else keras.ops.matmul(inner, self.up)
        return start * (inner + self.bias if self.use_bias else inner) + x

    def compute_output_spec(self, x: Any, start: Any) -> Any:
        return keras.KerasTensor(x.shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = {
            "rank": self.rank,
            "use_bias": self.use_bias,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
        }
        return {**super().get_config(), **own}
