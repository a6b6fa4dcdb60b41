"""Backends of a third party, installed in a folder: the reference under another name, a wrong one and a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

MODULE = """
from dataclasses import replace

from mtlspec_numpy import NumpyBackend


class Twin(NumpyBackend):
    name = "twin"


class Wrong(NumpyBackend):
    name = "wrong"

    def compile(self, graph, *, precision, device):
        program = super().compile(graph, precision=precision, device=device)
        rightly = program.train
        program.train = lambda source, steps: rightly(
            source, replace(steps, learning_rates=steps.learning_rates * (1 + 1e-6))
        )
        return program


class Diverging(NumpyBackend):
    name = "diverging"

    def compile(self, graph, *, precision, device):
        program = super().compile(graph, precision=precision, device=device)
        rightly = program.train

        def train(source, steps):
            found = rightly(source, steps)
            losses = found.losses.copy()
            losses[-1, 0] = float("nan")
            return replace(found, losses=losses)

        program.train = train
        return program


class Broken(NumpyBackend):
    name = "broken"

    def compile(self, graph, *, precision, device):
        raise RuntimeError("broken on purpose")
"""
ENTRIES = """
[mtlspec.backends]
twin = planted:Twin
wrong = planted:Wrong
diverging = planted:Diverging
broken = planted:Broken
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the backends known to this process and to those that it starts."""
    facts = folder / "planted-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(ENTRIES)
    (folder / "planted.py").write_text(MODULE)
    monkeypatch.syspath_prepend(folder)
