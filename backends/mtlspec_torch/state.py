"""State: the slots and step counts of native optimizers as a value, in canonical layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtlspec.backend import ProgramState, Slot
from mtlspec.expectation import slot_rules
from mtlspec.graph import Graph
from mtlspec.spec.slots import SlotRule
from mtlspec.tensors import Array
from mtlspec_torch.parameters import ParameterTable
from mtlspec_torch.slots import initial_slot, native_name, step_count
from mtlspec_torch.training import PhaseOptimizer


def program_state(graph: Graph, table: ParameterTable, phases: Sequence[PhaseOptimizer]) -> ProgramState:
    """Return slots and step counts; a slot that no update has made yet holds its initial value."""
    slots = {
        slot: _canonical(table, slot, rule, _held(graph, slot, rule, phases[slot.phase]))
        for slot, rule in slot_rules(graph).items()
    }
    return ProgramState(slots, tuple(phase.steps for phase in phases))


def set_program_state(
    state: ProgramState, graph: Graph, table: ParameterTable, phases: Sequence[PhaseOptimizer]
) -> None:
    """Copy `state`, which is one of `graph`, into the native optimizers."""
    made: list[dict[Tensor, dict[str, Any]]] = [{} for _ in phases]
    for slot, rule in slot_rules(graph).items():
        phase, optimizer = phases[slot.phase], graph.phases[slot.phase].optimizer
        own = phase.moving[slot.path]
        tensor = _native(table, slot, rule, np.asarray(state.slots[slot]), own.parameter)
        if rule.name == "accumulated" and phase.accumulation is not None:
            phase.accumulation.sums[phase.index(own.parameter)].copy_(tensor)
            continue
        updates = state.steps[slot.phase] // graph.phases[slot.phase].batches
        entry = made[slot.phase].setdefault(own.parameter, step_count(optimizer, updates, own))
        entry[native_name(optimizer, rule.name)] = tensor
    for phase, entries, steps in zip(phases, made, state.steps, strict=True):
        phase.native.state.clear()
        phase.native.state.update(entries)
        phase.count(steps)


def _held(graph: Graph, slot: Slot, rule: SlotRule, phase: PhaseOptimizer) -> Tensor:
    own = phase.moving[slot.path]
    if slot.name == "accumulated" and phase.accumulation is not None:
        return phase.accumulation.sums[phase.index(own.parameter)]
    name = native_name(graph.phases[slot.phase].optimizer, slot.name)
    found = phase.native.state.get(own.parameter, {}).get(name)
    return initial_slot(rule, own) if found is None else found


def _canonical(table: ParameterTable, slot: Slot, rule: SlotRule, tensor: Tensor) -> Array:
    if rule.averaged is not None:
        return np.array(tensor.detach().cpu().numpy()).squeeze(rule.averaged)
    if not rule.shape:
        return np.array(tensor.detach().cpu().numpy()).reshape(())
    return table.places[slot.path].canonical(tensor)


def _native(table: ParameterTable, slot: Slot, rule: SlotRule, array: Array, parameter: Tensor) -> Tensor:
    if rule.averaged is not None:
        return torch.tensor(np.expand_dims(array, rule.averaged), dtype=parameter.dtype, device=parameter.device)
    if not rule.shape:
        return torch.tensor(float(array), dtype=parameter.dtype, device=parameter.device)
    return table.native(slot.path, array, like=parameter)
