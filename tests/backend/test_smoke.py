"""The smoke test tells a wrong harness from a wrong backend, and says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mtlspec_conformance.smoke import SIMPLEST, lines, smoke
from mtlspec_conformance.trouble import Trouble


def of(name: str) -> tuple[Trouble, ...]:
    """What the smoke test finds in a backend of `faulty_backends`."""
    return smoke(f"faulty_backends:{name}")


def test_a_sound_backend_has_no_trouble() -> None:
    assert smoke("numpy") == of("Sound") == of("ClaimingAnExtension") == ()
    (said,) = lines("numpy", ())
    assert said.endswith("next: python -m mtlspec_conformance numpy")


HARNESS = {
    "Nameless": ("backend.name", "None"),
    "ClaimingAsASet": ("backend.capabilities", "frozenset({'layer/dense'})"),
    "Misspelling": ("backend.capabilities.kinds", "layer/dens; did you mean 'layer/dense'?"),
    "ClaimingHalf": ("backend.capabilities.precisions", "float16"),
    "ClaimingTooLittle": ("backend.capabilities", "optimizer/sgd (core-1)"),
    "WithoutDevice": ("backend.compile", "compile(graph, precision): got an unexpected keyword argument 'device'"),
    "NotCompiling": ("backend.compile", "KeyError: 'dense' (faulty_backends.py:"),
    "NeedingArguments": ("faulty_backends:NeedingArguments()", "missing 1 required positional argument: 'device'"),
    "INSTANCE": ("faulty_backends:INSTANCE", "Faulty object"),
    "OtherArguments": ("program.losses", "losses(batch): missing a required argument: 'batch'"),
    "ReadOnly": ("program.parameters", "a property without a setter"),
    "Transposed": ("program.parameters['tasks.y.head[0].kernel']", "float64 (1, 3)"),
    "OwnNames": ("program.parameters", "tasks.y.head[0].weight"),
    "OwnTensors": ("program.parameters['tasks.y.head[0].kernel']", "faulty_backends.FrameworkTensor"),
    "Deaf": ("program.parameters", "others in tasks.y.head[0].kernel"),
    "OnlyWhole": ("program.parameters", "KeyError: 'tasks.y.head[0].bias'"),
    "Live": ("program.parameters", "others in tasks.y.head[0].kernel"),
    "LiveAfterUpdates": ("program.parameters", "others in tasks.y.head[0].kernel"),
    "StateOfItsOwn": ("program.state", "dict"),
    "Forgetful": ("program.state.steps", "(0,)"),
    "Uncounted": ("program.state.steps", "(0,) and (0,)"),
    "TensorOutputs": ("program.outputs(inputs, linked=False)['y']", "faulty_backends.FrameworkTensor"),
    "TensorLosses": ("program.losses(on=batch)['y']", "faulty_backends.FrameworkTensor"),
    "LossesInAList": ("program.losses(on=batch)", "list with ?"),
    "PlainPair": ("program.value_with_gradient(on=batch, weights=...)", "tuple"),
    "NoGradientOfBias": ("program.value_with_gradient(on=batch, weights=...).gradients", "kernel"),
    "Single": (
        "program.value_with_gradient(on=batch, weights=...).gradients['tasks.y.head[0].kernel']",
        "float32 (3, 1)",
    ),
    "NotUpdating": ("program.update(...)", "RuntimeError: a leaf variable was used in place"),
    "BareLosses": ("program.train(...)", "ndarray"),
    "Flat": ("program.train(...)", "StepLosses"),
}


@pytest.mark.parametrize("name", HARNESS)
def test_a_fault_of_the_harness_is_told_as_one(name: str) -> None:
    where, found = HARNESS[name]
    troubles = of(name)
    assert {trouble.of for trouble in troubles} == {"harness"}
    first = troubles[0]
    assert first.where == where
    assert found in first.found
    assert first.expected
    assert first.advice
    assert "no number was compared" in list(lines(name, troubles))[-1]


def test_every_missing_member_is_told_at_once() -> None:
    wanted = ["outputs", "losses", "value_with_gradient", "update", "place", "train"]
    wanted += ["precision", "model", "optimizer", "loss_functions", "parameters", "state"]
    assert [trouble.where for trouble in of("Unwritten")] == [f"program.{name}" for name in wanted]


BACKEND = {"Shifted": "forward", "WithPenalty": "loss", "HalfGradient": "gradient", "OneStepTooMany": "trajectory"}


@pytest.mark.parametrize("name", BACKEND)
def test_wrong_numbers_are_told_as_the_backends_at_the_first_level_that_sees_them(name: str) -> None:
    (trouble,) = troubles = of(name)
    assert (trouble.of, trouble.where) == ("backend", f"level {BACKEND[name]} of {SIMPLEST}")
    assert "error" in trouble.found
    assert list(lines(name, troubles))[-1].endswith("the harness stands, and the backend computes something else")


def test_a_name_that_is_not_installed_is_told_with_the_entry_point_to_write() -> None:
    (trouble,) = smoke("nunpy")
    assert trouble.found.endswith("did you mean 'numpy'?")
    assert '[project.entry-points."mtlspec.backends"] nunpy = ' in trouble.advice


def test_a_class_that_is_not_there_is_told_with_the_nearest() -> None:
    (trouble,) = of("Soundd")
    assert trouble.found == "nothing of that name; did you mean 'Sound'?"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, "ModuleNotFoundError: No module named 'own_backend'"),
        ("import no_such_framework", "ModuleNotFoundError: No module named 'no_such_framework'"),
        ("class Backend(", "SyntaxError"),
        (
            "from mtlspec.backend import Capabilities as C\nclass Backend:\n  capabilities = C(profiles=('core',))",
            "BackendError: no profile 'core'; did you mean 'core-1'?",
        ),
    ],
    ids=["absent", "without its framework", "syntax", "profile"],
)
def test_a_module_that_cannot_be_imported_is_told(
    text: str | None, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_backend", raising=False)
    if text is not None:
        (tmp_path / "own_backend.py").write_text(text)
    (trouble,) = smoke("own_backend:Backend")
    assert (trouble.of, trouble.where) == ("harness", "import own_backend")
    assert trouble.found.startswith(found)
