"""The ledger's traps of losses, tasks, optimizers, clipping, the fast path and what moves between backends."""

from __future__ import annotations

from mtlspec_conformance.mutants.trap import Trap

LOSS = "losses"
TASKS = "tasks and weights"
UPDATE = "optimizers"
CLIP = "clipping and penalties"
TRAIN = "training"
MOVE = "what moves"
HOST = "decided by the host"

REDUCED = ("softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error", "huber")

TRAINING_TRAPS = (
    Trap(
        LOSS,
        "A weighted loss is divided by the batch, by the labels present, or by the sum of the weights.",
        tuple(f"{kind}.reduction" for kind in REDUCED),
        (
            "batch-divides",
            "nothing-divides",
            "weights-divide",
            "zero-weight-is-absent",
            "first-task-divides",
            "rows-divide",
            "denominators-of-the-first",
        ),
        tests=("tests/core/test_training_batches.py",),
    ),
    Trap(
        LOSS,
        "A batch without labels of a task divides 0 by 0, or counts what is absent.",
        mutants=("nan-without-labels", "absent-count"),
        tests=("tests/core/test_data_arrays.py",),
    ),
    Trap(
        LOSS,
        "Class weights weigh examples, or the terms of the sum, or both.",
        ("softmax_cross_entropy.class_weights_apply_to",),
        ("class-terms-as-examples", "class-weights-forgotten", "class-weights-twice"),
    ),
    Trap(
        LOSS,
        "A loss reads logits or clipped probabilities, which nobody sees before it saturates.",
        ("softmax_cross_entropy.from", "sigmoid_cross_entropy.from"),
        ("clipped-probabilities", "never-clipped", "gradient-outside-the-clip"),
    ),
    Trap(
        LOSS,
        "Clipped probabilities are divided by their sum again, for some forms of targets.",
        ("probabilities.renormalized",),
        ("not-renormalized", "always-renormalized"),
    ),
    Trap(
        LOSS,
        "Two steps in place of one lose what is small: a logarithm of a probability.",
        mutants=("logarithm-of-softmax", "logarithm-of-sigmoid"),
    ),
    Trap(LOSS, "softmax is applied twice.", mutants=("double-softmax", "link-twice", "link-never")),
    Trap(
        LOSS,
        "Label smoothing is missing, or shared among other classes.",
        mutants=("label-smoothing-ignored", "smoothing-over-the-others"),
    ),
    Trap(LOSS, "Positive labels have a weight of their own.", mutants=("positive-weights-ignored",)),
    Trap(
        LOSS,
        "One name stands for two losses: half a square, a Huber loss over delta, a sum over units.",
        mutants=("half-squares", "smooth-l1", "huber-delta-one", "huber-never-linear", "units-summed"),
    ),
    Trap(
        LOSS,
        "Shapes broadcast in silence: targets against predictions, weights against units.",
        mutants=("targets-broadcast", "weights-along-units", "batch-of-one-squeezed"),
    ),
    Trap(
        TASKS,
        "Every loss is right, and the total weighs them otherwise.",
        mutants=(
            "weights-swapped",
            "weights-twice",
            "weights-normalized",
            "mean-over-tasks",
            "last-weight-ignored",
            "second-of-its-kind",
            "zero-is-unset",
            "weights-of-the-spec",
            "first-weights",
        ),
    ),
    Trap(
        TASKS,
        "Every loss is right, and the trunk hears from some heads, or a tensor from some readers.",
        mutants=("trunk-detached", "of-the-last-reader", "trunk-twice"),
    ),
    Trap(
        TASKS,
        "The losses reported are weighted, running means, or those after the update.",
        mutants=(
            "losses-weighted",
            "losses-weighted-beside-gradient",
            "running-mean",
            "loss-after-update",
            "penalty-in-losses",
        ),
        tests=("tests/core/test_training_history.py",),
    ),
    Trap(
        TASKS,
        "A parameter without gradient is skipped, with its decay and its count of steps, or gets zeros.",
        mutants=(
            "no-entry-without-gradient",
            "zero-gradient-skipped",
            "idle-parameters-stay",
            "count-of-its-own",
        ),
    ),
    Trap(
        UPDATE,
        "The rate multiplies the velocity when it is applied, or enters it; both agree until the rate changes.",
        ("sgd.rate_applied",),
        ("momentum-law-flipped", "dampened"),
        cases=("law/sgd-nesterov-at-update", "law/sgd-nesterov-into-velocity"),
    ),
    Trap(UPDATE, "The velocity counts downhill or uphill.", ("sgd.nesterov",), ("velocity-uphill", "nesterov-flipped")),
    Trap(
        UPDATE,
        "Epsilon is added after the correction, before it, or under the root, and has other defaults.",
        ("adam.epsilon", "adam.epsilon_placement", "adamw.epsilon", "adamw.epsilon_placement"),
        ("epsilon-placement-flipped", "epsilon-in-the-root", "epsilon-of-keras"),
    ),
    Trap(
        UPDATE,
        "The largest moment is kept raw or corrected, or not at all.",
        ("adam.amsgrad", "adamw.amsgrad"),
        ("amsgrad-as-adam", "adam-as-amsgrad", "largest-corrected"),
    ),
    Trap(
        UPDATE,
        "Time begins at 0 or 1, stands still, or is never corrected for.",
        mutants=("count-ahead", "count-stuck", "no-correction", "moment-of-sums", "state-forgotten"),
    ),
    Trap(
        UPDATE,
        "Decay is part of the gradient or beside it, by the rate or by the schedule, of kernels or of all, "
        "before the update or after.",
        ("adamw.weight_decay", "adamw.decay_scaled_by"),
        (
            "decay-coupled",
            "decay-scale-flipped",
            "decay-forgotten",
            "decay-of-torch",
            "decay-last",
            "kernels-alone-decay",
        ),
    ),
    Trap(
        CLIP,
        "One norm of all gradients, or one for each; epsilon beside it; a factor that is at most 1.",
        ("global_norm.epsilon", "per_tensor_norm.epsilon"),
        (
            "clip-ignored",
            "clip-norm-swapped",
            "clip-epsilon-forgotten",
            "clip-epsilon-of-torch",
            "clip-by-norm-alone",
            "clip-by-squares",
            "clip-scales-up",
            "clip-over-all-phases",
        ),
    ),
    Trap(
        CLIP,
        "A penalty is λΣw², or half of that; inside the clip, or beside it; once, or once for each task.",
        ("dense.kernel_penalty",),
        (
            "penalty-forgotten",
            "penalty-with-one-half",
            "penalty-unclipped",
            "penalty-per-task",
            "penalty-without-gradient",
        ),
    ),
    Trap(
        TRAIN,
        "The first update has the first rate of the schedule, the second, or that of the optimizer.",
        ("sgd.learning_rate",),
        mutants=("rate-late", "late-rates", "rate-of-the-spec", "first-rate", "phase-one-rate", "chunk-of-sixteen"),
    ),
    Trap(
        TRAIN,
        "Gradients add up over steps, or one step is made twice.",
        mutants=("gradients-accumulate", "update-twice", "last-step-lost", "each-call-anew"),
    ),
    Trap(
        TRAIN,
        "The last batch is smaller: it is dropped, or divided as the others.",
        mutants=("partial-batch-dropped", "denominators-of-the-first"),
        cases=("tasks/last-partial-batch",),
    ),
    Trap(
        TRAIN,
        "Two optimizers share a trunk: along which gradient, and of which forward pass.",
        mutants=(
            "forward-law-flipped",
            "forward-again",
            "summed-for-own",
            "own-for-summed",
            "others-move",
            "first-phase-always",
        ),
    ),
    Trap(
        MOVE,
        "What is saved lacks slots, counts or statistics, or names them otherwise.",
        mutants=(
            "slots-not-taken",
            "slots-not-given",
            "count-not-taken",
            "count-not-given",
            "count-late",
            "phases-swapped",
            "live-parameters",
        ),
    ),
    Trap(
        UPDATE,
        "The root of RMSprop has epsilon in it or beside it, and its velocity the rate.",
        (
            "rmsprop.learning_rate",
            "rmsprop.rho",
            "rmsprop.epsilon",
            "rmsprop.epsilon_placement",
            "rmsprop.rate_applied",
        ),
        ("rmsprop-epsilon-flipped", "rmsprop-rate-flipped", "rmsprop-of-torch", "centered-by-the-mean"),
    ),
    Trap(
        UPDATE,
        "The accumulator of Adagrad begins with 0.1 or nothing; epsilon is in the root or beside it.",
        (
            "adagrad.learning_rate",
            "adagrad.initial_accumulator",
            "adagrad.epsilon",
            "adagrad.epsilon_placement",
        ),
        ("adagrad-epsilon-flipped", "adagrad-averages", "slots-begin-empty"),
    ),
    Trap(
        UPDATE,
        "Adadelta has a rate, a rho and an epsilon of each framework; its step is averaged after it is made.",
        ("adadelta.learning_rate", "adadelta.rho", "adadelta.epsilon"),
        ("adadelta-steps-first", "adadelta-of-torch"),
    ),
    Trap(
        UPDATE,
        "Adamax has epsilon within its maximum, or after it.",
        ("adamax.learning_rate", "adamax.epsilon", "adamax.epsilon_placement"),
        ("adamax-epsilon-flipped", "adamax-uncorrected"),
    ),
    Trap(
        UPDATE,
        "The momentum of Nadam rises in some steps or in thousands, and its product is kept in float32.",
        ("nadam.learning_rate", "nadam.epsilon", "nadam.momentum_decay"),
        ("nadam-of-keras", "nadam-equal-momenta"),
    ),
    Trap(UPDATE, "Lion's sign is of a blend that its moment is not.", ("lion.learning_rate",), ("lion-moment-first",)),
    Trap(
        UPDATE,
        "Adafactor adds its epsilon or bounds by it, measures before a decay or after it, factors other axes.",
        (
            "adafactor.learning_rate",
            "adafactor.epsilon_1",
            "adafactor.epsilon_1_use",
            "adafactor.scale_from",
            "adafactor.factored_axes",
        ),
        (
            "adafactor-unclipped",
            "adafactor-scale-flipped",
            "adafactor-epsilon-flipped",
            "adafactor-relative-flipped",
            "adafactor-mean-of-all",
        ),
    ),
    Trap(
        UPDATE,
        "A coupled decay is seen by the clip or not, a decoupled one follows the rate or the schedule.",
        ("coupled.placed", "decoupled.scaled_by"),
        ("coupled-decay-other-side", "any-decay-scale-flipped", "decay-without-schedule", "all-decay"),
    ),
    Trap(
        UPDATE,
        "Groups have factors of the rate; what is frozen stays.",
        mutants=("one-rate", "frozen-moves"),
    ),
    Trap(
        UPDATE,
        "An average begins with the first parameter or with nothing, before the update or after it.",
        mutants=("average-of-keras", "average-at-once", "average-from-zero", "average-of-the-last"),
    ),
    Trap(
        UPDATE,
        "Gradients of several batches are summed or averaged.",
        mutants=("batches-summed", "last-batch-alone"),
    ),
    Trap(
        CLIP,
        "Elements are clipped, or the norm of a parameter.",
        mutants=("values-by-norm",),
    ),
    Trap(
        UPDATE,
        "A norm is taken over other axes, or with an epsilon unasked; what is below zero is cut off.",
        ("max_norm.epsilon", "unit_norm.epsilon"),
        ("norm-of-columns", "norm-of-keras", "constraint-forgotten", "size-for-non-negative"),
    ),
    Trap(
        HOST,
        "A boundary of a schedule still has the old rate, or the new; cosines rise again; warm-ups begin elsewhere.",
        ("piecewise.boundary",),
        cases=(
            "schedule/piecewise",
            "schedule/piecewise-ends-old",
            "schedule/cosine",
            "schedule/warm-up",
            "schedule/step-by-epoch",
        ),
        tests=("tests/conformance/test_cases.py", "tests/core/test_training_batches.py"),
    ),
    Trap(
        HOST,
        "Every framework shuffles by a stream of its own, and some repeat the order of the first epoch.",
        mutants=(
            "first-rows",
            "order-of-the-first-epoch",
            "order-without-seed",
            "examples-with-replacement",
            "never-shuffled",
        ),
        tests=("tests/core/test_training_batches.py",),
    ),
    Trap(
        HOST,
        "Metrics have bins, epsilons, ties and means of batches of their own.",
        tests=(
            "tests/core/test_training_metrics.py",
            "tests/core/test_metrics_of_choices.py",
            "tests/core/test_metrics_of_numbers.py",
            "tests/core/test_metrics_of_queries.py",
        ),
    ),
    Trap(
        HOST,
        "A label that is NaN stays NaN at weight 0.",
        mutants=("absent-count",),
        tests=("tests/core/test_data_arrays.py",),
    ),
)
