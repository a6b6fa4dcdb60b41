"""The program computes what the reference computes, for every kind and law, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from torch_cases import batch, dataset, program, steps
from torch_documents import LAYERS, LOSSES, Document
from torch_trainings import PHASED, TRAININGS

from mtlspec.backend import Program
from mtlspec.tensors import Rows, dense

CLOSE = 1e-12
EVERY = {**LAYERS, **LOSSES, **TRAININGS, **PHASED}


def assert_close(found: Mapping[str, Any], expected: Mapping[str, Any], *, within: float = CLOSE) -> None:
    assert found.keys() == expected.keys()
    largest = max((np.abs(dense(entry)).max(initial=0.0) for entry in expected.values()), default=0.0)
    for path, entry in expected.items():
        wanted, got = dense(entry), dense(found[path])
        assert np.shape(got) == np.shape(wanted), path
        scale = max(np.abs(wanted).max(initial=0.0), 1e-6 * largest, 1e-30)
        assert np.abs(got - wanted).max(initial=0.0) <= within * scale, path


def both(document: Document) -> tuple[Program, Program]:
    return program(document, "torch"), program(document, "numpy")


@pytest.mark.parametrize("document", {**LAYERS, **LOSSES}.values(), ids={**LAYERS, **LOSSES}.keys())
def test_outputs_and_losses_are_those_of_the_reference(document: Document) -> None:
    subject, reference = both(document)
    on = batch(reference.graph)
    for linked in (True, False):
        assert_close(subject.outputs(on.inputs, linked=linked), reference.outputs(on.inputs, linked=linked))
    for training in (True, False):
        assert_close(subject.losses(on=on, training=training), reference.losses(on=on, training=training))


@pytest.mark.parametrize("even", [False, True], ids=["uneven", "even"])
@pytest.mark.parametrize("document", LOSSES.values(), ids=LOSSES.keys())
def test_a_loss_and_its_gradient_are_those_of_the_reference(document: Document, even: bool) -> None:
    subject, reference = both(document)
    on = batch(reference.graph, even=even)
    found = subject.value_with_gradient(on=on, weights={"only": 0.6})
    expected = reference.value_with_gradient(on=on, weights={"only": 0.6})
    assert_close(found.value.losses, expected.value.losses)
    assert_close(found.gradients, expected.gradients)


@pytest.mark.parametrize("rows", [10, 1], ids=["ten", "one"])
@pytest.mark.parametrize("document", {**LAYERS, **LOSSES}.values(), ids={**LAYERS, **LOSSES}.keys())
def test_gradients_and_statistics_are_those_of_the_reference(document: Document, rows: int) -> None:
    subject, reference = both(document)
    on = batch(reference.graph, np.arange(3, 3 + rows))
    weights = {head.task: head.weight for head in reference.graph.heads}
    found = subject.value_with_gradient(on=on, weights=weights)
    expected = reference.value_with_gradient(on=on, weights=weights)
    assert_close(found.value.losses, expected.value.losses)
    assert found.value.penalty == pytest.approx(expected.value.penalty, rel=CLOSE)
    assert_close(found.gradients, expected.gradients)
    assert_close(found.statistics, expected.statistics)
    assert tuple(found.gradients) == reference.graph.trainable


@pytest.mark.parametrize("document", TRAININGS.values(), ids=TRAININGS.keys())
def test_an_update_along_the_same_gradient_is_that_of_the_reference(document: Document) -> None:
    subject, reference = both(document)
    weights = {head.task: head.weight for head in reference.graph.heads}
    for index, rate in enumerate((0.02, 0.0, 0.005)):
        on = batch(reference.graph, np.arange(10) + 10 * index)
        _, gradients, statistics = reference.value_with_gradient(on=on, weights=weights)
        for each in (subject, reference):
            each.update(along=gradients, statistics=statistics, learning_rate=rate)
        assert_close(subject.parameters, reference.parameters)
        assert_close(
            {str(slot): array for slot, array in subject.state.slots.items()},
            {str(slot): array for slot, array in reference.state.slots.items()},
        )
        assert subject.state.steps == reference.state.steps


@pytest.mark.parametrize("document", EVERY.values(), ids=EVERY.keys())
def test_twenty_steps_are_those_of_the_reference(document: Document) -> None:
    subject, reference = both(document)
    data = dataset(reference.graph)
    chosen = steps(reference.graph, data)
    found = subject.train(subject.place(data), chosen)
    expected = reference.train(reference.place(data), chosen)
    largest = np.abs(expected.losses).max()
    assert np.abs(found.losses - expected.losses).max() <= 1e-11 * largest
    np.testing.assert_allclose(found.penalties, expected.penalties, rtol=1e-11)
    assert_close(subject.parameters, reference.parameters, within=1e-10)


@pytest.mark.parametrize("document", TRAININGS.values(), ids=TRAININGS.keys())
def test_a_gradient_by_row_has_one_entry_for_each_occurrence(document: Document) -> None:
    subject, reference = both(document)
    weights = {head.task: head.weight for head in reference.graph.heads}
    on = batch(reference.graph)
    found = subject.value_with_gradient(on=on, weights=weights).gradients
    expected = reference.value_with_gradient(on=on, weights=weights).gradients
    for path, entry in expected.items():
        assert isinstance(found[path], Rows) is isinstance(entry, Rows)
        if isinstance(entry, Rows):
            assert found[path].count == entry.count
            np.testing.assert_array_equal(found[path].ids, entry.ids)
            np.testing.assert_allclose(found[path].values, entry.values, rtol=1e-12, atol=1e-17)
