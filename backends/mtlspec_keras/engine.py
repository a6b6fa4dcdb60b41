"""The engine: Keras 3 on TensorFlow, chosen before Keras is imported for the first time."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from mtlspec.errors import BackendError
from mtlspec_keras.silence import quiet_load, without_retracing_warnings

ENGINE = "tensorflow"


def _choose() -> None:
    """Choose the engine, which Keras reads once, when it is imported.

    Raises:
        BackendError: Keras was imported with another engine.
    """
    imported = sys.modules.get("keras")
    if imported is None:
        os.environ["KERAS_BACKEND"] = ENGINE
        return
    found = str(imported.config.backend())
    if found != ENGINE:
        raise BackendError(
            f"backend 'keras' runs Keras on its {ENGINE!r} engine, and Keras was imported with {found!r} already; an "
            f"engine cannot be changed afterwards: import mtlspec_keras before keras, or set KERAS_BACKEND={ENGINE}"
        )


_choose()
_unasked = "TF_CPP_MIN_LOG_LEVEL" not in os.environ
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with quiet_load() if _unasked else nullcontext():
    tf: Any = import_module("tensorflow")
    import keras as keras
without_retracing_warnings(tf.get_logger())


def traced(function: Callable[..., Any], *signature: Any, jit_compile: bool = False) -> Any:
    """Return `function` as one graph, traced now, for all arguments of `signature`.

    Without autograph: it takes most of the time of a trace, and no Python branch here depends on a tensor.
    """
    graph = tf.function(function, input_signature=signature, jit_compile=jit_compile, autograph=False)
    return graph.get_concrete_function()


def device_called(name: str) -> str:
    """Return TensorFlow's name of the device that `name` (`cpu`, `gpu:1`, `/device:GPU:0`) means.

    Raises:
        BackendError: there is no such device.
    """
    found = [device.name for device in tf.config.list_logical_devices()]
    parts = re.fullmatch(r"(?:/(?:.*/)?)?(?:device:)?([A-Za-z]+)(?::(\d+))?", name)
    wanted = f"/device:{parts[1].upper()}:{parts[2] or 0}" if parts else name
    if wanted not in found:
        known = ", ".join(device.removeprefix("/device:").lower() for device in found)
        raise BackendError(f"no device {name!r} in TensorFlow here; there is {known}")
    return wanted
