"""The registry: which backends are installed, what they claim, and how one compiles a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points

from mtlspec.backend import Backend, Capabilities, Program
from mtlspec.errors import BackendError
from mtlspec.extension import extensions_in, had_by, lack_of
from mtlspec.graph import Graph, initial_parameters, lower
from mtlspec.profiles import profile_of
from mtlspec.spec import Activation, Layer, Spec, layers
from mtlspec.spec.kind import Kind
from mtlspec.spec.layers import Table
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest

GROUP = "mtlspec.backends"
EXTRAS = {
    "torch": ("torch", "PyTorch"),
    "keras": ("keras", "Keras and TensorFlow"),
    "tensorflow": ("keras", "TensorFlow"),
}


def backend_names() -> tuple[str, ...]:
    """Return the names of all installed backends, without importing one."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


def found_backend(name: str) -> Backend:
    """Return the backend called `name`.

    Raises:
        BackendError: there is none, or its framework is not installed.
    """
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            try:
                found: Backend = entry.load()()
            except ModuleNotFoundError as error:
                if error.name not in EXTRAS:
                    raise
                extra, framework = EXTRAS[error.name]
                raise BackendError(f"backend {name!r} needs {framework}: pip install 'mtlspec[{extra}]'") from None
            return found
    known = ", ".join(backend_names())
    raise BackendError(f"no backend {name!r}{nearest(name, backend_names())}; installed: {known}")


def compile(
    spec: Spec | Graph,
    *,
    backend: str | Backend,
    precision: Precision | None = None,
    device: str = "cpu",
) -> Program:
    """Return the program of `spec` in a backend, with the initial values that the spec's seed gives.

    `precision` is by default that of the spec's training.

    Raises:
        BackendError: the backend or its framework is not installed, or does not have a kind that the spec names.
    """
    graph = lower(spec) if isinstance(spec, Spec) else spec
    precision = precision or graph.training.precision
    chosen = found_backend(backend) if isinstance(backend, str) else backend
    _refuse_unsupported(chosen, graph, precision)
    program = chosen.compile(graph, precision=precision, device=device)
    program.parameters = initial_parameters(graph)
    return program


def claimed(*tables: Iterable[type[Kind]], merges: Iterable[str]) -> frozenset[str]:
    """Return the kinds that an adapter's dispatch tables have, as `family/kind`, and its merges."""
    kinds = {f"{cls.family}/{cls.model_fields['kind'].default}" for table in tables for cls in table}
    return frozenset(kinds | {f"merge/{merge}" for merge in merges})


def kinds_of(graph: Graph) -> frozenset[str]:
    """Return every kind that a graph needs of a backend, as `family/kind`, and the features that are no kinds."""
    found = {f"layer/{node.layer.kind}" for node in graph.nodes if node.layer is not None}
    found |= {f"merge/{node.merge}" for node in graph.nodes if node.merge is not None}
    functions = (function for node in graph.nodes if node.layer is not None for function in _functions(node.layer))
    found |= {f"activation/{function.kind}" for function in functions}
    found |= {f"loss/{part.kind}" for head in graph.heads for part in head.loss.parts}
    found |= {f"optimizer/{phase.optimizer.kind}" for phase in graph.phases}
    found |= {f"clipping/{phase.clipping.kind}" for phase in graph.phases if phase.clipping is not None}
    own = {phase.decay for phase in graph.phases if phase.optimizer.own_decay is None}
    found |= {f"decay/{decay.kind}" for decay in own if decay is not None}
    found |= {f"constraint/{p.constraint.kind}" for p in graph.parameters if p.constraint is not None}
    return frozenset(found | set(_features(graph)))


def _functions(layer: Layer) -> Iterator[Activation]:
    """Yield the activations that a layer of a graph applies itself; that of a dense layer is a node of its own."""
    for name in type(layer).model_fields:
        function = getattr(layer, name)
        if isinstance(function, Activation) and name != "activation":
            yield function


def _features(graph: Graph) -> Iterator[str]:
    """Yield what a graph asks of the programs around its layers, as `family/feature`."""
    if graph.penalized:
        yield "penalty/l1_l2"
    tables = [graph.embedding(parameter) for parameter in graph.parameters if parameter.by_row]
    if any(table.repeated_ids == "separate" for table in tables):
        yield "rows/separate"
    if any(table.untouched_rows == "skip" for table in tables):
        yield "rows/skip"
    if any(isinstance(node.layer, Table) and node.layer.padding_id is not None for node in graph.nodes):
        yield "rows/padding"
    if any(node.reuses is not None for node in graph.nodes):
        yield "structure/reused_block"
    if any(None in part.shape for part in graph.inputs):
        yield "structure/variable_length"
    for node in graph.nodes:
        if isinstance(node.layer, layers.Conv2d | layers.MaxPool2d | layers.AveragePool2d):
            yield from _of_windows(node.layer)
    if any(getattr(node.layer, "mask", None) and "pool" in node.layer.kind for node in graph.nodes if node.layer):
        yield "structure/masked_pool"
    if len(graph.phases) > 1:
        yield "phases/several"
    if graph.gradient == "own":
        yield "phases/own_gradient"
    if graph.forward == "after_each_update":
        yield "phases/after_each_update"
    if any(head.positions for head in graph.heads):
        yield "labels/positions"
    for phase in graph.phases:
        if any(numbers.rate_factor != 1 for numbers in phase.numbers):
            yield "update/rate_factors"
        if phase.average is not None:
            yield "update/average"
        if phase.batches > 1:
            yield "update/accumulation"
    for node in graph.nodes:
        yield from _of_normalization(node.layer)


def _of_normalization(layer: Layer | None) -> Iterator[str]:
    """Yield what a normalization of `norm-1` has that `norm-2` brought."""
    match layer:
        case layers.LayerNormalization(axes=axes) | layers.RmsNormalization(axes=axes) if axes > 1:
            yield "normalization/several_axes"
        case layers.BatchNormalization(frozen="statistics" | "all"):
            yield "normalization/frozen"
        case layers.BatchNormalization(running_average="cumulative"):
            yield "normalization/cumulative"


def _of_windows(layer: layers.Conv2d | layers.MaxPool2d | layers.AveragePool2d) -> Iterator[str]:
    """Yield what a layer of `conv-1` has that `conv-2` brought."""
    if max(layer.window.dilation) > 1:
        yield "windows/dilation"
    if not isinstance(layer.window.padding, str):
        yield "windows/border"
    if getattr(layer, "groups", 1) > 1:
        yield "windows/groups"
    if getattr(layer, "padding_counts", False):
        yield "windows/padding_counts"


def lacking(
    capabilities: Capabilities, graph: Graph, precision: Precision, *, backend: str | None = None
) -> tuple[str, ...]:
    """Return what `graph` needs and a backend does not claim, each with its profile.

    `backend` is the name by which extensions know it; without one it has none of them.
    """
    needed = kinds_of(graph)
    kinds = sorted(needed - capabilities.kinds - set(extensions_in(needed)))
    told = [f"{kind} ({profile})" if (profile := profile_of(kind)) else kind for kind in kinds]
    own = had_by(backend or "")
    told += [f"{kind} ({lack_of(kind, backend or 'it')})" for kind in extensions_in(needed) if kind not in own]
    return (*told, *(() if precision in capabilities.precisions else (f"precision {precision}",)))


def _refuse_unsupported(chosen: Backend, graph: Graph, precision: Precision) -> None:
    lacks = lacking(chosen.capabilities, graph, precision, backend=chosen.name)
    if lacks:
        raise BackendError(f"backend {chosen.name!r} does not have {', '.join(lacks)}")
