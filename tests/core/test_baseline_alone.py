"""A task alone computes what it does in the joint model, from the same values, and nothing else is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import document
from small_specs import two_tasks

import mtlspec as mtl
from mtlspec import MtlspecError, Spec, compile, load, lower
from mtlspec.baselines import alone
from mtlspec.baselines.alone import examples_of
from mtlspec.graph import initial_parameters
from mtlspec.training import synthetic

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
DENSE = {"kind": "dense", "units": 8}
HEADS = [{"kind": "dense", "units": 1}]


def spec_of(blocks: list[dict[str, Any]], a: dict[str, Any], b: dict[str, Any], **parts: Any) -> Spec:
    """Return a spec of two inputs, these blocks, and the tasks a and b."""
    tasks = [{"name": n, "head": HEADS, "loss": "squared_error", **own} for n, own in (("a", a), ("b", b))]
    inputs = [{"name": "x", "shape": [4]}, {"name": "z", "shape": [4]}]
    return Spec.model_validate({"inputs": inputs, "blocks": blocks, "tasks": tasks, **parts})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_serves_a_task_is_what_it_has_alone(path: Path) -> None:
    spec = load(path)
    graph = lower(spec)
    for task in graph.tasks:
        own = lower(alone(spec, task))
        assert own.tasks == (task,)
        assert own.inputs == graph.inputs
        assert [node.path for node in own.nodes] == [node.path for node in graph.nodes if task in node.tasks]
        assert [p.path for p in own.parameters] == [p.path for p in graph.parameters if task in p.tasks]


def test_a_task_alone_has_the_values_and_the_loss_of_the_joint_model() -> None:
    spec = two_tasks()
    graph, own = lower(spec), alone(spec, "size")
    data = synthetic(graph, size=8, seed=0)
    joint, single = (compile(each, backend="numpy", precision="float64") for each in (spec, own))
    values = initial_parameters(graph)
    assert all((single.parameters[path] == values[path]).all() for path in lower(own).by_path)
    parts = data, examples_of(data, ("size",))
    batches = [part.batch(np.arange(8), dict.fromkeys(part.targets, "present")) for part in parts]
    assert single.losses(on=batches[1])["size"] == joint.losses(on=batches[0])["size"]
    assert own.task("size").weight == 1.0


def test_blocks_are_kept_that_a_block_reads_by_default_or_by_name() -> None:
    blocks = [
        {"name": "first", "inputs": ["x"], "layers": [DENSE]},
        {"name": "second", "layers": [DENSE]},
        {"name": "other", "inputs": ["z"], "layers": [DENSE]},
        {"name": "tied", "inputs": ["z"], "reuses": "first"},
    ]
    spec = spec_of(blocks, {"inputs": ["second"]}, {})
    assert [block.name for block in alone(spec, "a").blocks] == ["first", "second"]
    assert [block.name for block in alone(spec, "b").blocks] == ["first", "tied"]  # whose layers those of first are


def test_blocks_are_kept_that_a_layer_names() -> None:
    named = {"name": "named", "inputs": ["z"], "layers": [{"kind": "dense", "units": 4}]}
    idle = {"name": "idle", "inputs": ["x"], "layers": [DENSE]}
    product = {"name": "product", "inputs": ["x"], "layers": [{"kind": "dot_product", "other": "named"}]}
    spec = spec_of([named, idle, product], {"inputs": ["product"]}, {"inputs": ["idle"]})
    assert [block.name for block in alone(spec, "a").blocks] == ["named", "product"]
    assert [block.name for block in alone(spec, "b").blocks] == ["idle"]


def test_groups_and_patterns_without_a_parameter_are_left_out() -> None:
    blocks = [{"name": n, "inputs": ["x"], "layers": [DENSE]} for n in ("one", "two")]
    training = {
        "groups": [
            {"parameters": "one*", "rate_factor": 0.5},
            {"parameters": "*.bias", "decay": 0.25},
            {"parameters": "two*", "frozen": True},
        ],
        "decay": {"kind": "decoupled", "rate": 0.1, "exclude": ["two*"], "only": ["one*", "*.bias"]},
    }
    spec = spec_of(blocks, {"inputs": ["one"]}, {"inputs": ["two"]}, training=training)
    joint = {path: numbers for phase in lower(spec).phases for path, numbers in phase.numbers_of.items()}
    for task in "ab":
        own = alone(spec, task)
        (phase,) = lower(own).phases
        assert phase.numbers_of == {path: joint[path] for path in phase.parameters}
        assert set(phase.parameters) == {path for path in joint if path in lower(own).by_path}
    assert [group.parameters for group in alone(spec, "a").training.groups] == ["one*", "*.bias"]


def test_a_decay_that_reached_another_task_alone_reaches_nothing() -> None:
    blocks = [{"name": n, "inputs": ["x"], "layers": [DENSE]} for n in ("one", "two")]
    training = {"decay": {"kind": "decoupled", "rate": 0.1, "only": ["one*"]}}
    spec = spec_of(blocks, {"inputs": ["one"]}, {"inputs": ["two"]}, training=training)
    (phase,) = lower(alone(spec, "b")).phases
    assert {numbers.decay for numbers in phase.numbers_of.values()} == {0.0}


def test_a_schedule_that_listens_to_another_task_is_refused() -> None:
    training = {"schedule": {"kind": "reduce_on_plateau", "measure": "kind/loss"}}
    spec = Spec.model_validate(document(training=training))
    assert alone(spec, "kind").training.schedule == spec.training.schedule
    with pytest.raises(MtlspecError, match="listens to 'kind/loss', which task 'size' alone does not have"):
        alone(spec, "size")


def test_the_data_of_the_others_is_left_out() -> None:
    spec = load(next(path for path in EXAMPLES if path.stem == "penguins"))
    own = alone(spec, "mass")
    assert own.data is not None and spec.data is not None
    assert [part.name for part in own.data.targets] == ["mass"]
    assert own.data.inputs == spec.data.inputs
    assert mtl.parse(mtl.render(own)) == own
