"""What every metric has: which labels and predictions it reads, and whether more of it is better."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic_core import PydanticCustomError

from mtlspec.spec.kind import Kind
from mtlspec.spec.losses import Loss
from mtlspec.spec.signature import Shape
from mtlspec.spec.value import nearest

Better = Literal["higher", "lower"]

Form = Literal["classes", "labels", "numbers"]
"""What a metric compares: a class and a probability for each; yes-or-no labels and the probability of yes; numbers."""

CLASSES: frozenset[Form] = frozenset({"classes"})
CHOICES: frozenset[Form] = frozenset({"classes", "labels"})
NUMBERS: frozenset[Form] = frozenset({"numbers"})
ANY: frozenset[Form] = CHOICES | NUMBERS

OWN: dict[str, Better] = {}
"""Metrics that a user has registered, by dotted name, and whether more of each is better."""


def form_of(loss: Loss) -> Form:
    """Return what the metrics of a task with this loss compare."""
    match loss.form:
        case "classes" | "probabilities":
            return "classes"
        case "yes_or_no" | "signs":
            return "labels"
    return "numbers"


class Metric(Kind):
    """A number that says how good the predictions of one task are, over the labels that are present."""

    family: ClassVar[str] = "metric"
    bare: ClassVar[bool] = True
    of: ClassVar[frozenset[Form]] = ANY
    best: ClassVar[Better] = "higher"

    @property
    def better(self) -> Better:
        """Whether higher or lower is better."""
        return self.best

    @property
    def name(self) -> str:
        """The kind, and in brackets the fields that are not as by default: `top_k_accuracy(k=3)`."""
        fields = ((name, field) for name, field in type(self).model_fields.items() if name != "kind")
        told = [
            f"{name}={_told(getattr(self, name))}" for name, field in fields if getattr(self, name) != field.default
        ]
        return f"{self.kind}({', '.join(told)})" if told else self.kind

    def misfit(self, form: Form, shape: Shape) -> str:
        """Return why it does not fit labels of this form from a head of this shape, or an empty string."""
        return ""

    @classmethod
    def read(cls, value: Any) -> Any:
        """Return the metric that `value` describes; one of a user's own has to be registered before."""
        kind = value.get("kind") if isinstance(value, dict) else value
        if isinstance(kind, str) and "." in kind and kind not in cls.kinds:
            raise PydanticCustomError(
                "kind",
                "unknown metric {k}{near}; register it before the document is read: "
                "`mtlspec.metric({k})(function of predictions, targets, weights)`",
                {"k": repr(kind), "near": nearest(kind, OWN)},
            )
        return super().read(value)


def _told(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def kinds_of(form: Form) -> list[str]:
    """Return the kinds of metrics that fit labels of this form."""
    return [name for name, kind in Metric.kinds.items() if issubclass(kind, Metric) and form in kind.of]


class WeighableMetric(Metric):
    """A metric that can count each label by its weight."""

    of_probabilities: ClassVar[bool] = False
    """Whether it reads predictions of choices as probabilities, which margins are not."""

    weighted: bool = False
    """Count a label by its weight (sample weight, times class weight where that applies to examples), not as one."""


class OwnMetric(Metric):
    """What a user's own function returns."""

    kind: str

    @property
    def better(self) -> Better:
        """As it was registered."""
        return OWN[self.kind]


def better_of(measure: str) -> Better:
    """Return whether more or less of a measure is better: `loss`, `task/loss` or `task/metric`, as a history has it."""
    kind = measure.rpartition("/")[2].partition("(")[0]
    if kind == "loss":
        return "lower"
    if kind in OWN:
        return OWN[kind]
    found = Metric.kinds[kind]
    assert issubclass(found, Metric)
    return found.best
