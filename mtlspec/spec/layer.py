"""The family of layers: what each has to say of the shapes that it reads and makes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mtlspec.spec.kind import Kind
from mtlspec.spec.signature import Shape, Signature

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
    """A function of one tensor, with or without parameters."""

    family: ClassVar[str] = "layer"
    reads: ClassVar[Literal["float", "integer"]] = "float"

    def signature(self, shape: Shape) -> Signature:
        """Return output shape and parameters for examples of `shape`.

        Raises:
            ShapeError: the layer does not fit.
        """
        raise NotImplementedError
