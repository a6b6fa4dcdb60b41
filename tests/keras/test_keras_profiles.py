"""The profiles that the backend claims are what its dispatch tables have."""

from __future__ import annotations

from mtlspec_keras import KerasBackend
from mtlspec_keras.activations import ACTIVATIONS
from mtlspec_keras.clipping import CLIPPINGS
from mtlspec_keras.layers import LAYERS
from mtlspec_keras.losses import LOSSES
from mtlspec_keras.merges import MERGES
from mtlspec_keras.optimizers import OPTIMIZERS

from mtlspec.profiles import FEATURES, kinds_in
from mtlspec.registry import claimed


def test_the_kinds_of_the_claimed_profiles_are_those_of_the_tables() -> None:
    tables = claimed(LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, CLIPPINGS, merges=MERGES)
    assert kinds_in(KerasBackend.capabilities.profiles) - FEATURES == tables
    assert KerasBackend.capabilities.kinds == tables | FEATURES
