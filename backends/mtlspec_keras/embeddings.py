"""Embeddings: the native table, one whose padding has no gradient, and bags of rows."""

from __future__ import annotations

from typing import Any

from mtlspec.spec import embeddings as spec
from mtlspec_keras.engine import keras, tf


def table(layer: spec.Table, **options: Any) -> Any:
    """Return the Keras layer of an embedding, or of a bag."""
    skip = layer.by_row and layer.untouched_rows == "skip"
    padding: dict[str, Any] = {"padding_id": layer.padding_id, "by_row": layer.by_row, "sparse": skip}
    if isinstance(layer, spec.EmbeddingBag):
        return EmbeddingBag(layer.rows, layer.units, combine=layer.combine, **padding, **options)
    if layer.padding_id is None and not skip:
        return keras.layers.Embedding(layer.rows, layer.units, **options)
    return PaddedEmbedding(layer.rows, layer.units, **padding, **options)


@keras.saving.register_keras_serializable("mtlspec")
class PaddedEmbedding(keras.layers.Embedding):  # type: ignore[misc]
    """`keras.layers.Embedding` in which occurrences of `padding_id` have no gradient; `by_row`: and touch no row.

    `sparse`: nothing but rows is read, so that what it costs does not grow with the table, which Keras' own reads.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        *,
        padding_id: int | None,
        by_row: bool = False,
        sparse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(input_dim, output_dim, **options)
        self.padding_id, self.by_row, self.sparse = padding_id, by_row, sparse

    def call(self, inputs: Any) -> Any:
        if self.sparse:
            return self._of_rows(self.embeddings.value, inputs)
        weights = tf.convert_to_tensor(self.embeddings)
        return tf.gather(weights, inputs) if self.padding_id is None else self._without_padding(weights, inputs)

    def _of_rows(self, variable: Any, ids: Any) -> Any:
        """Return rows of a variable; those of padding are constants."""
        if self.padding_id is None:
            return tf.gather(variable, ids)
        flat = tf.reshape(ids, (-1,))
        places = tf.where(self.counted(flat))
        held = tf.stop_gradient(tf.gather(variable, flat))
        rows = tf.tensor_scatter_nd_update(held, places, tf.gather(variable, tf.gather_nd(flat, places)))
        return tf.reshape(rows, tf.concat([tf.shape(ids), [self.output_dim]], 0))

    def counted(self, ids: Any) -> Any:
        """Return whether each occurrence counts."""
        if self.padding_id is None:
            return tf.ones_like(ids, tf.bool)
        return tf.not_equal(ids, tf.constant(self.padding_id, ids.dtype))

    def _without_padding(self, weights: Any, ids: Any) -> Any:
        counted = self.counted(ids)

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def gathered(weights: Any) -> Any:
            def gradient(values: Any) -> Any:
                flat, kept = tf.reshape(ids, (-1,)), tf.reshape(counted, (-1,))
                rows = tf.reshape(values, (-1, self.output_dim))
                if self.by_row:
                    flat, rows = tf.boolean_mask(flat, kept), tf.boolean_mask(rows, kept)
                else:
                    rows = tf.where(kept[:, None], rows, tf.zeros_like(rows))
                return tf.IndexedSlices(rows, flat, tf.shape(weights, out_type=flat.dtype))

            return tf.gather(weights, ids), gradient

        return gathered(weights)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding_id": self.padding_id, "by_row": self.by_row, "sparse": self.sparse}


@keras.saving.register_keras_serializable("mtlspec")
class EmbeddingBag(PaddedEmbedding):
    """The sum (with weights, if given), mean or maximum of the rows of an example's ids, padding left out."""

    def __init__(self, input_dim: int, output_dim: int, *, combine: str, **options: Any) -> None:
        super().__init__(input_dim, output_dim, **options)
        self.combine = combine

    def call(self, inputs: Any, weights: Any = None) -> Any:
        rows, counted = super().call(inputs), self.counted(inputs)[..., None]
        if self.combine == "max":
            return self._highest(rows, counted)
        shares = tf.cast(counted, rows.dtype)
        if weights is not None:
            shares = shares * weights[..., None]
        if self.combine == "mean":
            shares = shares / tf.maximum(tf.reduce_sum(shares, axis=1, keepdims=True), tf.ones((), rows.dtype))
        return tf.reduce_sum(rows * shares, axis=1)

    def _highest(self, rows: Any, counted: Any) -> Any:
        below = tf.where(counted, rows, tf.constant(float("-inf"), rows.dtype))
        first = tf.argmax(below, axis=1)  # of equal ones, where reduce_max would share the gradient
        winner = tf.equal(first[:, None], tf.range(tf.shape(rows, out_type=first.dtype)[1])[:, None])
        return tf.reduce_sum(tf.where(winner & counted, rows, tf.zeros_like(rows)), axis=1)

    def compute_output_shape(self, input_shape: Any, weights_shape: Any = None) -> Any:
        return (input_shape[0], self.output_dim)

    def compute_output_spec(self, inputs: Any, weights: Any = None) -> Any:
        return keras.KerasTensor((inputs.shape[0], self.output_dim), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "combine": self.combine}
