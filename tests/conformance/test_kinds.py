"""Kinds of a user's own are held by drawn cases, the slopes of their reference, and each other's backend."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from mtlspec_conformance import kinds, opposite
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import content_of
from mtlspec_conformance.checking import Choice
from mtlspec_conformance.drawn_cases import drawn_cases, missing
from mtlspec_conformance.kinds import check_kinds, keys_of
from mtlspec_conformance.pair import frozen
from mtlspec_conformance.stability import Fresh, Seen, seen, stable
from mtlspec_numpy import NumpyBackend
from pydantic import Field
from rich.console import Console

import mtlspec
from mtlspec import ExtensionError, MtlspecError, extend, extension
from mtlspec.spec import Layer, Loss, Name, Optimizer, Shape, Signature


class Bent(Layer):
    """x + bend·x²."""

    kind: Literal["own.bent"] = "own.bent"
    bend: float = Field(default=0.5, gt=0)
    twice: bool = False

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape)


class Between(Layer):
    """x·y, y the tensor that it names."""

    kind: Literal["own.between"] = "own.between"
    by: Name

    @property
    def also(self) -> tuple[str, ...]:
        return (self.by,)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        if others != (shape,):
            raise mtlspec.spec.ShapeError("expected equal shapes")
        return Signature(shape)


class Far(Optimizer):
    """w -= r·g."""

    kind: Literal["own.far"] = "own.far"
    learning_rate: float = Field(default=0.1, gt=0)
    distance: float = Field(default=200.0, gt=100)


def bent(layer: Bent, x: Any, parameters: Any) -> Any:
    bend = layer.bend * (1 + layer.twice)
    return x + bend * x * x, lambda cotangent: (cotangent * (1 + 2 * bend * x), {})


def mistaken(layer: Bent, x: Any, parameters: Any) -> Any:
    bend = layer.bend * (1 + layer.twice)
    return x + bend * x * x, lambda cotangent: (cotangent * (1 + bend * x), {})


def between(layer: Between, x: Any, y: Any, parameters: Any) -> Any:
    return x * y, lambda cotangent: (cotangent * y, cotangent * x, {})


def far(optimizer: Far, w: Any, gradient: Any, slots: Any, rate: Any, step: Any) -> Any:
    return w - rate * gradient, {}


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    for family in (Layer, Loss, Optimizer):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    held: dict[str, extension.Extension] = {}
    monkeypatch.setattr(extension, "EXTENSIONS", held)
    monkeypatch.setattr(kinds, "EXTENSIONS", held)


def told(name: str, **choice: Any) -> tuple[bool, str]:
    console = Console(file=io.StringIO(), width=200)
    good = check_kinds(console, "numpy", [name], Choice(**choice), count=3)
    assert isinstance(console.file, io.StringIO)
    return good, console.file.getvalue()


def test_the_reference_holds_against_itself_and_its_slopes() -> None:
    extend(Bent, numpy=bent)
    good, text = told("own.bent")
    assert good
    assert "the reference's gradients are the slopes of its losses" in text
    assert "layer/own.bent: conforms, against the reference" in text


def test_float32_is_held_to_the_noise_of_the_reference() -> None:
    extend(Bent, numpy=bent)
    good, text = told("own.bent", precision="float32")
    assert good, text


def test_a_mistaken_pullback_is_seen() -> None:
    extend(Bent, numpy=mistaken)
    good, text = told("own.bent")
    assert not good
    assert "the reference's gradient is not the slope of its loss" in text
    assert "mend the pullback of the numpy function of own.bent" in text


def test_a_wrong_backend_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    extend(Bent, numpy=bent, other=bent)

    class Other(NumpyBackend):
        name = "other"

        def compile(self, graph: Any, **options: Any) -> Any:
            program = super().compile(graph, **options)
            rightly = program.outputs
            program.outputs = lambda inputs, linked=True: {  # type: ignore[method-assign]
                task: array * (1 + 1e-9) for task, array in rightly(inputs, linked=linked).items()
            }
            return program

    monkeypatch.setattr(kinds, "found", lambda name: Other())
    good, text = told("own.bent", level="forward")
    assert not good
    assert "differs extension/own-bent-00 at level forward" in text
    assert "python -m mtlspec_conformance numpy --kinds own.bent --case extension/own-bent-00" in text


def test_cases_are_the_same_each_time_and_exercise_every_field() -> None:
    extend(Bent, numpy=bent)
    first, again = (drawn_cases(Bent, stable, count=4) for _ in range(2))
    assert [content_of(case) for case in first] == [content_of(case) for case in again]
    assert len(first) >= 4
    assert missing(Bent, first) == ()
    assert "Bent.twice: True" in missing(Bent, [case for case in first if not _twice(case)])
    assert "Bent: a trainable layer before it" in missing(Bent, ())


def _twice(case: Case) -> bool:
    return any(isinstance(node.layer, Bent) and node.layer.twice for node in case.graph.nodes)


def test_a_layer_that_names_a_tensor_is_drawn_with_one() -> None:
    extend(Between, numpy=between)
    cases = drawn_cases(Between, stable, count=3)
    assert all(any(isinstance(node.layer, Between) for node in case.graph.nodes) for case in cases)
    assert missing(Between, cases) == ()


def test_a_field_that_no_plain_number_fits_wants_examples() -> None:
    extend(Far, numpy=far)
    with pytest.raises(MtlspecError, match=r"give the field some: Field\(\.\.\., examples="):
        drawn_cases(Far, stable, count=1)


def test_what_cannot_be_held_is_told() -> None:
    extend(Bent, torch=bent)
    with pytest.raises(MtlspecError, match=r"'numpy' does not have layer/own.bent \(it has a function for torch"):
        told("own.bent")
    extend(Between, numpy=between)
    for name, message in [("own.absent", "no installed package"), ("dense", "expected a kind with a dot")]:
        with pytest.raises(ExtensionError, match=message):
            keys_of(name)


def test_one_backend_alone_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    extend(Bent, other=bent)
    lone = type("Lone", (NumpyBackend,), {"name": "other"})()
    monkeypatch.setattr(kinds, "found", lambda name: lone)
    with pytest.raises(MtlspecError, match="for 'other' alone, and there is nothing to hold it against"):
        told("own.bent")


def observed(case: Case) -> list[Seen]:
    program = mtlspec.compile(case.graph, backend="numpy", precision="float64")
    return list(seen(Fresh(program, frozen(program.state)), case))


def test_two_backends_are_compared_number_by_number(tmp_path: Path) -> None:
    extend(Bent, numpy=bent)
    case = drawn_cases(Bent, _shows_all, count=1)[0]
    (tmp_path / opposite.CASES).write_text(json.dumps([content_of(case)]))
    opposite.observe(tmp_path, "numpy")
    with np.load(tmp_path / opposite.OBSERVED) as arrays:
        theirs = opposite.read_observed(dict(arrays))[case.id]
    own = observed(case)
    assert {result.verdict for result in opposite.compared(case, own, theirs, "numpy", None)} == {"conforms"}
    kinds_seen = {one.kind for one in own if any(np.any(array) for array in one.entries.values())}
    for kind in kinds_seen:
        shifted = [_shifted(one) if one.kind == kind else one for one in own]
        results = {one.level: one.verdict for one in opposite.compared(case, shifted, theirs, "numpy", None)}
        assert results[opposite.LEVEL_OF[kind]] == "differs"


def _shows_all(case: Case) -> bool:
    found = {one.kind for one in observed(case) if any(np.any(array) for array in one.entries.values())}
    return stable(case) and {"logits", "loss", "gradient", "update"} <= found


def _shifted(one: Seen) -> Seen:
    return one._replace(entries={path: array * (1 + 1e-9) for path, array in one.entries.items()})
