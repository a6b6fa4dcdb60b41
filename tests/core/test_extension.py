"""Extensions: what may be registered, who has it, and how a document finds it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from central_differences import assert_gradients
from own_kinds import DOCUMENT, Fourth, Gated, Halving, Scaled, fourth, fresh, gated, halving, scaled, wave

import mtlspec
from mtlspec import BackendError, Batch, ExtensionError, SpecError, extend, json_schema, parse
from mtlspec.extension_source import import_extension, sources_of
from mtlspec.registry import kinds_of
from mtlspec.spec import Layer, Loss, ParameterRule, Shape, Signature, Spec
from mtlspec.spec.embeddings import Table
from mtlspec.spec.initializers import Zeros
from mtlspec.spec.layer import Chained
from mtlspec.spec.layers import Dense
from mtlspec.spec.loss import ExampleLoss
from mtlspec.tensors import Tensors


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh(monkeypatch)


def register() -> None:
    extend(Scaled, numpy=scaled)
    extend(Gated, numpy=gated)
    extend(Fourth, numpy=fourth)
    extend(Halving, numpy=halving)


def program() -> Any:
    found = mtlspec.compile(parse(DOCUMENT), backend="numpy", precision="float64")
    found.parameters = Tensors({path: wave(array.shape) for path, array in found.parameters.items()})
    return found


BATCH = Batch(
    inputs={"x": wave((4, 2))},
    targets={"a": wave((4, 2)) ** 2},
    weights={"a": np.ones(4)},
    denominators={"a": 4.0},
)


def test_the_reference_differentiates_them() -> None:
    register()
    subject = program()
    found = subject.value_with_gradient(on=BATCH, weights={"a": 1.0}).gradients

    def total(values: Any) -> float:
        subject.parameters = values
        return float(subject.losses(on=BATCH)["a"])

    assert "second[1].train" in found
    assert "second[1].shift" not in found
    assert_gradients(found, of=total, at=subject.parameters)


def test_an_optimizer_moves_parameters_and_slots() -> None:
    register()
    subject = program()
    before = subject.parameters
    for _ in range(2):
        subject.parameters = before
        _, gradients, statistics = subject.value_with_gradient(on=BATCH, weights={"a": 1.0})
        subject.update(along=gradients, statistics=statistics, learning_rate=0.1)
    gradient = gradients["first[0].kernel"]
    moved = before["first[0].kernel"] - subject.parameters["first[0].kernel"]
    assert moved == pytest.approx(0.1 * 1.5 * gradient / 2, rel=1e-12)


def test_a_document_survives_and_its_digest_tells_fields_apart() -> None:
    register()
    spec = parse(DOCUMENT)
    assert parse(mtlspec.render(spec)) == spec
    assert mtlspec.Graph.from_json(mtlspec.lower(spec).to_json()) == mtlspec.lower(spec)
    assert parse(DOCUMENT.replace("0.5", "0.25")).digest() != spec.digest()
    assert {"layer/own.scaled", "loss/own.fourth", "optimizer/own.halving"} < kinds_of(mtlspec.lower(spec))


def test_a_backend_has_a_kind_if_it_has_a_function() -> None:
    extend(Scaled, numpy=scaled)
    extend(Gated, other=gated)
    extend(Fourth, numpy=fourth)
    extend(Halving, numpy=halving)
    with pytest.raises(BackendError, match=r"layer/own.gated \(it has a function for other; give mtlspec.extend one"):
        mtlspec.compile(parse(DOCUMENT), backend="numpy")
    extend(Gated, numpy=gated)
    mtlspec.compile(parse(DOCUMENT), backend="numpy")


class Undotted(Layer):
    kind: Literal["waves"] = "waves"


class Open(Layer):
    kind: str = "own.open"


class Rows(Table):
    kind: Literal["own.rows"] = "own.rows"


class Whole(ExampleLoss):
    kind: Literal["own.whole"] = "own.whole"


class Chain(Chained):
    kind: Literal["own.chain"] = "own.chain"

    @property
    def parts(self) -> tuple[tuple[str, Layer], ...]:
        return (("layers[0]", Dense(units=2)),)


def takes_two(layer: Any, x: Any) -> Any:
    return x


MISTAKES: list[tuple[Callable[[], None], str]] = [
    (lambda: extend(Undotted, numpy=scaled), r"say whose it is: 'acme\.waves'"),
    (lambda: extend(Open, numpy=scaled), 'write `kind: Literal\\["acme.name"\\]'),
    (lambda: extend(Rows, numpy=scaled), "subclass Layer"),
    (lambda: extend(Whole, numpy=fourth), "make Whole a PositionLoss"),
    (lambda: extend(Layer, numpy=scaled), "expected a subclass of Layer, Loss or Optimizer"),
    (lambda: extend(Spec, numpy=scaled), "found Spec"),  # type: ignore[arg-type]
    (lambda: extend(Scaled), "Scaled has no function"),
    (lambda: extend(Scaled, numpy=takes_two), r"called as f\(layer, x, parameters\)"),
    (lambda: extend(Fourth, numpy=halving), r"called as f\(loss, logits, targets\)"),
    (lambda: extend(Halving, numpy=dict), "which is no function"),
    (lambda: extend(Chain, numpy=scaled), "made of other layers"),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES, ids=[message[:20] for _, message in MISTAKES])
def test_a_mistake_is_told(mistake: Callable[[], None], message: str) -> None:
    with pytest.raises(ExtensionError, match=message):
        mistake()


def test_a_kind_is_registered_once_but_may_get_functions_later() -> None:
    extend(Scaled, numpy=scaled)
    extend(Scaled, numpy=scaled, torch=scaled)
    with pytest.raises(ExtensionError, match=r"another function for 'torch' already"):
        extend(Scaled, torch=gated)

    class Twin(Layer):
        kind: Literal["own.scaled"] = "own.scaled"

    with pytest.raises(ExtensionError, match=r"exists already: own_kinds.Scaled"):
        extend(Twin, numpy=scaled)


def test_a_chain_needs_no_function() -> None:
    extend(Chain)
    document = DOCUMENT.replace("{kind: own.scaled, factor: 0.5}", "own.chain, {kind: dense, units: 3}")
    extend(Gated, numpy=gated)
    extend(Fourth, numpy=fourth)
    extend(Halving, numpy=halving)
    assert "second[1].layers[0].kernel" in program_of(document).parameters


def program_of(document: str) -> Any:
    return mtlspec.compile(parse(document), backend="numpy")


def test_a_layer_with_statistics_is_refused() -> None:
    class Counting(Layer):
        kind: Literal["own.counting"] = "own.counting"

        def signature(self, shape: Shape) -> Signature:
            return Signature(shape, (ParameterRule("count", (1,), Zeros(), "statistic"),))

    register()
    extend(Counting, numpy=scaled)
    with pytest.raises(SpecError, match=r"has the statistic 'count', which its functions could not write"):
        parse(DOCUMENT.replace("{kind: own.scaled, factor: 0.5}", "own.counting"))


def test_its_optimizer_does_not_tell_rows_apart() -> None:
    register()
    document = """
inputs: [{name: id, dtype: integer}]
blocks: [{name: b, layers: [{kind: embedding, rows: 4, units: 2, untouched_rows: skip}]}]
tasks: [{name: a, head: [{kind: dense, units: 1}], loss: squared_error}]
training: {optimizer: own.halving}
"""
    with pytest.raises(SpecError, match=r"own.halving does not tell rows apart by `untouched_rows: skip`"):
        parse(document)
    parse(document.replace("skip", "decay"))


def test_what_a_function_returns_is_looked_at() -> None:
    register()
    extend(Gated, numpy=gated)
    wrong: dict[str, Any] = {
        "gradient for each of 2 sources": ("layer/own.gated", lambda layer, x, y, p: (x * y, lambda c: (c * y, {}))),
        "a number for each of 4 positions": ("loss/own.fourth", lambda loss, z, y: (z, lambda c: c)),
        "a dict of the slots velocity": ("optimizer/own.halving", lambda o, w, g, s, r, t: (w, {})),
    }
    for message, (key, function) in wrong.items():
        held = mtlspec.extension.EXTENSIONS[key]
        mtlspec.extension.EXTENSIONS[key] = mtlspec.extension.Extension(held.value, {"numpy": function})
        subject = program()
        with pytest.raises(BackendError, match=message):
            _, gradients, statistics = subject.value_with_gradient(on=BATCH, weights={"a": 1.0})
            subject.update(along=gradients, statistics=statistics, learning_rate=0.1)
        mtlspec.extension.EXTENSIONS[key] = held


def test_the_schema_takes_them_by_form_or_by_field() -> None:
    def forms() -> list[Any]:
        schema = json_schema()
        return [*schema["$defs"]["Loss"]["anyOf"][-2:], schema["$defs"].get("Fourth")]

    name, mapping, unknown = forms()
    assert name["pattern"].startswith("^[a-z]")
    assert mapping["required"] == ["kind"]
    assert unknown is None
    register()
    name, _, known = forms()
    assert name["not"] == {"enum": ["own.fourth"]}
    assert known["required"] == ["kind"]


PLANTED = """
from typing import Literal

import mtlspec
from mtlspec.spec import Layer, Signature


class Same(Layer):
    kind: Literal["planted.same"] = "planted.same"

    def signature(self, shape):
        return Signature(shape)


def same(layer, x, parameters):
    return x, lambda cotangent: (cotangent, {})


def register():
    mtlspec.extend(Same, numpy=same)
"""
NAMING = """
inputs: [{name: x, shape: [2]}]
tasks: [{name: a, head: [planted.same, {kind: dense, units: 1}], loss: squared_error}]
"""


def plant(folder: Path, entry: str) -> None:
    facts = folder / "planted-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[mtlspec.extensions]\nplanted = {entry}\n")
    (folder / "planted_kinds.py").write_text(PLANTED)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("planted_kinds:register", ""),
        ("planted_kinds", "'planted_kinds' is installed for 'planted' and registers no such layer"),
        ("nowhere", "installed as 'nowhere', which cannot be imported"),
    ],
)
def test_an_entry_point_is_found_by_the_prefix(
    entry: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, entry)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "planted_kinds", raising=False)
    if not message:
        assert parse(NAMING).tasks[0].head[0].kind == "planted.same"
        return
    with pytest.raises((SpecError, ExtensionError), match=message):
        parse(NAMING)


def test_a_kind_that_nobody_installed_says_what_to_do() -> None:
    with pytest.raises(SpecError, match=r"no installed package has an entry point 'planted'.*name its file"):
        parse(NAMING)
    with pytest.raises(ValueError, match=r"'own.scaled' is not a layer; register it by mtlspec.extend"):
        mtlspec.spec.Block(name="b", layers=(Scaled(),))
    register()
    with pytest.raises(SpecError, match=r"did you mean 'own.scaled'"):
        parse(DOCUMENT.replace("own.scaled", "own.scale"))


def test_a_file_is_imported_once_and_can_be_imported_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "kinds_of_a_test.py"
    file.write_text(PLANTED + "\n\nregister()\n")
    module = import_extension(str(file))
    assert import_extension(str(file)) is module
    assert sources_of(["layer/planted.same", "layer/dense"]) == (str(file),)
    del sys.modules["kinds_of_a_test"]
    for source, message in [("absent.py", "no file"), ("no_such_module", "no module 'no_such_module'")]:
        with pytest.raises(ExtensionError, match=message):
            import_extension(source)


def test_what_a_script_defines_cannot_go_to_another_process() -> None:
    register()
    Scaled.__module__, before = "__main__", Scaled.__module__
    try:
        with pytest.raises(ExtensionError, match=r"move it into a module beside the script"):
            sources_of(["layer/own.scaled"])
    finally:
        Scaled.__module__ = before


def test_the_command_line_imports_files(tmp_path: Path) -> None:
    (tmp_path / "kinds.py").write_text(PLANTED + "\n\nregister()\n")
    (tmp_path / "model.yaml").write_text(NAMING)

    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "mtlspec", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    assert ran("--extension", "kinds.py", "validate", "model.yaml").stdout == "model.yaml: ok\n"
    schema = json.loads(ran("--extension", "kinds.py", "schema").stdout)
    assert "Same" in schema["$defs"]
    done = ran("--extension", "other.py", "validate", "model.yaml")
    assert (done.returncode, "no file" in done.stderr) == (2, True)


def test_the_families_of_the_suite_do_not_change() -> None:
    from mtlspec_conformance.coverage import untested
    from mtlspec_conformance.specs.values import members

    before = untested(())
    register()
    assert untested(()) == before
    assert Fourth not in members(Loss)
