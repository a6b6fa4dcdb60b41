"""Profiles: every kind in one of them, claims as values, and a verdict for each with its denominator."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest
from mtlspec_conformance.profiles import belongs, good, needs_of, profile_verdicts, summary
from mtlspec_conformance.runner import levels_of
from mtlspec_conformance.suite import case, cases
from mtlspec_conformance.verdicts import Result, Verdict
from mtlspec_numpy import NumpyBackend
from mtlspec_numpy.activations import ACTIVATIONS
from mtlspec_numpy.clipping import CLIPPINGS
from mtlspec_numpy.constraints import CONSTRAINTS
from mtlspec_numpy.decay import DECAYS
from mtlspec_numpy.layers import LAYERS, LAYERS_OF_SEVERAL
from mtlspec_numpy.losses import COMBINATIONS, EXAMPLE_LOSSES, LOSSES
from mtlspec_numpy.merges import MERGES
from mtlspec_numpy.optimizers import UPDATES

from mtlspec.backend import Capabilities
from mtlspec.errors import BackendError
from mtlspec.profiles import DISSOLVED, EVERY_PROFILE, FAMILIES, FEATURES, PROFILES, VOCABULARY, kinds_in
from mtlspec.registry import claimed, compile, kinds_of, lacking
from mtlspec.spec import Activation, Clipping, Layer, Loss, Optimizer
from mtlspec.spec.layer import Merge

CORE = Capabilities(profiles=("core-1",))


def test_every_kind_of_the_vocabulary_is_in_exactly_one_profile() -> None:
    families: tuple[Any, ...] = (Layer, Activation, Loss, Optimizer, Clipping)
    spec = {f"{family.family}/{kind}" for family in families for kind in family.kinds}
    merges = {f"merge/{merge}" for merge in get_args(Merge)}
    assert (spec | merges) - DISSOLVED == VOCABULARY - FEATURES
    times = Counter(kind for profile in PROFILES.values() for kind in profile.kinds)
    assert set(times.values()) == {1}


def test_every_kind_and_feature_is_needed_by_a_case() -> None:
    assert frozenset[str]().union(*needs_of().values()) == VOCABULARY


def test_the_reference_claims_what_its_tables_have() -> None:
    layers, losses = (LAYERS, LAYERS_OF_SEVERAL), (LOSSES, EXAMPLE_LOSSES, COMBINATIONS)
    tables = claimed(*layers, ACTIVATIONS, *losses, UPDATES, CLIPPINGS, DECAYS, CONSTRAINTS, merges=MERGES)
    families = FAMILIES | {"decay", "constraint"}
    every = kinds_in(NumpyBackend.capabilities.profiles)
    assert {kind for kind in every if kind.partition("/")[0] in families} == tables
    assert NumpyBackend.capabilities.kinds == tables | FEATURES


def test_a_profile_claims_its_kinds_and_single_kinds_stand_beside() -> None:
    assert CORE.kinds == PROFILES["core-1"].kinds
    more = Capabilities(kinds=frozenset({"layer/flatten"}), profiles=("core-1",))
    assert more.kinds == CORE.kinds | {"layer/flatten"}
    assert Capabilities().kinds == frozenset()


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        (("core-2",), "no profile 'core-2'; did you mean 'core-1'\\?; known: core-1, structure-1"),
        (("core-1", "core-1"), "'core-1' is claimed twice"),
        (("norm-1",), "'norm-1' builds on 'core-1': claim both"),
    ],
)
def test_claims_that_cannot_be_are_refused(profiles: tuple[str, ...], message: str) -> None:
    with pytest.raises(BackendError, match=message):
        Capabilities(profiles=profiles)


@pytest.mark.parametrize(
    ("id", "features"),
    [
        ("phases/rates-of-their-own", {"phases/several", "phases/own_gradient"}),
        ("phases/own-convolution-after-each-update", {"phases/after_each_update"}),
        ("penalty/l1-and-l2", {"penalty/l1_l2"}),
        ("law/table-separate", {"rows/separate"}),
        ("law/table-skip-adam", {"rows/skip"}),
    ],
)
def test_a_graph_names_the_features_that_it_needs(id: str, features: set[str]) -> None:
    assert features <= kinds_of(case(id).graph)


def test_a_graph_that_needs_none_names_none() -> None:
    for id in ("phases/joint", "law/table-summed", "loss/softmax"):
        assert not kinds_of(case(id).graph) & FEATURES


class Core(NumpyBackend):
    """The reference, as far as `core-1`."""

    name = "core"
    capabilities = CORE


def test_what_lies_outside_the_claims_is_refused_before_it_runs() -> None:
    with pytest.raises(BackendError, match=r"'core' does not have .*phases/own_gradient \(phases-1\), phases/several"):
        compile(case("phases/rates-of-their-own").spec, backend=Core())
    assert lacking(
        Capabilities(profiles=("core-1",), precisions=("float32",)), case("loss/huber").graph, "float64"
    ) == ("precision float64",)


def run(capabilities: Capabilities, **others: Verdict) -> list[Result]:
    """The results of a backend that conforms within its claims, but for the cases in `others` (`layer__dense`)."""
    verdicts: dict[str, Verdict] = {name.replace("__", "/").replace("_", "-"): v for name, v in others.items()}
    return [
        Result(one.id, level.name, "unsupported" if lacks else verdicts.get(one.id, "conforms"))
        for one in cases()
        for lacks in (lacking(capabilities, one.graph, "float64"),)
        for level in levels_of(one)
    ]


def told(capabilities: Capabilities, **others: Verdict) -> dict[str, str]:
    """The verdict of each profile, in words."""
    return dict(line.split(": ", 1) for line in summary(capabilities, run(capabilities, **others)))


def test_a_profile_is_told_with_its_denominator() -> None:
    (core,) = profile_verdicts(CORE, run(CORE))
    assert str(core) == f"core-1: conforms, {len(core.results)} of {len(core.results)}"
    assert len(core.results) == sum(len(levels_of(one)) for one in cases() if kinds_of(one.graph) <= CORE.kinds) > 400


def test_the_cases_of_the_core_are_the_same_for_every_backend() -> None:
    everything = Capabilities(profiles=EVERY_PROFILE)
    ours, theirs = (profile_verdicts(claims, run(claims))[0] for claims in (CORE, everything))
    assert [result.case for result in ours.results] == [result.case for result in theirs.results]


def test_every_case_belongs_to_a_profile_of_a_backend_that_claims_all() -> None:
    needs = needs_of()
    assert all(any(belongs(kinds, name, VOCABULARY) for name in PROFILES) for kinds in needs.values())


@pytest.mark.parametrize(
    ("verdict", "word"),
    [("differs", "differs"), ("error", "in error"), ("deviates", "deviates as declared"), ("not_run", "not judged")],
)
def test_the_verdict_of_a_profile_is_its_worst(verdict: Verdict, word: str) -> None:
    said = told(Capabilities(profiles=("core-1", "norm-1")), layer__batch_normalization=verdict)
    assert said["core-1"].startswith("conforms")
    count, total = said["norm-1"].removeprefix(f"{word}, ").split(" of ")
    assert int(count) == int(total) - len(levels_of(case("layer/batch-normalization")))


def test_a_profile_with_a_part_that_no_case_sees_is_not_judged() -> None:
    claims = Capabilities(profiles=("core-1", "embedding-1"))
    said = told(claims)["embedding-1"]
    assert said.startswith("not judged")
    assert said.endswith("no case within the claims needs rows/separate, rows/skip: claim embedding-2 too")
    assert not good(claims, run(claims))


def test_what_is_outside_the_claims_is_counted_and_named() -> None:
    said = told(CORE)["outside the claims"]
    results = run(CORE)
    assert said.startswith(f"{sum(r.verdict == 'unsupported' for r in results)} of {len(results)} unsupported")
    assert all(f"{name} (" in said for name in EVERY_PROFILE[1:])


def test_a_kind_beside_the_profiles_is_judged_too() -> None:
    claims = Capabilities(kinds=frozenset({"layer/flatten"}), profiles=("core-1",))
    own = len(levels_of(case("layer/dense-of-a-matrix")))
    assert told(claims)["beside the profiles"] == f"{own} of {own} conform"
    assert told(claims, layer__dense_of_a_matrix="differs")["beside the profiles"] == f"0 of {own} conform"
    assert not good(claims, run(claims, layer__dense_of_a_matrix="differs"))


def test_a_precision_that_is_not_claimed_is_outside() -> None:
    claims = Capabilities(profiles=("core-1",), precisions=("float32",))
    results = [Result(one.id, level.name, "unsupported") for one in cases() for level in levels_of(one)]
    assert profile_verdicts(claims, results)[0].results == ()
    assert "float64 (" in "\n".join(summary(claims, results))
    assert not good(claims, results)


def test_a_run_is_green_only_within_claims_that_are_worth_the_name() -> None:
    assert good(CORE, run(CORE))
    assert good(CORE, run(CORE, layer__dense="deviates"))
    assert not good(CORE, run(CORE, layer__dense="differs"))
    assert not good(CORE, run(CORE, layer__dense="error"))
    assert not good(CORE, [result for result in run(CORE) if result.verdict == "unsupported"])
    single = Capabilities(kinds=CORE.kinds)
    assert not good(single, run(single))  # no profile, and not everything
    everything = Capabilities(kinds=VOCABULARY)
    assert good(everything, run(everything))
    assert not good(Capabilities(), run(Capabilities()))
