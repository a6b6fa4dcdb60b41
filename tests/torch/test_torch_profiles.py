"""The profiles that the backend claims are what its dispatch tables have."""

from __future__ import annotations

from mtlspec_torch import TorchBackend
from mtlspec_torch.activations import ACTIVATIONS
from mtlspec_torch.clipping import CLIPPINGS
from mtlspec_torch.layers import LAYERS
from mtlspec_torch.losses import LOSSES
from mtlspec_torch.merges import MERGES
from mtlspec_torch.optimizers import OPTIMIZERS

from mtlspec.profiles import FEATURES, kinds_in
from mtlspec.registry import claimed


def test_the_kinds_of_the_claimed_profiles_are_those_of_the_tables() -> None:
    tables = claimed(LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, CLIPPINGS, merges=MERGES)
    assert kinds_in(TorchBackend.capabilities.profiles) - FEATURES == tables
    assert TorchBackend.capabilities.kinds == tables | FEATURES
