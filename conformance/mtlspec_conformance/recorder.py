"""The recorder: a program that notes which rows reach it."""

from __future__ import annotations

import numpy as np

from mtlspec.backend import Program, Source, StepLosses, Steps
from mtlspec.tensors import Array
from mtlspec_conformance.wrapper import Wrapper


class Recorder(Wrapper):
    """Notes the rows of every step that it passes on."""

    def __init__(self, inner: Program) -> None:
        super().__init__(inner, inner.graph)
        self.rows: list[Array] = []

    def train(self, source: Source, steps: Steps) -> StepLosses:
        self.rows.extend(np.asarray(rows) for rows in steps.rows)
        return self.inner.train(source, steps)
