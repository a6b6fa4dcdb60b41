"""The backend: what it has, and how it compiles."""

from __future__ import annotations

import torch

from mtlspec.backend import Capabilities
from mtlspec.errors import BackendError
from mtlspec.graph import Graph
from mtlspec.profiles import EVERY_PROFILE
from mtlspec.registry import claimed
from mtlspec.spec.training import Precision
from mtlspec_torch.activations import ACTIVATIONS
from mtlspec_torch.clipping import CLIPPINGS
from mtlspec_torch.constraints import CONSTRAINTS
from mtlspec_torch.laws import DECAYS
from mtlspec_torch.layers import LAYERS
from mtlspec_torch.losses import LOSSES
from mtlspec_torch.merges import MERGES
from mtlspec_torch.optimizers import OPTIMIZERS
from mtlspec_torch.program import DTYPES, TorchProgram


class TorchBackend:
    """Compiles a graph into an ordinary `torch.nn.Module` with native losses and optimizers."""

    name = "torch"
    capabilities = Capabilities(
        kinds=claimed(LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, CLIPPINGS, DECAYS, CONSTRAINTS, merges=MERGES),
        profiles=EVERY_PROFILE,
    )

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> TorchProgram:
        """Return the program of `graph`, with every trainable parameter zero.

        Raises:
            BackendError: PyTorch does not know `device`, does not find it, or it does not have the precision.
        """
        return TorchProgram(graph, precision, found_device(device, precision))


def found_device(name: str, precision: Precision) -> torch.device:
    """Return the device called `name`, after trying it.

    Raises:
        BackendError: it cannot hold a number of this precision.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device, dtype=DTYPES[precision]).item()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = str(error).splitlines()[0]
        hint = "; use 'cpu', or a device that this installation of PyTorch has"
        raise BackendError(f"backend 'torch' cannot compute {precision} on device {name!r}: {reason}{hint}") from None
    return device
