"""The reference backend: NumPy, float64 and float32, gradients by hand-written pullbacks."""

from __future__ import annotations

from mtlspec.backend import Capabilities
from mtlspec.errors import BackendError
from mtlspec.graph import Graph
from mtlspec.profiles import EVERY_PROFILE
from mtlspec.registry import claimed
from mtlspec.spec.training import Precision
from mtlspec_numpy.activations import ACTIVATIONS
from mtlspec_numpy.clipping import CLIPPINGS
from mtlspec_numpy.constraints import CONSTRAINTS
from mtlspec_numpy.decay import DECAYS
from mtlspec_numpy.layers import LAYERS
from mtlspec_numpy.losses import COMBINATIONS, EXAMPLE_LOSSES, LOSSES
from mtlspec_numpy.merges import MERGES
from mtlspec_numpy.optimizers import UPDATES
from mtlspec_numpy.program import NumpyProgram as NumpyProgram


class NumpyBackend:
    """Compiles a graph into the reference that every other backend is held against."""

    name = "numpy"
    capabilities = Capabilities(
        kinds=claimed(
            LAYERS,
            ACTIVATIONS,
            LOSSES,
            EXAMPLE_LOSSES,
            COMBINATIONS,
            UPDATES,
            CLIPPINGS,
            DECAYS,
            CONSTRAINTS,
            merges=MERGES,
        ),
        profiles=EVERY_PROFILE,
    )

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> NumpyProgram:
        """Return the program of `graph`, with every parameter zero.

        Raises:
            BackendError: `device` is not the CPU.
        """
        if device != "cpu":
            raise BackendError(f"backend 'numpy' runs on 'cpu' alone, found device {device!r}")
        return NumpyProgram(graph, precision)
