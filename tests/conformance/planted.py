"""Backends for the tests of the kit: the reference, and what may go wrong with one."""

from __future__ import annotations

from typing import Any

from mtlspec_conformance.wrapper import Wrapper
from mtlspec_numpy import NumpyBackend

from mtlspec.backend import Capabilities, Program
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision


class Reference(NumpyBackend):
    """The reference, under a module without a file of deviations."""


class Narrow(NumpyBackend):
    """Claims no softplus."""

    name = "narrow"
    capabilities = Capabilities(kinds=NumpyBackend.capabilities.kinds - {"activation/softplus"})


class OnlyFloat32(NumpyBackend):
    """Claims no float64."""

    name = "single"
    capabilities = Capabilities(kinds=NumpyBackend.capabilities.kinds, precisions=("float32",))


class NotCompiling(NumpyBackend):
    """Raises when it compiles."""

    name = "broken"

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> Any:
        raise ZeroDivisionError("nothing to divide")


class _Raising(Wrapper):
    def losses(self, **arguments: Any) -> dict[str, float]:
        raise OSError("the device is gone")


class Raising(NumpyBackend):
    """Raises when it is asked for losses."""

    name = "raising"

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> Any:
        program: Program = super().compile(graph, precision=precision, device=device)
        return _Raising(program, graph)
