"""Cases: strategies for a spec with data, first values, steps and scripted gradients.

Numbers come from the kit's own named streams, so that a spec that shrinks keeps the numbers of what is left of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mtlspec.graph import Graph, lower
from mtlspec.randomness import permutation
from mtlspec.spec import Spec
from mtlspec.spec.content import document_of
from mtlspec.spec.optimizers import Sgd
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import read
from mtlspec_conformance.draft import Draft
from mtlspec_conformance.drawing import MAGNITUDES, content_of
from mtlspec_conformance.specs.models import specs
from mtlspec_conformance.specs.naming import namers, naming
from mtlspec_conformance.specs.values import ALL, Kinds
from mtlspec_conformance.suite import version

WHY = "Drawn from the whole schema."
FACTORS = (1.0, 0.5, 0.0, 2.0, 0.1)
"""Of learning rates and task weights in a trajectory."""
STEPS = (0, 1, 2, 4, 7, 12)
"""Lengths of trajectories; none first. The longest reaches the second move of the level interchange."""
TINY = MAGNITUDES.index(1e-12)
"""The scripted step whose updates drown in the rounding of the parameters, unless an optimizer divides by them."""
SATURATING = 20.0
"""The factor of the last kernel of a head whose logits are to be saturated.

Only under sgd: 1 - p of a saturated p has few digits, and an optimizer that divides by gradients shows the others.
"""


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    max_tasks: int = 4,
    max_layers: int = 3,
    max_steps: int = STEPS[-1],
    kinds: Iterable[str] = ALL,
    of: st.SearchStrategy[Spec] | None = None,
) -> Case:
    """Return a strategy for cases, that shrinks to a plain spec and one example in one batch, without a trajectory.

    Args:
        max_tasks: At most so many tasks.
        max_layers: At most so many layers in a block or head.
        max_steps: At most so many steps in a trajectory.
        kinds: Kinds and features as `family/kind`: nothing else is drawn.
        of: A strategy for the specs, in place of what the arguments before say of them.
    """
    spec = draw(_specs(max_tasks, max_layers, frozenset(kinds)) if of is None else of)
    graph = lower(spec)
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    batches = [list(range(sum(sizes[:k]), sum(sizes[: k + 1]))) for k in range(len(sizes))]
    draft = Draft(
        id=f"fuzz/{draw(st.integers(0, 99))}",
        why=WHY,
        since=version(),
        spec=document_of(spec),
        examples=sum(sizes) + 1,  # the last one has every label, and is in no batch but those of the trajectory
        batches=batches,
        absent=draw(_absences(graph.tasks, batches)),
        weighted=draw(st.booleans()),
        law=draw(st.booleans()),
    )
    content = content_of(draft)
    if draft.law:
        _without_step(content["law"], TINY)
    count = draw(st.sampled_from([count for count in STEPS if count <= max_steps]))
    if count:
        content["trajectory"] = draw(_trajectories(spec, graph, draft, sizes, count))
    if isinstance(spec.training.optimizer, Sgd) and draw(st.booleans()):
        _saturate(content, graph)
    return read(content)


@st.composite
def _specs(draw: st.DrawFn, max_tasks: int, max_layers: int, kinds: Kinds) -> Spec:
    """Return a strategy for specs, one in six of which is made around a layer that names other tensors."""
    naming_layers = namers(kinds)
    if naming_layers and draw(st.sampled_from(range(6))) == 5:
        return draw(naming(draw(st.sampled_from(naming_layers)), kinds))
    return draw(specs(max_tasks=max_tasks, max_layers=max_layers, kinds=kinds))


def _without_step(law: dict[str, Any], index: int) -> None:
    for steps in law.values():
        del steps[index]


@st.composite
def _absences(draw: st.DrawFn, names: tuple[str, ...], batches: list[list[int]]) -> dict[str, list[int]]:
    """Return a strategy for the examples without a label, by task: none, the first one, or a whole batch."""
    choices: list[list[int]] = [[], [0], batches[0], batches[-1]]
    return {name: rows for name in names if (rows := draw(st.sampled_from(choices)))}


@st.composite
def _trajectories(
    draw: st.DrawFn, spec: Spec, graph: Graph, draft: Draft, sizes: list[int], count: int
) -> dict[str, Any]:
    """Return a strategy for steps: batches of the drawn sizes, rates that drop and touch zero, weights that change."""
    ends = [draw(st.sampled_from(sizes)) for _ in range(count)] if len(set(sizes)) > 1 else sizes[:1] * count
    found: dict[str, Any] = {
        "rows": [permutation(0, f"{draft.id}:rows {k}", draft.examples)[:size].tolist() for k, size in enumerate(ends)]
    }
    first, schedule = spec.training.optimizer.learning_rate, spec.training.schedule
    if draw(st.booleans()):
        rates: list[Any] = [first * schedule.factor(k, steps_per_epoch=2) for k in range(count)]
    else:
        rates = [first * draw(st.sampled_from(FACTORS)) for _ in range(count)]
    if len(graph.phases) > 1 and draw(st.booleans()):
        rates = [[rate * (1 + phase) for phase in range(len(graph.phases))] for rate in rates]
    found["learning_rates"] = rates
    if draw(st.booleans()):
        found["task_weights"] = [[draw(st.sampled_from(FACTORS)) for _ in graph.tasks] for _ in range(count)]
    return found


def _saturate(content: dict[str, Any], graph: Graph) -> None:
    """Scale the last kernel of every head with a cross-entropy."""
    for head in graph.heads:
        path = f"{head.output}.kernel"
        if head.loss.link != "none" and path in content["parameters"]:
            content["parameters"][path] = (SATURATING * np.asarray(content["parameters"][path])).tolist()
