"""Notes in reference/native.json what the entries of the vocabulary become: the classes in every case of the suite.

`python docs/native_classes.py torch`, then `keras`: one framework in a process.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from mtlspec_conformance.suite import cases

import mtlspec as mtl
from mtlspec.spec.layers import ActivationLayer

NATIVE = Path(__file__).with_name("reference") / "native.json"
FRAMEWORKS = {"torch": ("torch.",), "keras": ("keras.", "tensorflow.")}
BARE = {
    *("torch.nn.Module", "torch.optim.Optimizer"),
    *("keras.layers.Layer", "keras.TFLayer", "keras.losses.Loss", "keras.KerasSaveable", "keras.Operation"),
    *("keras.KerasAutoTrackable", "tensorflow.AutoTrackable", "tensorflow.Trackable"),
}
"""What everything is made of: a class on one of these alone is of our own."""


def public(cls: type) -> str:
    """Return the name of a class as its users write it."""
    module = cls.__module__
    if module.startswith("torch.nn"):
        return f"torch.nn.{cls.__name__}"
    if module.startswith("torch.optim"):
        return f"torch.optim.{cls.__name__}"
    if module.startswith("keras."):
        part = next((p for p in ("layers", "losses", "optimizers") if f".{p}" in module), "")
        return f"keras.{part}.{cls.__name__}" if part else f"keras.{cls.__name__}"
    return f"{module.partition('.')[0]}.{cls.__name__}"


def told(thing: Any, backend: str) -> str:
    """Return the class of a native object, and what it is built on where it is ours."""
    cls = type(thing)
    name = public(cls)
    if cls.__module__.startswith(FRAMEWORKS[backend]):
        function = getattr(thing, "activation", None) if name == "keras.layers.Activation" else None
        return f"`{name}({function.__name__!r})`" if function is not None else f"`{name}`"
    bases = [public(base) for base in cls.__mro__[1:] if base.__module__.startswith(FRAMEWORKS[backend])]
    built_on = next((base for base in bases if base not in BARE), None)
    return f"`{name}` on `{built_on}`" if built_on else f"`{name}`"


def natives(backend: str) -> dict[str, list[str]]:
    """Return for each entry the classes that the nodes of all cases became in a backend."""
    found: dict[str, set[str]] = defaultdict(set)
    for case in cases():
        program = mtl.compile(case.graph, backend=backend, precision="float64")
        for node in case.graph.nodes:
            if node.layer is None:
                continue
            function = node.layer.function if isinstance(node.layer, ActivationLayer) else None
            made = _module(program, node.path, function)
            found["layer/activation" if function is not None else f"layer/{node.layer.kind}"].add(told(made, backend))
            if function is not None:
                found[f"activation/{function.kind}"].add(told(made, backend))
        for head in case.graph.heads:
            found[f"loss/{head.loss.kind}"].add(told(program.loss_functions[head.task], backend))
        for phase, native in zip(case.graph.phases, program.optimizers, strict=True):  # type: ignore[attr-defined]
            found[f"optimizer/{phase.optimizer.kind}"].add(told(native, backend))
    found["layer/activation"] = {"the class of its function"}
    return {key: sorted(names) for key, names in sorted(found.items())}


def _module(program: Any, path: str, function: Any) -> Any:
    """Return the native object at a node."""
    if hasattr(program.model, "module_names"):
        name = program.model.module_names[path]
        if name:
            return program.model.get_submodule(name)
        from mtlspec_torch.activations import activation

        return activation(function)
    return program._native.layers[path]


def main(backend: str) -> None:
    """Note the classes of one backend beside those of the other."""
    NATIVE.parent.mkdir(exist_ok=True)
    known = json.loads(NATIVE.read_text(encoding="utf-8")) if NATIVE.exists() else {}
    text = json.dumps(known | {backend: natives(backend)}, indent=1, sort_keys=True)
    NATIVE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
