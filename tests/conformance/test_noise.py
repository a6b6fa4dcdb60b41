"""The noise: what float32 is held to, and that mistakes stand far above it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from mtlspec_conformance import noise
from mtlspec_conformance.levels import LEVELS, Level
from mtlspec_conformance.measure import Agreement, Disagreement, Finding, tensors
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.mutant import MutantBackend
from mtlspec_conformance.noise import HALF_ULP, RATIO, RUNS, errors_of, judged_in_float32
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case, manifest
from mtlspec_conformance.verdicts import Result
from planted import Reference

FINER = {
    "clip-epsilon-of-torch": "moves an update by 3e-7",
    "always-renormalized": "divides by a sum that is 1 to within 1e-7",
    "softplus-linear": "is off by 2e-9 above 20",
    "norm-of-keras": "adds 1e-7 to a norm of about 1",
    "slots-rounded": "rounds to float32 what is float32",
    "rounded-on-the-way": "rounds to float32 what is float32",
    "float32-reported": "is float32",
    "precision-misreported": "is float32",
    "stored-in-float32": "is float32",
    "float32-inside": "is float32",
    "gelu-cubic-in-float32": "rounds to float32 what is float32",
}
"""Mistakes smaller than the rounding of float32, and why; with all whose names end in `-in-float32` but two."""
COARSE = {"beta-2-in-float32", "gelu-constant-in-float32"}
"""Constants whose last place in float32 is far above that of the result: 1 - 0.999, and a slope close to 0."""
GROSS = (
    "kernels-transposed",
    "channels-first",
    "link-twice",
    "gelu-tanh",
    "leaky-slope-of-torch",
    "norm-epsilon-of-keras",
    "batch-norm-epsilon",
    "label-smoothing-ignored",
    "never-clipped",
    "huber-delta-one",
    "batch-divides",
    "labels-shuffled",
    "losses-weighted",
    "weights-swapped",
    "weights-twice",
    "weights-normalized",
    "trunk-detached",
    "running-variance-flipped",
    "update-twice",
    "half-precision-once",
    "momentum-law-flipped",
    "epsilon-placement-flipped",
    "epsilon-of-keras",
    "decay-coupled",
    "clip-ignored",
    "adam-as-amsgrad",
    "late-rates",
    "running-mean",
    "each-call-anew",
    "count-not-taken",
)


LONG = {"long/tabular-300", "long/convolutional-300"}
"""What takes ten seconds for each run of noise, and is run by every backend beside this one."""


def _pair(id: str = "layer/dense") -> Pair:
    return Pair(case(id), Reference(), "float32")


@pytest.mark.parametrize("family", sorted({id.partition("/")[0] for id in manifest()}))
def test_the_reference_in_float32_is_within_its_own_noise(family: str) -> None:
    suite = [case(id) for id in manifest() if id.startswith(f"{family}/") and id not in LONG]
    found = list(results(Reference(), precision="float32", suite=suite))
    assert {result.verdict for result in found} == {"conforms"}, [str(r.worst) for r in found if not r.green]


def _fixed(*runs: dict[str, float]) -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    patch.setattr(noise, "errors_of", lambda pair, level, run: runs[run - 1])
    return patch


def _judged(finding: Finding, *runs: dict[str, float]) -> Finding:
    patch = _fixed(*runs)
    try:
        (found,) = judged_in_float32([finding], _pair(), LEVELS["forward"])
    finally:
        patch.undo()
    return found


FAR = Disagreement("x", 1e-3, "expected 1, found 2", exact=False)


def test_what_rounding_alone_explains_needs_no_run() -> None:
    near = Disagreement("x", 9.9 * HALF_ULP, "expected 1, found 2", exact=False)
    assert _judged(near) == Agreement("x", 9.9 * HALF_ULP, limit=RATIO * HALF_ULP, noise=HALF_ULP)


def test_a_run_that_is_as_far_off_explains_it_and_ends_the_search() -> None:
    found = _judged(FAR, {"x": 1e-5, "y": 1.0}, {"x": 2e-4})
    assert found == Agreement("x", 1e-3, limit=2e-3, noise=2e-4)


def test_the_largest_of_all_runs_counts_and_more_than_ten_times_that_differs() -> None:
    found = _judged(FAR, {"x": 9e-5}, *[{"x": 1e-5}] * (RUNS - 1))
    assert found == Disagreement("x", 1e-3, FAR.reason, exact=False, limit=RATIO * 9e-5, noise=9e-5)
    assert isinstance(_judged(FAR, *[{"y": 1.0}] * RUNS), Disagreement)


def test_what_is_exact_is_left_as_it_is() -> None:
    exact = Disagreement("x", 1e-9, "expected the same bits, found others")
    assert _judged(exact) is exact
    assert _judged(Agreement("x", exact=True)) == Agreement("x", exact=True)


def test_an_update_cannot_be_finer_than_the_last_place_of_what_it_moves() -> None:
    update = {"w": np.asarray([1e-6])}
    off = {"w": np.asarray([1e-6 + 5 * HALF_ULP])}
    (alone,) = tensors("update", off, update)
    (moved,) = tensors("update", off, update, differences_of={"w": np.asarray([1.0])})
    assert isinstance(_judged(alone, *[{}] * RUNS), Disagreement)
    assert isinstance(_judged(moved), Agreement)
    assert moved.resolution == pytest.approx(1e6)


def test_noise_is_the_same_in_every_run_of_the_suite() -> None:
    level = LEVELS["trajectory"]
    for run in (1, 2):
        first, second = errors_of(_pair(), level, run), errors_of(_pair(), level, run)
        assert first == second
        assert max(first.values()) > HALF_ULP


@pytest.mark.parametrize(
    "id",
    ["layer/max-pool2d-ties-by-place", "layer/global-max-pool-ties-by-place", "loss/absolute-error-at-zero"],
)
def test_a_last_digit_that_turns_a_gradient_over_is_no_noise(id: str) -> None:
    """Without the run in float64 the noise of a tie would be as large as the gradient."""
    level, pair = LEVELS["gradient"], _pair(id)
    for run in (2, 4):
        assert all(error < 1e-3 for error in errors_of(pair, level, run).values())


def test_the_result_says_what_the_limit_came_from() -> None:
    found = {r.level: r for r in results(Reference(), precision="float32", suite=[case("layer/dense")])}
    line = found["trajectory"].to_json()
    assert line["precision"] == "float32"
    assert line["limit"] == pytest.approx(RATIO * line["noise"])  # type: ignore[operator]
    assert line["ratio"] == pytest.approx(line["error"] / line["noise"])  # type: ignore[operator]
    exact = Result("layer/dense", "shape", "conforms", "float32", worst=Agreement("x", exact=True)).to_json()
    assert (exact["limit"], exact["noise"], exact["ratio"]) == (None, None, None)


def _in_float32(name: str) -> Iterator[Result]:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    backend = MutantBackend(Reference(), mutant)
    for id in mutant.cases:
        found = results(backend, level=mutant.level, suite=[case(id)], precision="float32")
        yield from (result for result in found if result.level == mutant.level)


@pytest.mark.parametrize("name", [mutant.name for mutant in MUTANTS if not mutant.host])
def test_float32_sees_every_mistake_that_is_larger_than_its_rounding(name: str) -> None:
    finer = name in FINER or (name.endswith("-in-float32") and name not in COARSE)
    assert any(result.verdict == "differs" for result in _in_float32(name)) is not finer


def test_gross_mistakes_stand_far_above_the_noise() -> None:
    """Printed with -s: the smallest ratio of all."""
    ratios = {name: max(_ratio(result) for result in _in_float32(name)) for name in GROSS}
    smallest = min(ratios, key=lambda name: ratios[name])
    print(f"smallest ratio of {len(ratios)} mutants in float32: {ratios[smallest]:.0f}, {smallest}")
    assert ratios[smallest] > 3 * RATIO
    assert sum(ratio > 100 * RATIO for ratio in ratios.values()) == len(GROSS) - 1


def _ratio(result: Result) -> float:
    worst = result.worst
    assert worst is not None
    return float("inf") if worst.noise is None else worst.error / worst.noise


def test_a_level_that_raises_is_judged_before_any_noise() -> None:
    def nothing(pair: Pair) -> Iterator[Finding]:
        return iter(())

    assert judged_in_float32([], _pair(), Level("none", "?", nothing, lambda case: True)) == []
