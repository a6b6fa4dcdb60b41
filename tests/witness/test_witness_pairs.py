"""Ten pairs of programs with one difference each, and pairs without one: the report names the right place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from mtlspec_conformance.witness import Comparison, Record, compare
from mtlspec_conformance.witness.process import outcomes
from mtlspec_conformance.witness.where import LEVELS
from witness_jobs import NAMES, job

EQUAL = ("adam_bridged", "convolution", "layouts", "own_loops")
ABSENT = {"own_loops": ("law",), "layouts": ("step", "law", "trajectory")}
"""Levels that a program without an optimizer of its own, or without any, does not have."""
PARTINGS = {
    # pair: level, kind, task, step, what the tensor's name ends in
    "adam_epsilon": ("step", "update", "", 1, "kernel"),
    "batch_norm_variance": ("step", "statistic", "", 1, "batch_normalization.running_variance"),
    "clipped_probabilities": ("loss", "loss", "kind", 1, ""),
    "double_softmax": ("loss", "loss", "kind", 1, ""),
    "flatten_order": ("forward", "output", "digit", 1, ""),
    "label_order": ("loss", "loss", "kind", 1, ""),
    "masked_mean": ("loss", "loss", "price", 1, ""),
    "momentum_under_schedule": ("law", "update", "", 2, "kernel"),
    "same_padding_with_stride": ("forward", "output", "digit", 1, ""),
    "weight_on_the_wrong_head": ("gradient", "weight", "price", 1, ""),
}
BEFORE = {
    "step": ("shape", "forward", "loss", "gradient"),
    "law": ("shape", "forward", "loss", "gradient", "step"),
    "gradient": ("shape", "forward", "loss"),
    "loss": ("shape", "forward"),
    "forward": ("shape",),
}


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Comparison]:
    """All pairs, recorded by one process of Keras and one of PyTorch."""
    folder = tmp_path_factory.mktemp("witnesses")
    assert outcomes([job(pair, "keras", folder) for pair in NAMES]) == [None] * len(NAMES)
    assert outcomes([job(pair, "torch", folder, origin="keras") for pair in NAMES]) == [None] * len(NAMES)
    return {
        pair: compare(*(Record.load(folder / f"{pair}.{framework}.record") for framework in ("keras", "torch")))
        for pair in NAMES
    }


def test_every_pair_is_expected_to_part_or_not() -> None:
    assert sorted((*PARTINGS, *EQUAL)) == sorted(NAMES)


@pytest.mark.parametrize("pair", PARTINGS)
def test_a_planted_difference_is_named(pair: str, comparisons: Mapping[str, Comparison]) -> None:
    found = comparisons[pair]
    level, kind, task, step, tensor = PARTINGS[pair]
    assert found.parting is not None
    named = (found.parting.level, found.parting.kind, found.parting.task, found.parting.step)
    assert named == (level, kind, task, step)
    assert found.parting.tensor.endswith(tensor)
    assert bool(found.parting.tensor) == bool(tensor)


@pytest.mark.parametrize("pair", PARTINGS)
def test_the_levels_before_a_difference_agree(pair: str, comparisons: Mapping[str, Comparison]) -> None:
    verdicts = {result.level: result.verdict for result in comparisons[pair].results}
    assert [verdicts[level] for level in BEFORE[PARTINGS[pair][0]]] == ["conforms"] * len(BEFORE[PARTINGS[pair][0]])
    assert verdicts[PARTINGS[pair][0]] == "differs"


@pytest.mark.parametrize("pair", PARTINGS)
def test_a_planted_difference_is_far_above_rounding(pair: str, comparisons: Mapping[str, Comparison]) -> None:
    parting = comparisons[pair].parting
    assert parting is not None
    assert parting.error > 1e-4


@pytest.mark.parametrize("pair", EQUAL)
def test_an_equal_pair_does_not_part(pair: str, comparisons: Mapping[str, Comparison]) -> None:
    found = comparisons[pair]
    assert found.parting is None
    assert found.green
    absent = ABSENT.get(pair, ())
    assert {r.level: r.verdict for r in found.results} == {
        level: "not_run" if level in absent else "conforms" for level in LEVELS
    }
    assert [bool(r.detail) for r in found.results if r.verdict == "not_run"] == [True] * len(absent)


@pytest.mark.parametrize("pair", EQUAL)
def test_an_equal_pair_stays_well_below_its_limits(pair: str, comparisons: Mapping[str, Comparison]) -> None:
    ratios = {str(each.where): each.finding.error / each.finding.limit for each in comparisons[pair].compared}
    assert {where: ratio for where, ratio in ratios.items() if ratio > 0.7} == {}


def test_only_the_task_with_the_difference_is_blamed(comparisons: Mapping[str, Comparison]) -> None:
    for pair, other in (("masked_mean", "kind"), ("label_order", "price"), ("double_softmax", "price")):
        found = comparisons[pair].compared
        assert [
            each for each in found if each.differs and each.where.level == "loss" and each.where.task == other
        ] == []


@pytest.mark.parametrize(
    ("pair", "place"),
    [
        ("flatten_order", "the outputs of `conv2d` agree, the inputs of `dense` (torch: `hidden`) do not"),
        ("flatten_order", "the numbers are the same in another order"),
        ("same_padding_with_stride", "it arises in `conv2d` or between the two"),
    ],
)
def test_the_layer_where_outputs_part_is_named(pair: str, place: str, comparisons: Mapping[str, Comparison]) -> None:
    parting = comparisons[pair].parting
    assert parting is not None
    assert place in parting.text


def test_weights_on_the_wrong_heads_are_both_told(comparisons: Mapping[str, Comparison]) -> None:
    parting = comparisons["weight_on_the_wrong_head"].parting
    assert parting is not None
    assert "keras has 0.2, torch 1" in parting.text
    assert "the same level differs for `price`, `kind`" in parting.text


def test_probabilities_and_logits_of_the_same_prediction_agree(comparisons: Mapping[str, Comparison]) -> None:
    found = comparisons["clipped_probabilities"]
    assert [each.differs for each in found.compared if each.where.kind == "output"] == [False, False]


def test_the_law_parts_only_where_the_optimizers_do(comparisons: Mapping[str, Comparison]) -> None:
    apart = {
        pair for pair, found in comparisons.items() for r in found.results if (r.level, r.verdict) == ("law", "differs")
    }
    assert apart == {"adam_epsilon", "momentum_under_schedule"}


def test_dropout_is_switched_off_and_told(comparisons: Mapping[str, Comparison]) -> None:
    for record in (comparisons["own_loops"].first, comparisons["own_loops"].second):
        assert any(note.startswith("dropout switched off") for note in record.notes)


def test_the_matching_uses_names_and_shapes_where_they_are_enough(comparisons: Mapping[str, Comparison]) -> None:
    origin = comparisons["adam_epsilon"].second.origin
    assert origin is not None
    assert origin.how == {"name": 2, "shape": 2}
    assert origin.names["dense_1.kernel"] == "trunk.2.kernel"
