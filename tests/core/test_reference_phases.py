"""Phases: one optimizer or one for each task, along the summed or their own gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from programs import batch_of, program_of, update

from mtlspec.backend import TotalLoss
from mtlspec.step import one_step

SHARED, A, B = "trunk[0].kernel", "tasks.a.head[0].kernel", "tasks.b.head[0].kernel"
WEIGHTS = {"a": 0.5, "b": 2.0}
RATES = np.array([0.1, 0.3])


def document(phases: Any, **training: Any) -> dict[str, Any]:
    head = [{"kind": "dense", "units": 2}]
    layer = {"kind": "dense", "units": 3, "bias": False, "kernel_penalty": {"l2": 0.1}}
    return {
        "inputs": [{"name": "x", "shape": [4]}],
        "blocks": [{"name": "trunk", "layers": [layer, {"kind": "dropout", "rate": 0.25}]}],
        "tasks": [
            {"name": "a", "head": head, "loss": "squared_error"},
            {"name": "b", "head": head, "loss": "sigmoid_cross_entropy"},
        ],
        "training": {"optimizer": {"kind": "sgd"}, "phases": phases, **training},
    }


def own(forward: str) -> dict[str, str]:
    return {"kind": "per_task", "gradient": "own", "forward": forward}


def stepped(phases: Any, rates: Any) -> tuple[dict[str, Any], dict[str, Any], TotalLoss]:
    """Return parameters before and after one step, and its losses."""
    program = program_of(document(phases))
    before = dict(program.parameters)
    value = one_step(program, on=batch_of(program.graph), weights=WEIGHTS, learning_rates=np.asarray(rates))
    return before, dict(program.parameters), value


def gradients_at(parameters: dict[str, Any], weights: dict[str, float]) -> Any:
    program = program_of(document("joint"))
    program.parameters = parameters
    return program.value_with_gradient(on=batch_of(program.graph), weights=weights)


def close(found: Any, expected: Any) -> bool:
    return bool(np.abs(found - expected).max() < 1e-15)


def test_joint_moves_everything_along_the_summed_gradient() -> None:
    before, after, value = stepped("joint", [0.1])
    total = gradients_at(before, WEIGHTS)
    assert value == total.value
    assert all(close(after[path], before[path] - 0.1 * gradient) for path, gradient in total.gradients.items())
    assert after["trunk[1].step"] == 1


def test_summed_phases_move_what_is_shared_once_for_each() -> None:
    before, after, value = stepped("per_task", RATES)
    total = gradients_at(before, WEIGHTS)
    assert value == total.value
    assert close(after[SHARED], before[SHARED] - (0.1 + 0.3) * total.gradients[SHARED])
    assert close(after[A], before[A] - 0.1 * total.gradients[A])
    assert close(after[B], before[B] - 0.3 * total.gradients[B])
    assert after["trunk[1].step"] == 1


def test_own_gradients_taken_once_start_from_the_same_parameters() -> None:
    before, after, value = stepped(own("once"), RATES)
    of_a = gradients_at(before, {"a": 0.5, "b": 0.0})
    of_b = gradients_at(before, {"a": 0.0, "b": 2.0})
    assert close(after[SHARED], before[SHARED] - 0.1 * of_a.gradients[SHARED] - 0.3 * of_b.gradients[SHARED])
    assert close(after[A], before[A] - 0.1 * of_a.gradients[A])
    assert close(after[B], before[B] - 0.3 * of_b.gradients[B])
    assert value == of_a.value
    assert after["trunk[1].step"] == 1


def test_own_gradients_after_each_update_see_that_update() -> None:
    before, after, value = stepped(own("after_each_update"), RATES)
    of_a = gradients_at(before, {"a": 0.5, "b": 0.0})
    between = dict(before)
    between |= {path: before[path] - 0.1 * of_a.gradients[path] for path in (SHARED, A, "tasks.a.head[0].bias")}
    between["trunk[1].step"] = 1
    of_b = gradients_at(between, {"a": 0.0, "b": 2.0})
    assert close(after[SHARED], between[SHARED] - 0.3 * of_b.gradients[SHARED])
    assert close(after[A], between[A])
    assert close(after[B], before[B] - 0.3 * of_b.gradients[B])
    assert value.losses == {"a": of_a.value.losses["a"], "b": pytest.approx(of_b.value.losses["b"], rel=1e-15)}
    assert value.penalty == pytest.approx(of_b.value.penalty, rel=1e-15)
    assert after["trunk[1].step"] == 2


def test_the_laws_of_phases_part() -> None:
    laws: list[Any] = ["per_task", own("once"), own("after_each_update")]
    moved = [stepped(law, RATES)[1][SHARED] for law in laws]
    assert not close(moved[0], moved[1]) and not close(moved[1], moved[2])


def test_each_phase_counts_and_remembers_for_itself() -> None:
    program = program_of(document("per_task", optimizer={"kind": "adam"}))
    gradients = program.value_with_gradient(on=batch_of(program.graph), weights=WEIGHTS).gradients
    untouched = program.parameters[B]
    update(program, gradients, 0.1, phase=0)
    assert program.state.steps == (1, 0)
    slots = program.state.slots
    moved = {(slot.phase, slot.path) for slot, array in slots.items() if array.any()}
    assert moved == {(0, path) for path in (SHARED, A, "tasks.a.head[0].bias")}
    assert (1, SHARED) in {(slot.phase, slot.path) for slot in slots}
    assert program.parameters[B] is not None and (program.parameters[B] == untouched).all()


def test_clipping_counts_the_parameters_of_its_phase_alone() -> None:
    program = program_of(document("per_task", clipping={"kind": "global_norm", "limit": 1.0}))
    before = dict(program.parameters)
    along = {path: np.zeros(program.graph.by_path[path].shape) for path in program.graph.trainable}
    along[A][0, 0], along[B][0, 0] = 2.0, 100.0
    update(program, along, 1.0, phase=0)
    assert (before[A] - program.parameters[A])[0, 0] == pytest.approx(1.0, rel=1e-14)
