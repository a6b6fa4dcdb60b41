"""The backend says what it has, and what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from mtlspec_conformance.profiles import needs_of
from mtlspec_torch import TorchBackend
from torch_cases import graph_of, spec_of
from torch_documents import LAYERS, LOSSES
from torch_trainings import PHASED, TRAININGS

from mtlspec.errors import BackendError
from mtlspec.profiles import DISSOLVED
from mtlspec.registry import compile, found_backend, kinds_of
from mtlspec.spec.activations import Activation
from mtlspec.spec.layers import Layer
from mtlspec.spec.losses import Loss
from mtlspec.spec.optimizers import Clipping, Optimizer


def test_the_entry_point_gives_this_backend() -> None:
    assert isinstance(found_backend("torch"), TorchBackend)


def test_every_kind_of_the_spec_has_a_native_form() -> None:
    families = (Layer, Activation, Loss, Optimizer, Clipping)
    expected = {f"{family.family}/{kind}" for family in families for kind in family.kinds}
    assert expected - DISSOLVED <= TorchBackend.capabilities.kinds


def test_a_case_or_a_document_of_these_tests_looks_at_every_kind() -> None:
    documents = {**LAYERS, **LOSSES, **TRAININGS, **PHASED}.values()
    named = frozenset[str]().union(*(kinds_of(graph_of(document)) for document in documents))
    needed = frozenset[str]().union(*needs_of().values())  # the suite itself is held by a command of its own
    assert TorchBackend.capabilities.kinds - named - needed == set()


@pytest.mark.parametrize("device", ["cuda:7", "nonsense", "meta"])
def test_a_device_that_is_not_there_is_an_error_that_says_so(device: str) -> None:
    with pytest.raises(BackendError, match=rf"cannot compute float64 on device '{device}': .*; use 'cpu'"):
        compile(spec_of(PHASED["joint"]), backend="torch", device=device, precision="float64")


def test_global_defaults_stay() -> None:
    before = (torch.get_default_dtype(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    compile(spec_of(PHASED["joint"]), backend="torch", precision="float64")
    after = (torch.get_default_dtype(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert before == after


def test_without_pytorch_the_error_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; import mtlspec.registry; mtlspec.registry.found_backend('torch')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "BackendError: backend 'torch' needs PyTorch: pip install 'mtlspec[torch]'" in done.stderr
