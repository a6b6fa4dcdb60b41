"""Arrays of any form reach the program as what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mtlspec_conformance.suite import case

import mtlspec
from mtlspec.mapped_array import MappedArray
from mtlspec.tensors import Tensors

FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "reversed twice": lambda array: array[::-1].copy()[::-1],
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "longdouble": lambda array: array.astype(np.longdouble),
    "every other of a wider array": lambda array: np.repeat(array, 2, axis=0)[::2],
}


@pytest.mark.parametrize("form", FORMS)
def test_an_array_of_another_form_is_the_same_numbers(form: str) -> None:
    of, one = FORMS[form], case("layer/dense")
    program = mtlspec.compile(one.graph, backend="torch", precision="float64")
    program.parameters = Tensors({path: of(array) for path, array in one.parameters.items()})
    plain = one.batches[0]
    formed = replace(
        plain,
        inputs={name: of(array) for name, array in plain.inputs.items()},
        targets={name: of(array) for name, array in plain.targets.items()},
        weights={name: of(array) for name, array in plain.weights.items()},
    )
    assert all(np.array_equal(program.parameters[path], array) for path, array in one.parameters.items())
    assert program.losses(on=formed) == program.losses(on=plain)
    assert np.array_equal(program.outputs(formed.inputs)["y"], program.outputs(plain.inputs)["y"])


def test_a_batch_without_examples_has_no_loss() -> None:
    one = case("layer/dense")
    program = mtlspec.compile(one.graph, backend="torch", precision="float64")
    empty = one.batch(np.zeros(0, dtype=np.int64))
    value, gradients, _ = program.value_with_gradient(on=empty, weights=one.spec.weights)
    assert value.losses == program.losses(on=empty) == {"y": 0.0}
    assert not any(np.any(gradient) for gradient in gradients.values())


def test_an_array_in_a_file_trains_as_one_in_memory(tmp_path: Path) -> None:
    one = case("layer/dense")
    name = one.graph.inputs[0].name
    np.save(tmp_path / "x.npy", one.dataset.inputs[name])
    source = np.load(tmp_path / "x.npy", mmap_mode="r")
    mapped = MappedArray(source, np.arange(len(source)), scale=1.0, shape=source.shape[1:])
    losses = []
    for array in (mapped, one.dataset.inputs[name]):
        program = mtlspec.compile(one.graph, backend="torch", precision="float64")
        program.parameters = one.parameters
        data = replace(one.dataset, inputs={**one.dataset.inputs, name: array})
        losses.append(mtlspec.train(program, data, steps=3, progress=False).losses)
    assert np.array_equal(*losses)
