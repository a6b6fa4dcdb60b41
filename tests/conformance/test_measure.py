"""The comparators: right answers agree, every wrong one is refused, and broken comparators are found out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from mtlspec_conformance.measure import LIMIT, Agreement, Disagreement, apart, exactly, losses, same, tensors, worst

from mtlspec.tensors import Rows

REFERENCE = {"a": np.asarray([[1.0, -2.0], [0.5, 0.25]]), "zero": np.zeros(3), "small": np.asarray([1e-9, -2e-9])}


def _with(**entries: Any) -> dict[str, Any]:
    return REFERENCE | entries


A = REFERENCE["a"]
WRONG: dict[str, Mapping[str, Any]] = {
    "missing key": {"a": A, "zero": REFERENCE["zero"]},
    "extra key": _with(more=np.zeros(1)),
    "no keys": {},
    "other shape": _with(a=A.reshape(4)),
    "transposed": _with(a=A.T),
    "shape that broadcasts": _with(zero=np.zeros((1, 3))),
    "scalar that broadcasts": _with(zero=np.float64(0.0)),
    "NaN": _with(a=np.asarray([[1.0, -2.0], [0.5, np.nan]])),
    "NaN everywhere": _with(a=np.full((2, 2), np.nan)),
    "infinite": _with(a=np.asarray([[1.0, -np.inf], [0.5, 0.25]])),
    "small and not zero": _with(zero=np.asarray([0.0, 1e-300, 0.0])),
    "a part in a thousand": _with(a=A * 1.001),
    "float32": _with(a=(A / 3).astype(np.float32).astype(np.float64) * 3),
    "just over the limit": _with(a=A + np.asarray([[2.1 * LIMIT, 0.0], [0.0, 0.0]]) * 1.01),
    "opposite sign": _with(a=-A),
    "wrong only in the last tensor": _with(small=np.asarray([1e-9, -1e-9])),
    "rows for an array": _with(a=Rows(np.asarray([0, 1]), A, 2)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_set_of_tensors_is_refused(wrong: str) -> None:
    found = tensors("gradient", WRONG[wrong], REFERENCE)
    assert isinstance(worst(found), Disagreement)


def test_the_same_tensors_agree_each_by_name() -> None:
    found = tensors("gradient", dict(REFERENCE), REFERENCE, when=", batch 0")
    expected = tuple(Agreement(f"gradient of {path}, batch 0", exact=path == "zero") for path in REFERENCE)
    assert found == expected


def test_an_error_below_the_limit_is_kept() -> None:
    (found,) = tensors("update", {"a": A * (1 + 0.5 * LIMIT)}, {"a": A})
    assert isinstance(found, Agreement)
    assert found.error == pytest.approx(0.5 * LIMIT, rel=1e-4)


def test_a_tensor_is_scaled_by_a_share_of_the_largest_of_its_kind() -> None:
    tiny, noise = np.asarray([1e-12]), np.asarray([1.5e-12])
    assert isinstance(worst(tensors("gradient", {"t": noise}, {"t": tiny})), Disagreement)
    assert isinstance(worst(tensors("gradient", {"t": noise}, {"t": tiny}, scale=1.0)), Disagreement)
    assert isinstance(worst(tensors("gradient", {"t": noise}, {"t": tiny}, scale=1e6)), Agreement)


def test_a_reference_that_is_not_finite_proves_nothing() -> None:
    nan = {"a": np.asarray([np.nan])}
    assert isinstance(worst(tensors("gradient", nan, nan)), Disagreement)
    assert isinstance(worst(losses("loss", {"t": np.nan}, {"t": np.nan})), Disagreement)


def test_rows_have_the_same_ids_in_the_same_order() -> None:
    ids, values = np.asarray([1, 1, 0]), np.asarray([[1.0], [2.0], [3.0]])
    reference = {"table": Rows(ids, values, 4)}
    assert isinstance(worst(tensors("gradient", {"table": Rows(ids, values, 4)}, reference)), Agreement)
    for other in (
        Rows(np.asarray([1, 0, 1]), values, 4),
        Rows(ids, values, 5),
        Rows(ids[:2], values[:2], 4),
        Rows(ids, values[::-1], 4),
        reference["table"].dense(),
    ):
        assert isinstance(worst(tensors("gradient", {"table": other}, reference)), Disagreement)


@pytest.mark.parametrize(
    "found",
    [{"t": 1.0 + 2 * LIMIT}, {"t": 0.0}, {"t": float("nan")}, {}, {"t": 1.0, "u": 0.0}],
    ids=["off", "zero", "NaN", "missing", "extra"],
)
def test_a_wrong_loss_is_refused(found: dict[str, float]) -> None:
    assert isinstance(worst(losses("loss", found, {"t": 1.0})), Disagreement)


def test_a_loss_of_zero_is_exactly_zero() -> None:
    assert isinstance(worst(losses("loss", {"t": 1e-300}, {"t": 0.0}, scale=1.0)), Disagreement)
    assert isinstance(worst(losses("loss", {"t": 0.0}, {"t": 0.0})), Agreement)


@pytest.mark.parametrize(
    "found",
    [np.asarray([1.0, np.nextafter(2.0, 3)]), np.asarray([1.0, 2.0], dtype=np.float32), np.asarray([[1.0, 2.0]])],
    ids=["one ulp", "dtype", "shape"],
)
def test_bits_are_equal_or_not(found: np.ndarray[Any, Any]) -> None:
    expected = {"a": np.asarray([1.0, 2.0])}
    assert isinstance(worst(exactly("parameter", {"a": found}, expected)), Disagreement)
    assert isinstance(worst(exactly("parameter", {}, expected)), Disagreement)
    assert isinstance(worst(exactly("parameter", {"a": expected["a"].copy()}, expected)), Agreement)


def test_sides_that_should_differ_and_do_not_are_refused() -> None:
    assert isinstance(worst(apart("before", {"a": A}, {"a": A.copy()})), Disagreement)
    assert isinstance(worst(apart("before", {"a": A}, {"a": A + 1})), Agreement)


def test_plain_values_are_equal_or_not() -> None:
    assert isinstance(worst(same("steps", (1, 2), (1, 2))), Agreement)
    assert isinstance(worst(same("steps", (1, 2), (2, 1))), Disagreement)


def test_the_worst_finding_is_a_disagreement_if_there_is_one() -> None:
    found = (Agreement("x", 1.0), Disagreement("y", 0.1, "off"), Disagreement("z", 0.2, "off"))
    assert worst(found) is found[2]
    assert worst(()) is None


def test_an_update_is_wrong_long_before_the_parameter_is() -> None:
    before, update = np.asarray([1.0, -1.0]), np.asarray([1e-6, 2e-6])
    off = update * (1 + 1e-5)
    assert isinstance(worst(tensors("parameter", {"w": before + off}, {"w": before + update})), Agreement)
    assert isinstance(worst(tensors("update", {"w": off}, {"w": update})), Disagreement)


Comparator = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]


def _forgets(actual: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    tensors("gradient", actual, reference)
    return True


def _returns_early(actual: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    first = tensors("gradient", actual, reference)[:1]
    return not any(isinstance(finding, Disagreement) for finding in first)


def _mismatches(limit: Callable[[Any], Any]) -> Comparator:
    """Return a comparator that counts elements above a limit, as one does without thinking of NaN."""

    def compare(actual: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
        pairs = [(np.asarray(getattr(actual[p], "values", actual[p])), r) for p, r in reference.items() if p in actual]
        if any(a.size != r.size for a, r in pairs if a.shape) or len(pairs) < len(reference):
            return False
        return not any(np.any(np.abs(a.reshape(-1) - r.reshape(-1)) > limit(r)) for a, r in pairs)

    return compare


BROKEN: dict[str, Comparator] = {
    "drops what it found": _forgets,
    "stops at the first tensor": _returns_early,
    "absolute limit": _mismatches(lambda r: 1e-3),
    "swallows NaN": _mismatches(lambda r: LIMIT * np.max(np.abs(r))),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_comparator_lets_a_wrong_set_pass(broken: str) -> None:
    assert BROKEN[broken](dict(REFERENCE), REFERENCE)
    with np.errstate(invalid="ignore"):
        passed = [name for name, wrong in WRONG.items() if BROKEN[broken](wrong, REFERENCE)]
    assert passed
