"""Mutants of positions and of the losses beyond the first five, planted in the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mtlspec_numpy import distances, likelihoods, losses
from mtlspec_numpy.program import NumpyProgram

from mtlspec.batch import Batch
from mtlspec.spec import losses as kinds
from mtlspec_conformance.mutants import mistaken_risks as wrong
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.losses import _OtherBatch
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having

Table = Mapping[type[kinds.Loss], Callable[..., Any]]


class _FirstPositionWeighs(_OtherBatch):
    """Gives every position the weight of the first."""

    def seen(self, batch: Batch) -> Batch:
        first = {head.task: (slice(None), *(slice(1),) * len(head.positions)) for head in self.graph.heads}
        weights = {t: np.broadcast_to(own[first[t]], own.shape) for t, own in batch.weights.items()}
        return Batch(batch.inputs, batch.targets, weights, batch.denominators)


def _planted(name: str, mistake: str, level: str, case: str, owner: Any, key: Any, function: Any) -> Mutant:
    return Mutant(name, mistake, level, (case,), grafts=(Graft(owner, key, function),))


def _loss(name: str, mistake: str, case: str, kind: Any, function: Any, *, level: str = "loss") -> Mutant:
    return _planted(name, mistake, level, f"loss/{case}", _table(kind), kind, function)


def _law(name: str, mistake: str, case: str, kind: Any, *, level: str = "loss", **fields: Any) -> Mutant:
    """Return a mutant that has a law at one value whatever the document says."""
    function = _table(kind)[kind]

    def other(loss: kinds.Loss, *given: Any) -> Any:
        return function(having(loss, **fields), *given)

    return _loss(name, mistake, case, kind, other, level=level)


def _table(kind: type[kinds.Loss]) -> Table:
    return next(table for table in (losses.LOSSES, losses.EXAMPLE_LOSSES, losses.COMBINATIONS) if kind in table)


POSITION_MUTANTS = (
    Mutant(
        "first-position-weighs",
        "Weighs all positions of an example as its first.",
        "loss",
        ("positions/present-each", "positions/weight-sum-example-mean"),
        program=_FirstPositionWeighs,
    ),
    _planted(
        "weights-of-positions-added",
        "Weighs an example by the sum over its positions.",
        "loss",
        "loss/dice",
        NumpyProgram,
        "_loss",
        wrong.weights_added,
    ),
    _planted(
        "absent-positions-seen",
        "Reads what has no label in a loss of examples.",
        "loss",
        "loss/ranking",
        losses,
        "loss_per_example",
        wrong.absent_seen,
    ),
)

LAWS_OF_RISKS = (
    _law("focal-unbalanced", "Counts positive labels as others.", "focal", kinds.SigmoidFocal, alpha=None),
    _law("focal-factor-of-all", "Has one factor for all classes.", "focal", kinds.SoftmaxFocal, alpha=0.25),
    _law("divergence-of-logits", "Never clips.", "kullback-leibler", kinds.KullbackLeibler, from_=kinds.Logits()),
    _law("logarithm-of-zero", "Has no clip.", "distances", kinds.SquaredLogarithmicError, clip=0.0),
    _law("cosine-from-one", "Takes 1 - cos for -cos.", "distances", kinds.CosineSimilarity, value="one_minus"),
    _law(
        "epsilon-as-a-floor",
        "Holds the norm where epsilon is to be added.",
        "distances",
        kinds.CosineSimilarity,
        epsilon_placement="floor",
    ),
    _law("cosine-of-torch", "Has epsilon 1e-8.", "distances", kinds.CosineSimilarity, epsilon=1e-8),
    _law("logarithms-of-rates", "Takes rates for logarithms.", "poisson", kinds.Poisson, input="log_rate"),
    _law("poisson-of-torch", "Has epsilon 1e-8.", "poisson", kinds.Poisson, epsilon=1e-8),
    _law(
        "held-variance-is-flat",
        "Has no gradient below the smallest variance.",
        "gaussian-likelihood",
        kinds.GaussianLikelihood,
        level="gradient",
        below_minimum="flat",
    ),
    _law("zeros-as-signs", "Takes 0 and 1 for signs.", "margins", kinds.Hinge, targets="signs"),
    _law("zeros-as-signs-squared", "Takes 0 and 1 for signs.", "margins", kinds.SquaredHinge, targets="signs"),
    _law("zero-is-a-rival", "Has a rival of 0.", "margins", kinds.CategoricalHinge, rivals="others_or_zero"),
    _law("dice-of-squares", "Squares below the line.", "dice", kinds.Dice, squares=True),
    _law("dice-smooth-in-both", "Adds to both.", "dice", kinds.Dice, smooth_in="both"),
    _law("dice-by-class", "Divides for each class.", "dice", kinds.Dice, classes="mean"),
    _law("pairs-added", "Adds up the pairs.", "ranking", kinds.PairwiseRanking, pairs="sum"),
)

RISK_GRAFTS = (
    _loss(
        "focal-factor-detached",
        "Takes the factor for a constant.",
        "focal",
        kinds.SoftmaxFocal,
        wrong.factor_detached,
        level="gradient",
    ),
    _loss("focal-on-the-easy", "Counts what is easy.", "focal", kinds.SigmoidFocal, wrong.easy_counts),
    _loss(
        "threshold-of-equals",
        "Has a class above the threshold that it is.",
        "ordinal",
        kinds.OrdinalCrossEntropy,
        wrong.threshold_above,
    ),
    _planted(
        "thresholds-that-rise",
        "Predicts probabilities below 0.",
        "forward",
        "loss/ordinal-saturated",
        losses.LINKS,
        "ordinal",
        wrong.thresholds_as_they_are,
    ),
    _loss(
        "entropy-forgotten", "Is the cross-entropy.", "kullback-leibler", kinds.KullbackLeibler, wrong.entropy_forgotten
    ),
    _loss("log-cosh-raised", "Leaves out log 2.", "distances", kinds.LogCosh, wrong.without_logarithm_of_two),
    _loss("quantiles-from-above", "Exchanges q and 1 - q.", "distances", kinds.Quantile, wrong.quantiles_turned),
    _loss(
        "share-of-the-prediction",
        "Divides by the prediction.",
        "percentage-error",
        kinds.PercentageError,
        wrong.share_of_prediction,
    ),
    _loss(
        "slope-below-the-clip",
        "Lets the gradient through where the clip acts.",
        "distances-at-kinks",
        kinds.SquaredLogarithmicError,
        wrong.slope_below_clip,
        level="gradient",
    ),
    _planted(
        "cosine-epsilon-added",
        "Adds epsilon to the norm.",
        "loss",
        "loss/distances",
        distances,
        "_norm",
        wrong.epsilon_added,
    ),
    _planted(
        "stirling-from-one",
        "Has Stirling's terms for a count of 1.",
        "loss",
        "loss/poisson",
        likelihoods,
        "stirling",
        wrong.stirling_from_one,
    ),
    _planted(
        "deviation-for-variance",
        "Takes the head's number for a logarithm of the deviation.",
        "loss",
        "loss/gaussian-likelihood",
        likelihoods,
        "_log_variance",
        wrong.deviation,
    ),
    _planted(
        "variance-constant",
        "Has no gradient by the variance.",
        "gradient",
        "loss/gaussian-likelihood",
        likelihoods,
        "_log_variance",
        wrong.variance_constant,
    ),
    _loss(
        "hinge-flat-at-the-kink",
        "Has slope 0 at the margin.",
        "margins-at-the-kink",
        kinds.Hinge,
        wrong.flat_at_the_kink,
        level="gradient",
    ),
    _loss(
        "first-of-equal-rivals",
        "Moves one of equal rivals.",
        "margins-at-the-kink",
        kinds.CategoricalHinge,
        wrong.first_of_equals,
        level="gradient",
    ),
    _loss("margins-added", "Does not divide by the classes.", "margins", kinds.MultiMargin, wrong.margins_added),
    _loss("dice-over-the-batch", "Sums over the batch.", "dice", kinds.Dice, wrong.over_the_batch),
    _loss(
        "pairs-of-equals",
        "Has pairs that are equally relevant.",
        "ranking-at-its-edges",
        kinds.PairwiseRanking,
        wrong.equal_pairs,
    ),
    _loss("list-as-given", "Does not sort the list.", "ranking", kinds.ListMle, wrong.as_given),
    _loss(
        "relevances-unsoftened",
        "Takes relevances for probabilities.",
        "ranking",
        kinds.ListNet,
        wrong.relevances_unsoftened,
    ),
    _loss("terms-unweighted", "Forgets the factors.", "weighted-sum", kinds.WeightedSum, wrong.terms_unweighted),
)

RISK_MUTANTS = (*POSITION_MUTANTS, *LAWS_OF_RISKS, *RISK_GRAFTS)
