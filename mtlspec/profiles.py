"""Profiles: named, versioned sets of kinds and features that a backend claims, and is judged for, as a whole.

A profile never changes: what comes later stands in a profile of another number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mtlspec.errors import BackendError
from mtlspec.spec.value import nearest

BASE = "core-1"
"""The profile that every other one builds on."""

DISSOLVED = frozenset(
    {"layer/residual", "layer/cross_network", "layer/bidirectional", "layer/stacked_recurrent"}
    | {"layer/transformer_encoder"}
)
"""Kinds of a document that no graph has: a residual is its layers and an `add`, the others are layers and merges."""


@dataclass(frozen=True)
class Profile:
    """A name, what stands in it, and its kinds (`family/kind`) and features that are no kinds."""

    name: str
    sentence: str
    kinds: frozenset[str]


def _profile(name: str, sentence: str, **families: str) -> Profile:
    kinds = (f"{family}/{kind}" for family, listed in families.items() for kind in listed.split())
    return Profile(name, sentence, frozenset(kinds))


_ALL = (
    _profile(
        BASE,
        "dense layers, every activation, every loss with all its laws, sgd and adam",
        layer="dense activation",
        activation="linear relu leaky_relu elu gelu silu tanh sigmoid softplus softmax",
        loss="softmax_cross_entropy sigmoid_cross_entropy squared_error absolute_error huber",
        optimizer="sgd adam",
    ),
    _profile(
        "structure-1",
        "flatten, reshape, merges and residual blocks",
        layer="flatten reshape",
        merge="concatenate add multiply average",
    ),
    _profile(
        "norm-1",
        "normalization to the batch, to the example and to the training data",
        layer="batch_normalization layer_normalization normalization",
    ),
    _profile("dropout-1", "dropout by the hash that every backend shares", layer="dropout"),
    _profile(
        "embedding-1",
        "tables, and the laws that tell their rows apart",
        layer="embedding",
        rows="separate skip",
    ),
    _profile(
        "conv-1",
        "convolutions and pools of images",
        layer="conv2d max_pool2d average_pool2d global_max_pool global_average_pool",
    ),
    _profile(
        "training-1",
        "decoupled decay, clipping and penalties",
        optimizer="adamw",
        clipping="global_norm per_tensor_norm",
        penalty="l1_l2",
    ),
    _profile(
        "phases-1",
        "several optimizers for one batch, along the summed gradient or each along its own",
        phases="several own_gradient after_each_update",
    ),
    _profile(
        "embedding-2",
        "bags of rows, and ids that are padding",
        layer="embedding_bag",
        rows="padding",
    ),
    _profile(
        "cross-1",
        "the products of features of ranking models",
        layer="dot_product dot_interaction factorization_machine cross",
    ),
    _profile("mask-1", "masks of padding and of lengths", layer="padding_mask length_mask"),
    _profile(
        "structure-2",
        "blocks that are used several times, and lengths that the data chooses",
        structure="reused_block variable_length",
    ),
    _profile(
        "positions-1",
        "heads with a label at each of several positions: steps, pixels, items of a query",
        labels="positions",
    ),
    _profile(
        "losses-1",
        "focal, ordinal and divergence losses, distances, likelihoods, margins, and several losses of one task",
        loss="softmax_focal sigmoid_focal ordinal_cross_entropy kullback_leibler log_cosh quantile percentage_error "
        "squared_logarithmic_error cosine_similarity poisson gaussian_likelihood hinge squared_hinge categorical_hinge "
        "multi_margin weighted_sum",
    ),
    _profile("overlap-1", "the overlap of sets of pixels", loss="dice"),
    _profile(
        "ranking-1",
        "the order of the items of a query",
        loss="pairwise_ranking list_net list_mle",
    ),
    _profile(
        "conv-2",
        "convolutions of sequences, by channel, in groups, dilated and transposed; padding in numbers; other extents",
        layer="conv1d depthwise_conv1d depthwise_conv2d separable_conv1d separable_conv2d transposed_conv1d"
        " transposed_conv2d max_pool1d average_pool1d zero_padding1d zero_padding2d cropping1d cropping2d"
        " up_sampling1d up_sampling2d",
        windows="dilation groups border padding_counts",
    ),
    _profile("recurrent-1", "recurrent layers, with masks and in both directions", layer="simple_rnn lstm gru"),
    _profile(
        "optimizers-1",
        "optimizers beside sgd and adam, decay of any of them, groups, averages, accumulation and constraints",
        optimizer="rmsprop adagrad adadelta adamax nadam lion adafactor",
        clipping="value",
        decay="coupled decoupled",
        constraint="non_negative max_norm unit_norm",
        update="rate_factors average accumulation",
    ),
    _profile(
        "attention-1",
        "multi-head attention with masks, positions, class tokens, and global pools of the positions that count",
        layer="attention learned_positions sinusoidal_positions scale class_token class_token_mask",
        structure="masked_pool",
    ),
    _profile(
        "norm-2",
        "normalization to groups and to the mean square, over several axes, frozen and cumulative statistics",
        layer="group_normalization rms_normalization",
        normalization="several_axes frozen cumulative",
    ),
    _profile(
        "gates-1",
        "the remaining activations, slopes that are trained, gated units, and gradients reversed or stopped",
        layer="prelu glu gradient_reversal stop_gradient",
        activation="relu6 selu celu mish softsign hard_sigmoid hard_silu hard_tanh log_sigmoid log_softmax tanh_shrink "
        "soft_shrink hard_shrink threshold exponential",
    ),
    _profile(
        "shaping-1",
        "axes permuted, slices, repeated vectors, and merges by difference, maximum and minimum",
        layer="permute slice repeat_vector",
        merge="subtract maximum minimum",
    ),
)

PROFILES = {profile.name: profile for profile in _ALL}
"""All profiles by name; every kind and feature is in exactly one."""

EVERY_PROFILE = tuple(PROFILES)

VOCABULARY = frozenset[str]().union(*(profile.kinds for profile in PROFILES.values()))
"""Every kind and feature that a graph can need of a backend."""

FAMILIES = frozenset({"layer", "activation", "loss", "optimizer", "clipping", "merge"})
"""What stands in the dispatch tables of a backend."""

FEATURES = frozenset(kind for kind in VOCABULARY if kind.partition("/")[0] not in FAMILIES)
"""What is no kind of a layer, loss or optimizer, and stands in no dispatch table."""


def profile_of(kind: str) -> str | None:
    """Return the name of the profile that `kind` is in; None for a kind that is in none."""
    return next((profile.name for profile in PROFILES.values() if kind in profile.kinds), None)


def kinds_in(profiles: Iterable[str]) -> frozenset[str]:
    """Return the kinds and features of `profiles`, which have to be whole: known, once each, and with their base.

    Raises:
        BackendError: a name is no profile, stands twice, or stands without the profile that it builds on.
    """
    names = tuple(profiles)
    for name in names:
        if name not in PROFILES:
            known = ", ".join(PROFILES)
            raise BackendError(f"no profile {name!r}{nearest(name, PROFILES)}; known: {known}")
        if names.count(name) > 1:
            raise BackendError(f"profile {name!r} is claimed twice")
    if names and BASE not in names:
        raise BackendError(f"profile {names[0]!r} builds on {BASE!r}: claim both, or single kinds by `kinds`")
    return frozenset[str]().union(*(PROFILES[name].kinds for name in names))
