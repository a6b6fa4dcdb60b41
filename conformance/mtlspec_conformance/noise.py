"""Noise: how far the reference is from itself in float32, or on soft ground, and what a backend is held to by it.

There is no table of tolerances. The reference computes the same level in float32 under exact symmetries: in real
arithmetic all these runs are one, so that what they are off is rounding, with the conditioning of the case in it. In
every second run the first values moreover move by one unit in the last place, as a sum that is made in another order
moves: tensors of one or two elements have too few symmetries to show it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from mtlspec_numpy import NumpyBackend

from mtlspec.spec.training import Precision
from mtlspec_conformance.levels import Level
from mtlspec_conformance.measure import LIMIT, Disagreement, Finding, judged_again
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.symmetries import Symmetric

PRECISIONS: tuple[Precision, ...] = ("float32", "float64")
RATIO = 10.0
"""How many times the noise of the reference a correct backend may be off."""
HALF_ULP = 2.0**-24
"""The least noise: what rounding to float32 alone does to a number."""
SMALLER = 2.0**-14
"""What of an error in float32 may be left in float64 if it is one of rounding; its last place is 2⁻²⁹ of the other."""
RUNS = 8
"""How many runs there are at most; a finding that is within its limit after fewer needs no more."""


def judged_in_float32(findings: Iterable[Finding], pair: Pair, level: Level) -> list[Finding]:
    """Return `findings` of a level, each under RATIO times the noise of the reference at the same place."""
    own = list(findings)
    noise: dict[str, float] = defaultdict(float)
    for run in range(1, RUNS + 1):
        if not any(_beyond(finding, noise[finding.where]) for finding in own):
            break
        for where, error in errors_of(pair, level, run).items():
            noise[where] = max(noise[where], error)
    return [_judged(finding, noise[finding.where]) for finding in own]


def judged_by_conditioning(findings: Iterable[Finding], pair: Pair, level: Level) -> list[Finding]:
    """Return `findings` in float64, those that differ under RATIO times what the reference itself moves there.

    Only a case of the suite is known to be well conditioned: in a user's document a bias before a batch normalization,
    say, has no gradient but rounding, of which Adam makes whole steps.
    """
    own = list(findings)
    if not any(isinstance(finding, Disagreement) and not finding.exact for finding in own):
        return own
    noise: dict[str, float] = defaultdict(float)
    for run in range(1, RUNS + 1):
        twin = pair.twin(Symmetric(NumpyBackend(), run, moved=run % 2 == 0), "float64")
        for where, error in _errors(twin, level).items():
            noise[where] = max(noise[where], error)
    return [_softened(finding, noise[finding.where]) for finding in own]


def _softened(finding: Finding, noise: float) -> Finding:
    return judged_again(finding, limit=RATIO * noise, noise=noise) if RATIO * noise > LIMIT else finding


def softness(findings: Iterable[Finding]) -> str:
    """Return in words how much in float64 was judged by the reference's own noise; nothing if nothing was."""
    soft = [finding for finding in findings if finding.noise is not None]
    if not soft:
        return ""
    softest = max(soft, key=lambda finding: finding.noise or 0.0)
    told = f"{len(soft)} comparisons are judged by how far the reference itself moves under exact symmetries"
    return f"{told}: at most {softest.noise:.1e}, at {softest.where}"


def errors_of(pair: Pair, level: Level, run: int) -> dict[str, float]:
    """Return the errors of the reference in float32 at a level, by place; even runs also begin one last digit off.

    At a kink or a tie one last digit turns a gradient over, in float64 as in float32. That is no rounding, and would
    hide every mistake there is to see: what float64 does not make smaller does not count.
    """
    if run % 2:
        return _errors(pair.twin(Symmetric(NumpyBackend(), run), "float32"), level)
    moved = Symmetric(NumpyBackend(), run, moved=True)
    single, double = (_errors(pair.twin(moved, precision), level) for precision in PRECISIONS)
    return {where: error for where, error in single.items() if double.get(where, 0.0) <= SMALLER * error}


def _errors(pair: Pair, level: Level) -> dict[str, float]:
    found: dict[str, float] = {}
    with np.errstate(all="ignore"):  # where numbers overflow, the comparison says so
        for finding in level.findings(pair):
            if not finding.exact:
                found[finding.where] = max(finding.error, found.get(finding.where, 0.0))
    return found


def _least(finding: Finding) -> float:
    """Return the noise that no program can stay below: half a unit in the last place of what is compared."""
    return HALF_ULP * finding.resolution


def _beyond(finding: Finding, noise: float) -> bool:
    return not finding.exact and finding.error > RATIO * max(noise, _least(finding))


def _judged(finding: Finding, noise: float) -> Finding:
    least = max(noise, _least(finding))
    return judged_again(finding, limit=RATIO * least, noise=least)
