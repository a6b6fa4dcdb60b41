"""Gates: layers that let elements, or their gradients, through in part."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.activations import Activation, Sigmoid
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import ParameterRule, Shape, ShapeError, Signature, channels, known


class Prelu(Layer):
    """x where x > 0, slope·x elsewhere, with slopes that are trained (He et al. 2015).

    At 0 its slope is that of the left, as in PyTorch; Keras takes 0 there.
    """

    kind: Literal["prelu"] = "prelu"
    slopes: Literal["one", "per_channel", "per_element"] = law(
        published="per_channel", keras="per_element", torch="one"
    )
    """Which elements of an example share a slope: all, those of one place of the last axis, or none."""
    initializer: Initializer = law(
        published={"kind": "constant", "value": 0.25}, keras="zeros", torch={"kind": "constant", "value": 0.25}
    )

    def signature(self, shape: Shape) -> Signature:
        if not shape and self.slopes == "per_channel":
            raise ShapeError("a scalar has no channels; use `slopes: one`, or give the input the shape [1]")
        own = (1,) if self.slopes == "one" else known(shape[-1:] if self.slopes == "per_channel" else shape)
        return Signature(shape, (ParameterRule("slope", own, self.initializer),))


class GatedLinearUnit(Layer):
    """value·function(gate), where value and gate are the halves of the last axis (Dauphin et al. 2017).

    With silu this is swiglu, with gelu geglu, with relu reglu, with linear the bilinear form (Shazeer 2020).
    """

    kind: Literal["glu"] = "glu"
    function: Activation = Sigmoid()
    gate: Literal["first", "second"] = "second"
    """Which half is the gate; `glu` of Keras and PyTorch takes the second, many a fused swiglu the first."""

    def signature(self, shape: Shape) -> Signature:
        count = channels(shape)
        if count % 2:
            raise ShapeError(f"the last axis is cut in two, value and gate, and {count} is odd; take an even number")
        return Signature((*shape[:-1], count // 2))


class GradientReversal(Layer):
    """x, whose gradient is multiplied by -factor on the way back (Ganin and Lempitsky 2015)."""

    kind: Literal["gradient_reversal"] = "gradient_reversal"
    factor: float = Field(default=1.0, ge=0)

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape)


class StopGradient(Layer):
    """x, whose gradient ends here: what lies before it learns nothing from what comes after."""

    kind: Literal["stop_gradient"] = "stop_gradient"

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape)
