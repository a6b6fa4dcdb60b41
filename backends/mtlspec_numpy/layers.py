"""Layers: one function for each kind, from a batch of examples to output and pullback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mtlspec.randomness import dropout_kept
from mtlspec.spec import layers as kinds
from mtlspec.spec.layers import Layer
from mtlspec.tensors import Array
from mtlspec_numpy import (
    attention,
    convolutions,
    crosses,
    embeddings,
    extents,
    gates,
    masked_pools,
    masks,
    normalizations,
    pools,
    positions,
    recurrent,
    shaping,
)
from mtlspec_numpy.activations import activated
from mtlspec_numpy.extension import applied as extended
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, without_parameters

Leaves = Mapping[str, Array]


def applied(layer: Layer, sources: Sequence[Array], parameters: Leaves, mode: Mode) -> Applied:
    """Return a layer's output, its pullback and the statistics that it writes.

    `sources`: the examples before it, then those of the tensors that it names.
    """
    if "." in layer.kind:
        return extended(layer, sources, parameters, mode)
    if len(sources) == 1:
        return LAYERS[type(layer)](layer, sources[0], parameters, mode)
    return LAYERS_OF_SEVERAL[type(layer)](layer, tuple(sources), parameters, mode)


def dense(layer: kinds.Dense, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x·kernel + bias on the last axis; the activation is a node of its own."""
    kernel = parameters["kernel"]
    flat = x.reshape(-1, x.shape[-1])
    output = flat @ kernel
    if layer.bias:
        output += parameters["bias"]

    def pullback(cotangent: Array) -> Cotangents:
        above = cotangent.reshape(-1, layer.units)
        gradients = {"kernel": flat.T @ above}
        if layer.bias:
            gradients["bias"] = above.sum(axis=0)
        return Cotangents(((above @ kernel.T).reshape(x.shape),), gradients)

    return Applied(output.reshape(*x.shape[:-1], layer.units), pullback)


def activation(layer: kinds.ActivationLayer, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """function(x)."""
    return without_parameters(*activated(layer.function, x))


def dropout(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x·mask / (1 - rate) in training, which advances `step`; x otherwise."""
    if not mode.training:
        return without_parameters(x, lambda cotangent: cotangent)
    step = int(parameters["step"])
    elements = int(np.prod(x.shape[1:]))
    kept = dropout_kept(mode.dropout_key, step, len(x), elements, layer.rate).reshape(x.shape)

    def masked(values: Array) -> Array:
        return np.where(kept, values / (1 - layer.rate), values.dtype.type(0))

    advanced = {"step": np.asarray(step + 1, dtype=np.int64)}
    return Applied(masked(x), lambda cotangent: Cotangents((masked(cotangent),), {}), advanced)


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    kinds.Dense: dense,
    kinds.ActivationLayer: activation,
    kinds.Dropout: dropout,
    **embeddings.LAYERS,
    **crosses.LAYERS,
    **masks.LAYERS,
    **convolutions.LAYERS,
    **pools.LAYERS,
    **extents.LAYERS,
    **recurrent.LAYERS,
    **attention.LAYERS,
    **positions.LAYERS,
    **normalizations.LAYERS,
    **gates.LAYERS,
    **shaping.LAYERS,
}
"""Layers of the tensor before them."""

LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = {
    **embeddings.LAYERS_OF_SEVERAL,
    **crosses.LAYERS_OF_SEVERAL,
    **masks.LAYERS_OF_SEVERAL,
    **recurrent.LAYERS_OF_SEVERAL,
    **attention.LAYERS_OF_SEVERAL,
    **masked_pools.LAYERS_OF_SEVERAL,
}
"""Layers that name other tensors beside the one before them."""
