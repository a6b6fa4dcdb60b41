"""Mutants of initial values that are cut, scaled or orthogonal: planted in the host, so that every backend has them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from mtlspec.graph import Parameter
from mtlspec.randomness import normal
from mtlspec.spec.initializers import TruncatedNormal, VarianceScaling
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having

initial = import_module("mtlspec.graph.initial")
scaled, orthogonal, cut_normal = initial._scaled, initial._orthogonal, initial._cut_normal


def _cut_alike(low: float, high: float, seed: int, path: str, size: int) -> Array:
    return np.asarray(cut_normal(-max(-low, high), max(-low, high), seed, path, size))


def _bounds_in_deviations(cut: TruncatedNormal) -> tuple[float, float]:
    return cut.low, cut.high


def _fans_of_the_other_side(scaling: VarianceScaling, parameter: Parameter, seed: int, size: int) -> Array:
    exchanged = having(parameter, fan_in=parameter.fan_out, fan_out=parameter.fan_in)
    return np.asarray(scaled(scaling, exchanged, seed, size))


def _sum_of_the_fans(scaling: VarianceScaling, parameter: Parameter, seed: int, size: int) -> Array:
    both = parameter.fan_in + parameter.fan_out
    summed = having(parameter, fan_in=both, fan_out=both) if scaling.mode == "fan_average" else parameter
    return np.asarray(scaled(scaling, summed, seed, size))


def _along_the_first_axis(shape: tuple[int, ...], seed: int, path: str) -> Array:
    return np.asarray(orthogonal((shape[0], int(np.prod(shape[1:]))), seed, path))


def _not_orthogonal(shape: tuple[int, ...], seed: int, path: str) -> Array:
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    return np.asarray(normal(seed, path, rows * columns).reshape(rows, columns) / np.sqrt(max(rows, columns)))


def _initial(name: str, mistake: str, case: str, function: str, wrong: Any, owner: Any = initial) -> Mutant:
    return Mutant(name, mistake, "chance", (f"chance/{case}",), host=(Graft(owner, function, wrong),))


INITIAL_MUTANTS = (
    _initial("cut-alike", "Cuts both sides at the farther bound.", "truncated-laws", "_cut_normal", _cut_alike),
    _initial(
        "bounds-in-deviations",
        "Takes absolute bounds for multiples of the deviation, as Keras has them.",
        "truncated-laws",
        "cut",
        property(_bounds_in_deviations),
        owner=TruncatedNormal,
    ),
    _initial("scaled-by-the-other-fan", "Takes fan out for fan in.", "scaled-laws", "_scaled", _fans_of_the_other_side),
    _initial(
        "scaled-by-both-fans", "Takes the sum of the fans for their mean.", "scaled-laws", "_scaled", _sum_of_the_fans
    ),
    _initial(
        "orthogonal-along-the-first-axis",
        "Makes the first axis the rows, in the order in which PyTorch keeps a kernel.",
        "orthogonal-kernels",
        "_orthogonal",
        _along_the_first_axis,
    ),
    _initial(
        "not-orthogonal", "Draws normal numbers of the same size.", "orthogonal-kernels", "_orthogonal", _not_orthogonal
    ),
)
