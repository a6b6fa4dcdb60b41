"""Level law: the optimizer alone, along scripted gradients at changing rates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mtlspec.backend import Gradients, Statistics
from mtlspec_conformance.levels.step import position, updates
from mtlspec_conformance.measure import Finding
from mtlspec_conformance.pair import Pair


def law(pair: Pair) -> Iterator[Finding]:
    """Yield whether every update of every phase moves parameters and slots by the same."""
    pair.reset()
    script = pair.case.script
    if script is None:
        return
    for step, (gradients, rates) in enumerate(zip(script.gradients, script.learning_rates, strict=True), 1):
        for phase, rate in enumerate(np.asarray(rates)):
            before = position(pair)
            for program in pair.both:
                program.update(along=gradients, statistics=Statistics(), learning_rate=float(rate), phase=phase)
            yield from updates(pair, *before, f", scripted step {step}, phase {phase}")
    summed = Gradients(script.gradients[0] + script.gradients[1])
    for phase, rate in enumerate(np.asarray(script.learning_rates[0])):
        before = position(pair)
        for program in pair.both:
            program.update(along=summed, statistics=Statistics(), learning_rate=float(rate), phase=phase)
        yield from updates(pair, *before, f", along a sum of two gradients, phase {phase}")
