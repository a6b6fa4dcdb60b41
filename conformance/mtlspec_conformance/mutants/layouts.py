"""Mutants of names, shapes and layouts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtlspec.backend import Gradients, Parameters, Program, ProgramState, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.graph import Graph
from mtlspec.spec.layers import Dense, Flatten
from mtlspec.spec.signature import known
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having
from mtlspec_conformance.wrapper import Wrapper


class OtherLayout(Wrapper):
    """Holds parameters in another layout than it says, the same way in and out."""

    def inward(self, path: str, array: Array) -> Array:
        raise NotImplementedError

    def outward(self, path: str, array: Array) -> Array:
        return self.inward(path, array)

    def read_parameters(self) -> Parameters:
        return Tensors({path: self.outward(path, array) for path, array in self.inner.parameters.items()})

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        self.inner.parameters = Tensors({path: self.inward(path, np.asarray(array)) for path, array in values.items()})


class _KernelsTransposed(OtherLayout):
    def inward(self, path: str, array: Array) -> Array:
        return array.T if path.endswith(".kernel") and array.ndim == 2 and len(set(array.shape)) == 1 else array


class _KernelsTurned(OtherLayout):
    """Convolves where a cross-correlation is asked for."""

    def inward(self, path: str, array: Array) -> Array:
        return array[::-1, ::-1] if path.endswith(".kernel") and array.ndim == 4 else array


class _ImagesTransposed(OtherLayout):
    """Takes width for height in square kernels."""

    def inward(self, path: str, array: Array) -> Array:
        return array.swapaxes(0, 1) if array.ndim == 4 and array.shape[0] == array.shape[1] else array


class _ChannelsTransposed(OtherLayout):
    """Takes the channels in for the channels out."""

    def inward(self, path: str, array: Array) -> Array:
        return array.swapaxes(2, 3) if array.ndim == 4 and array.shape[2] == array.shape[3] else array


class _ChannelsFirst(OtherLayout):
    """Flattens an image with the channels first."""

    def inward(self, path: str, array: Array) -> Array:
        shape = self._image(path)
        return array if shape is None else array.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(array.shape)

    def outward(self, path: str, array: Array) -> Array:
        shape = self._image(path)
        if shape is None:
            return array
        return array.reshape(shape[2], *shape[:2], -1).transpose(1, 2, 0, 3).reshape(array.shape)

    def _image(self, path: str) -> tuple[int, ...] | None:
        """Return the shape of the image whose flattened form a kernel reads, None for other parameters."""
        nodes = {node.path: node for node in self.graph.nodes}
        node = nodes[self.graph.by_path[path].node]
        before = nodes.get(node.sources[0])
        if not path.endswith(".kernel") or not isinstance(node.layer, Dense) or before is None:
            return None
        if not isinstance(before.layer, Flatten) or before.sources[0] not in nodes:
            return None
        return known(nodes[before.sources[0]].shape)


class _OtherNames(Wrapper):
    """Reports other parameters than it has."""

    def reported(self, parameters: dict[str, Array]) -> dict[str, Array]:
        raise NotImplementedError

    def read_parameters(self) -> Parameters:
        return Tensors(self.reported(dict(self.inner.parameters)))


class _BiasNotReported(_OtherNames):
    def reported(self, parameters: dict[str, Array]) -> dict[str, Array]:
        return {path: array for path, array in parameters.items() if not path.endswith(".bias")}


class _ExtraReported(_OtherNames):
    def reported(self, parameters: dict[str, Array]) -> dict[str, Array]:
        return parameters | {"total": np.zeros(1)}


class _Float32Reported(_OtherNames):
    def reported(self, parameters: dict[str, Array]) -> dict[str, Array]:
        return {path: np.asarray(array, dtype=np.float32) for path, array in parameters.items()}


class _FloatStepReported(_OtherNames):
    def reported(self, parameters: dict[str, Array]) -> dict[str, Array]:
        return {path: np.asarray(array, dtype=np.float64) for path, array in parameters.items()}


class _OutputsFirst(_OtherNames):
    def reported(self, parameters: dict[str, Array]) -> dict[str, Array]:
        return {path: array.T if path.endswith(".kernel") else array for path, array in parameters.items()}


class _OthersCleared(Wrapper):
    """Sets to zero what an assignment does not name."""

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        cleared = {path: np.zeros_like(array) for path, array in self.inner.parameters.items()}
        self.inner.parameters = Tensors(cleared | dict(values))


class _SlotsNotReported(Wrapper):
    def read_state(self) -> ProgramState:
        return ProgramState({}, self.inner.state.steps)


class _FirstAssignmentLost(Wrapper):
    """Ignores the values that it is given first."""

    heard = False

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        if self.heard:
            self.inner.parameters = values
        else:
            self.inner.parameters = Tensors({path: np.asarray(array) + 1 for path, array in values.items()})
        self.heard = True


class _GraphOfItsOwn(Wrapper):
    def __init__(self, inner: Program, graph: Graph) -> None:
        super().__init__(inner, having(graph, seed=graph.seed + 1))


class _PrecisionMisreported(Wrapper):
    def __init__(self, inner: Program, graph: Graph) -> None:
        super().__init__(inner, graph)
        self.precision = "float32"


class _StatisticsHaveGradients(Wrapper):
    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(value, Gradients(dict(gradients) | dict(statistics)), statistics)


TRAIN = ("layer/dense",)

SHAPE_MUTANTS = (
    Mutant("bias-not-reported", "Leaves out biases.", "shape", TRAIN, program=_BiasNotReported),
    Mutant("extra-reported", "Reports an array too many.", "shape", TRAIN, program=_ExtraReported),
    Mutant("float32-reported", "Reports float32.", "shape", TRAIN, program=_Float32Reported),
    Mutant("float-step", "Counts dropout steps in float64.", "shape", ("layer/dropout",), program=_FloatStepReported),
    Mutant("outputs-first", "Reports kernels as (out, in).", "shape", TRAIN, program=_OutputsFirst),
    Mutant("others-cleared", "Clears what an assignment does not name.", "shape", TRAIN, program=_OthersCleared),
    Mutant("first-assignment-lost", "Keeps initial values of its own.", "shape", TRAIN, program=_FirstAssignmentLost),
    Mutant("graph-of-its-own", "Holds another graph than asked for.", "shape", TRAIN, program=_GraphOfItsOwn),
    Mutant("precision-misreported", "Says that it is float32.", "shape", TRAIN, program=_PrecisionMisreported),
    Mutant(
        "slots-not-reported", "Reports no slots.", "shape", ("law/sgd-momentum-at-update",), program=_SlotsNotReported
    ),
    Mutant(
        "statistics-have-gradients",
        "Returns statistics among the gradients.",
        "shape",
        ("layer/batch-normalization",),
        program=_StatisticsHaveGradients,
    ),
)

LAYOUT_MUTANTS = (
    Mutant(
        "kernels-transposed",
        "Transposes square kernels.",
        "forward",
        ("layer/dense-square",),
        program=_KernelsTransposed,
    ),
    Mutant("kernels-turned", "Turns kernels around.", "forward", ("layer/conv2d",), program=_KernelsTurned),
    Mutant("images-transposed", "Takes width for height.", "forward", ("layer/conv2d",), program=_ImagesTransposed),
    Mutant(
        "channels-transposed",
        "Transposes the channels of kernels.",
        "forward",
        ("layer/conv2d-same-with-strides",),
        program=_ChannelsTransposed,
    ),
    Mutant("channels-first", "Flattens channels first.", "forward", ("layer/flatten",), program=_ChannelsFirst),
)
