"""Mutants that compile another optimizer or clip than the one asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mtlspec.graph import Graph, Numbers
from mtlspec.spec import optimizers
from mtlspec.spec.decay import DecoupledDecay
from mtlspec_conformance.mutants.mutant import A_STEP_UPDATES_TOO, Mutant
from mtlspec_conformance.mutants.rewriting import every, having, negated, other, rebuilt

NORMS = (optimizers.GlobalNorm, optimizers.PerTensorNorm)


def _without_clipping(graph: Graph) -> Graph:
    return having(graph, phases=tuple(having(phase, clipping=None) for phase in graph.phases))


def _other_norm(graph: Graph) -> Graph:
    swapped = {optimizers.GlobalNorm: optimizers.PerTensorNorm, optimizers.PerTensorNorm: optimizers.GlobalNorm}

    def change(value: Any) -> Any:
        if not isinstance(value, NORMS):
            return value
        return swapped[type(value)](limit=value.limit, epsilon=value.epsilon)

    changed: Graph = rebuilt(graph, change)
    return changed


def _without_decay(graph: Graph) -> Graph:
    return having(graph, phases=tuple(having(phase, decay=None) for phase in graph.phases))


MOMENTS = (optimizers.Adam, optimizers.AdamW)

_FLIPPED = (
    Mutant(
        "epsilon-placement-flipped",
        "Adds epsilon on the other side of the correction.",
        "law",
        ("law/adam", "law/adam-before-correction"),
        every(MOMENTS, epsilon_placement=other("after_correction", "before_correction")),
    ),
    Mutant("epsilon-of-keras", "Has an epsilon of its own.", "law", ("law/adam",), every(MOMENTS, epsilon=1e-7)),
    Mutant(
        "momentum-law-flipped",
        "Applies the rate on the other side of the velocity; nobody sees it before the rate changes.",
        "law",
        ("law/sgd-momentum-at-update", "law/sgd-momentum-into-velocity"),
        every(optimizers.Sgd, rate_applied=other("at_update", "into_velocity")),
    ),
    Mutant(
        "nesterov-flipped",
        "Looks ahead where it should not, or the other way about.",
        "law",
        ("law/sgd-nesterov-at-update", "law/sgd-momentum-at-update"),
        every(optimizers.Sgd, nesterov=negated),
    ),
    Mutant(
        "decay-scale-flipped",
        "Scales the decay by the other rate.",
        "law",
        ("law/adamw-decay-by-schedule", "law/adamw-decay-by-learning-rate"),
        every(DecoupledDecay, scaled_by=other("learning_rate", "schedule")),
    ),
    Mutant(
        "decay-of-torch",
        "Has a weight decay of its own.",
        "law",
        ("law/adamw-decay-by-learning-rate",),
        every(Numbers, decay=0.01),
    ),
    Mutant("decay-forgotten", "Does not decay.", "law", ("law/adamw-decay-by-learning-rate",), _without_decay),
    Mutant("clip-ignored", "Does not clip.", "law", ("law/clip-global-norm",), _without_clipping),
    Mutant(
        "clip-norm-swapped",
        "Takes one norm per tensor for the norm of all, and the other way about.",
        "law",
        ("law/clip-global-norm", "law/clip-per-tensor-norm"),
        _other_norm,
    ),
    Mutant(
        "clip-epsilon-of-torch",
        "Adds 1e-6 to the norm unasked.",
        "law",
        ("law/clip-global-norm", "law/clip-per-tensor-norm"),
        every(NORMS, epsilon=1e-6),
    ),
    Mutant(
        "clip-epsilon-forgotten",
        "Divides by the norm alone.",
        "law",
        ("law/clip-global-norm-with-epsilon",),
        every(NORMS, epsilon=0.0),
    ),
)

OPTIMIZER_MUTANTS = tuple(replace(mutant, earlier=A_STEP_UPDATES_TOO) for mutant in _FLIPPED)
