"""The family of layers: what each has to say of the shapes that it reads and makes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mtlspec.spec.kind import Kind
from mtlspec.spec.signature import Shape, Signature

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""A letter, then letters, digits and underscores; one namespace for inputs, blocks and tasks."""

Merge = Literal["concatenate", "add", "multiply", "average", "subtract", "maximum", "minimum"]
"""How several tensors become one: side by side on the last axis, or element by element.

`subtract` takes exactly two, the first minus the second. Of equal largest (or least) elements the first tensor has the
gradient, as in TensorFlow; PyTorch shares it."""

Dtype = Literal["float", "integer"]

Positive = Annotated[int, Field(gt=0, lt=2**31)]
"""A size; frameworks count in 32 bits."""


def _pair(value: object) -> object:
    return (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, list) else value


_SIZE = {"type": "integer", "exclusiveMinimum": 0}
Pair = Annotated[
    tuple[Positive, Positive],
    BeforeValidator(_pair),
    WithJsonSchema({"anyOf": [_SIZE, {"type": "array", "items": _SIZE, "minItems": 2, "maxItems": 2}]}),
]
"""Two sizes, height and width; one number stands for both."""


class Layer(Kind):
    """A function of the tensor before it, and of others that it names, with or without parameters."""

    family: ClassVar[str] = "layer"
    reads: ClassVar[Dtype] = "float"
    """What the tensor before it has to hold; those that it names hold floats, but for `also_integer`."""

    @property
    def also(self) -> tuple[str, ...]:
        """Names of the inputs and blocks that it reads beside the tensor before it, in the order of its sources."""
        return ()

    @property
    def also_integer(self) -> tuple[str, ...]:
        """Those of `also` that hold integers."""
        return ()

    @property
    def inside(self) -> tuple[Layer, ...]:
        """The layers that it is written with; they may name inputs and blocks, too."""
        return ()

    @property
    def drops(self) -> bool:
        """Whether a training pass drops something by a mask that is keyed by the row of an example."""
        return False

    def signature(self, shape: Shape) -> Signature:
        """Return output shape and parameters for examples of `shape`.

        Raises:
            ShapeError: the layer does not fit.
        """
        raise NotImplementedError

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        """Return output shape and parameters, where the tensors that it names have the shapes `others`.

        Raises:
            ShapeError: the layer does not fit.
        """
        return self.signature(shape)


CHAIN_START = "chain_start"
"""How the parts of a chain name the tensor before the first of them."""


class Chained(Layer):
    """A layer that is others, one after the other: what the graph has are its parts, each at `path.leaf`."""

    @property
    def parts(self) -> tuple[tuple[str, Layer], ...]:
        """The layers in order, each with the last part of its key path."""
        raise NotImplementedError

    def signature(self, shape: Shape) -> Signature:
        """Return the shape that comes out of the last part; the parameters belong to the parts."""
        end = shape
        for _, part in self.parts:
            end = part.signature_with(end, *(shape for name in part.also if name == CHAIN_START)).shape
        return Signature(end)

    @property
    def inside(self) -> tuple[Layer, ...]:
        return tuple(part for _, part in self.parts)


class Branched(Layer):
    """Chains of layers that read the same tensor, and a merge of their ends; the graph has `path.branch[i]`."""

    hint: ClassVar[str] = "make them equal"
    """What to do where the ends do not fit."""

    @property
    def branches(self) -> tuple[tuple[str, tuple[Layer, ...]], ...]:
        """Each chain with its name; a chain without layers is the tensor itself."""
        raise NotImplementedError

    @property
    def joined_by(self) -> Merge:
        """How the ends become one."""
        return "add"

    @property
    def inside(self) -> tuple[Layer, ...]:
        return tuple(part for _, chain in self.branches for part in chain)


def own_misfit(layer: Layer, signature: Signature) -> str:
    """Return what a layer of a user's own asks for that its functions are not given, or an empty string."""
    if "." not in layer.kind:
        return ""
    written = [rule.leaf for rule in signature.parameters if rule.role == "statistic" or rule.own]
    if written:
        hint = "make it a constant, or a trainable parameter"
        return f"{layer.kind} has the statistic {written[0]!r}, which its functions could not write; {hint}"
    return ""
