"""The ledger's traps of positions and of the losses beyond the first five."""

from __future__ import annotations

from mtlspec.spec import losses
from mtlspec_conformance.mutants.ledger_of_training import REDUCED
from mtlspec_conformance.mutants.trap import Trap

LOSS = "losses"
BEYOND = tuple(kind for kind in losses.Loss.kinds if kind not in REDUCED)

RISK_TRAPS = (
    Trap(
        LOSS,
        "Beyond the first losses too, what divides is the batch, the labels present, or the sum of the weights.",
        tuple(f"{kind}.reduction" for kind in BEYOND),
        ("batch-divides", "weights-divide"),
        tests=("tests/core/test_positions.py",),
    ),
    Trap(
        LOSS,
        "A label at each of several positions: what an example weighs, and which positions count.",
        mutants=("first-position-weighs", "weights-of-positions-added", "absent-positions-seen"),
        tests=("tests/core/test_positions.py",),
    ),
    Trap(
        LOSS,
        "What is hard counts more, and of which class: by a factor with a gradient.",
        ("sigmoid_focal.alpha", "softmax_focal.alpha"),
        ("focal-unbalanced", "focal-factor-of-all", "focal-factor-detached", "focal-on-the-easy"),
    ),
    Trap(
        LOSS,
        "A divergence clips what it divides, and has the entropy of the truth in it.",
        ("kullback_leibler.from",),
        ("divergence-of-logits", "entropy-forgotten"),
    ),
    Trap(
        LOSS,
        "Ordered classes: which of them is above a threshold, and what they are made of again.",
        mutants=("threshold-of-equals", "thresholds-that-rise"),
    ),
    Trap(
        LOSS,
        "One name stands for two distances: a constant left out, a turned quantile, a share of another number.",
        mutants=("log-cosh-raised", "quantiles-from-above", "share-of-the-prediction"),
    ),
    Trap(
        LOSS,
        "Logarithms are clipped by one framework.",
        ("squared_logarithmic_error.clip",),
        ("logarithm-of-zero", "slope-below-the-clip"),
    ),
    Trap(
        LOSS,
        "A cosine is turned round, or taken from 1; epsilon holds its norms, or is added below the root.",
        ("cosine_similarity.value", "cosine_similarity.epsilon", "cosine_similarity.epsilon_placement"),
        ("cosine-from-one", "cosine-of-torch", "epsilon-as-a-floor", "cosine-epsilon-added"),
    ),
    Trap(
        LOSS,
        "A head of counts gives rates, or their logarithms.",
        ("poisson.input", "poisson.epsilon"),
        ("logarithms-of-rates", "poisson-of-torch", "stirling-from-one"),
    ),
    Trap(
        LOSS,
        "A head of variances gives what it is made of; where it is held, PyTorch lets the gradient through.",
        ("gaussian_likelihood.below_minimum",),
        ("held-variance-is-flat", "deviation-for-variance", "variance-constant"),
    ),
    Trap(
        LOSS,
        "Labels of a margin are signs, or zeros and ones; what a rival is, and what a kink's slope.",
        ("hinge.targets", "squared_hinge.targets", "categorical_hinge.rivals"),
        (
            "zeros-as-signs",
            "zeros-as-signs-squared",
            "zero-is-a-rival",
            "hinge-flat-at-the-kink",
            "first-of-equal-rivals",
            "margins-added",
        ),
    ),
    Trap(
        LOSS,
        "A quotient of overlaps is taken by class or together, by example or over the batch, of squares or not.",
        ("dice.squares", "dice.smooth_in", "dice.classes"),
        ("dice-of-squares", "dice-smooth-in-both", "dice-by-class", "dice-over-the-batch"),
    ),
    Trap(
        LOSS,
        "A ranking has pairs of equals, forgets to divide, or takes a list as it comes.",
        mutants=("pairs-added", "pairs-of-equals", "list-as-given", "relevances-unsoftened"),
    ),
    Trap(LOSS, "Several losses of one task have factors.", mutants=("terms-unweighted",)),
)
