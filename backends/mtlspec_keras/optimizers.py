"""Optimizers: Keras optimizers with exactly the laws of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.rows import Gradient, RowLaws, gradient_of, scaled, square_of


@contextmanager
def _scalars_in_float64() -> Iterator[None]:
    """Let Keras make the learning rate in float64, for which it has a setting of the process and no argument."""
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before)


class LawfulOptimizer(keras.optimizers.Optimizer):  # type: ignore[misc]
    """An optimizer that computes its scalars in float64, clips by our laws, and knows embeddings that tell rows apart.

    `clipping`: {"kind", "limit", "epsilon"} or None. `tables`: by the path of an embedding's variable its laws, as
    the fields of `RowLaws`; gradients of all others are summed.
    """

    slot_names: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float,
        *,
        clipping: Mapping[str, Any] | None = None,
        tables: Mapping[str, Mapping[str, str]] | None = None,
        **options: Any,
    ) -> None:
        with _scalars_in_float64():
            super().__init__(learning_rate=learning_rate, **options)
        self.clipping = None if clipping is None else dict(clipping)
        self.tables = {path: dict(laws) for path, laws in (tables or {}).items()}

    def build(self, variables: list[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self.laws = [RowLaws(**self.tables.get(variable.path, {})) for variable in variables]
        self.slots = {name: self.add_optimizer_variables(variables, name) for name in self.slot_names}

    def slot(self, name: str, variable: Any) -> Any:
        """Return the TensorFlow variable that holds the slot `name` of a variable."""
        return self.slots[name][self._get_variable_index(variable)].value

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        self.build(variables)
        super().apply(self._clipped(list(grads), variables), variables)

    def _clipped(self, gradients: list[Any], variables: list[Any]) -> list[Any]:
        """Return each gradient times min(1, limit / (norm + epsilon))."""
        clipping = self.clipping
        if clipping is None:
            return gradients
        present = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        squares = [square_of(g, v, self.laws[self._get_variable_index(v)]) for g, v in present]
        if clipping["kind"] == "global_norm":
            squares = [tf.add_n(squares)] * len(squares)
        factors = iter([_clipping_factor(clipping, tf.sqrt(square)) for square in squares])
        return [None if g is None else scaled(g, by=next(factors)) for g in gradients]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        found = gradient_of(gradient, variable, self.laws[self._get_variable_index(variable)])
        self.move(variable, found, tf.cast(learning_rate, tf.float64))

    def move(self, variable: Any, gradient: Gradient, rate: Any) -> None:
        """Move `variable` and its slots."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "clipping": self.clipping, "tables": self.tables}


def _clipping_factor(clipping: Mapping[str, Any], norm: Any) -> Any:
    limit, epsilon = (tf.constant(clipping[name], norm.dtype) for name in ("limit", "epsilon"))
    return tf.minimum(limit / (norm + epsilon), tf.ones((), norm.dtype))


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
        self.slot_names = ("velocity",) if momentum else ()

    def move(self, variable: Any, gradient: Gradient, rate: Any) -> None:
        w, g = gradient.read(variable), gradient.sum
        r, momentum = tf.cast(rate, w.dtype), tf.constant(self.momentum, w.dtype)
        if not self.momentum:
            gradient.write(variable, w - r * g)
            return
        slot = self.slot("velocity", variable)
        push = g if self.rate_applied == "at_update" else r * g
        v = momentum * gradient.read(slot) + push
        step = push + momentum * v if self.nesterov else v
        gradient.write(slot, v)
        gradient.write(variable, w - (r * step if self.rate_applied == "at_update" else step))

    def get_config(self) -> dict[str, Any]:
        own = {"momentum": self.momentum, "nesterov": self.nesterov, "rate_applied": self.rate_applied}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("mtlspec")
class Adam(LawfulOptimizer):
    """m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε).

    With `epsilon_placement` "before_correction" w -= r·sqrt(1-β2^t) / (1-β1^t) · m / (sqrt(v) + ε). Before that,
    w -= r·decay·w; where `decay_relative_to` is a number, r / decay_relative_to takes the place of r.
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
        decoupled_decay: float = 0.0,
        decay_relative_to: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.epsilon_placement, self.amsgrad = epsilon_placement, amsgrad
        self.decoupled_decay, self.decay_relative_to = decoupled_decay, decay_relative_to
        self.slot_names = ("first_moment", "second_moment") + ("largest_second_moment",) * amsgrad

    def move(self, variable: Any, gradient: Gradient, rate: Any) -> None:
        w = gradient.read(variable)
        m = self._averaged("first_moment", self.beta_1, gradient, gradient.sum, variable)
        v = self._averaged("second_moment", self.beta_2, gradient, gradient.square, variable)
        if self.amsgrad:
            largest = self.slot("largest_second_moment", variable)
            v = tf.maximum(gradient.read(largest), v)
            gradient.write(largest, v)
        if self.decoupled_decay:
            decaying = rate if self.decay_relative_to is None else rate / self.decay_relative_to
            w -= tf.cast(decaying * self.decoupled_decay, w.dtype) * w
        gradient.write(variable, w - self._step(m, v, rate))

    def _averaged(self, name: str, keeps: float, gradient: Gradient, found: Any, variable: Any) -> Any:
        slot = self.slot(name, variable)
        new = tf.constant(keeps, found.dtype) * gradient.read(slot) + tf.constant(1 - keeps, found.dtype) * found
        gradient.write(slot, new)
        return new

    def _step(self, m: Any, v: Any, rate: Any) -> Any:
        t = tf.cast(self.iterations.value + 1, tf.float64)
        first, second = (1 - tf.pow(tf.constant(beta, tf.float64), t) for beta in (self.beta_1, self.beta_2))
        epsilon = tf.constant(self.epsilon, m.dtype)
        if self.epsilon_placement == "before_correction":
            return tf.cast(rate * tf.sqrt(second) / first, m.dtype) * m / (tf.sqrt(v) + epsilon)
        return tf.cast(rate / first, m.dtype) * m / (tf.sqrt(v / tf.cast(second, m.dtype)) + epsilon)

    def get_config(self) -> dict[str, Any]:
        names = ("beta_1", "beta_2", "epsilon", "epsilon_placement", "amsgrad", "decoupled_decay", "decay_relative_to")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
