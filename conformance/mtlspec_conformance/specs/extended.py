"""Cases of a user's own kinds: among plain layers, losses and optimizers, so that what differs is theirs."""

from __future__ import annotations

from hypothesis import strategies as st

from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Branched, Chained, Layer
from mtlspec_conformance.case import Case
from mtlspec_conformance.specs.cases import cases
from mtlspec_conformance.specs.naming import naming, tells_names
from mtlspec_conformance.specs.values import Kinds, plain

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
    elif tells_names(cls):
        return cases(max_steps=MAX_STEPS, of=naming(cls, own | around))
    elif issubclass(cls, Chained | Branched):
        own |= {f"layer/{layer.kind}" for layer in _plain_layer(cls).inside}
    return cases(max_tasks=2, max_layers=2, max_steps=MAX_STEPS, kinds=own | around)


def _plain_layer(cls: type[Layer]) -> Layer:
    layer = plain(cls)
    assert isinstance(layer, Layer)
    return layer
