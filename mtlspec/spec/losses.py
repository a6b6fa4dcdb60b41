"""Losses: each maps logits and targets to one number per position or example; the host weighs and divides."""

from __future__ import annotations

from mtlspec.spec.combinations import Term as Term
from mtlspec.spec.combinations import WeightedSum as WeightedSum
from mtlspec.spec.cross_entropies import KullbackLeibler as KullbackLeibler
from mtlspec.spec.cross_entropies import Logits as Logits
from mtlspec.spec.cross_entropies import OrdinalCrossEntropy as OrdinalCrossEntropy
from mtlspec.spec.cross_entropies import Prediction as Prediction
from mtlspec.spec.cross_entropies import Probabilities as Probabilities
from mtlspec.spec.cross_entropies import SigmoidCrossEntropy as SigmoidCrossEntropy
from mtlspec.spec.cross_entropies import SoftmaxCrossEntropy as SoftmaxCrossEntropy
from mtlspec.spec.distances import AbsoluteError as AbsoluteError
from mtlspec.spec.distances import CosineSimilarity as CosineSimilarity
from mtlspec.spec.distances import Huber as Huber
from mtlspec.spec.distances import LogCosh as LogCosh
from mtlspec.spec.distances import PercentageError as PercentageError
from mtlspec.spec.distances import Quantile as Quantile
from mtlspec.spec.distances import SquaredError as SquaredError
from mtlspec.spec.distances import SquaredLogarithmicError as SquaredLogarithmicError
from mtlspec.spec.focal import SigmoidFocal as SigmoidFocal
from mtlspec.spec.focal import SoftmaxFocal as SoftmaxFocal
from mtlspec.spec.likelihoods import GaussianLikelihood as GaussianLikelihood
from mtlspec.spec.likelihoods import Poisson as Poisson
from mtlspec.spec.loss import ExampleLoss as ExampleLoss
from mtlspec.spec.loss import Link as Link
from mtlspec.spec.loss import Loss as Loss
from mtlspec.spec.loss import PositionLoss as PositionLoss
from mtlspec.spec.loss import Reduction as Reduction
from mtlspec.spec.loss import Target as Target
from mtlspec.spec.margins import CategoricalHinge as CategoricalHinge
from mtlspec.spec.margins import Hinge as Hinge
from mtlspec.spec.margins import MultiMargin as MultiMargin
from mtlspec.spec.margins import SquaredHinge as SquaredHinge
from mtlspec.spec.overlaps import Dice as Dice
from mtlspec.spec.rankings import ListMle as ListMle
from mtlspec.spec.rankings import ListNet as ListNet
from mtlspec.spec.rankings import PairwiseRanking as PairwiseRanking

Loss.admit(SoftmaxCrossEntropy, SigmoidCrossEntropy, SquaredError, AbsoluteError, Huber)
Loss.admit(SoftmaxFocal, SigmoidFocal, OrdinalCrossEntropy, KullbackLeibler)
Loss.admit(LogCosh, Quantile, PercentageError, SquaredLogarithmicError, CosineSimilarity)
Loss.admit(Poisson, GaussianLikelihood)
Loss.admit(Hinge, SquaredHinge, CategoricalHinge, MultiMargin)
Loss.admit(Dice, PairwiseRanking, ListNet, ListMle, WeightedSum)
