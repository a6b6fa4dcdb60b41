"""The Keras backend: functional Keras 3 models on TensorFlow that obey every law of the spec."""

from __future__ import annotations

from mtlspec.backend import Capabilities
from mtlspec.graph import Graph
from mtlspec.profiles import EVERY_PROFILE
from mtlspec.registry import claimed
from mtlspec.spec.training import Precision
from mtlspec_keras.clipping import CLIPPINGS
from mtlspec_keras.constraints import CONSTRAINTS
from mtlspec_keras.engine import device_called
from mtlspec_keras.layers import ACTIVATIONS, LAYERS, MERGES
from mtlspec_keras.losses import LOSSES
from mtlspec_keras.optimizers import DECAYS, OPTIMIZERS
from mtlspec_keras.program import KerasProgram as KerasProgram
from mtlspec_keras.witness import witness as witness


class KerasBackend:
    """Compiles a graph into a functional Keras model."""

    name = "keras"
    capabilities = Capabilities(
        kinds=claimed(LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, CLIPPINGS, DECAYS, CONSTRAINTS, merges=MERGES),
        profiles=EVERY_PROFILE,
    )

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> KerasProgram:
        """Return the program of `graph`; its parameters are Keras' own initial values.

        Raises:
            BackendError: TensorFlow has no such device.
        """
        return KerasProgram(graph, precision, device_called(device))
