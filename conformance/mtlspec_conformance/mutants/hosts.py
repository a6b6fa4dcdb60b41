"""Mutants of the host: what every backend takes from it alike, so that holding one against another shows nothing."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
from mtlspec_numpy import model

from mtlspec import randomness
from mtlspec.graph import Parameter
from mtlspec.randomness import dropout_key, normal, permutation, uniform
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having

initial = import_module("mtlspec.graph.initial")
batches = import_module("mtlspec.training.batches")
drawn, symmetric, gaussian = initial._drawn, initial._symmetric, initial._gaussian


def _fans_exchanged(parameter: Parameter, seed: int, size: int) -> Array:
    exchanged = having(parameter, fan_in=parameter.fan_out, fan_out=parameter.fan_in)
    return np.asarray(drawn(exchanged, seed, size))


def _deviation_for_limit(limit: float, seed: int, path: str, size: int) -> Array:
    return np.asarray(symmetric(limit / math.sqrt(3), seed, path, size))


def _not_widened(deviation: float, truncated: bool, seed: int, path: str, size: int) -> Array:
    shrunk = deviation * initial._CUT_DEVIATION if truncated else deviation
    return np.asarray(gaussian(shrunk, truncated, seed, path, size))


def _never_cut(deviation: float, truncated: bool, seed: int, path: str, size: int) -> Array:
    return np.asarray(gaussian(deviation, False, seed, path, size))


def _with_replacement(seed: int, name: str, size: int) -> Array:
    return (uniform(seed, name, size) * size).astype(np.int64)


def _initial(name: str, mistake: str, case: str, function: str, wrong: Any) -> Mutant:
    return Mutant(name, mistake, "chance", (f"chance/{case}",), host=(Graft(initial, function, wrong),))


def _mask(name: str, mistake: str, constant: str, wrong: Any) -> Mutant:
    cases = ("chance/dropout-of-a-half", "chance/dropout-of-a-tenth")
    return Mutant(name, mistake, "chance", cases, host=(Graft(randomness, constant, wrong),))


def _order(name: str, mistake: str, function: str, wrong: Any) -> Mutant:
    return Mutant(name, mistake, "chance", ("chance/order-of-the-examples",), host=(Graft(batches, function, wrong),))


HOST_MUTANTS = (
    _initial("fans-exchanged", "Takes fan out for fan in.", "fans-of-a-convolution", "_drawn", _fans_exchanged),
    _initial(
        "deviation-for-limit",
        "Takes the deviation of a uniform law for its limit.",
        "uniform-laws",
        "_symmetric",
        _deviation_for_limit,
    ),
    _initial("cut-not-widened", "Does not widen what it cuts.", "normal-laws", "_gaussian", _not_widened),
    _initial("never-cut", "Cuts no normal law.", "normal-laws", "_gaussian", _never_cut),
    _initial(
        "one-stream",
        "Draws every parameter from one stream.",
        "uniform-laws",
        "uniform",
        lambda seed, path, size: uniform(seed, "values", size),
    ),
    _initial(
        "values-without-seed",
        "Draws the same values for every seed.",
        "normal-laws",
        "normal",
        lambda seed, path, size: normal(0, path, size),
    ),
    _mask("rate-is-kept", "Keeps what it should drop.", "dropout_threshold", lambda rate: int((1 - rate) * 2**32)),
    _mask("mask-of-every-row", "Drops the same elements in every row.", "ROW", 0),
    _mask("mask-of-every-step", "Drops the same elements in every step.", "STEP", 0),
    Mutant(
        "mask-without-seed",
        "Drops the same elements for every seed.",
        "chance",
        ("chance/dropout-of-a-half",),
        host=(Graft(model, "dropout_key", lambda seed, path: dropout_key(0, path)),),
    ),
    _order(
        "order-of-the-first-epoch",
        "Repeats the order of the first epoch.",
        "permutation",
        lambda seed, name, size: permutation(seed, "order", size),
    ),
    _order(
        "order-without-seed",
        "Has the same order for every seed.",
        "permutation",
        lambda seed, name, size: permutation(0, name, size),
    ),
    _order("examples-with-replacement", "Draws each example anew.", "permutation", _with_replacement),
    _order("never-shuffled", "Keeps the order of the data.", "permutation", lambda seed, name, size: np.arange(size)),
)
