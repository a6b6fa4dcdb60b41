"""Specs around one layer that names other tensors: masks, memories, weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from mtlspec.spec import Input, Spec, Task
from mtlspec.spec.activations import Linear, Relu
from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import Dense, Flatten, Reshape
from mtlspec.spec.losses import SquaredError
from mtlspec.spec.model import Block
from mtlspec.spec.reuse import named_in
from mtlspec.spec.signature import Shape, ShapeError, channels, elements
from mtlspec_conformance.specs.models import IDS, OTHERS, VECTORS
from mtlspec_conformance.specs.trainings import fitting, trainings
from mtlspec_conformance.specs.values import Kinds, having, members, tells_a_name

AROUND = frozenset(
    {"layer/dense", "layer/flatten", "layer/reshape", "layer/activation", "activation/relu", "loss/squared_error"}
)
"""What stands around the layer."""


def tells_names(cls: type[Layer]) -> bool:
    """Return whether a layer has fields for the names of other tensors."""
    return any(tells_a_name(field) for field in cls.model_fields.values())


def namers(kinds: Kinds) -> list[type[Layer]]:
    """Return the layers of `kinds` that name other tensors."""
    if not kinds >= AROUND:
        return []
    return [cls for cls in members(Layer, kinds) if issubclass(cls, Layer) and tells_names(cls)]


@st.composite
def naming(draw: st.DrawFn, cls: type[Layer], kinds: Kinds) -> Spec:
    """Return a strategy for specs around one layer of `cls`, that names the ends of other blocks or none."""
    names = [name for name, field in cls.model_fields.items() if tells_a_name(field)]
    drawn: dict[str, st.SearchStrategy[str | None]] = {}
    for index, name in enumerate(names):
        other = st.just(f"b{index + 1}")
        drawn[name] = other if cls.model_fields[name].is_required() else st.none() | other
    layer = draw(having(cls, kinds, **drawn))
    assert isinstance(layer, Layer)
    shapes = _fitting(layer)
    assume(shapes)
    spec = _around(layer, draw(st.sampled_from(shapes)))
    return spec.replacing(lambda s: s.training, by=fitting(draw(trainings(kinds)), spec))


def _fitting(layer: Layer) -> list[tuple[Shape, ...]]:
    """Return the shapes of the tensor before it and of those that it names."""
    floats, ids = (*VECTORS, *OTHERS), IDS
    own = floats if layer.reads == "float" else ids
    shapes = [own, *(ids if name in layer.also_integer else floats for name in layer.also)]
    found = [each for each in product(*shapes) if _fits(layer, each)]
    inner = [name for name in _names(layer) if name not in layer.also]  # masks, of what comes in
    return [(*each, *(each[0][:-1] for _ in inner)) for each in found]


def _names(layer: Layer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(named_in((layer,))))


def _fits(layer: Layer, shapes: Sequence[Shape]) -> bool:
    try:
        layer.signature_with(*shapes)
    except ShapeError:
        return False
    return True


def _around(layer: Layer, shapes: tuple[Shape, ...]) -> Spec:
    """Return a spec in which what the layer reads comes out of dense layers, or of the data where it is integers."""
    integer = [layer.reads == "integer", *(name in layer.also_integer for name in _names(layer))]
    names = ["b0", *_names(layer)]
    inputs, blocks = [], []
    for name, shape, ids in zip(names, shapes, integer, strict=True):
        data = name if ids else f"x_{name}"
        inputs.append(Input(name=data, shape=shape, dtype="integer" if ids else "float"))
        if not ids:
            function = Relu() if name == getattr(layer, "mask", None) else Linear()  # a mask is 0 here and there
            mixing = (Dense(units=channels(shape), activation=function),) if shape else ()
            blocks.append(Block(name=name, inputs=(data,), layers=mixing))
    end = layer.signature_with(*shapes[: 1 + len(layer.also)]).shape
    closing: tuple[Layer, ...] = () if len(end) == 1 else (Flatten(),) if end else (Reshape(shape=(1,)),)
    head = (layer, *closing, Dense(units=2))
    try:
        elements(end)
        return Spec(
            inputs=tuple(inputs),
            blocks=tuple(blocks),
            tasks=(Task(name="t0", inputs=("b0",), head=head, loss=SquaredError()),),
        )
    except (ShapeError, ValidationError):
        assume(False)
        raise
