"""Mutants that compile another graph than the one asked for: every law, flipped or forgotten."""

from __future__ import annotations

from collections.abc import Callable

from mtlspec.graph import Graph
from mtlspec.spec import activations, layers, losses
from mtlspec.spec.signature import Penalty
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every, having, other


def _other_seed(graph: Graph) -> Graph:
    changed: Graph = having(graph, seed=graph.seed + 1)
    return changed


def _first_head_twice(graph: Graph) -> Graph:
    """Return the graph in which the second task reads the first task's head."""
    first, second, *rest = graph.heads
    changed: Graph = having(graph, heads=(first, having(second, output=first.output), *rest))
    return changed


def _sources_turned(graph: Graph) -> Graph:
    changed: Graph = having(
        graph, nodes=tuple(having(n, sources=n.sources[::-1]) if n.merge == "concatenate" else n for n in graph.nodes)
    )
    return changed


def _merges(**to: str) -> Callable[[Graph], Graph]:
    return lambda graph: having(
        graph, nodes=tuple(having(n, merge=to.get(n.merge, n.merge)) if n.merge else n for n in graph.nodes)
    )


NORMS = (layers.BatchNormalization, layers.LayerNormalization)
CROSS = (losses.SoftmaxCrossEntropy, losses.SigmoidCrossEntropy)
SATURATED = ("loss/softmax-saturated", "loss/sigmoid-saturated")
CLIPPED_SATURATED = ("loss/softmax-from-probabilities-saturated", "loss/sigmoid-from-probabilities-saturated")

LAYER_MUTANTS = (
    Mutant(
        "gelu-tanh",
        "Takes the approximation for gelu itself.",
        "forward",
        ("activation/gelu",),
        every(activations.Gelu, approximation="tanh"),
    ),
    Mutant(
        "gelu-exact",
        "Takes the error function where the approximation is asked for.",
        "forward",
        ("activation/gelu-tanh",),
        every(activations.Gelu, approximation="none"),
    ),
    Mutant(
        "leaky-slope-of-torch",
        "Has a slope of its own for leaky_relu.",
        "forward",
        ("activation/leaky-relu",),
        every(activations.LeakyRelu, slope=0.01),
    ),
    Mutant("elu-alpha-one", "Ignores alpha.", "forward", ("activation/elu",), every(activations.Elu, alpha=1.0)),
    Mutant(
        "norm-epsilon-of-keras",
        "Has an epsilon of its own in layer normalization.",
        "forward",
        ("layer/layer-normalization",),
        every(layers.LayerNormalization, epsilon=1e-3),
    ),
    Mutant(
        "batch-norm-epsilon",
        "Has an epsilon of its own in batch normalization.",
        "forward",
        ("layer/batch-normalization",),
        every(layers.BatchNormalization, epsilon=1e-5),
    ),
    Mutant(
        "normalization-epsilon",
        "Does not replace a small deviation.",
        "forward",
        ("layer/normalization",),
        every(layers.Normalization, epsilon=1e-7),
    ),
    Mutant(
        "running-variance-flipped",
        "Moves the running variance toward the other variance of the batch.",
        "gradient",
        ("layer/batch-normalization", "layer/batch-normalization-biased"),
        every(layers.BatchNormalization, running_variance=other("biased", "unbiased")),
    ),
    Mutant(
        "running-average-flipped",
        "Keeps the share that it should give away.",
        "gradient",
        ("layer/batch-normalization",),
        every(layers.BatchNormalization, running_average_keeps=lambda keeps: 1 - keeps),
    ),
    Mutant("dropout-seed", "Draws another mask.", "loss", ("layer/dropout",), _other_seed),
    Mutant("dropout-rate", "Keeps all.", "loss", ("layer/dropout",), every(layers.Dropout, rate=0.0)),
    Mutant("add-averages", "Divides a sum by its terms.", "forward", ("merge/add",), _merges(add="average")),
    Mutant("average-adds", "Does not divide.", "forward", ("merge/average",), _merges(average="add")),
    Mutant("multiply-adds", "Adds.", "forward", ("merge/multiply",), _merges(multiply="add")),
    Mutant("concatenate-turned", "Concatenates from the end.", "forward", ("merge/concatenate",), _sources_turned),
    Mutant(
        "heads-by-position",
        "Gives the second task the first one's head.",
        "forward",
        ("tasks/equal-heads",),
        _first_head_twice,
    ),
)

LOSS_MUTANTS = (
    Mutant(
        "label-smoothing-ignored",
        "Does not smooth.",
        "loss",
        ("loss/softmax-smoothed", "loss/sigmoid-smoothed"),
        every(CROSS, label_smoothing=0.0),
    ),
    Mutant(
        "positive-weights-ignored",
        "Weighs positive and negative labels alike.",
        "loss",
        ("loss/sigmoid-positive-weights",),
        every(losses.SigmoidCrossEntropy, positive_weights=None),
    ),
    Mutant(
        "clipped-probabilities",
        "Reads logits as clipped probabilities, which nobody sees before logits are large.",
        "loss",
        SATURATED,
        every(CROSS, from_=losses.Probabilities()),
    ),
    Mutant(
        "never-clipped",
        "Reads logits where clipped probabilities are asked for.",
        "loss",
        CLIPPED_SATURATED,
        every(CROSS, from_=losses.Logits()),
    ),
    Mutant(
        "not-renormalized",
        "Does not divide by the sum after the clip.",
        "loss",
        ("loss/softmax-from-probabilities-renormalized",),
        every(losses.Probabilities, renormalized=False),
    ),
    Mutant(
        "always-renormalized",
        "Divides by the sum after the clip, unasked.",
        "loss",
        ("loss/softmax-from-probabilities-saturated",),
        every(losses.Probabilities, renormalized=True),
    ),
    Mutant("huber-delta-one", "Ignores delta.", "loss", ("loss/huber-small-delta",), every(losses.Huber, delta=1.0)),
    Mutant(
        "penalty-forgotten",
        "Has no penalty.",
        "loss",
        ("penalty/l1-and-l2",),
        every(Penalty, l1=0.0, l2=0.0),
    ),
    Mutant(
        "penalty-with-one-half",
        "Takes half of the squares, as a coupled weight decay does.",
        "loss",
        ("penalty/l1-and-l2",),
        every(Penalty, l2=lambda l2: l2 / 2),
    ),
)
