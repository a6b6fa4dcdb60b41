"""Broken kits: comparators, levels and runner with a mistake in them, and the checks that have to notice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import test_deviations as deviating
import test_levels as levelled
import test_measure as measured
import test_mutants as planted_in
import test_runner as running
from kit_checks import (
    check_a_level_sees,
    check_a_small_part_of_an_update_is_seen,
    check_levels_do_not_disturb_each_other,
)
from mtlspec_conformance import deviations, measure, pair, runner
from mtlspec_conformance.measure import Agreement, Disagreement
from mtlspec_conformance.mutants import trial

from mtlspec.tensors import Rows

gradient, trajectory = (import_module(f"mtlspec_conformance.levels.{level}") for level in ("gradient", "trajectory"))
"""The modules; the package has the functions under these names."""
Check = Callable[[], None]


@dataclass(frozen=True)
class BrokenKit:
    """One mistake of the kit: the function that has it, what stands in its place, and the checks that fail then."""

    name: str
    owner: Any
    function: str
    broken: Any
    checks: tuple[Check, ...]

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        """Put the broken function wherever the right one is known by its name."""
        right = vars(self.owner)[self.function]
        if isinstance(self.owner, type):
            patch.setattr(self.owner, self.function, self.broken)
            return
        for module in list(sys.modules.values()):
            if vars(module).get(self.function) is right:
                patch.setattr(module, self.function, self.broken)


def _wrong(*names: str) -> tuple[Check, ...]:
    return tuple(partial(measured.test_a_wrong_set_of_tensors_is_refused, name) for name in names)


def _loss(**found: float) -> Check:
    return partial(measured.test_a_wrong_loss_is_refused, found)


def _bits(found: Any) -> Check:
    return partial(measured.test_bits_are_equal_or_not, np.asarray(found))


ROWS = measured.test_rows_have_the_same_ids_in_the_same_order
RIGHT = {**vars(measure), **vars(runner), **vars(deviations), "examined": runner.Examination.examined}
"""The functions as they are, under no name of their own here, where one would be replaced too."""


def _of_tensor(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return the comparison of one tensor that sees another array than the one found."""

    def broken(where: str, actual: Any, reference: Any, *rest: Any) -> Any:
        return RIGHT["_tensor"](where, change(actual, reference), reference, *rest)

    return broken


def _finite(actual: Any, reference: Any) -> Any:
    if isinstance(reference, Rows) or np.shape(actual) != np.shape(reference):
        return actual
    return np.where(np.isfinite(actual), actual, reference)


def _reshaped(actual: Any, reference: Any) -> Any:
    if isinstance(reference, Rows) or isinstance(actual, Rows):
        return actual
    if np.size(actual) == np.size(reference):
        return np.reshape(actual, np.shape(reference))
    return np.broadcast_to(actual, np.shape(reference))


def _unsigned(actual: Any, reference: Any) -> Any:
    return actual if isinstance(actual, Rows) else np.copysign(actual, reference)


def _near_zero(actual: Any, reference: Any) -> Any:
    if isinstance(actual, Rows) or np.any(reference):
        return actual
    return np.where(np.abs(actual) < 1e-12, 0.0, actual)


def _same_ids(actual: Any, reference: Any) -> Any:
    return Rows(reference.ids, actual.values, reference.count) if _both_rows(actual, reference) else actual


def _same_count(actual: Any, reference: Any) -> Any:
    return Rows(actual.ids, actual.values, reference.count) if _both_rows(actual, reference) else actual


def _both_rows(actual: Any, reference: Any) -> bool:
    return isinstance(actual, Rows) and isinstance(reference, Rows) and actual.values.shape == reference.values.shape


def _by_mean(where: str, actual: Any, reference: Any, *rest: Any) -> Any:
    found = RIGHT["_tensor"](where, actual, reference, *rest)
    if isinstance(found, Disagreement) and np.isfinite(found.error):
        error = float(np.mean(np.abs(actual - reference)) / np.max(np.abs(reference)))
        return Agreement(where, error) if error <= measure.LIMIT else found
    return found


def _absolute(where: str, actual: Any, reference: Any, *rest: Any) -> Any:
    found = RIGHT["_tensor"](where, actual, reference, *rest)
    if isinstance(found, Disagreement) and np.isfinite(found.error):
        return Agreement(where) if np.max(np.abs(actual - reference)) < 1e-8 else found
    return found


def _loss_near_zero(where: str, actual: float, reference: float, *rest: Any) -> Any:
    return RIGHT["_number"](where, reference if abs(actual - reference) < 1e-12 else actual, reference, *rest)


def _close(where: str, actual: Any, expected: Any) -> Any:
    near = np.shape(actual) == np.shape(expected) and np.allclose(actual, expected)
    return Agreement(where, exact=True) if near else RIGHT["_exact"](where, actual, expected)


def _any_dtype(where: str, actual: Any, expected: Any) -> Any:
    return RIGHT["_exact"](where, np.asarray(actual).astype(np.asarray(expected).dtype), expected)


def _no_absent(kind: str, actual: Any, reference: Any, when: str) -> Any:
    return tuple(finding for finding in RIGHT["_keys"](kind, actual, reference, when) if finding.reason != "missing")


def _no_extra(kind: str, actual: Any, reference: Any, when: str) -> Any:
    return tuple(finding for finding in RIGHT["_keys"](kind, actual, reference, when) if finding.reason == "missing")


COMPARATORS = (
    BrokenKit(
        "forgives what it has measured",
        measure,
        "_judged",
        lambda where, *rest: Agreement(where),
        (*_wrong("a part in a thousand", "opposite sign"), _loss(t=1.5)),
    ),
    BrokenKit(
        "has a limit of a part in a hundred",
        measure,
        "LIMIT",
        1e-2,
        (*_wrong("a part in a thousand", "float32", "just over the limit"),),
    ),
    BrokenKit(
        "returns after the first tensor",
        measure,
        "tensors",
        lambda *given, **labels: RIGHT["tensors"](*given, **labels)[:1],
        _wrong("wrong only in the last tensor"),
    ),
    BrokenKit(
        "swallows what is not finite",
        measure,
        "_tensor",
        _of_tensor(_finite),
        _wrong("NaN", "NaN everywhere", "infinite"),
    ),
    BrokenKit("swallows missing keys", measure, "_keys", _no_absent, (*_wrong("missing key", "no keys"), _loss())),
    BrokenKit("ignores keys too many", measure, "_keys", _no_extra, (*_wrong("extra key"), _loss(t=1.0, u=0.0))),
    BrokenKit(
        "lets shapes broadcast",
        measure,
        "_tensor",
        _of_tensor(_reshaped),
        _wrong("other shape", "shape that broadcasts", "scalar that broadcasts"),
    ),
    BrokenKit("ignores signs", measure, "_tensor", _of_tensor(_unsigned), _wrong("opposite sign")),
    BrokenKit("forgives what is nearly zero", measure, "_tensor", _of_tensor(_near_zero), _wrong("small and not zero")),
    BrokenKit(
        "forgives a loss that is nearly zero",
        measure,
        "_number",
        _loss_near_zero,
        (measured.test_a_loss_of_zero_is_exactly_zero,),
    ),
    BrokenKit("takes the mean error", measure, "_tensor", _by_mean, _wrong("just over the limit")),
    BrokenKit(
        "measures absolutely",
        measure,
        "_tensor",
        _absolute,
        (*_wrong("wrong only in the last tensor"), measured.test_an_update_is_wrong_long_before_the_parameter_is),
    ),
    BrokenKit("ignores the ids of rows", measure, "_tensor", _of_tensor(_same_ids), (ROWS,)),
    BrokenKit("ignores how many rows there are", measure, "_tensor", _of_tensor(_same_count), (ROWS,)),
    BrokenKit("compares bits by nearness", measure, "_exact", _close, (_bits([1.0, np.nextafter(2.0, 3)]),)),
    BrokenKit("ignores dtypes", measure, "_exact", _any_dtype, (_bits(np.asarray([1.0, 2.0], dtype=np.float32)),)),
    BrokenKit(
        "finds everything apart",
        measure,
        "apart",
        lambda what, *sides: (Agreement(what),),
        (measured.test_sides_that_should_differ_and_do_not_are_refused,),
    ),
    BrokenKit(
        "finds everything the same",
        measure,
        "same",
        lambda what, *sides: (Agreement(what),),
        (measured.test_plain_values_are_equal_or_not,),
    ),
    BrokenKit(
        "calls the last finding the worst",
        measure,
        "worst",
        lambda findings: (list(findings) or [None])[-1],
        _wrong("missing key", "NaN"),
    ),
    BrokenKit(
        "calls the first finding the worst",
        measure,
        "worst",
        lambda findings: next(iter(findings), None),
        (*_wrong("wrong only in the last tensor"), measured.test_the_worst_finding_is_a_disagreement_if_there_is_one),
    ),
)


def _nothing(*given: Any, **labels: Any) -> Iterator[Any]:
    return iter(())


def _parameters(program: Any, before: Any, role: str) -> dict[str, Any]:
    after = program.parameters
    return {p.path: after[p.path] for p in program.graph.parameters if p.role == role}


def _read_late(program: Any, before: Any, role: str) -> dict[str, Any]:
    return {path: array - array for path, array in _parameters(program, before, role).items()}


def _parameters_alone(self: Any) -> None:
    for program in self.both:
        program.parameters = self.case.parameters


def _in_total(graph: Any, weights: Mapping[str, float]) -> Iterator[Any]:
    yield "total", weights


LEVEL_MISTAKES = (
    BrokenKit(
        "compares parameters for updates",
        pair,
        "moved",
        _parameters,
        (check_a_small_part_of_an_update_is_seen,),
    ),
    BrokenKit(
        "reads what was before after the update",
        pair,
        "moved",
        _read_late,
        (check_a_small_part_of_an_update_is_seen,),
    ),
    BrokenKit(
        "does not look whether asking changes something",
        pair.Pair,
        "unchanged",
        _nothing,
        (
            partial(check_a_level_sees, "outputs-move", "forward"),
            partial(check_a_level_sees, "losses-nudge", "loss"),
            partial(check_a_level_sees, "gradient-nudges", "gradient"),
        ),
    ),
    BrokenKit(
        "begins with the optimizer of the level before",
        pair.Pair,
        "reset",
        _parameters_alone,
        (check_levels_do_not_disturb_each_other,),
    ),
    BrokenKit(
        "compares the total gradient alone",
        gradient,
        "_weightings",
        _in_total,
        (
            levelled.test_each_task_alone_has_its_gradient_compared,
            partial(check_a_level_sees, "weights-of-the-spec", "gradient"),
        ),
    ),
    BrokenKit(
        "forgets statistics",
        gradient,
        "statistics",
        _nothing,
        (partial(check_a_level_sees, "running-average-flipped", "gradient"),),
    ),
    BrokenKit(
        "trains in one call alone",
        trajectory,
        "_marked",
        _nothing,
        (
            levelled.test_a_trajectory_is_compared_at_the_marks_in_three_ways,
            partial(check_a_level_sees, "each-call-anew", "trajectory"),
        ),
    ),
)


def _green(*verdicts: str) -> Callable[..., Any]:
    """Return the examination that takes some verdicts for `conforms`."""

    def broken(self: Any, level: Any) -> Any:
        result, findings = RIGHT["examined"](self, level)
        return (replace(result, verdict="conforms") if result.verdict in verdicts else result), findings

    return broken


def _never_wrong(*given: Any) -> Any:
    return RIGHT["compared"](*given)[0], ""


def _swallowed(result: Any, declarations: Any) -> Any:
    found = RIGHT["declared"](result, declarations)
    return replace(found, verdict="conforms") if found.verdict == "deviates" else found


def _excused(result: Any, declarations: Any) -> Any:
    declared_here = any((d.case, d.level) == (result.case, result.level) for d in declarations)
    return replace(result, verdict="deviates") if declared_here else result


def _case_alone(result: Any, declarations: Any) -> Any:
    return RIGHT["declared"](result, tuple(replace(d, level=result.level) for d in declarations))


RUNNER_MISTAKES = (
    BrokenKit(
        "counts unsupported as conforming",
        runner.Examination,
        "examined",
        _green("unsupported"),
        (running.test_what_a_backend_does_not_claim_is_unsupported,),
    ),
    BrokenKit(
        "counts an error as conforming",
        runner.Examination,
        "examined",
        _green("error"),
        (
            running.test_raising_is_an_error_at_its_level_alone,
            running.test_a_backend_that_cannot_compile_what_it_claims_is_in_error,
        ),
    ),
    BrokenKit(
        "lets a level pass that compared nothing or raised",
        runner,
        "compared",
        _never_wrong,
        (running.test_a_level_that_compares_nothing_is_an_error, running.test_raising_is_an_error_at_its_level_alone),
    ),
    BrokenKit(
        "counts a part of the suite as all of it",
        runner,
        "size",
        lambda suite=None: 100,
        (running.test_a_choice_of_cases_leaves_the_others_not_run,),
    ),
    BrokenKit(
        "swallows deviations",
        deviations,
        "declared",
        _swallowed,
        (
            deviating.test_a_declared_difference_deviates_and_is_green,
            deviating.test_a_difference_that_is_declared_and_happens_is_no_complaint,
        ),
    ),
    BrokenKit(
        "excuses whatever happens at a declared place",
        deviations,
        "declared",
        _excused,
        (partial(deviating.test_a_declaration_excuses_nothing_but_a_difference, "error"),),
    ),
    BrokenKit(
        "excuses a case at every level",
        deviations,
        "declared",
        _case_alone,
        (deviating.test_a_difference_elsewhere_is_not_excused,),
    ),
    BrokenKit(
        "never complains about deviations",
        deviations,
        "complaints",
        lambda declarations, results: (),
        (
            deviating.test_a_declared_difference_that_does_not_happen_is_a_complaint,
            deviating.test_an_unknown_case_or_level_is_a_complaint,
        ),
    ),
    BrokenKit(
        "takes an error for a kill",
        trial,
        "_trial",
        lambda mutant, backend: trial.Trial(mutant, "killed", None),
        (
            planted_in.test_a_mutant_that_raises_is_not_killed,
            planted_in.test_a_mutant_of_a_kind_that_is_not_claimed_does_not_count,
        ),
    ),
)
BROKEN_KITS = (*COMPARATORS, *LEVEL_MISTAKES, *RUNNER_MISTAKES)
