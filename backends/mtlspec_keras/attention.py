"""Attention: Keras' own layer where it is exact, else a subclass with another arithmetic between the projections."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.randomness import dropout_key
from mtlspec.spec import attention as spec
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import channels
from mtlspec_keras.dropout import HashDropout
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.penalty import regularizer

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place

NATIVE_LEAVES = {
    f"{name}_{leaf}": f"{name}_dense.{leaf}"
    for name in ("query", "key", "value", "output")
    for leaf in ("kernel", "bias")
}
"""Where a parameter lies in Keras' layer, whose layouts are the canonical ones."""


@keras.saving.register_keras_serializable("mtlspec")
class Attention(keras.layers.MultiHeadAttention):  # type: ignore[misc]
    """Keras' attention with a scale that no float32 has rounded, a law for positions that see none, hash dropout, and
    a key bias that is held, since what Keras finds for its gradient of 0 is rounding.

    `masked_rows`: the weights of a position that sees none: zero, or uniform over all.
    """

    def __init__(
        self, num_heads: int, key_dim: int, *, masked_rows: str, rate: float = 0.0, mask_key: int = 0, **options: Any
    ) -> None:
        super().__init__(num_heads, key_dim, **options)
        self.masked_rows, self.rate, self.mask_key = masked_rows, rate, mask_key
        self.hashed: Any = HashDropout(rate, mask_key, name="dropout", dtype=self.dtype_policy) if rate else None

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        super().build(query_shape, value_shape, key_shape)
        if self.use_bias:
            self.key_dense.bias.trainable = False
        if self.hashed is not None:
            self.hashed.build((None, self.num_heads, query_shape[1], value_shape[1]))

    @property
    def step(self) -> Any:
        """The number of the next training call."""
        return self.hashed.step

    def _compute_attention(
        self, query: Any, key: Any, value: Any, attention_mask: Any = None, training: bool = False, *_: Any, **__: Any
    ) -> Any:
        scale = tf.constant(1 / math.sqrt(self.key_dim), query.dtype)
        scores = tf.einsum("bthd,bshd->bhts", query * scale, key)
        some = tf.constant(True)
        if attention_mask is not None:
            sees = attention_mask[:, None]
            scores = tf.where(sees, scores, tf.constant(scores.dtype.min, scores.dtype))
            some = tf.reduce_any(sees, axis=-1, keepdims=True)
        weights = tf.nn.softmax(scores)
        if self.masked_rows == "zero":
            weights = tf.where(some, weights, tf.zeros_like(weights))
        if self.hashed is not None:
            weights = self.hashed(weights, training=training)
        return tf.einsum("bhts,bshd->bthd", weights, value), weights

    def get_config(self) -> dict[str, Any]:
        own = {"masked_rows": self.masked_rows, "rate": self.rate, "mask_key": self.mask_key}
        return {**super().get_config(), **own}


class Wired:
    """A Keras attention that takes the sources of a node in their order."""

    def __init__(self, native: Any, *, masked: bool, causal: bool) -> None:
        self.native, self.masked, self.causal = native, masked, causal

    def __call__(self, x: Any, *others: Any) -> Any:
        """Return the output on symbolic sources."""
        memory, values, mask = spec.told_apart(x, others, masked=self.masked)
        named = {"value": values, "key": memory, "key_mask": mask, "use_causal_mask": self.causal}
        return self.native(x, **{name: given for name, given in named.items() if given is not None})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.native, name)


def _attention(layer: spec.Attention, place: Place) -> list[Any]:
    keys, values = layer.head_units(channels(place.shape))
    options = {
        "value_dim": values,
        "output_shape": layer.units,
        "use_bias": layer.bias,
        "kernel_initializer": place.glorot_uniform,
        "kernel_regularizer": regularizer(layer.kernel_penalty),
        "bias_regularizer": regularizer(layer.bias_penalty) if layer.bias else None,
        **place.options,
    }
    if _native_is_exact(layer, keys, place):
        native = keras.layers.MultiHeadAttention(layer.heads, keys, **options)
    else:
        key = dropout_key(place.graph.seed, place.node.path)
        rows, rate = layer.masked_rows, layer.dropout
        native = Attention(layer.heads, keys, masked_rows=rows, rate=rate, mask_key=key, **options)
    return [Wired(native, masked=layer.mask is not None, causal=layer.causal)]


def _native_is_exact(layer: spec.Attention, keys: int, place: Place) -> bool:
    """Return whether Keras' layer does as the spec says: it drops nothing, and none is to be 0 where it takes the mean.

    It rounds a scale that is no power of 2 to float32, and it trains a key bias along the rounding of its gradient.
    """
    exact = place.precision == "float32" or math.log2(keys) % 2 == 0
    seen = layer.mask is None or layer.masked_rows == "uniform"
    return exact and seen and not layer.bias and not layer.drops


LAYERS: Mapping[type[Layer], Callable[[Any, Place], list[Any]]] = {spec.Attention: _attention}
