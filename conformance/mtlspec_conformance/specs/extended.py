"""Cases of a user's own kinds: among plain layers, losses and optimizers, so that what differs is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from mtlspec.spec import Input, Spec, Task
from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Branched, Chained, Layer
from mtlspec.spec.layers import Dense, Flatten, Reshape
from mtlspec.spec.losses import SquaredError
from mtlspec.spec.model import Block
from mtlspec.spec.signature import Shape, ShapeError, channels, elements
from mtlspec_conformance.case import Case
from mtlspec_conformance.specs.cases import cases
from mtlspec_conformance.specs.models import IDS, OTHERS, VECTORS
from mtlspec_conformance.specs.trainings import fitting, trainings
from mtlspec_conformance.specs.values import Kinds, having, plain, tells_a_name

AROUND: Kinds = frozenset(
    (
        *("layer/dense", "layer/flatten", "layer/reshape", "layer/activation", "activation/linear", "activation/tanh"),
        *("merge/add", "merge/concatenate", "loss/squared_error", "loss/sigmoid_cross_entropy"),
        *("optimizer/sgd", "optimizer/adam", "penalty/l1_l2", "labels/positions"),
    )
)
"""What stands around a kind: everything is smooth."""
TAME: Kinds = AROUND - {"loss/sigmoid_cross_entropy", "optimizer/adam"}
"""The same without what divides by gradients or saturates: rounding stays rounding."""
MAX_STEPS = 4


def cases_of(cls: type[Kind], around: Kinds = AROUND) -> st.SearchStrategy[Case]:
    """Return a strategy for cases, most of which have a value of `cls`."""
    own = frozenset({f"{cls.family}/{cls.model_fields['kind'].default}"})
    if not issubclass(cls, Layer):  # nothing else of its family, so that it is in every case
        around = frozenset(kind for kind in around if not kind.startswith(f"{cls.family}/"))
    elif any(tells_a_name(field) for field in cls.model_fields.values()):
        return cases(max_steps=MAX_STEPS, of=_naming(cls, own | around))
    elif issubclass(cls, Chained | Branched):
        own |= {f"layer/{layer.kind}" for layer in _plain_layer(cls).inside}
    return cases(max_tasks=2, max_layers=2, max_steps=MAX_STEPS, kinds=own | around)


def _plain_layer(cls: type[Layer]) -> Layer:
    layer = plain(cls)
    assert isinstance(layer, Layer)
    return layer


@st.composite
def _naming(draw: st.DrawFn, cls: type[Layer], kinds: Kinds) -> Spec:
    """Return a strategy for specs of one layer that names the ends of other blocks."""
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
    return [each for each in product(*shapes) if _fits(layer, each)]


def _fits(layer: Layer, shapes: Sequence[Shape]) -> bool:
    try:
        layer.signature_with(*shapes)
    except ShapeError:
        return False
    return True


def _around(layer: Layer, shapes: tuple[Shape, ...]) -> Spec:
    """Return a spec in which what the layer reads comes out of dense layers, or of the data where it is integers."""
    integer = [layer.reads == "integer", *(name in layer.also_integer for name in layer.also)]
    names = ["b0", *layer.also]
    inputs, blocks = [], []
    for name, shape, ids in zip(names, shapes, integer, strict=True):
        data = name if ids else f"x_{name}"
        inputs.append(Input(name=data, shape=shape, dtype="integer" if ids else "float"))
        if not ids:
            mixing = (Dense(units=channels(shape)),) if shape else ()
            blocks.append(Block(name=name, inputs=(data,), layers=mixing))
    end = layer.signature_with(*shapes).shape
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
