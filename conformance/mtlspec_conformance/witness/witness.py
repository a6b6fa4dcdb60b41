"""The protocol of a witness: what an adapter opens in a program that somebody else wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec_conformance.witness.batches import Batch

Call = tuple[str, Array, Array]
"""A layer that ran, its input and its output, channels last."""


@runtime_checkable
class Closed(Protocol):
    """What `build()` returns: a witness that has not seen a batch yet."""

    framework: str
    tasks: tuple[str, ...]

    def open(self, inputs: Arrays, targets: Arrays, weights: Arrays, *, precision: Precision | None) -> None:
        """Take `precision`, make what the first call makes, and switch dropout off."""


class Witness(Closed, Protocol):
    """An open witness. Only `step`, `follow` and the setters change anything."""

    weights: Mapping[str, float]
    layers: Mapping[str, tuple[str, ...]]
    """The canonical names of what each layer holds, layer by layer."""
    roles: Mapping[str, str]
    """`trainable` or `statistic`, by canonical name."""
    native_names: Mapping[str, str]
    notes: tuple[str, ...]
    parameters: Tensors

    @property
    def versions(self) -> Mapping[str, str]: ...
    @property
    def dtype(self) -> str: ...
    @property
    def own_loop(self) -> bool: ...
    @property
    def steps(self) -> bool: ...
    @property
    def learning_rate(self) -> float | None: ...
    @property
    def rate_is_plain(self) -> bool: ...

    def reset(self) -> bool: ...
    def outputs(self, inputs: Arrays) -> Mapping[str, Array]: ...
    def activations(self, inputs: Arrays) -> tuple[list[Call], Mapping[str, Array]]: ...
    def losses(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> Mapping[str, float]: ...
    def gradients(self, inputs: Arrays, targets: Arrays, weights: Arrays, *, of: str | None) -> Mapping[str, Array]: ...
    def step(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> None: ...
    def follow(self, gradient: float) -> None: ...
    def scale_rate(self, *, by: float) -> None: ...


class Subject:
    """A program that can begin again, at given values, with an optimizer that has not moved."""

    def __init__(self, build: Callable[[], Witness], batch: Batch, precision: Precision | None) -> None:
        self._build, self._batch, self._precision = build, batch, precision
        self.witness = self._opened()

    def _opened(self) -> Witness:
        witness = self._build()
        witness.open(*self._batch, precision=self._precision)
        return witness

    def begun(self, *, at: Tensors) -> Witness:
        """Return the witness at the values `at`, before its first step."""
        if not self.witness.reset():
            self.witness = self._opened()
        self.witness.parameters = at
        return self.witness
