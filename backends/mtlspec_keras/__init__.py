"""The Keras backend: functional Keras 3 models on TensorFlow that obey every law of the spec."""

from __future__ import annotations

from collections.abc import Iterable

from mtlspec.backend import Capabilities
from mtlspec.graph import Graph
from mtlspec.spec.kind import Kind
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import device_called
from mtlspec_keras.layers import ACTIVATIONS, LAYERS, MERGES
from mtlspec_keras.losses import LOSSES
from mtlspec_keras.phases import CLIPPINGS, OPTIMIZERS
from mtlspec_keras.program import KerasProgram as KerasProgram


def _kind(cls: type[Kind]) -> str:
    return f"{cls.family}/{cls.model_fields['kind'].default}"


_TABLES: tuple[Iterable[type[Kind]], ...] = (LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, CLIPPINGS)
KINDS = frozenset({_kind(cls) for table in _TABLES for cls in table} | {f"merge/{merge}" for merge in MERGES})
"""Every kind that has a rule."""


class KerasBackend:
    """Compiles a graph into a functional Keras model."""

    name = "keras"
    capabilities = Capabilities(kinds=KINDS)

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> KerasProgram:
        """Return the program of `graph`; its parameters are Keras' own initial values.

        Raises:
            BackendError: TensorFlow has no such device.
        """
        return KerasProgram(graph, precision, device_called(device))
