"""State: the slots and step counts of native optimizers as a value, in canonical layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mtlspec.backend import ProgramState, Slot
from mtlspec.expectation import slot_shapes
from mtlspec.graph import Graph
from mtlspec.spec.optimizers import Sgd
from mtlspec.tensors import Array
from mtlspec_torch.optimizers import NATIVE_SLOTS
from mtlspec_torch.parameters import ParameterTable


def program_state(graph: Graph, table: ParameterTable, optimizers: Sequence[Optimizer]) -> ProgramState:
    """Return slots and step counts; a slot that no update has made yet holds zeros."""
    slots: dict[Slot, Array] = {}
    for slot, native, parameter in _slots(graph, table):
        held = optimizers[slot.phase].state.get(parameter, {}).get(native)
        place = table.places[slot.path]
        slots[slot] = place.canonical(torch.zeros_like(parameter) if held is None else held)
    return ProgramState(slots, tuple(optimizer.param_groups[0]["updates"] for optimizer in optimizers))


def set_program_state(
    state: ProgramState, graph: Graph, table: ParameterTable, optimizers: Sequence[Optimizer]
) -> None:
    """Copy `state`, which is one of `graph`, into the native optimizers."""
    made: list[dict[Tensor, dict[str, Any]]] = [{} for _ in optimizers]
    for slot, native, parameter in _slots(graph, table):
        entry = made[slot.phase].setdefault(parameter, _step(graph, slot, parameter, state.steps))
        entry[native] = table.native(slot.path, np.asarray(state.slots[slot]), like=parameter)
    for optimizer, entries, steps in zip(optimizers, made, state.steps, strict=True):
        optimizer.state.clear()
        optimizer.state.update(entries)
        optimizer.param_groups[0]["updates"] = steps


def _step(graph: Graph, slot: Slot, parameter: Tensor, steps: Sequence[int]) -> dict[str, Any]:
    """Return the step count that native Adam keeps beside each parameter, in float32 as the fused kernels do."""
    if isinstance(graph.phases[slot.phase].optimizer, Sgd):
        return {}
    return {"step": torch.tensor(float(steps[slot.phase]), dtype=torch.float32, device=parameter.device)}


def _slots(graph: Graph, table: ParameterTable) -> Iterator[tuple[Slot, str, nn.Parameter]]:
    for slot in slot_shapes(graph):
        yield slot, NATIVE_SLOTS[slot.name], table.trained(slot.path)
