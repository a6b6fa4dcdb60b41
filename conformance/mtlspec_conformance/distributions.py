"""Distributions: what an initializer says of its numbers, written down apart from the code that draws them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mtlspec.graph import Graph, Parameter
from mtlspec.spec import initializers as kinds
from mtlspec.spec.attention import Attention
from mtlspec.spec.layers import Recurrent
from mtlspec.tensors import Array

ENOUGH = 4096
"""From how many numbers on a wrong gain shows: 5 % are then more than four standard errors of the variance."""
CUT = 2.0
"""Where a truncated normal law is cut, in standard deviations of the law before the cut."""


@dataclass(frozen=True)
class Distribution:
    """One law of numbers that are independent of each other."""

    deviation: float
    kurtosis: float
    """The fourth moment by the square of the second: 3 of a normal law, 9/5 of a uniform one."""
    below: Callable[[Array], Array]
    """The share of numbers below each of those given, by their distance from the mean in deviations."""
    reach: float
    """How far from the mean a number may be, in deviations."""
    mean: float = 0.0


def _between(standard: Array) -> Array:
    return np.clip((standard / math.sqrt(3) + 1) / 2, 0, 1)


def _normal(standard: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(standard))


def _truncated(standard: Array) -> Array:
    outside = _normal(np.asarray(-CUT))
    return np.asarray(np.clip((_normal(standard * SHRINKAGE) - outside) / (1 - 2 * outside), 0, 1))


def _moments_of_truncated() -> tuple[float, float]:
    """Return deviation and kurtosis of N(0, 1) cut at ±CUT, from its density at the cut."""
    inside = math.erf(CUT / math.sqrt(2))
    edge = 2 * CUT * math.exp(-CUT * CUT / 2) / math.sqrt(2 * math.pi) / inside
    second = 1 - edge
    return math.sqrt(second), (3 * second - CUT * CUT * edge) / second**2


SHRINKAGE, TRUNCATED_KURTOSIS = _moments_of_truncated()


def _uniform_to(limit: float) -> Distribution:
    return Distribution(limit / math.sqrt(3), 9 / 5, _between, math.sqrt(3))


def _normal_of(variance: float, *, truncated: bool) -> Distribution:
    if truncated:
        return Distribution(math.sqrt(variance), TRUNCATED_KURTOSIS, _truncated, CUT / SHRINKAGE)
    return Distribution(math.sqrt(variance), 3.0, _normal, math.inf)


def _cut_at_bounds(cut: kinds.TruncatedNormal) -> Distribution:
    """Return N(mean, deviation²) between bounds, which need not lie alike on both sides."""
    from scipy.stats import truncnorm

    low, high, scale = cut.low, cut.high, cut.standard_deviation
    if cut.bounds == "absolute":
        low, high = (low - cut.mean) / scale, (high - cut.mean) / scale
    mean, variance, excess = map(float, truncnorm.stats(low, high, moments="mvk"))
    deviation = math.sqrt(variance)
    return Distribution(
        deviation=scale * deviation,
        kurtosis=3 + excess,
        below=lambda standard: np.asarray(truncnorm.cdf(mean + deviation * standard, low, high)),
        reach=max(mean - low, high - mean) / deviation,
        mean=cut.mean + scale * mean,
    )


def distribution(parameter: Parameter, graph: Graph) -> Distribution | None:
    """Return the law of a parameter's initial values, or None if they are all one number."""
    fan_in, fan_out = fans(parameter, graph)
    match parameter.initializer:
        case kinds.Uniform(low=low, high=high) if high > low:
            own = _uniform_to((high - low) / 2)
            return Distribution(own.deviation, own.kurtosis, own.below, own.reach, mean=(low + high) / 2)
        case kinds.Normal(mean=mean, standard_deviation=deviation):
            return Distribution(deviation, 3.0, _normal, math.inf, mean=mean)
        case kinds.GlorotUniform():
            return _uniform_to(math.sqrt(6 / (fan_in + fan_out)))
        case kinds.HeUniform():
            return _uniform_to(math.sqrt(6 / fan_in))
        case kinds.LecunUniform():
            return _uniform_to(math.sqrt(3 / fan_in))
        case kinds.FanInUniform():
            return _uniform_to(1 / math.sqrt(fan_in))
        case kinds.GlorotNormal(truncated=truncated):
            return _normal_of(2 / (fan_in + fan_out), truncated=truncated)
        case kinds.HeNormal(truncated=truncated):
            return _normal_of(2 / fan_in, truncated=truncated)
        case kinds.LecunNormal(truncated=truncated):
            return _normal_of(1 / fan_in, truncated=truncated)
        case kinds.TruncatedNormal() as cut:
            return _cut_at_bounds(cut)
        case kinds.VarianceScaling(scale=scale, mode=mode, distribution=kind):
            variance = scale / {"fan_in": fan_in, "fan_out": fan_out, "fan_average": (fan_in + fan_out) / 2}[mode]
            if kind == "uniform":
                return _uniform_to(math.sqrt(3 * variance))
            return _normal_of(variance, truncated=kind == "truncated_normal")
    return None


def fans(parameter: Parameter, graph: Graph) -> tuple[int, int]:
    """Return fan in and fan out: those of the kernel (..., in, out) of the same layer, or rows and units of a table.

    Of two kernels a bias has those of the second; one that reads each channel by itself is counted by its law.
    Of a recurrent layer the fan out is that of all gates, and the fan in its units, but for the input of its kernel.
    """
    layer = graph.node(parameter.node).layer
    if isinstance(layer, Attention):
        return _fans_of_attention(parameter, layer)
    if isinstance(layer, Recurrent):
        whole = parameter.leaf == "kernel" and not isinstance(parameter.initializer, kinds.FanInUniform)
        return (parameter.shape[0] if whole else layer.units), layer.gates * layer.units
    kernels = [p for p in graph.parameters if p.node == parameter.node and _is_kernel(p)]
    kernel = kernels[-1] if kernels and parameter not in kernels else parameter
    if len(kernel.shape) < 2:
        return 1, 1
    window, (first, last) = math.prod(kernel.shape[:-2]), kernel.shape[-2:]
    grouped = getattr(layer, "fans", "plain") == "grouped"
    if grouped and kernel.leaf != "pointwise_kernel":
        return window, window * first * last
    return window * first, window * last


def _is_kernel(parameter: Parameter) -> bool:
    """Return whether a parameter is a kernel, or a factor of one of low rank."""
    return parameter.leaf.endswith("kernel") or parameter.leaf in ("down", "up")


def _fans_of_attention(parameter: Parameter, layer: Attention) -> tuple[int, int]:
    """Return the fans of a kernel by the law of its layer: of a matrix, of three axes, or of three packed matrices."""
    shape = parameter.shape
    if len(shape) < 3:
        return 1, 1
    if layer.fans == "heads":
        return shape[0] * shape[1], shape[0] * shape[2]
    output = parameter.leaf == "output_kernel"
    matrix = (shape[0] * shape[1], shape[2]) if output else (shape[0], shape[1] * shape[2])
    alone = output or layer.memory is not None or matrix[0] != matrix[1]
    return matrix if layer.fans == "matrix" or alone else (matrix[0], 3 * matrix[1])
