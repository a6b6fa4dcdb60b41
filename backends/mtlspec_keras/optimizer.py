"""The base of our Keras optimizers: exact scalars, and all that surrounds the update of a variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtlspec.spec.slots import SlotRule, like_parameter
from mtlspec_keras.clipping import clipped
from mtlspec_keras.constraints import constrained
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.rows import Gradient, RowLaws, gradient_of

Config = Mapping[str, Any]


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
    """An optimizer that computes its scalars in float64, obeys our laws, and knows embeddings that tell rows apart.

    `clipping`, `decay`, `average`: the fields of these values of the spec, or None. `tables`: by the path of an
    embedding's variable its laws, as the fields of `RowLaws`; gradients of all others are summed. `numbers`: by the
    path of a variable what is different for it: `rate_factor`, its `decay` and `constraint`, or `frozen`.
    `batches`: how many gradients an update takes the mean of. `base_rate`: what a decay scaled by the schedule
    divides the rate by.
    """

    def __init__(
        self,
        learning_rate: float,
        *,
        clipping: Config | None = None,
        tables: Mapping[str, Mapping[str, str]] | None = None,
        decay: Config | None = None,
        numbers: Mapping[str, Config] | None = None,
        average: Config | None = None,
        batches: int = 1,
        base_rate: float | None = None,
        **options: Any,
    ) -> None:
        with _scalars_in_float64():
            super().__init__(learning_rate=learning_rate, **options)
        self.clipping, self.decay, self.average = (None if c is None else dict(c) for c in (clipping, decay, average))
        self.tables = {path: dict(laws) for path, laws in (tables or {}).items()}
        self.numbers = {path: dict(own) for path, own in (numbers or {}).items()}
        self.batches, self.base_rate = batches, base_rate

    def slot_rules(self, shape: tuple[int, ...]) -> tuple[SlotRule, ...]:
        """Return what the optimizer keeps for a variable of `shape`."""
        return ()

    def build(self, variables: list[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self.paths = [variable.path for variable in variables]
        self.laws = [RowLaws(**self.tables.get(variable.path, {})) for variable in variables]
        self.slots = [self._slots_of(variable) for variable in variables]
        if self.batches > 1:
            self.seen = self.add_variable(shape=(), dtype="int64", name="batches")

    def _slots_of(self, variable: Any) -> dict[str, Any]:
        if self.of(variable, "frozen", False):
            return {}
        shape = tuple(variable.shape)
        around = ("average",) * (self.average is not None) + ("accumulated",) * (self.batches > 1)
        rules = (*self.slot_rules(shape), *like_parameter(shape, *around))
        return {rule.name: self._made(rule, variable) for rule in rules}

    def _made(self, rule: SlotRule, variable: Any) -> Any:
        def initial(shape: Any, dtype: Any = None) -> Any:
            return tf.fill(shape, tf.constant(rule.initial, dtype))  # Keras' own constants pass through float32

        name = f"{variable.path.replace('/', '_')}_{rule.name}"
        return self.add_variable(shape=rule.shape, initializer=initial, dtype=variable.dtype, name=name)

    def slot(self, name: str, variable: Any) -> Any:
        """Return the TensorFlow variable that holds the slot `name` of a variable."""
        return self.slots[self._get_variable_index(variable)][name].value

    def of(self, variable: Any, name: str, default: Any) -> Any:
        """Return what is different for a variable."""
        return self.numbers.get(self.paths[self._get_variable_index(variable)], {}).get(name, default)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        self.build(variables)
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if not self.of(v, "frozen", False)]
        gradients, variables = [g for g, _ in pairs], [v for _, v in pairs]
        if self.batches == 1:
            self._update(gradients, variables)
            return
        sums = [self.slot("accumulated", variable) for variable in variables]
        for total, gradient in zip(sums, gradients, strict=True):
            total.assign_add(tf.convert_to_tensor(gradient))
        self.seen.assign_add(1)
        tf.cond(self.seen.value % self.batches == 0, lambda: self._complete(sums, variables), lambda: tf.constant(0))

    def _complete(self, sums: list[Any], variables: list[Any]) -> Any:
        """Update along the mean of the gradients, and begin the sums anew."""
        self._update([total / tf.constant(self.batches, total.dtype) for total in sums], variables)
        for total in sums:
            total.assign(tf.zeros_like(total))
        return tf.constant(0)

    def _update(self, gradients: list[Any], variables: list[Any]) -> None:
        laws = [self.laws[self._get_variable_index(variable)] for variable in variables]
        gradients = self._coupled(gradients, variables, "before_clip")
        gradients = clipped(self.clipping, gradients, variables, laws)
        super().apply(self._coupled(gradients, variables, "after_clip"), variables)

    def _coupled(self, gradients: list[Any], variables: list[Any], place: str) -> list[Any]:
        """g += decay·w, where the law is this one."""
        if self.decay is None or self.decay["kind"] != "coupled" or self.decay["placed"] != place:
            return gradients
        rates = [self.of(variable, "decay", 0.0) for variable in variables]
        return [
            g + tf.constant(rate, v.dtype) * tf.convert_to_tensor(v) if rate and g is not None else g
            for g, v, rate in zip(gradients, variables, rates, strict=True)
        ]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        found = gradient_of(gradient, variable, self.laws[self._get_variable_index(variable)])
        scheduled = tf.cast(learning_rate, tf.float64)
        rate = scheduled * tf.constant(self.of(variable, "rate_factor", 1.0), tf.float64)
        before = found.read(variable)
        w = self.moved(variable, self._decayed(variable, before, scheduled, rate), before, found, rate)
        w = constrained(self.of(variable, "constraint", None), w)
        found.write(variable, w)
        if self.average is not None:
            self._average(variable)

    def _decayed(self, variable: Any, w: Any, scheduled: Any, rate: Any) -> Any:
        """w -= r·decay·w, or the schedule's factor in place of r."""
        share = self.of(variable, "decay", 0.0)
        if self.decay is None or self.decay["kind"] != "decoupled" or not share:
            return w
        by_rate = self.decay["scaled_by"] == "learning_rate"
        factor = rate if by_rate else scheduled / tf.constant(self.base_rate, tf.float64)
        return w - tf.cast(factor * tf.constant(share, tf.float64), w.dtype) * w

    def _average(self, variable: Any) -> None:
        """avg = keeps·avg + (1 - keeps)·w; avg = w up to update `start`."""
        assert self.average is not None
        slot, w = self.slot("average", variable), tf.convert_to_tensor(variable)
        keeps, rest = (tf.constant(number, w.dtype) for number in (self.average["keeps"], 1 - self.average["keeps"]))
        begun = self.iterations.value + 1 > self.average["start"]
        slot.assign(tf.where(begun, keeps * slot + rest * w, w))

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        """Return `w` after the update, and write the slots; `before` is w before its decay."""
        raise NotImplementedError

    def averaged(self, name: str, keeps: float, gradient: Gradient, found: Any, variable: Any) -> Any:
        """Return keeps·slot + (1 - keeps)·found, which the slot now holds."""
        slot = self.slot(name, variable)
        new = tf.constant(keeps, found.dtype) * gradient.read(slot) + tf.constant(1 - keeps, found.dtype) * found
        gradient.write(slot, new)
        return new

    @property
    def time(self) -> Any:
        """The number of this update, from 1, in float64."""
        return tf.cast(self.iterations.value + 1, tf.float64)

    def get_config(self) -> dict[str, Any]:
        names = ("clipping", "tables", "decay", "numbers", "average", "batches", "base_rate")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class FromLaw(LawfulOptimizer):
    """An optimizer whose configuration is the fields of its value in the spec."""

    family: Any

    def __init__(self, learning_rate: float, *, law: Config, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.law = self.family.model_validate({name: item for name, item in law.items() if item is not None})

    def slot_rules(self, shape: tuple[int, ...]) -> tuple[SlotRule, ...]:
        rules: tuple[SlotRule, ...] = self.law.slots(shape)
        return rules

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "law": self.law.model_dump()}
