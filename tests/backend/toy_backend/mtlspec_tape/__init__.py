"""A backend on a tape of NumPy arrays."""

from mtlspec.backend import Capabilities
from mtlspec.errors import BackendError
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec_tape.program import TapeProgram


class TapeBackend:
    """Compiles a graph into a program that records its operations."""

    name = "tape"
    capabilities = Capabilities(profiles=("core-1",))

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> TapeProgram:
        if device != "cpu":
            raise BackendError(f"backend 'tape' runs on 'cpu' alone, found device {device!r}")
        return TapeProgram(graph, precision)
