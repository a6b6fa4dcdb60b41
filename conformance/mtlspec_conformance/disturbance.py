"""Disturbances: a case, and the gradients of a program, a little away from where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy.model import Model
from mtlspec_numpy.program import NumpyProgram
from mtlspec_numpy.pullback import Applied

from mtlspec.backend import TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.graph import Graph, Node
from mtlspec.spec.activations import (
    Activation,
    HardShrink,
    HardSigmoid,
    HardSilu,
    HardTanh,
    LeakyRelu,
    Linear,
    Relu,
    Relu6,
    SoftShrink,
    Softsign,
    Threshold,
)
from mtlspec.spec.layers import ActivationLayer
from mtlspec.tensors import Array, Arrays, Rows, Tensors
from mtlspec_conformance.case import Case
from mtlspec_conformance.wrapper import Wrapper

PUSH = 9
"""The binary place in which first values and weights are changed to see whether a zero stays."""
STRAIGHT: tuple[type[Activation], ...] = (
    *(Linear, Relu, LeakyRelu, Relu6, HardSigmoid, HardSilu),
    *(HardTanh, SoftShrink, HardShrink, Threshold, Softsign),
)
"""Activations of sums, products and quotients, which have one result."""
SCATTER = np.uint32(2654435769)
"""2³² over the golden ratio: the highest bits of its multiples follow no axis."""
SMALLEST = 2.0**-10
"""Numbers below are moved by the last place of this one, as rounding moves a sum that comes out as zero."""


class Uneven(Model):
    """A model of the reference whose curved functions give equal numbers at different places different last places.

    So do those of a framework that computes most elements in vectors and the last few one by one; a maximum of such
    numbers is one of them by chance.
    """

    def _applied(self, node: Node, *given: Any) -> Applied:
        result = super()._applied(node, *given)
        if not isinstance(node.layer, ActivationLayer) or isinstance(node.layer.function, STRAIGHT):
            return result
        places = np.arange(result.output.size, dtype=np.uint32).reshape(result.output.shape)
        either = (places * SCATTER >> np.uint32(31)).astype(np.float64)
        moved = result.output + either * np.spacing(result.output)
        return replace(result, output=np.where(result.output == 0, result.output, moved))


class Blurred(Wrapper):
    """A program of the reference whose gradients are away by the rounding of the largest number of each tensor.

    No more of a gradient is ever compared, and an optimizer that divides by it may show what lies below.
    """

    def __init__(self, graph: Graph) -> None:
        inner = NumpyProgram(graph, "float64")
        inner.model = Uneven(graph, inner.dtype)
        super().__init__(inner, graph)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        whole = super().value_with_gradient(on=on, weights=weights)
        return whole._replace(gradients=Tensors({path: _blurred(g) for path, g in whole.gradients.items()}))


def _blurred(gradient: Array | Rows) -> Array | Rows:
    if isinstance(gradient, Rows):
        return Rows(gradient.ids, _blurred_array(gradient.values), gradient.count)
    return _blurred_array(gradient)


def _blurred_array(gradient: Array) -> Array:
    signs = np.where(np.arange(gradient.size).reshape(gradient.shape) % 2, 1.0, -1.0)
    rest = np.finfo(np.float64).eps * np.max(np.abs(gradient), initial=0.0)
    return np.where(gradient == 0, 0.0, gradient + signs * rest)


def pushed(case: Case) -> Case:
    """Return the case with first values a fifth of a percent away, and examples that weigh unequally more."""
    trainable = {p.path for p in case.graph.parameters if p.role == "trainable"}
    factor = 1 + 2.0**-PUSH
    parameters = {path: array * factor if path in trainable else array for path, array in case.parameters.items()}
    weights = {task: _unequal(own) for task, own in case.dataset.weights.items()}
    return replace(case, parameters=Tensors(parameters), dataset=replace(case.dataset, weights=weights))


def _unequal(weights: Array) -> Array:
    return np.asarray(weights * (1 + np.arange(weights.size) * 2.0**-PUSH).reshape(weights.shape))


def nudged(case: Case) -> Case:
    """Return the case with first values, inputs and labels one unit in the last place away."""
    trainable = {p.path for p in case.graph.parameters if p.role == "trainable"}
    own = {path: array for path, array in case.parameters.items() if path in trainable}
    # a label of 1 that is an ulp less is what 1 - p loses where p is next to 1
    data = replace(case.dataset, inputs=_shaken(case.dataset.inputs), targets=_shaken(case.dataset.targets))
    return replace(case, parameters=Tensors({**case.parameters, **_shaken(own)}), dataset=data)


def _shaken(arrays: Arrays) -> dict[str, Array]:
    return {name: _by_an_ulp(array, index) for index, (name, array) in enumerate(arrays.items())}


def _by_an_ulp(array: Array, index: int) -> Array:
    if not np.issubdtype(array.dtype, np.floating):
        return array
    signs = np.where((np.arange(array.size).reshape(array.shape) + index) % 2, 1.0, -1.0)
    return np.asarray(array + signs * np.spacing(np.maximum(np.abs(array), SMALLEST)))
