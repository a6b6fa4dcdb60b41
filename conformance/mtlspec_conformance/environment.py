"""The environment of a run: versions, threads and flags, read from what is loaded; nothing is imported for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, packages_distributions, version
from typing import Any

from mtlspec.backend import Backend
from mtlspec.registry import GROUP

VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "NVIDIA_TF32_OVERRIDE",
    "CUBLAS_WORKSPACE_CONFIG",
    "XLA_FLAGS",
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "PYTHONHASHSEED",
)
"""Variables that move the last digits."""
FRAMEWORKS = ("numpy", "torch", "keras", "tensorflow", "jax", "jaxlib")


def address(backend: Backend, name: str = "") -> str:
    """Return the `module:attribute` of `backend`: what `name` is or stands for, else its class."""
    if ":" in name:
        return name
    registered = next((entry.value for entry in entry_points(group=GROUP) if entry.name == name), None)
    return registered or f"{type(backend).__module__}:{type(backend).__qualname__}"


def versions(backend: Backend) -> dict[str, str]:
    """Return the versions of the distributions that mtlspec, the backend and its framework come from."""
    owners = _owners()
    own = type(backend).__module__.partition(".")[0]
    loaded = {name for name in FRAMEWORKS if name in sys.modules}
    found = {}
    for name in sorted({"mtlspec", own} | loaded):
        for distribution in owners.get(name, [name]):
            try:
                found[distribution] = version(distribution)
            except PackageNotFoundError:  # run from a folder that nobody installed
                found[distribution] = "not installed"
    return found


def threads() -> dict[str, int | str]:
    """Return how many threads each loaded framework may use."""
    found: dict[str, int | str] = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "unset")}
    torch, tensorflow = _loaded("torch"), _loaded("tensorflow")
    if torch is not None:
        found["torch"] = int(torch.get_num_threads())
        found["torch between operations"] = int(torch.get_num_interop_threads())
    if tensorflow is not None:  # 0: as many as there are cores
        found["tensorflow"] = int(tensorflow.config.threading.get_intra_op_parallelism_threads())
        found["tensorflow between operations"] = int(tensorflow.config.threading.get_inter_op_parallelism_threads())
    return found


def flags() -> dict[str, bool | str]:
    """Return every switch of the environment and of a loaded framework that moves the last digits."""
    found: dict[str, bool | str] = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    torch, tensorflow, jax = _loaded("torch"), _loaded("tensorflow"), _loaded("jax")
    if torch is not None:
        found["torch float32 matmul precision"] = str(torch.get_float32_matmul_precision())
        found["torch deterministic algorithms"] = bool(torch.are_deterministic_algorithms_enabled())
        found["torch oneDNN"] = bool(torch.backends.mkldnn.enabled)
    if tensorflow is not None:
        found["tensorflow TF32"] = bool(tensorflow.config.experimental.tensor_float_32_execution_enabled())
    if jax is not None:
        found["jax x64"] = bool(jax.config.jax_enable_x64)
    return found


@cache
def _owners() -> Mapping[str, list[str]]:
    """Return the distributions of each package: a second's search."""
    return packages_distributions()


def _loaded(name: str) -> Any:
    return sys.modules.get(name)
