"""Metrics: the kinds. scikit-learn and SciPy compute them wherever they have them, in float64."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.metric import ANY, CHOICES, CLASSES, NUMBERS, Better, Form, WeighableMetric
from mtlspec.spec.metric import Metric as Metric
from mtlspec.spec.signature import Shape, channels

Average = Literal["macro", "micro", "binary"]


class Accuracy(WeighableMetric):
    """The share of classes predicted right, the first of the largest; of labels, of each that is above one half."""

    kind: Literal["accuracy"] = "accuracy"
    of: ClassVar[frozenset[Form]] = CHOICES


class TopKAccuracy(WeighableMetric):
    """The share of examples of whose class fewer than k others have a strictly larger probability."""

    kind: Literal["top_k_accuracy"] = "top_k_accuracy"
    of: ClassVar[frozenset[Form]] = CLASSES
    k: int = Field(default=5, gt=0)


class ThresholdMetric(WeighableMetric):
    """A metric of what is predicted: the class of the largest probability, or each label above a threshold."""

    of: ClassVar[frozenset[Form]] = CHOICES
    threshold: float = Field(default=0.5, ge=0, lt=1)
    """Yes is predicted where its probability is above, not at it."""

    def misfit(self, form: Form, shape: Shape) -> str:
        if form == "classes" and self.threshold != 0.5 and not self._of_two(shape):
            return f"{self.kind} of several classes takes the likeliest one; leave `threshold` out"
        return ""

    def _of_two(self, shape: Shape) -> bool:
        return False


class AveragedMetric(ThresholdMetric):
    """A ratio of counts. It is undefined, and has no part in an average, where its denominator is 0."""

    average: Average = "macro"
    """macro: the mean over classes that occur or are predicted, or over labels; micro: of all their counts together;
    binary: of class 1 of two, or of the only label."""

    def misfit(self, form: Form, shape: Shape) -> str:
        units = channels(shape)
        if self.average == "binary" and units != (2 if form == "classes" else 1):
            wanted = "two classes" if form == "classes" else "one label"
            return f"{self.kind} with `average: binary` needs {wanted}, found {units}; use macro or micro"
        return super().misfit(form, shape)

    def _of_two(self, shape: Shape) -> bool:
        return self.average == "binary"


class Precision(AveragedMetric):
    """True positives / (true positives + false positives)."""

    kind: Literal["precision"] = "precision"


class Recall(AveragedMetric):
    """True positives / (true positives + false negatives)."""

    kind: Literal["recall"] = "recall"


class F1(AveragedMetric):
    """2·precision·recall / (precision + recall)."""

    kind: Literal["f1"] = "f1"


class Auc(WeighableMetric):
    """The probability that a yes has a larger prediction than a no, ties by half: the area under the ROC curve.

    The mean over labels, or over classes (one against the others), that hold both.
    """

    kind: Literal["auc"] = "auc"
    of: ClassVar[frozenset[Form]] = CHOICES


class AveragePrecision(WeighableMetric):
    """Σ (R_n - R_(n-1))·P_n over the thresholds, without interpolation, as in scikit-learn.

    The mean over labels, or over classes (one against the others), that occur. (Keras's area under the precision-recall
    curve is interpolated, which gives another number.)
    """

    kind: Literal["average_precision"] = "average_precision"
    of: ClassVar[frozenset[Form]] = CHOICES


class LogLoss(WeighableMetric):
    """-ln p of the class that is right; of labels, the mean of their binary cross-entropies.

    Probabilities are kept from 0 and 1 by the epsilon of float64.
    """

    kind: Literal["log_loss"] = "log_loss"
    of: ClassVar[frozenset[Form]] = CHOICES
    of_probabilities: ClassVar[bool] = True
    best: ClassVar[Better] = "lower"


class BrierScore(WeighableMetric):
    """Σ_c (p_c - y_c)² over the classes (Brier 1950, equation 2), from 0 to 2; of labels, the mean of (p - y)²."""

    kind: Literal["brier_score"] = "brier_score"
    of: ClassVar[frozenset[Form]] = CHOICES
    of_probabilities: ClassVar[bool] = True
    best: ClassVar[Better] = "lower"


class CalibrationError(WeighableMetric):
    """Σ_b (n_b / N)·|share that is right in b - mean confidence in b|, over bins ((b-1)/B, b/B] of the confidence.

    Expected calibration error (Guo et al. 2017, equation 3; 15 bins as in their section 5). The confidence is the
    largest probability; of labels, it is the probability of yes, right is a yes, and the metric their mean.
    """

    kind: Literal["calibration_error"] = "calibration_error"
    of: ClassVar[frozenset[Form]] = CHOICES
    of_probabilities: ClassVar[bool] = True
    best: ClassVar[Better] = "lower"
    bins: int = Field(default=15, gt=0)


class Iou(ThresholdMetric):
    """|predicted and true| / |predicted or true| of one class or label; undefined where it is neither."""

    kind: Literal["iou"] = "iou"
    index: int = Field(default=1, ge=0)
    """Which class, or which label."""

    def misfit(self, form: Form, shape: Shape) -> str:
        units = channels(shape)
        if self.index >= units:
            return f"iou has `index: {self.index}`, and the head has {units} units, counted from 0"
        return super().misfit(form, shape)


class MeanIou(ThresholdMetric):
    """The mean of the iou over the classes or labels that occur or are predicted."""

    kind: Literal["mean_iou"] = "mean_iou"


class NumberMetric(WeighableMetric):
    """A metric of numbers, the mean over the units."""

    of: ClassVar[frozenset[Form]] = NUMBERS


class MeanAbsoluteError(NumberMetric):
    """mean |p - y|."""

    kind: Literal["mean_absolute_error"] = "mean_absolute_error"
    best: ClassVar[Better] = "lower"


class RootMeanSquaredError(NumberMetric):
    """sqrt(mean (p - y)²), of each unit."""

    kind: Literal["root_mean_squared_error"] = "root_mean_squared_error"
    best: ClassVar[Better] = "lower"


class R2(NumberMetric):
    """1 - Σ (p - y)² / Σ (y - mean y)²; undefined where the labels of a unit are all equal."""

    kind: Literal["r2"] = "r2"


class MeanAbsolutePercentageError(NumberMetric):
    """mean |p - y| / max(|y|, ε), as a share (0.1 is ten percent), ε that of float64, as in scikit-learn."""

    kind: Literal["mean_absolute_percentage_error"] = "mean_absolute_percentage_error"
    best: ClassVar[Better] = "lower"


class ExplainedVariance(NumberMetric):
    """1 - Var(y - p) / Var(y); undefined where the labels of a unit are all equal."""

    kind: Literal["explained_variance"] = "explained_variance"


class MedianAbsoluteError(NumberMetric):
    """median |p - y|."""

    kind: Literal["median_absolute_error"] = "median_absolute_error"
    best: ClassVar[Better] = "lower"


class Pearson(Metric):
    """The correlation of predictions and labels, the mean over the units in which neither is constant."""

    kind: Literal["pearson"] = "pearson"
    of: ClassVar[frozenset[Form]] = NUMBERS


class Spearman(Metric):
    """The correlation of the ranks, ties by their mean, the mean over the units in which neither is constant."""

    kind: Literal["spearman"] = "spearman"
    of: ClassVar[frozenset[Form]] = NUMBERS


class QueryMetric(WeighableMetric):
    """A metric of rankings: each example is a query, and the positions of its head are the items to rank.

    Without positions the units are the items, all of them present; of classes, the right one is the relevant item.
    Queries without a relevant item have no part. The weight of a query is the mean weight of its items.
    """

    of: ClassVar[frozenset[Form]] = ANY
    k: int | None = Field(default=None, gt=0)
    """How many of the first count; by default all."""

    def misfit(self, form: Form, shape: Shape) -> str:
        if len(shape) > 1 and (len(shape) > 2 or shape[-1] != 1):
            return f"{self.kind} ranks items by one number each: it needs a head of shape (items, 1), found {shape}"
        return ""


class Ndcg(QueryMetric):
    """DCG / the largest DCG of the query, DCG = Σ gain / log2(1 + rank) (Järvelin and Kekäläinen 2002).

    Items with equal predictions share the mean of their gains, as in scikit-learn.
    """

    kind: Literal["ndcg"] = "ndcg"
    gain: Literal["linear", "exponential"] = "linear"
    """The label itself (scikit-learn's default), or 2^label - 1 (Burges et al. 2005)."""


class MeanReciprocalRank(QueryMetric):
    """1 / rank of the first relevant item (label above 0), 0 beyond k; equal predictions do not push it back."""

    kind: Literal["mean_reciprocal_rank"] = "mean_reciprocal_rank"


Metric.admit(Accuracy, Auc, F1, MeanAbsoluteError, RootMeanSquaredError, R2)
Metric.admit(TopKAccuracy, Precision, Recall, AveragePrecision, LogLoss, BrierScore, CalibrationError, Iou, MeanIou)
Metric.admit(MeanAbsolutePercentageError, ExplainedVariance, MedianAbsoluteError, Pearson, Spearman)
Metric.admit(Ndcg, MeanReciprocalRank)
