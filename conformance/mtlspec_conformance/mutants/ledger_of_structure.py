"""The ledger's traps of tables, feature crosses, reused blocks, masks, recurrence and attention."""

from __future__ import annotations

from mtlspec_conformance.mutants.trap import Trap

TABLE = "embedding and dropout"
CROSSES = "feature crosses"
REUSE = "reused blocks and masks"
RECURRENT = "recurrent layers"
RECURRENT_FORMS = ("layer/simple-rnn-forms", "layer/lstm-forms", "layer/gru-reset-before")
SEQUENCE = "attention and positions"

STRUCTURE_TRAPS = (
    Trap(
        REUSE,
        "A block that is used twice is trained by one of its uses, or its statistics move once.",
        mutants=(
            "gradient-of-the-last-use",
            "penalty-for-each-use",
            "statistics-of-the-last-use",
            "one-mask-for-both-uses",
        ),
    ),
    Trap(
        TABLE,
        "Padding is trained, drawn, or counted; a bag is combined in another way, or its weights are not trained.",
        (
            "embedding.padding_id",
            "embedding_bag.padding_id",
            "embedding_bag.combine",
            "embedding_bag.repeated_ids",
            "embedding_bag.untouched_rows",
            "embedding_bag.initializer",
        ),
        (
            "padding-trained",
            "padding-in-the-bag",
            "mean-for-sum",
            "bag-maximum-shared",
            "bag-weights-detached",
        ),
        tests=("tests/core/test_embeddings.py",),
    ),
    Trap(
        CROSSES,
        "Of a product one side is not trained, pairs count twice or in another order, a cross forgets a term.",
        (
            "cross.kernel_initializer",
            "cross.bias_initializer",
            "cross_network.kernel_initializer",
            "cross_network.bias_initializer",
        ),
        (
            "one-tower-detached",
            "product-not-normalized",
            "length-plus-epsilon",
            "pairs-in-another-order",
            "pairs-counted-twice",
            "cross-without-itself",
            "cross-with-the-layer-before",
            "start-detached",
        ),
    ),
    Trap(
        REUSE,
        "A mask is of 1 where padding is, or ends a position too late, or begins at the wrong end.",
        ("padding_mask.padding",),
        ("padding-counts", "zero-is-padding", "one-position-too-many", "masked-from-the-left"),
    ),
    Trap(
        RECURRENT,
        "Gates stand in another order: i, f, g, o; z, r, g here and in Keras, r, z, n in PyTorch.",
        mutants=("reset-gate-first", "output-gate-third"),
    ),
    Trap(
        RECURRENT,
        "A GRU resets the state before its product, or the product and its bias after.",
        ("gru.reset",),
        ("reset-flipped", "candidate-bias-not-reset"),
    ),
    Trap(
        RECURRENT,
        "PyTorch adds two biases and trains both, so that their sum moves twice as far as Keras's one.",
        ("simple_rnn.biases", "lstm.biases", "gru.biases"),
        ("second-bias-frozen",),
        (*RECURRENT_FORMS, "layer/gru-reset-after"),
    ),
    Trap(
        RECURRENT,
        "What a backward layer gives stands as read or as the sequence stands, and its last state at the first step.",
        mutants=("backward-as-read", "end-of-the-sequence"),
    ),
    Trap(
        RECURRENT,
        "A step that is left out repeats the state or gives 0; holes are no lengths; the last output is no last state.",
        ("simple_rnn.masked_outputs", "lstm.masked_outputs", "gru.masked_outputs"),
        ("masked-steps-read", "mask-as-a-length", "last-output-for-last-state", "masked-outputs-flipped"),
    ),
    Trap(
        RECURRENT,
        "The way back through time is cut.",
        mutants=("one-step-of-time", "cell-detached"),
    ),
    Trap(
        RECURRENT,
        "Keras draws by the fans of whole matrices and opens the forget gate, PyTorch draws all by the units.",
        tuple(
            f"{kind}.{name}_initializer"
            for kind in ("simple_rnn", "lstm", "gru")
            for name in ("kernel", "recurrent", "bias", "recurrent_bias")
        ),
        ("forget-gate-shut", "units-for-inputs"),
    ),
    Trap(
        SEQUENCE,
        "A mask of attention blocks where it is 1, masks who looks, or is forgotten; what sees nothing takes the mean.",
        ("attention.masked_rows", "transformer_encoder.masked_rows"),
        (
            "mask-blocks",
            "mask-of-queries",
            "mask-forgotten-if-causal",
            "masked-after-the-softmax",
            "nothing-seen-is-the-mean",
            "nothing-seen-is-zero",
            "gradient-of-masked-scores",
            "sees-the-next",
            "causal-from-the-end",
        ),
    ),
    Trap(
        SEQUENCE,
        "Scores have another scale, or one that float32 has rounded; heads lie in another order; weights drop alike.",
        mutants=(
            "scores-unscaled",
            "scores-by-units",
            "attention-scale-in-float32",
            "units-for-heads",
            "weights-detached",
            "one-mask-for-all-heads",
            "kept-weights-made-whole",
        ),
    ),
    Trap(
        SEQUENCE,
        "The frameworks count the fans of attention in three ways, and PyTorch draws its output as a linear layer.",
        (
            "attention.fans",
            "attention.output_initializer",
            "transformer_encoder.fans",
            "transformer_encoder.output_initializer",
            "transformer_encoder.kernel_initializer",
            "transformer_encoder.bias_initializer",
            "learned_positions.initializer",
        ),
        cases=("chance/fans-of-attention", "initializer/of-a-transformer"),
        tests=("tests/core/test_attention.py",),
    ),
    Trap(
        SEQUENCE,
        "A transformer normalizes before or after, around x or what is normalized, with an epsilon of its framework.",
        ("transformer_encoder.epsilon",),
        ("around-the-normalized",),
        tests=("tests/core/test_attention.py",),
    ),
    Trap(
        SEQUENCE,
        "Positions of sines lie in pairs or in halves, end at the base or above, start at 0; a table has rows left.",
        mutants=(
            "positions-by-mean",
            "rows-from-the-end",
            "sines-interleaved",
            "slowest-sine",
            "sines-from-one",
            "factor-in-float32",
            "token-last",
            "token-of-one-example",
        ),
    ),
    Trap(
        SEQUENCE,
        "Padding is counted in a mean, wins a maximum, or shares its gradient.",
        mutants=("padding-in-the-mean", "padding-is-zero", "padding-shares-the-maximum"),
    ),
)
