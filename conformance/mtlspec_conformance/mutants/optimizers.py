"""Mutants of the optimizers beside sgd and adam, and of what surrounds an update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy import constraints, factors, optimizers
from mtlspec_numpy.optimizers import PhaseOptimizer

from mtlspec.backend import Gradients, Program, ProgramState, Statistics
from mtlspec.graph import Graph, Numbers
from mtlspec.spec import constraints as bounds
from mtlspec.spec import optimizers as laws
from mtlspec.spec.decay import CoupledDecay, DecoupledDecay
from mtlspec.spec.groups import Average
from mtlspec.tensors import Tensors, dense
from mtlspec_conformance.mutants import mistaken_optimizers as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import A_STEP_UPDATES_TOO, Mutant
from mtlspec_conformance.mutants.rewriting import every, negated, other, rebuilt
from mtlspec_conformance.mutants.updates import OtherUpdate
from mtlspec_conformance.wrapper import Wrapper


class _BeginsEmpty(Wrapper):
    """Begins with zeros in every slot, whatever the rules say."""

    def __init__(self, inner: Program, graph: Graph) -> None:
        super().__init__(inner, graph)
        state = inner.state
        inner.state = ProgramState({slot: np.zeros_like(array) for slot, array in state.slots.items()}, state.steps)


class _FrozenMoves(OtherUpdate):
    """Moves what is frozen."""

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        moving = {path for each in self.graph.phases for path in each.parameters}
        held = self.inner.parameters
        still = (path for path in self.graph.trainable if path not in moving)
        self.inner.parameters = Tensors({path: held[path] - rate * dense(along[path]) for path in still})


def _norms_for_values(graph: Graph) -> Graph:
    def change(value: Any) -> Any:
        return laws.PerTensorNorm(limit=value.limit, epsilon=0.0) if isinstance(value, laws.ValueClipping) else value

    changed: Graph = rebuilt(graph, change)
    return changed


def _flip(name: str, mistake: str, kind: type[Any] | tuple[type[Any], ...], *cases: str, **fields: Any) -> Mutant:
    ids = tuple(f"law/{case}" for case in cases)
    return Mutant(name, mistake, "law", ids, every(kind, **fields), earlier=A_STEP_UPDATES_TOO)


def _update(name: str, mistake: str, case: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return _planted(name, mistake, case, Graft(optimizers.UPDATES, kind, function))


def _planted(name: str, mistake: str, case: str, *grafts: Graft) -> Mutant:
    return Mutant(name, mistake, "law", (f"law/{case}",), grafts=grafts, earlier=A_STEP_UPDATES_TOO)


def _later(mutant: Mutant) -> Mutant:
    """Return a mutant that one step does not show."""
    return replace(mutant, earlier="")


_OF_FORMULAS = (
    _flip(
        "rmsprop-epsilon-flipped",
        "Adds epsilon on the other side of the root.",
        laws.Rmsprop,
        "rmsprop",
        "rmsprop-at-update",
        epsilon_placement=other("inside_root", "outside_root"),
    ),
    _flip(
        "rmsprop-rate-flipped",
        "Applies the rate on the other side of the velocity.",
        laws.Rmsprop,
        "rmsprop-momentum",
        "rmsprop-at-update",
        rate_applied=other("into_velocity", "at_update"),
    ),
    _flip("rmsprop-of-torch", "Averages over a time of its own.", laws.Rmsprop, "rmsprop", rho=0.99),
    _update(
        "centered-by-the-mean",
        "Subtracts the mean in place of its square.",
        "rmsprop-centered",
        laws.Rmsprop,
        wrong.deviation_of_means,
    ),
    _flip(
        "adagrad-epsilon-flipped",
        "Adds epsilon on the other side of the root.",
        laws.Adagrad,
        "adagrad",
        "adagrad-inside-root",
        epsilon_placement=other("outside_root", "inside_root"),
    ),
    _later(_update("adagrad-averages", "Averages the squares.", "adagrad", laws.Adagrad, wrong.square_of_the_root)),
    Mutant(
        "slots-begin-empty", "Begins with zeros.", "shape", ("law/adagrad-filled", "law/nadam"), program=_BeginsEmpty
    ),
    _update("adadelta-steps-first", "Averages a step before it.", "adadelta", laws.Adadelta, wrong.steps_first),
    _flip("adadelta-of-torch", "Has a rho of its own.", laws.Adadelta, "adadelta", rho=0.9),
    _flip(
        "adamax-epsilon-flipped",
        "Adds epsilon on the other side of the maximum.",
        laws.Adamax,
        "adamax",
        "adamax-in-maximum",
        epsilon_placement=other("after_maximum", "in_maximum"),
    ),
    _update("adamax-uncorrected", "Does not correct.", "adamax", laws.Adamax, wrong.never_corrected),
    _flip("nadam-of-keras", "Has a momentum that rises at once.", laws.Nadam, "nadam", momentum_decay=1.0),
    _later(_update("nadam-equal-momenta", "Corrects as Adam does.", "nadam", laws.Nadam, wrong.product_behind)),
    _later(_update("lion-moment-first", "Renews the moment first.", "lion", laws.Lion, wrong.moment_first)),
    _later(_update("adafactor-unclipped", "Never bounds its step.", "adafactor", laws.Adafactor, wrong.never_clipped)),
    _flip(
        "adafactor-scale-flipped",
        "Takes the size of the parameter on the other side of the decay.",
        laws.Adafactor,
        "adafactor-of-torch",
        "adafactor-last-axes",
        scale_from=other("decayed", "undecayed"),
    ),
    _flip(
        "adafactor-epsilon-flipped",
        "Adds epsilon where it bounds, or the other way about.",
        laws.Adafactor,
        "adafactor-of-torch",
        "adafactor-last-axes",
        epsilon_1_use=other("added", "clamped"),
    ),
    _later(
        _flip(
            "adafactor-relative-flipped",
            "Bounds the rate by time, or forgets to.",
            laws.Adafactor,
            "adafactor-of-torch",
            relative_step=negated,
        )
    ),
    _planted(
        "adafactor-mean-of-all",
        "Divides by the mean over all windows.",
        "adafactor-last-axes",
        Graft(factors, "_square", wrong.mean_of_all),
    ),
)

_AROUND = (
    Mutant(
        "values-by-norm",
        "Clips the norm of a parameter in place of its elements.",
        "law",
        ("law/clip-value-descent",),
        _norms_for_values,
        earlier=A_STEP_UPDATES_TOO,
    ),
    _flip(
        "coupled-decay-other-side",
        "Adds the decay on the other side of the clip.",
        CoupledDecay,
        "decay-coupled",
        "decay-coupled-after-clip",
        placed=other("before_clip", "after_clip"),
    ),
    _flip(
        "any-decay-scale-flipped",
        "Scales the decay of any optimizer by the other rate.",
        DecoupledDecay,
        "decay-decoupled",
        "decay-by-rate",
        scaled_by=other("learning_rate", "schedule"),
    ),
    _planted(
        "decay-without-schedule",
        "Decays at the rate of the document.",
        "decay-by-rate",
        Graft(optimizers, "decoupled", wrong.decay_of_the_moved),
    ),
    _flip("all-decay", "Decays what is excluded.", Numbers, "decay-coupled-after-clip", "decay-decoupled", decay=0.3),
    _flip("one-rate", "Ignores the factors of groups.", Numbers, "decay-by-rate", "groups-schedule", rate_factor=1.0),
    Mutant("frozen-moves", "Moves what is frozen.", "step", ("law/groups-frozen",), program=_FrozenMoves),
    _later(_flip("average-of-keras", "Keeps a share of its own.", Average, "average", keeps=0.99)),
    _later(_flip("average-at-once", "Averages from the first update on.", Average, "average-from-the-third", start=1)),
    _planted("average-from-zero", "Begins at 0.", "average", Graft(PhaseOptimizer, "_moved", wrong.average_from_zero)),
    _planted(
        "average-of-the-last",
        "Averages before the update.",
        "average",
        Graft(PhaseOptimizer, "_moved", wrong.before_the_update),
    ),
    _later(
        _planted(
            "batches-summed",
            "Follows the sum of the gradients.",
            "accumulation-decay",
            Graft(PhaseOptimizer, "_accumulated", wrong.sum_of_batches),
        )
    ),
    _later(
        _planted(
            "last-batch-alone",
            "Follows the last gradient.",
            "accumulation",
            Graft(PhaseOptimizer, "_accumulated", wrong.rest_forgotten),
        )
    ),
    _planted(
        "size-for-non-negative",
        "Turns what is below zero round.",
        "constraint-non-negative",
        Graft(constraints.CONSTRAINTS, bounds.NonNegative, wrong.size_kept),
    ),
    _flip("norm-of-columns", "Takes the norm over other axes.", bounds.UnitNorm, "constraint-unit-norm", axes=(0,)),
    _flip("norm-of-keras", "Adds 1e-7 to a norm unasked.", bounds.MaxNorm, "constraint-of-filters", epsilon=1e-7),
    _later(
        _planted(
            "constraint-forgotten",
            "Does not constrain.",
            "constraint-of-filters",
            Graft(optimizers, "constrained", wrong.constrained_gradient),
        )
    ),
)

FAMILY_MUTANTS: tuple[Mutant, ...] = (*_OF_FORMULAS, *_AROUND)
