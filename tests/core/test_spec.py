"""A spec is a value, and its laws follow `like:`."""

from __future__ import annotations

import pytest
from documents import document
from pydantic import ValidationError

from mtlspec import Spec
from mtlspec.spec.data import Numeric
from mtlspec.spec.initializers import Uniform
from mtlspec.spec.layers import Dense, Layer
from mtlspec.spec.optimizers import Adam


def test_a_spec_is_equal_by_content_and_hashable() -> None:
    one, other = Spec.model_validate(document()), Spec.model_validate(document())
    assert one == other
    assert len({one, other}) == 1


def test_a_spec_cannot_be_written_to() -> None:
    spec = Spec.model_validate(document())
    with pytest.raises(ValidationError, match="frozen"):
        spec.like = "keras"  # type: ignore[misc]


def test_replacing_gives_another_validated_value() -> None:
    spec = Spec.model_validate(document())
    changed = spec.replacing(lambda s: s.tasks[-1].weight, by=0.25)
    assert (changed.weights["size"], spec.weights["size"]) == (0.25, 1.0)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        spec.replacing(lambda s: s.tasks[0].weight, by=-1.0)


def test_replacing_an_unknown_field_names_the_nearest() -> None:
    spec = Spec.model_validate(document())
    with pytest.raises(AttributeError, match="no field 'wieght'; did you mean 'weight'"):
        spec.replacing(lambda s: s.tasks[0].wieght, by=1.0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("like", "epsilon", "placement", "reduction", "kernel"),
    [
        ("published", 1e-8, "after_correction", "present", "glorot_uniform"),
        ("keras", 1e-7, "before_correction", "batch", "glorot_uniform"),
        ("torch", 1e-8, "after_correction", "weight_sum", "fan_in_uniform"),
    ],
)
def test_like_fills_the_laws_left_open(like: str, epsilon: float, placement: str, reduction: str, kernel: str) -> None:
    spec = Spec.model_validate(document(like=like))
    optimizer = spec.training.optimizer
    assert isinstance(optimizer, Adam)
    assert (optimizer.epsilon, optimizer.epsilon_placement) == (epsilon, placement)
    assert spec.task("kind").loss.reduction == reduction
    layer = spec.blocks[0].layers[0]
    assert isinstance(layer, Dense)
    assert layer.kernel_initializer.kind == kernel


def test_a_number_in_the_document_wins_over_like() -> None:
    spec = Spec.model_validate(document(like="keras", training={"optimizer": {"kind": "adam", "epsilon": 0.5}}))
    optimizer = spec.training.optimizer
    assert isinstance(optimizer, Adam)
    assert (optimizer.epsilon, optimizer.epsilon_placement) == (0.5, "before_correction")


def test_another_like_fills_the_same_document_anew() -> None:
    spec = Spec.model_validate(document(like="keras"))
    assert spec.replacing(lambda s: s.like, by="torch") == Spec.model_validate(document(like="torch"))


def test_the_digest_is_of_the_meaning() -> None:
    spec = Spec.model_validate(document())
    explicit = Spec.model_validate(spec.to_document(explicit=True))
    assert explicit.digest() == spec.digest()
    assert spec.replacing(lambda s: s.training.epochs, by=3).digest() != spec.digest()
    assert spec.replacing(lambda s: s.training.epochs, by=3).digest(part="model") == spec.digest(part="model")
    wider = spec.replacing(lambda s: s.blocks[0].layers, by=(Dense(units=9),))
    assert wider.digest(part="model") != spec.digest(part="model")


@pytest.mark.parametrize("units", ["8", 8.0, True, 0, -1])
def test_scalars_are_strict(units: object) -> None:
    with pytest.raises(ValidationError):
        Dense(units=units)  # type: ignore[arg-type]


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite"):
        Numeric(scale=float("nan"))


def test_a_family_refuses_a_second_member_of_a_kind() -> None:
    class Other(Layer):
        kind: str = "dense"

    with pytest.raises(ValueError, match="layer 'dense' exists already"):
        Layer.admit(Other)


def test_an_extension_adds_a_kind_after_the_fact() -> None:
    class Doubling(Layer):
        kind: str = "acme.doubling"

    Layer.admit(Doubling)
    try:
        assert isinstance(Layer.read("acme.doubling"), Doubling)
    finally:
        del Layer.kinds["acme.doubling"]


def test_warnings_name_what_is_probably_not_meant() -> None:
    blocks = [{"name": "trunk", "layers": [{"kind": "dense", "units": 3}, "batch_normalization"]}]
    head = [{"kind": "dense", "units": 3, "activation": "softmax"}]
    spec = Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [4]}, {"name": "unread", "shape": [2]}],
            "blocks": [{**blocks[0], "inputs": ["x"]}, {"name": "idle", "inputs": ["x"], "layers": ["flatten"]}],
            "tasks": [{"name": "kind", "inputs": ["trunk"], "head": head, "loss": "softmax_cross_entropy"}],
            "training": {"phases": "per_task"},
        }
    )
    found = "\n".join(spec.warnings)
    for part in ("'unread' serves no task", "'idle' serves no task", "trunk[0].bias", "applies it again", "joint"):
        assert part in found
    assert Spec.model_validate(document()).warnings == ()


@pytest.mark.parametrize(("step", "factor"), [(0, 0.1), (1, 0.55), (2, 1.0), (4, 1.0), (5, 0.5), (7, 0.5)])
def test_a_schedule_begins_after_its_warm_up(step: int, factor: float) -> None:
    training = {"schedule": {"kind": "step", "every": 3, "rate": 0.5, "warm_up": {"steps": 2, "start": 0.1}}}
    schedule = Spec.model_validate(document(training=training)).training.schedule
    assert schedule.factor(step, steps_per_epoch=10) == pytest.approx(factor, abs=1e-15)


@pytest.mark.parametrize(("like", "at_boundary"), [("published", 0.1), ("keras", 1.0), ("torch", 0.1)])
def test_a_boundary_belongs_to_the_side_that_like_says(like: str, at_boundary: float) -> None:
    training = {"schedule": {"kind": "piecewise", "boundaries": [5], "factors": [1.0, 0.1]}}
    schedule = Spec.model_validate(document(like=like, training=training)).training.schedule
    assert [schedule.factor(t, steps_per_epoch=1) for t in (4, 5, 6)] == [1.0, at_boundary, 0.1]


def test_schedules_by_hand() -> None:
    def factor(schedule: dict[str, object], step: int) -> float:
        spec = Spec.model_validate(document(training={"schedule": schedule}))
        return spec.training.schedule.factor(step, steps_per_epoch=4)

    assert factor({"kind": "cosine", "length": 10}, 0) == 1.0
    assert factor({"kind": "cosine", "length": 10}, 5) == pytest.approx(0.5)
    assert factor({"kind": "cosine", "length": 10, "final": 0.2}, 30) == 0.2
    assert factor({"kind": "exponential", "every": 2, "rate": 0.25}, 1) == 0.5
    assert factor({"kind": "exponential", "rate": 0.5, "unit": "epoch"}, 7) == 0.5
    assert factor({"kind": "constant"}, 99) == 1.0


@pytest.mark.parametrize(("like", "rate"), [("published", 0.01), ("keras", 0.01), ("torch", 0.001)])
def test_sgd_left_open_takes_the_rate_of_its_framework(like: str, rate: float) -> None:
    spec = Spec.model_validate(document(like=like, training={"optimizer": "sgd"}))
    assert spec.training.optimizer.learning_rate == rate


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": [{"name": "x", "shape": [0]}]},
        {"inputs": [{"name": "x", "shape": [-3]}]},
        {"blocks": [{"name": "t", "layers": [{"kind": "dense", "units": 2, "kernel_penalty": {"l2": -1.0}}]}]},
        {"training": {"schedule": {"kind": "piecewise", "boundaries": [3], "factors": [1.0, -0.1]}}},
        {"training": {"schedule": {"kind": "piecewise", "boundaries": [3], "factors": [1.0]}}},
        {"training": {"schedule": {"kind": "piecewise", "boundaries": [3, 3], "factors": [1.0, 0.1, 0.1]}}},
        {"training": {"phases": {"kind": "per_task", "gradient": "summed", "forward": "after_each_update"}}},
        {"data": {"file": "a.csv", "synthetic": 10}},
        {"data": {"synthetic": 10, "package": "palmerpenguins"}},
    ],
)
def test_numbers_without_meaning_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Spec.model_validate(document(**changes))


def test_an_empty_interval_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least low"):
        Uniform(low=0.1, high=-0.1)


def test_a_rate_beyond_all_numbers_is_infinite_not_an_error() -> None:
    training = {"schedule": {"kind": "step", "every": 1, "rate": 1e300}}
    schedule = Spec.model_validate(document(training=training)).training.schedule
    assert schedule.factor(2, steps_per_epoch=1) == float("inf")


def test_a_block_without_layers_is_what_it_reads() -> None:
    spec = Spec.model_validate(document(blocks=[{"name": "trunk"}]))
    assert spec.warnings == ()


def test_a_metric_without_fields_keeps_the_digest_that_its_bare_name_had() -> None:
    metrics = {"kind": ["accuracy", "auc", "f1"], "size": ["r2", "mean_absolute_error"]}
    tasks = [{**task, "metrics": metrics[task["name"]]} for task in document()["tasks"]]
    spec = Spec.model_validate(document(tasks=tasks))
    assert spec.digest() == "de44e96ea046ffee4c4a47a9113e214b9e464c07486d910f3a269003f0a53785"
    spelled = [{**task, "metrics": [{"kind": kind, "weighted": False} for kind in task["metrics"]]} for task in tasks]
    assert Spec.model_validate(document(tasks=spelled)).digest() == spec.digest()
    tasks[0]["metrics"] = [{"kind": "accuracy", "weighted": True}, "auc", "f1"]
    weighted = Spec.model_validate(document(tasks=tasks))
    assert weighted.digest() != spec.digest()
    assert [metric.name for metric in weighted.tasks[0].metrics] == ["accuracy(weighted=true)", "auc", "f1"]
