"""The ledger's traps of numbers, layouts, layers, activations and initial values."""

from __future__ import annotations

from mtlspec_conformance.mutants.trap import Trap

PRECISION = "numbers"
LAYOUT = "layouts and names"
WINDOWS = "convolution and pooling"
NORM = "normalization"
TABLE = "embedding and dropout"
FUNCTION = "activations"
INITIAL = "initial values"

LAYER_TRAPS = (
    Trap(
        PRECISION,
        "A Python number becomes float32 on its way into a float64 program.",
        mutants=(
            "leaky-slope-in-float32",
            "alpha-in-float32",
            "norm-epsilon-in-float32",
            "keeps-in-float32",
            "dropout-rate-in-float32",
            "smoothing-in-float32",
            "clip-of-probabilities-in-float32",
            "delta-in-float32",
            "penalty-in-float32",
            "momentum-in-float32",
            "beta-1-in-float32",
            "beta-2-in-float32",
            "decay-in-float32",
            "clip-limit-in-float32",
            "clip-epsilon-in-float32",
            "rate-in-float32",
            "task-weights-in-float32",
        ),
    ),
    Trap(
        PRECISION,
        "A constant of a formula is float32 in the framework's own code.",
        mutants=("gelu-constant-in-float32", "gelu-cubic-in-float32"),
    ),
    Trap(
        PRECISION,
        "Data, parameters, slots or whole programs are float32, though float64 was asked for.",
        mutants=(
            "float32-inside",
            "float32-reported",
            "outputs-in-float32",
            "inputs-in-float32",
            "targets-in-float32",
            "sample-weights-in-float32",
            "stored-in-float32",
            "half-precision-once",
            "slots-rounded",
            "rounded-on-the-way",
        ),
    ),
    Trap(
        LAYOUT,
        "A dense kernel is (in, out) here and (out, in) there; a square one fits both ways.",
        mutants=("kernels-transposed", "outputs-first"),
    ),
    Trap(
        LAYOUT,
        "A convolution's kernel has four axes in another order, or is turned around.",
        mutants=("kernels-turned", "images-transposed", "channels-transposed"),
    ),
    Trap(LAYOUT, "An image is flattened with its channels last or first.", mutants=("channels-first",)),
    Trap(
        LAYOUT,
        "After a convolution the channels are another axis than the last.",
        mutants=("mask-channels-first",),
        cases=("layer/channels-stay-last", "merge/concatenate-of-images", "layer/reshape-to-an-image"),
    ),
    Trap(
        LAYOUT,
        "Inputs, outputs, targets or weights in a dict are taken in alphabetical order.",
        mutants=(
            "inputs-by-alphabet",
            "outputs-by-alphabet",
            "targets-by-alphabet",
            "sample-weights-by-alphabet",
            "denominators-by-alphabet",
            "task-weights-by-alphabet",
            "losses-by-alphabet",
            "heads-by-position",
        ),
    ),
    Trap(
        LAYOUT,
        "Two parameters of one shape change places when they are loaded.",
        mutants=("names-swapped", "scale-and-offset"),
    ),
    Trap(
        WINDOWS,
        "`same` pads alike on both sides, or puts the odd row before; under strides that is another window.",
        ("conv2d.padding", "max_pool2d.padding", "average_pool2d.padding"),
        ("symmetric-padding", "odd-zero-before"),
    ),
    Trap(WINDOWS, "Padding of 0 wins a maximum of negative numbers.", mutants=("padding-wins",)),
    Trap(WINDOWS, "Padding counts in an average.", mutants=("padding-counted",)),
    Trap(WINDOWS, "Of equal maxima in a window another than the first gets the gradient.", mutants=("last-maximum",)),
    Trap(
        WINDOWS,
        "Equal maxima of a global pool share the gradient, or one gets it, or each.",
        mutants=("global-maximum-to-the-first", "global-maximum-to-each"),
    ),
    Trap(WINDOWS, "The way back from windows meets other pixels.", mutants=("windows-shifted-back",)),
    Trap(
        NORM,
        "The running variance moves toward the biased or the unbiased variance of the batch.",
        ("batch_normalization.running_variance",),
        ("running-variance-flipped", "batch-variance-unbiased", "variance-of-one"),
    ),
    Trap(
        NORM,
        "Momentum is the share of the old statistic, or of the new.",
        ("batch_normalization.running_average_keeps",),
        ("running-average-flipped",),
    ),
    Trap(
        NORM,
        "Every framework has an epsilon of its own.",
        ("batch_normalization.epsilon", "layer_normalization.epsilon", "normalization.epsilon"),
        ("norm-epsilon-of-keras", "batch-norm-epsilon", "normalization-epsilon"),
    ),
    Trap(
        NORM,
        "Epsilon is added to the variance, to its root, or is the least deviation.",
        mutants=("epsilon-outside-the-root", "epsilon-under-the-root"),
    ),
    Trap(
        NORM,
        "The statistics of a batch are constants in the gradient; outputs and losses are right, training is not.",
        mutants=("batch-variance-detached", "batch-mean-detached"),
    ),
    Trap(
        NORM,
        "The axes of the statistics are others for images, matrices and sequences.",
        mutants=("statistics-of-each-place", "whole-example-normalized"),
    ),
    Trap(
        NORM,
        "Training takes running statistics, inference those of the batch, or a pass that only asks moves them.",
        mutants=(
            "training-is-inference",
            "inference-is-training",
            "losses-move",
            "gradient-moves",
            "statistics-forgotten",
            "statistics-dropped",
            "statistics-not-taken",
        ),
    ),
    Trap(
        TABLE,
        "The gradients of an id that occurs twice are summed before they are squared, or not.",
        ("embedding.repeated_ids",),
        ("repeated-ids-separate", "repeated-ids-summed", "last-occurrence", "rows-overwritten", "rows-summed"),
    ),
    Trap(
        TABLE,
        "Rows that no id of the batch touches decay and keep moving, or stay.",
        ("embedding.untouched_rows",),
        ("untouched-rows-decay", "untouched-rows-skip"),
    ),
    Trap(TABLE, "The first row of a table is for padding and never learns.", mutants=("first-row-for-padding",)),
    Trap(
        TABLE,
        "Every framework draws dropout masks from a stream of its own, so the mask is named instead.",
        mutants=(
            "dropout-seed",
            "dropout-step-still",
            "mask-of-the-call",
            "one-mask-for-all",
            "one-mask-for-all-nodes",
            "mask-anew-on-the-way-back",
            "no-mask-on-the-way-back",
            "mask-of-every-row",
            "mask-of-every-step",
            "mask-without-seed",
        ),
    ),
    Trap(
        TABLE,
        "Dropout scales in training, or in inference.",
        mutants=("dropout-unscaled", "dropout-scaled-in-inference", "dropout-rate", "rate-is-kept"),
    ),
    Trap(
        FUNCTION,
        "gelu is the function or its approximation, depending on who is asked.",
        ("gelu.approximation",),
        ("gelu-tanh", "gelu-exact"),
    ),
    Trap(
        FUNCTION,
        "Slopes and alphas have other defaults.",
        ("leaky_relu.slope", "elu.alpha"),
        ("leaky-slope-of-torch", "elu-alpha-one"),
    ),
    Trap(FUNCTION, "softplus is the identity above 20.", mutants=("softplus-linear",)),
    Trap(
        FUNCTION,
        "Far out an exponential overflows, in a value or in the branch that is not taken.",
        mutants=("softmax-overflows", "softplus-overflows", "elu-overflows"),
    ),
    Trap(
        FUNCTION,
        "On a kink the slope is that of the left, of the right, or their mean.",
        mutants=(
            "relu-one-at-zero",
            "relu-half-at-zero",
            "leaky-one-at-zero",
            "elu-one-at-zero",
            "absolute-error-uphill-at-zero",
        ),
    ),
    Trap(FUNCTION, "softmax sums over another axis.", mutants=("softmax-of-the-batch",)),
    Trap(
        INITIAL,
        "Laws of initial values differ by framework: distribution, truncation, fans, biases, and streams.",
        (
            "dense.kernel_initializer",
            "dense.bias_initializer",
            "conv2d.kernel_initializer",
            "conv2d.bias_initializer",
            "embedding.initializer",
            "glorot_normal.truncated",
            "he_normal.truncated",
            "lecun_normal.truncated",
        ),
        (
            "first-assignment-lost",
            "fans-exchanged",
            "deviation-for-limit",
            "cut-not-widened",
            "never-cut",
            "one-stream",
            "values-without-seed",
        ),
        cases=("initializer/every-kind", "initializer/of-every-layer"),
        tests=("tests/core/test_randomness.py", "tests/core/test_graph.py"),
    ),
)
