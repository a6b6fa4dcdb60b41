"""Initial values: drawn on the host, keyed by (seed, key path), the same for every backend."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mtlspec.graph.graph import Graph, Parameter
from mtlspec.randomness import normal, uniform
from mtlspec.spec import initializers as kinds
from mtlspec.tensors import Tensors

_CUT = 2.0
_CUT_DEVIATION = 0.87962566103423978
"""The standard deviation of N(0, 1) cut at ±2."""


def initial_parameters(graph: Graph) -> Tensors:
    """Return the initial value of every parameter, in float64 (steps: int64)."""
    return Tensors({parameter.path: _initial(parameter, graph.seed) for parameter in graph.parameters})


def _initial(parameter: Parameter, seed: int) -> NDArray[np.generic]:
    size = math.prod(parameter.shape)
    if parameter.dtype == "integer":
        return np.zeros(parameter.shape, dtype=np.int64)
    drawn = _drawn(parameter, seed, size).reshape(parameter.shape)
    if parameter.zero_row is not None:
        drawn[parameter.zero_row] = 0
    return drawn


def _drawn(parameter: Parameter, seed: int, size: int) -> NDArray[np.float64]:
    path, n_in, n_out = parameter.path, parameter.fan_in, parameter.fan_out
    match parameter.initializer:
        case kinds.Zeros():
            return np.zeros(size)
        case kinds.Ones():
            return np.ones(size)
        case kinds.Constant(value=value):
            return np.full(size, value)
        case kinds.Uniform(low=low, high=high):
            return low + (high - low) * uniform(seed, path, size)
        case kinds.Normal(mean=mean, standard_deviation=deviation):
            return mean + deviation * normal(seed, path, size)
        case kinds.GlorotUniform():
            return _symmetric(math.sqrt(6 / (n_in + n_out)), seed, path, size)
        case kinds.HeUniform():
            return _symmetric(math.sqrt(6 / n_in), seed, path, size)
        case kinds.LecunUniform():
            return _symmetric(math.sqrt(3 / n_in), seed, path, size)
        case kinds.FanInUniform():
            return _symmetric(1 / math.sqrt(n_in), seed, path, size)
        case kinds.GlorotNormal(truncated=truncated):
            return _gaussian(math.sqrt(2 / (n_in + n_out)), truncated, seed, path, size)
        case kinds.HeNormal(truncated=truncated):
            return _gaussian(math.sqrt(2 / n_in), truncated, seed, path, size)
        case kinds.LecunNormal(truncated=truncated):
            return _gaussian(math.sqrt(1 / n_in), truncated, seed, path, size)
        case kinds.TruncatedNormal(mean=mean, standard_deviation=deviation) as truncated_normal:
            return mean + deviation * _cut_normal(*truncated_normal.cut, seed, path, size)
        case kinds.VarianceScaling() as scaling:
            return _scaled(scaling, parameter, seed, size)
        case kinds.Orthogonal(gain=gain):
            return gain * _orthogonal(parameter.shape, seed, path).ravel()
        case kinds.Identity(gain=gain):
            return gain * np.eye(parameter.shape[0], parameter.shape[1]).ravel()
        case kinds.UnitForget():
            return np.repeat([0.0, 1.0, 0.0, 0.0], size // 4)
    raise NotImplementedError(f"{path}: initializer {parameter.initializer.kind!r} has no rule")


def _symmetric(limit: float, seed: int, path: str, size: int) -> NDArray[np.float64]:
    return limit * (2 * uniform(seed, path, size) - 1)


def _gaussian(deviation: float, truncated: bool, seed: int, path: str, size: int) -> NDArray[np.float64]:
    if not truncated:
        return deviation * normal(seed, path, size)
    return deviation / _CUT_DEVIATION * _cut_normal(-_CUT, _CUT, seed, path, size)


def _cut_normal(low: float, high: float, seed: int, path: str, size: int) -> NDArray[np.float64]:
    """Return N(0, 1) between `low` and `high`; above 0 by the lower tail, where numbers are finer."""
    from scipy.special import ndtr, ndtri

    if low > 0:
        return -_cut_normal(-high, -low, seed, path, size)
    first, last = float(ndtr(low)), float(ndtr(high))
    found = ndtri(first + (last - first) * uniform(seed, path, size))
    return np.clip(np.asarray(found, dtype=np.float64), low, high)


def _scaled(scaling: kinds.VarianceScaling, parameter: Parameter, seed: int, size: int) -> NDArray[np.float64]:
    average = (parameter.fan_in + parameter.fan_out) / 2
    fans = {"fan_in": parameter.fan_in, "fan_out": parameter.fan_out, "fan_average": average}
    variance = scaling.scale / fans[scaling.mode]
    if scaling.distribution == "uniform":
        return _symmetric(math.sqrt(3 * variance), seed, parameter.path, size)
    truncated = scaling.distribution == "truncated_normal"
    return _gaussian(math.sqrt(variance), truncated, seed, parameter.path, size)


def _orthogonal(shape: tuple[int, ...], seed: int, path: str) -> NDArray[np.float64]:
    """Return a matrix (all axes but the last, the last) with orthonormal columns, or rows if those are fewer."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    drawn = normal(seed, path, rows * columns).reshape(max(rows, columns), min(rows, columns))
    found, triangle = np.linalg.qr(drawn)
    found = found * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return found if rows >= columns else found.T
