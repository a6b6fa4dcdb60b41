"""Backends with one fault each, made of the reference: in the harness, or in what it computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_conformance.wrapper import Wrapper
from mtlspec_numpy import NumpyBackend

from mtlspec.backend import Capabilities, Program, StepLosses, TotalLoss, ValueWithGradient
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Tensors


class FrameworkTensor:
    """What a framework computes with; NumPy can read it, and it is no array."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)
        self.shape, self.dtype = self.array.shape, self.array.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array(self.array, dtype=dtype)

    def __float__(self) -> float:
        return float(self.array)


def tensors(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Every array as a framework's tensor."""
    return {name: FrameworkTensor(array) for name, array in arrays.items()}


class Faulty:
    """A backend whose programs are of the class `faulty`."""

    name = "faulty"
    capabilities = Capabilities(profiles=("core-1",))
    faulty: type[Any] = Wrapper

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> Program:
        program: Program = self.faulty(NumpyBackend().compile(graph, precision=precision, device=device), graph)
        return program


def backend(program: type[Any]) -> type[Faulty]:
    """The backend whose programs are of the class `program`."""
    return type("Backend", (Faulty,), {"faulty": program})


Sound = Faulty


class Nameless(Faulty):
    name = None  # type: ignore[assignment]


class ClaimingAsASet(Faulty):
    capabilities = frozenset({"layer/dense"})  # type: ignore[assignment]


class Misspelling(Faulty):
    capabilities = Capabilities(kinds=frozenset({"layer/dens"}), profiles=("core-1",))


class ClaimingAnExtension(Faulty):
    capabilities = Capabilities(kinds=frozenset({"layer/acme.fourier"}), profiles=("core-1",))


class ClaimingHalf(Faulty):
    capabilities = Capabilities(profiles=("core-1",), precisions=("float16",))  # type: ignore[arg-type]


class ClaimingTooLittle(Faulty):
    capabilities = Capabilities(kinds=frozenset({"layer/dense", "loss/squared_error"}))


class WithoutDevice(Faulty):
    def compile(self, graph: Graph, precision: Precision) -> Program:  # type: ignore[override]
        raise NotImplementedError


class NotCompiling(Faulty):
    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> Program:
        raise KeyError("dense")


class NeedingArguments(Faulty):
    def __init__(self, device: str) -> None:
        self.device = device


INSTANCE = Faulty()


class _Bare:
    """A program that has only what every class has."""

    def __init__(self, inner: Program, graph: Graph) -> None:
        self.inner, self.graph = inner, graph


Unwritten = backend(_Bare)


class _OtherArguments(Wrapper):
    def losses(self, batch: Any) -> dict[str, float]:  # type: ignore[override]
        return self.inner.losses(on=batch)


OtherArguments = backend(_OtherArguments)


class _ReadOnly(Wrapper):
    @property
    def parameters(self) -> Any:
        return self.inner.parameters


ReadOnly = backend(_ReadOnly)


class _Transposed(Wrapper):
    def read_parameters(self) -> Any:
        return Tensors({path: array.T for path, array in self.inner.parameters.items()})


Transposed = backend(_Transposed)


class _OwnNames(Wrapper):
    def read_parameters(self) -> Any:
        return Tensors({path.replace("kernel", "weight"): array for path, array in self.inner.parameters.items()})


OwnNames = backend(_OwnNames)


class _OwnTensors(Wrapper):
    def read_parameters(self) -> Any:
        return tensors(self.inner.parameters)


OwnTensors = backend(_OwnTensors)


class _Deaf(Wrapper):
    def write_parameters(self, values: Any) -> None:
        pass


Deaf = backend(_Deaf)


class _OnlyWhole(Wrapper):
    def write_parameters(self, values: Any) -> None:
        self.inner.parameters = Tensors({path: values[path] for path in self.inner.parameters})


OnlyWhole = backend(_OnlyWhole)


class _Live(Wrapper):
    """Hands out its own arrays, and writes into them."""

    def __init__(self, inner: Program, graph: Graph) -> None:
        super().__init__(inner, graph)
        self.arrays = {path: np.array(array) for path, array in inner.parameters.items()}

    def read_parameters(self) -> Any:
        return self.arrays

    def write_parameters(self, values: Any) -> None:
        self.inner.parameters = values
        for path, array in self.inner.parameters.items():
            self.arrays[path][...] = array

    def update(self, **arguments: Any) -> None:
        self.inner.update(**arguments)
        self.write_parameters(self.inner.parameters)


Live = backend(_Live)


class _LiveAfterUpdates(_Live):
    """Hands out its own arrays, and writes into them in updates alone."""

    def write_parameters(self, values: Any) -> None:
        self.inner.parameters = values
        self.arrays = {path: np.array(array) for path, array in self.inner.parameters.items()}

    def update(self, **arguments: Any) -> None:
        self.inner.update(**arguments)
        for path, array in self.inner.parameters.items():
            self.arrays[path][...] = array


LiveAfterUpdates = backend(_LiveAfterUpdates)


class _StateOfItsOwn(Wrapper):
    def read_state(self) -> Any:
        return {"step": 0}


StateOfItsOwn = backend(_StateOfItsOwn)


class _Forgetful(Wrapper):
    def read_state(self) -> Any:
        return replace(self.inner.state, steps=(0,))


Forgetful = backend(_Forgetful)


class _TensorOutputs(Wrapper):
    def outputs(self, inputs: Any, *, linked: bool = True) -> Any:
        return tensors(self.inner.outputs(inputs, linked=linked))


TensorOutputs = backend(_TensorOutputs)


class _TensorLosses(Wrapper):
    def losses(self, *, on: Any, training: bool = True) -> Any:
        return tensors({task: np.asarray(loss) for task, loss in self.inner.losses(on=on, training=training).items()})


TensorLosses = backend(_TensorLosses)


class _LossesInAList(Wrapper):
    def losses(self, *, on: Any, training: bool = True) -> Any:
        return list(self.inner.losses(on=on, training=training).values())


LossesInAList = backend(_LossesInAList)


class _PlainPair(Wrapper):
    def value_with_gradient(self, *, on: Any, weights: Any) -> Any:
        return tuple(self.inner.value_with_gradient(on=on, weights=weights))[:2]


PlainPair = backend(_PlainPair)


class _NoGradientOfBias(Wrapper):
    def value_with_gradient(self, *, on: Any, weights: Any) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        kept = Tensors({path: array for path, array in gradients.items() if "bias" not in path})
        return ValueWithGradient(value, kept, statistics)


NoGradientOfBias = backend(_NoGradientOfBias)


class _Single(Wrapper):
    def value_with_gradient(self, *, on: Any, weights: Any) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        single = Tensors({path: array.astype(np.float32) for path, array in gradients.items()})
        return ValueWithGradient(value, single, statistics)


Single = backend(_Single)


class _NotUpdating(Wrapper):
    def update(self, **arguments: Any) -> None:
        raise RuntimeError("a leaf variable was used in place")


NotUpdating = backend(_NotUpdating)


class _BareLosses(Wrapper):
    def train(self, source: Any, steps: Any) -> Any:
        return self.inner.train(source, steps).losses


BareLosses = backend(_BareLosses)


class _Flat(Wrapper):
    def train(self, source: Any, steps: Any) -> StepLosses:
        found = self.inner.train(source, steps)
        return StepLosses(found.losses[0], found.penalties)


Flat = backend(_Flat)


class _HalfGradient(Wrapper):
    def value_with_gradient(self, *, on: Any, weights: Any) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(value, gradients.scaled(by=0.5), statistics)


HalfGradient = backend(_HalfGradient)


class _Shifted(Wrapper):
    def outputs(self, inputs: Any, *, linked: bool = True) -> dict[str, Array]:
        return {task: array + 1e-6 for task, array in self.inner.outputs(inputs, linked=linked).items()}


Shifted = backend(_Shifted)


class _WithPenalty(Wrapper):
    def value_with_gradient(self, *, on: Any, weights: Any) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(TotalLoss(value.losses, 0.1), gradients, statistics)


WithPenalty = backend(_WithPenalty)


class _OneStepTooMany(Wrapper):
    def train(self, source: Any, steps: Any) -> StepLosses:
        self.inner.train(source, steps)
        return self.inner.train(source, steps)


OneStepTooMany = backend(_OneStepTooMany)


class _Uncounted(Wrapper):
    def update(self, **arguments: Any) -> None:
        before = self.inner.state
        self.inner.update(**arguments)
        self.inner.state = replace(self.inner.state, steps=before.steps)


Uncounted = backend(_Uncounted)
