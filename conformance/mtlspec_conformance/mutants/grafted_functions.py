"""Mutants planted in activations, losses and updates of the reference, where no wrapper reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtlspec_numpy import activations, clipping, cross_entropies, losses, optimizers
from mtlspec_numpy.optimizers import PhaseOptimizer
from mtlspec_numpy.program import NumpyProgram

from mtlspec.spec import activations as functions
from mtlspec.spec import losses as risks
from mtlspec.spec import optimizers as laws
from mtlspec_conformance.mutants import mistaken_functions as wrong
from mtlspec_conformance.mutants import mistaken_updates as late
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import A_STEP_UPDATES_TOO, Mutant


def _function(name: str, mistake: str, level: str, case: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return Mutant(
        name, mistake, level, (f"activation/{case}",), grafts=(Graft(activations.ACTIVATIONS, kind, function),)
    )


def _slope(name: str, mistake: str, case: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return _function(name, mistake, "gradient", case, kind, function)


def _loss(name: str, mistake: str, level: str, case: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    return Mutant(name, mistake, level, (case,), grafts=(Graft(losses.LOSSES, kind, function),))


def _update(name: str, mistake: str, case: str, kind: type[Any], function: Callable[..., Any]) -> Mutant:
    grafts = (Graft(optimizers.UPDATES, kind, function),)
    return Mutant(name, mistake, "law", (f"law/{case}",), grafts=grafts, earlier=A_STEP_UPDATES_TOO)


ACTIVATION_GRAFTS = (
    _function(
        "softmax-of-the-batch", "Sums over examples.", "forward", "softmax", functions.Softmax, wrong.over_the_batch
    ),
    _function(
        "softmax-overflows", "Does not shift.", "forward", "softmax-far-out", functions.Softmax, wrong.not_shifted
    ),
    _function(
        "softplus-overflows",
        "Takes the exponential first.",
        "forward",
        "softplus-far-out",
        functions.Softplus,
        wrong.softplus_overflows,
    ),
    _function(
        "softplus-linear",
        "Is the identity above 20, as PyTorch's default.",
        "forward",
        "softplus-above-twenty",
        functions.Softplus,
        wrong.linear_above_twenty,
    ),
    _function(
        "gelu-constant-in-float32",
        "Rounds sqrt(1/2) to float32.",
        "forward",
        "gelu-near-one",
        functions.Gelu,
        wrong.gelu_in_float32,
    ),
    Mutant(
        "gelu-cubic-in-float32",
        "Rounds the coefficient of the approximation to float32.",
        "forward",
        ("activation/gelu-near-one",),
        grafts=(Graft(activations, "CUBIC", wrong.CUBIC_IN_FLOAT32),),
    ),
    _function(
        "elu-overflows",
        "Has both branches in its slope.",
        "gradient",
        "elu-far-out",
        functions.Elu,
        wrong.elu_overflows,
    ),
    _function("relu-one-at-zero", "Has slope 1 at 0.", "gradient", "relu-at-zero", functions.Relu, wrong.one_at_zero),
    _function(
        "relu-half-at-zero",
        "Has slope 1/2 at 0, as a maximum of equals.",
        "gradient",
        "relu-at-zero",
        functions.Relu,
        wrong.half_at_zero,
    ),
    _function(
        "leaky-one-at-zero", "Has slope 1 at 0.", "gradient", "slope-at-zero", functions.LeakyRelu, wrong.one_at_zero
    ),
    _function("elu-one-at-zero", "Has slope 1 at 0.", "gradient", "slope-at-zero", functions.Elu, wrong.one_at_zero),
)

SLOPE_GRAFTS = (
    Mutant(
        "softmax-diagonal",
        "Leaves out the mixed terms of its slope.",
        "gradient",
        ("activation/softmax",),
        grafts=(Graft(activations, "softmax_pullback", wrong.diagonal),),
    ),
    _slope("gelu-density-forgotten", "Leaves out the density.", "gelu", functions.Gelu, wrong.density_forgotten),
    _slope("silu-gate-constant", "Takes its gate for a constant.", "silu", functions.Silu, wrong.gate_constant),
    _slope("elu-alpha-forgotten", "Leaves alpha out of its slope.", "elu", functions.Elu, wrong.alpha_forgotten),
    _slope("leaky-slope-forgotten", "Has slope 0 below 0.", "leaky-relu", functions.LeakyRelu, wrong.slope_forgotten),
)

SOFTMAX, SIGMOID = risks.SoftmaxCrossEntropy, risks.SigmoidCrossEntropy

LOSS_GRAFTS = (
    _loss("double-softmax", "Takes probabilities for logits.", "loss", "loss/softmax", SOFTMAX, wrong.double_softmax),
    _loss(
        "logarithm-of-softmax",
        "Takes the logarithm of what has underflowed.",
        "loss",
        "loss/softmax-far-out",
        SOFTMAX,
        wrong.logarithm_of_softmax,
    ),
    _loss(
        "logarithm-of-sigmoid",
        "Takes the logarithm of what has been rounded.",
        "loss",
        "loss/sigmoid-saturated",
        SIGMOID,
        wrong.logarithm_of_sigmoid,
    ),
    Mutant(
        "smoothing-over-the-others",
        "Shares the smoothing among the other classes.",
        "loss",
        ("loss/softmax-smoothed",),
        grafts=(Graft(cross_entropies, "smoothed", wrong.over_the_others),),
    ),
    Mutant(
        "gradient-outside-the-clip",
        "Lets the gradient through where probabilities are clipped.",
        "gradient",
        ("loss/softmax-from-probabilities-saturated", "loss/sigmoid-from-probabilities-saturated"),
        grafts=(Graft(cross_entropies, "_clipped", wrong.probabilities_flow),),
    ),
    _loss("huber-never-linear", "Follows the square.", "gradient", "loss/huber", risks.Huber, wrong.never_linear),
    _loss(
        "absolute-error-uphill-at-zero",
        "Has slope 1 at 0.",
        "gradient",
        "loss/absolute-error-at-zero",
        risks.AbsoluteError,
        wrong.uphill_at_zero,
    ),
    _loss(
        "targets-broadcast",
        "Compares every prediction with every target.",
        "loss",
        "tasks/three-share-one-trunk",
        risks.SquaredError,
        wrong.broadcast,
    ),
    Mutant(
        "weights-along-units",
        "Weighs units by the weights of examples.",
        "loss",
        ("reduction/as-many-units-as-examples",),
        grafts=(Graft(NumpyProgram, "_loss", wrong.weights_along_units),),
    ),
)

UPDATE_GRAFTS = (
    _update("decay-last", "Decays after the update.", "adamw-decay-by-learning-rate", laws.AdamW, late.decay_last),
    _update("moment-of-sums", "Adds the whole gradient to its moment.", "adam", laws.Adam, late.sums),
    _update("epsilon-in-the-root", "Adds epsilon to the second moment.", "adam", laws.Adam, late.epsilon_in_the_root),
    _update("largest-corrected", "Keeps the largest moment corrected.", "amsgrad", laws.Adam, late.largest_corrected),
    Mutant(
        "clip-scales-up",
        "Makes short gradients longer.",
        "law",
        ("law/clip-global-norm", "law/clip-per-tensor-norm"),
        grafts=(Graft(clipping, "_factor", late.scales_up),),
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant(
        "clip-by-norm-alone",
        "Decides without epsilon whether to clip.",
        "law",
        ("law/clip-global-norm-below-limit",),
        grafts=(Graft(clipping, "_factor", late.norm_alone_decides),),
    ),
    Mutant(
        "clip-by-squares",
        "Takes no root of the squares.",
        "law",
        ("law/clip-global-norm",),
        grafts=(Graft(clipping, "_factor", late.without_root),),
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant(
        "clip-over-all-phases",
        "Clips a phase by the norm of all parameters.",
        "step",
        ("phases/summed-clipped",),
        grafts=(Graft(PhaseOptimizer, "update", late.norm_of_all),),
    ),
)
