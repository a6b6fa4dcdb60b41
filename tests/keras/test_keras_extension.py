"""Kinds of a user's own in Keras: native layers, losses and optimizers that a saved file keeps."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mtlspec_keras.engine import keras

import mtlspec
from mtlspec import BackendError, extension
from mtlspec.extension_source import import_extension
from mtlspec.spec import Layer, Loss, Optimizer

PAGE = Path(__file__).parents[2] / "docs" / "extend.md"
PIECE = re.compile(r"<!-- file: (acme\.py|claims\.yaml) -->\n```\w+\n(.*?)```\n", re.DOTALL)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The program of the page's document."""
    pieces: dict[str, list[str]] = {}
    for name, text in PIECE.findall(PAGE.read_text(encoding="utf-8")):
        pieces.setdefault(name, []).append(text)
    for name, texts in pieces.items():
        (tmp_path / name).write_text("\n".join(texts), encoding="utf-8")
    for family in (Layer, Loss, Optimizer):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    monkeypatch.setattr(extension, "EXTENSIONS", {})
    import_extension(str(tmp_path / "acme.py"))
    yield mtlspec.compile(mtlspec.load(tmp_path / "claims.yaml"), backend="keras", precision="float64")
    del sys.modules["acme"]


INPUTS = {"policy": np.sin(np.arange(24.0)).reshape(8, 3)}
TARGETS = {"amount": np.abs(np.cos(np.arange(8.0)))[:, None], "share": np.cos(np.arange(8.0))[:, None]}


def compiled(program: Any) -> Any:
    program.model.compile(optimizer=program.optimizer, loss=list(program.loss_functions.values()))
    return program.model


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras' own saving
def test_a_saved_model_goes_on_where_it_was(program: Any, tmp_path: Path) -> None:
    model = compiled(program)
    targets = list(TARGETS.values())
    model.fit(INPUTS, targets, epochs=2, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.fit(INPUTS, targets, epochs=1, batch_size=4, shuffle=False, verbose=0)
    kernels = [each.get_layer("trunk.1").parameter("frequencies").numpy() for each in (model, loaded)]
    assert np.array_equal(*kernels)
    for mine, theirs in zip(model.predict(INPUTS, verbose=0), loaded.predict(INPUTS, verbose=0), strict=True):
        assert np.array_equal(mine, theirs)
    assert loaded.optimizer.law.beta == 0.9
    assert loaded.loss[0].value.power == 1.3


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras' own saving
def test_what_is_not_imported_cannot_be_loaded(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program.model.save(tmp_path / "model.keras")
    monkeypatch.delitem(Layer.kinds, "acme.fourier")
    with pytest.raises(BackendError, match=r"cannot load this model: unknown layer 'acme.fourier'"):
        keras.models.load_model(tmp_path / "model.keras")


def test_functions_of_ones_own_do_not_go_through_xla(program: Any) -> None:
    assert not program.jit_compile
