"""Rankings: losses of the order of items. One example is one query, its positions are its items, of one unit each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.loss import ExampleLoss, TargetForm


class _Ranking(ExampleLoss):
    """A loss of scores z_i and relevances y_i of the present items i."""

    def misfit(self, units: int) -> str:
        return "" if units == 1 else f"{self.kind} needs a head of one unit, the score of an item, found {units}"


class PairwiseRanking(_Ranking):
    """The mean (or sum) of f(z_i - z_j) over all pairs of items with y_i > y_j; 0 without such a pair.

    logistic: f(d) = log(1 + exp(-d)) (RankNet, Burges et al. 2005). hinge: f(d) = max(0, margin - d), of slope -1 at
    the kink.
    """

    kind: Literal["pairwise_ranking"] = "pairwise_ranking"
    function: Literal["logistic", "hinge"] = "logistic"
    margin: float = Field(default=1.0, gt=0)
    """Only beside `function: hinge`."""
    pairs: Literal["mean", "sum"] = "mean"


class ListNet(_Ranking):
    """-Σ_i P_i·log softmax(z)_i over the items, P what the relevances say of the first place (Cao et al. 2007)."""

    kind: Literal["list_net"] = "list_net"
    relevances: Literal["softmax", "share"] = "softmax"
    """P: softmax(y), as in the paper, or y / Σ y for y of at least 0 (0 where all of them are 0)."""

    @property
    def form(self) -> TargetForm:
        return "numbers" if self.relevances == "softmax" else "non_negative"


class ListMle(_Ranking):
    """Σ_i (log Σ_{j from i on} exp(z_j) - z_i), items by falling y, equal ones as given (Xia et al. 2008)."""

    kind: Literal["list_mle"] = "list_mle"
