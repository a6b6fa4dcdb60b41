"""Checkpoints: model, optimizers, encoders and history in one safetensors file, the same for every backend."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np

from mtlspec.backend import Backend, Program, ProgramState, Slot
from mtlspec.errors import CheckpointError
from mtlspec.expectation import expect_state, slot_shapes
from mtlspec.graph import Graph, lower
from mtlspec.registry import GROUP
from mtlspec.registry import compile as compile_program
from mtlspec.spec import Spec
from mtlspec.spec.content import document_of
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Tensors
from mtlspec.training.atomic import write_whole
from mtlspec.training.difference import model_difference
from mtlspec.training.encoders import Encoders
from mtlspec.training.history import History

VERSION = "1"
"""Of the format; the metadata has it under `mtlspec_checkpoint`."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint file holds: arrays in canonical layout, and what they belong to."""

    spec: Spec
    parameters: Tensors
    state: ProgramState
    encoders: Encoders | None
    history: History | None
    backend: str
    """The backend that made it; empty if that is not known."""
    precision: Precision

    def program(
        self, *, backend: str | Backend | None = None, precision: Precision | None = None, device: str = "cpu"
    ) -> Program:
        """Return a program with this content; by default in the backend and precision that made it.

        Raises:
            BackendError: the backend is not installed.
        """
        program = compile_program(
            self.spec, backend=backend or self.backend, precision=precision or self.precision, device=device
        )
        self.restore(program)
        return program

    def restore(self, program: Program, *, optimizers: bool = True) -> None:
        """Give the parameters to `program`, and with `optimizers` the state that training goes on from.

        Raises:
            CheckpointError: the program is of another model, or has other optimizers.
        """
        if program.graph.model_digest != self.spec.digest(part="model"):
            apart = model_difference(lower(self.spec), program.graph)
            raise CheckpointError(f"the checkpoint is of another model: {apart}")
        if optimizers:
            _expect_optimizers(program.graph, self.state)
        program.parameters = self.parameters
        if optimizers:
            program.state = self.state


def save(
    path: str | Path,
    program: Program,
    spec: Spec,
    *,
    encoders: Encoders | None = None,
    history: History | None = None,
) -> None:
    """Write a checkpoint of `program`, made from `spec`; an older file at `path` stays until the new one is whole.

    Raises:
        CheckpointError: the program was not made from `spec`.
    """
    if program.graph.model_digest != spec.digest(part="model"):
        apart = model_difference(lower(spec), program.graph)
        raise CheckpointError(f"the program was made from another spec: {apart}")
    from safetensors.numpy import save as serialized

    state = program.state
    tensors = {f"parameters/{name}": array for name, array in program.parameters.items()}
    tensors |= {f"slots/{slot.phase}/{slot.name}/{slot.path}": array for slot, array in state.slots.items()}
    metadata = {
        "mtlspec_checkpoint": VERSION,
        "document": json.dumps(spec.to_document(explicit=True)),
        "model_digest": spec.digest(part="model"),
        "spec_digest": spec.digest(),
        "steps": json.dumps(state.steps),
        "backend": backend_name(program),
        "precision": program.precision,
    }
    # safetensors writes the memory of an array as it lies: a view in another order would be written scrambled.
    tensors = {name: np.array(array, order="C") for name, array in tensors.items()}
    metadata["tensors_digest"] = _digest(tensors)
    if encoders is not None:
        metadata["encoders"] = json.dumps(document_of(encoders, explicit=True))
    if history is not None:
        metadata["history"] = history.to_json()
    write_whole(path, serialized(tensors, metadata))


def _digest(tensors: Mapping[str, Array]) -> str:
    """Return the SHA-256 of names and bytes; safetensors itself notices damage to its header alone."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(np.ascontiguousarray(tensors[name]).tobytes())
    return found.hexdigest()


def load(path: str | Path) -> Checkpoint:
    """Return the checkpoint in a file.

    Raises:
        CheckpointError: the file is no checkpoint, or its parts do not belong together.
    """
    name = Path(path).name
    metadata, tensors = _content(Path(path))
    version = metadata.get("mtlspec_checkpoint")
    if version is None:
        raise CheckpointError(f"{name}: no checkpoint: a safetensors file of something else")
    if version != VERSION:
        raise CheckpointError(f"{name}: expected a checkpoint of format {VERSION}, found {version}; update mtlspec")
    try:
        spec = Spec.model_validate(json.loads(metadata["document"]))
        encoders = Encoders.model_validate(json.loads(metadata["encoders"])) if "encoders" in metadata else None
        history = History.from_json(metadata["history"]) if "history" in metadata else None
        digests = metadata["model_digest"], metadata["spec_digest"]
        steps = tuple(json.loads(metadata["steps"]))
        backend, precision = metadata["backend"], metadata["precision"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{name}: its metadata cannot be read: {error}") from None
    if digests != (spec.digest(part="model"), spec.digest()):
        raise CheckpointError(f"{name}: its document is not the one that it was saved with: the digests differ")
    graph = lower(spec)
    parameters, slots = _parted(tensors, graph, name)
    if metadata.get("tensors_digest") != _digest(tensors):
        raise CheckpointError(f"{name}: its numbers are not those that were saved: the file is damaged")
    state = ProgramState(slots, steps)
    kept: Precision = "float64" if precision == "float64" else "float32"
    return Checkpoint(spec, Tensors(parameters), state, encoders, history, backend, kept)


def backend_name(program: Program) -> str:
    """Return the name under which the package of `program` is installed as a backend, or an empty string."""
    package = type(program).__module__.partition(".")[0]
    for entry in entry_points(group=GROUP):
        if entry.module.partition(".")[0] == package:
            return entry.name
    return ""


def _content(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
            return dict(file.metadata() or {}), tensors
    except FileNotFoundError:
        raise CheckpointError(f"no file {str(path)!r}") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name}: no checkpoint: {error}") from None


def _parted(tensors: Mapping[str, Array], graph: Graph, name: str) -> tuple[dict[str, Array], dict[Slot, Array]]:
    """Return parameters and slots, each of the shape that `graph` says."""
    shapes = {f"parameters/{path}": parameter.shape for path, parameter in graph.by_path.items()}
    slots_of = {f"slots/{slot.phase}/{slot.name}/{slot.path}": shape for slot, shape in slot_shapes(graph).items()}
    shapes |= slots_of
    for what, keys in (("lacks", shapes.keys() - tensors.keys()), ("has unknown", tensors.keys() - shapes.keys())):
        if keys:
            raise CheckpointError(f"{name}: the file {what} {', '.join(sorted(keys)[:3])}, {len(keys)} in all")
    for key, shape in shapes.items():
        if tensors[key].shape != shape:
            raise CheckpointError(f"{name}: {key}: expected the shape {shape}, found {tensors[key].shape}")
    parameters = {path: tensors[f"parameters/{path}"] for path in graph.by_path}
    slots = {_slot(key): tensors[key] for key in slots_of}
    return parameters, slots


def _slot(key: str) -> Slot:
    _, phase, name, path = key.split("/")
    return Slot(int(phase), name, path)


def _expect_optimizers(graph: Graph, state: ProgramState) -> None:
    try:
        expect_state(graph, state)
    except ValueError as error:
        hint = "train by the document's optimizer as it was, or in Python `restore(program, optimizers=False)`"
        raise CheckpointError(f"the checkpoint is of other optimizers: {error}; {hint} for parameters") from None
