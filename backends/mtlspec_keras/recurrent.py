"""Recurrent layers: native ones, and subclasses that read a mask by name or have biases of another form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.randomness import dropout_key
from mtlspec.spec.layer import Layer
from mtlspec.spec.recurrent import Gru, Lstm, Recurrent, SimpleRnn
from mtlspec_keras.activations import activation
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.penalty import regularizer

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


class _Biases:
    """A cell with one bias or two, each a variable; Keras' own has one, or two in one variable."""

    def __init__(self, units: int, biases: str = "one", **options: Any) -> None:
        super().__init__(units, **options)  # type: ignore[call-arg]
        self.biases = biases

    def build(self, input_shape: Any) -> None:
        self.use_bias = False  # or the native cell makes a variable of its own
        super().build(input_shape)  # type: ignore[misc]  # of the cell that this stands beside
        self.use_bias = True
        names = ("input_bias", "recurrent_bias") if self.biases == "two" else ("input_bias",)
        for name in names:
            shape, penalty = (self.kernel.shape[-1],), self.bias_regularizer  # type: ignore[attr-defined]
            setattr(self, name, self.add_weight(shape=shape, name=name, initializer="zeros", regularizer=penalty))  # type: ignore[attr-defined]

    @property
    def bias(self) -> Any:
        """The biases as the native cell reads them: two rows where the reset comes after, else their sum."""
        first = tf.convert_to_tensor(self.input_bias)  # type: ignore[attr-defined]
        second = tf.convert_to_tensor(self.recurrent_bias) if self.biases == "two" else tf.zeros_like(first)  # type: ignore[attr-defined]
        return tf.stack([first, second]) if getattr(self, "reset_after", False) else first + second

    @bias.setter
    def bias(self, value: Any) -> None:
        """Take the None of the native cell."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "biases": self.biases}  # type: ignore[misc]


@keras.saving.register_keras_serializable("mtlspec")
class SimpleRnnCell(_Biases, keras.layers.SimpleRNNCell):  # type: ignore[misc]
    """A cell of `keras.layers.SimpleRNN` with biases of its own."""


@keras.saving.register_keras_serializable("mtlspec")
class LstmCell(_Biases, keras.layers.LSTMCell):  # type: ignore[misc]
    """A cell of `keras.layers.LSTM` with biases of its own."""


@keras.saving.register_keras_serializable("mtlspec")
class GruCell(_Biases, keras.layers.GRUCell):  # type: ignore[misc]
    """A cell of `keras.layers.GRU` with biases of its own."""


class _Read:
    """A recurrent layer that takes its mask as a second tensor of numbers, and has state t of a sequence at t."""

    own_cell: Callable[..., Any]

    def __init__(self, units: int, biases: str = "native", **options: Any) -> None:
        super().__init__(units, **options)  # type: ignore[call-arg]
        self.biases = biases
        if biases != "native":
            native = self.cell  # type: ignore[has-type]
            self._layers.remove(native)  # type: ignore[attr-defined]
            self.cell = type(self).own_cell(**{**native.get_config(), "biases": biases})

    def build(self, sequences_shape: Any, counts_shape: Any = None) -> None:
        super().build(sequences_shape)  # type: ignore[misc]  # of the layer that this stands beside

    def compute_output_shape(self, sequences_shape: Any, counts_shape: Any = None) -> Any:
        return super().compute_output_shape(sequences_shape)  # type: ignore[misc]

    def call(self, sequences: Any, counts: Any = None, training: bool = False) -> Any:
        mask = None if counts is None else tf.not_equal(counts, tf.zeros_like(counts))
        found = super().call(sequences, mask=mask, training=training)  # type: ignore[misc]
        turned = self.go_backwards and self.return_sequences  # type: ignore[attr-defined]
        return tf.reverse(found, [1]) if turned else found

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "biases": self.biases}  # type: ignore[misc]


@keras.saving.register_keras_serializable("mtlspec")
class ReadSimpleRnn(_Read, keras.layers.SimpleRNN):  # type: ignore[misc]
    """`keras.layers.SimpleRNN` with a mask by name."""

    own_cell = SimpleRnnCell


@keras.saving.register_keras_serializable("mtlspec")
class ReadLstm(_Read, keras.layers.LSTM):  # type: ignore[misc]
    """`keras.layers.LSTM` with a mask by name."""

    own_cell = LstmCell


@keras.saving.register_keras_serializable("mtlspec")
class ReadGru(_Read, keras.layers.GRU):  # type: ignore[misc]
    """`keras.layers.GRU` with a mask by name."""

    own_cell = GruCell


NATIVE = {SimpleRnn: keras.layers.SimpleRNN, Lstm: keras.layers.LSTM, Gru: keras.layers.GRU}
READ = {SimpleRnn: ReadSimpleRnn, Lstm: ReadLstm, Gru: ReadGru}


def recurrent(layer: Recurrent, place: Place) -> list[Any]:
    """Return a native layer, or a subclass for a mask, a sequence read backward or biases of another form."""
    options = _options(layer, place)
    biases = "native" if _native_bias(layer) or layer.biases == "none" else layer.biases
    turned = layer.direction == "backward" and layer.returns == "sequence"
    if biases == "native" and layer.mask is None and not turned:
        return [NATIVE[type(layer)](layer.units, **options)]
    return [READ[type(layer)](layer.units, biases=biases, **options)]


def _native_bias(layer: Recurrent) -> bool:
    return layer.biases == "one" and not (isinstance(layer, Gru) and layer.reset == "after")


def _options(layer: Recurrent, place: Place) -> dict[str, Any]:
    penalized = layer.biases != "none"
    options = {
        "activation": _function(layer.state_activation, place),
        "use_bias": layer.biases != "none",
        "kernel_initializer": place.glorot_uniform,
        "recurrent_initializer": place.glorot_uniform,
        "kernel_regularizer": regularizer(layer.kernel_penalty),
        "recurrent_regularizer": regularizer(layer.recurrent_penalty),
        "bias_regularizer": regularizer(layer.bias_penalty) if penalized else None,
        "seed": dropout_key(place.graph.seed, place.node.path),
        "return_sequences": layer.returns == "sequence",
        "go_backwards": layer.direction == "backward",
        # of the last output alone Keras would give zeros, too
        "zero_output_for_mask": layer.returns == "sequence" and layer.masked_outputs == "zero",
        **place.options,
    }
    if isinstance(layer, Lstm | Gru):
        options["recurrent_activation"] = _function(layer.gate_activation, place)
        options["use_cudnn"] = (
            False  # XLA does not compile its kernels, and of masks they read padding at the end alone
        )
    if isinstance(layer, Gru):
        options["reset_after"] = layer.reset == "after"
    return options


def _function(function: Any, place: Place) -> Any:
    """Return an activation as a cell calls it: Keras' own function where there is one, since cuDNN asks for that."""
    made = activation(function, {"dtype": place.precision})
    return made.activation if isinstance(made, keras.layers.Activation) else made


LAYERS: Mapping[type[Layer], Callable[[Any, Place], list[Any]]] = dict.fromkeys((SimpleRnn, Lstm, Gru), recurrent)


def variable_of(native: Any, leaf: str) -> Any:
    """Return the variable of a recurrent layer, which lies in its cell."""
    own = leaf == "bias" and isinstance(native.cell, _Biases)
    return getattr(native.cell, "input_bias" if own else leaf)
