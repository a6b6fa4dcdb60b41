"""Mending: what makes fields that were drawn one by one obey the rules that bind several of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtlspec.spec.attention import Attention
from mtlspec.spec.constraints import MaxNorm, UnitNorm
from mtlspec.spec.initializers import Uniform
from mtlspec.spec.layers import BatchNormalization, Embedding, EmbeddingBag
from mtlspec.spec.losses import (
    Dice,
    KullbackLeibler,
    Poisson,
    Probabilities,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SoftmaxFocal,
)
from mtlspec.spec.schedules import ConstantRate, Piecewise, ReduceOnPlateau, Sequence
from mtlspec.spec.training import PerTask
from mtlspec.spec.value import Value

Fields = dict[str, Any]


def _rising(fields: Fields) -> Fields:
    boundaries = tuple(sorted(set(fields["boundaries"])))
    return fields | {"boundaries": boundaries, "factors": (fields["factors"] * 4)[: len(boundaries) + 1]}


def _each_with_a_length(fields: Fields) -> Fields:
    schedules = [ConstantRate() if isinstance(part, ReduceOnPlateau) else part for part in fields["schedules"] * 2]
    parts = tuple(schedules[:3])
    return fields | {"schedules": parts, "lengths": (fields["lengths"] * 2)[: len(parts) - 1]}


def _not_empty(fields: Fields) -> Fields:
    low, high = fields.get("low", -0.05), fields.get("high", 0.05)
    return fields if low <= high else fields | {"low": high, "high": low}


def _going_forward_once(fields: Fields) -> Fields:
    kept = {name: drawn for name, drawn in fields.items() if name != "forward"}
    return fields if fields.get("gradient") == "own" else kept


def _telling_rows_apart(fields: Fields) -> Fields:
    padding = fields.get("padding_id")
    if padding is not None:
        fields = fields | {"padding_id": padding % fields["rows"]}
    constraint = fields.get("constraint")
    if constraint is not None and not constraint.by_row and fields.get("untouched_rows") == "skip":
        fields = {name: drawn for name, drawn in fields.items() if name != "constraint"}
    kept = {name: drawn for name, drawn in fields.items() if name != "penalty"}
    return kept if fields.get("untouched_rows") == "skip" else fields


def _summing_with_weights(fields: Fields) -> Fields:
    kept = {name: drawn for name, drawn in fields.items() if name != "combine"}
    return _telling_rows_apart(fields if fields.get("weights") is None else kept)


def _with_keys_of_their_own(fields: Fields) -> Fields:
    return fields if fields.get("memory") is not None else fields | {"values": None}


def _moving_or_frozen(fields: Fields) -> Fields:
    kept = {name: drawn for name, drawn in fields.items() if name != "running_average"}
    return fields if fields.get("frozen", "nothing") == "nothing" else kept


def _not_renormalized(fields: Fields) -> Fields:
    reads = fields.get("from_")
    return fields | {"from_": Probabilities(clip=reads.clip)} if isinstance(reads, Probabilities) else fields


def _ignoring_integers(fields: Fields) -> Fields:
    return fields if fields.get("targets", "integer") == "integer" else fields | {"ignored_class": None}


def _of_one_form(fields: Fields) -> Fields:
    if fields.get("of") == "sigmoid":
        return {name: drawn for name, drawn in fields.items() if name not in ("targets", "ignored_class")}
    return _ignoring_integers(fields)


def _of_logarithms(fields: Fields) -> Fields:
    """Return fields of a loss that any head can have: a rate has to be positive."""
    return fields | {"input": "log_rate"}


def _with_epsilon(fields: Fields) -> Fields:
    """Without epsilon a step of 0 makes a norm 1 again by a last place, and how is a matter of rounding alone."""
    return {"epsilon": 0.1} | fields


MENDED: dict[type[Value], Callable[[Fields], Fields]] = {
    Piecewise: _rising,
    Uniform: _not_empty,
    Sequence: _each_with_a_length,
    PerTask: _going_forward_once,
    Embedding: _telling_rows_apart,
    EmbeddingBag: _summing_with_weights,
    Attention: _with_keys_of_their_own,
    BatchNormalization: _moving_or_frozen,
    SigmoidCrossEntropy: _not_renormalized,
    KullbackLeibler: _not_renormalized,
    SoftmaxCrossEntropy: _ignoring_integers,
    SoftmaxFocal: _ignoring_integers,
    Dice: _of_one_form,
    Poisson: _of_logarithms,
    MaxNorm: _with_epsilon,
    UnitNorm: _with_epsilon,
}
"""What makes drawn fields obey the rules that bind several of them."""
