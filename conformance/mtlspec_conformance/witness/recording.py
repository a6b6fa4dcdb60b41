"""Recording: one witness built, matched with an earlier record if it begins there, measured, and its noise told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.witness.batches import Batch, expect_tasks
from mtlspec_conformance.witness.influence import influences
from mtlspec_conformance.witness.matching import Matching, Seen, matched
from mtlspec_conformance.witness.measuring import first_calls, measured, probe_of
from mtlspec_conformance.witness.names import Side, read
from mtlspec_conformance.witness.noise import moved_by_one_ulp, spread
from mtlspec_conformance.witness.record import Conditions, Origin, Record, RecordError
from mtlspec_conformance.witness.where import LAYER_INPUT, PROBE_OUTPUT, Where
from mtlspec_conformance.witness.witness import Subject, Witness

PRECISIONS: Mapping[str, Precision | None] = {"float64": "float64", "float32": "float32", "as_built": None}


def recorded(
    build: Callable[[], Witness],
    batch: Batch,
    conditions: Conditions,
    *,
    source: str,
    origin: Record | None = None,
    names: Path | None = None,
) -> Record:
    """Return the record of what `build` returns, from its own start or, through matched names, from that of `origin`.

    Raises:
        MtlspecError: the batches do not fit, the program draws numbers of its own, or its parameters do not match.
    """
    batches = batch.cut(conditions.batch_size)
    subject = Subject(build, batches[0], PRECISIONS[conditions.precision])
    witness = subject.witness
    expect_tasks(batch, witness.tasks, of=source)
    _refuse_chance(witness, batches[0], source)
    felt = influences(witness, probe_of(batches[0]).inputs)
    matching = None if origin is None else _matched(origin, witness, felt, probe_of(batches[0]), names)
    start = witness.parameters if matching is None or origin is None else started(witness, matching, origin)

    def run(at: Tensors, batches: Sequence[Batch], *, mirrored: bool) -> dict[Where, Array]:
        return dict(measured(subject, at, batches, conditions.steps, mirrored=mirrored))

    values = run(start, batches, mirrored=False)
    others = [run(start, batches, mirrored=True), run(moved_by_one_ulp(start, 0), batches, mirrored=False)]
    return Record(
        framework=witness.framework,
        source=source,
        versions=witness.versions,
        dtype=witness.dtype,
        conditions=conditions,
        tasks=witness.tasks,
        layers=witness.layers,
        influences=felt,
        roles=witness.roles,
        native_names=witness.native_names,
        notes=witness.notes,
        start=start,
        values=values,
        noise=spread(values, others, start),
        origin=None
        if matching is None or origin is None
        else Origin(origin.start_digest(), matching.parameters, matching.how),
        lacking=_lacking(witness),
    )


def _lacking(witness: Witness) -> dict[str, str]:
    if not witness.steps:
        return dict.fromkeys(("step", "law", "trajectory"), f"{witness.framework} has no optimizer and no step")
    own = f"{witness.framework} steps by a function of its own, so that its optimizer cannot be asked alone"
    return {"law": own} if witness.own_loop else {}


def _refuse_chance(witness: Witness, batch: Batch, source: str) -> None:
    """Raise if two passes in training mode on the same values differ."""
    once, again = (witness.losses(*batch) for _ in range(2))
    close = float(np.sqrt(np.finfo(witness.dtype).eps))
    for task, loss in once.items():
        if np.isfinite(loss) and abs(loss - again[task]) > close * max(abs(loss), abs(again[task])):
            raise MtlspecError(
                f"{source} draws numbers of its own: two training passes on the same values give the loss of task "
                f"{task!r} as {loss:.9g} and {again[task]:.9g}. Layers of dropout are switched off; switch off what "
                "else is drawn (dropout as a function, noise, augmentation) in what `build()` returns"
            )


def _matched(
    origin: Record, witness: Witness, felt: Mapping[str, object], probe: Batch, names: Path | None
) -> Matching:
    own = witness.parameters
    first, second = side(origin), Side(witness.framework, witness.layers, _shapes(own), witness.native_names)
    if set(origin.tasks) != set(witness.tasks):
        raise RecordError(f"the tasks differ: {', '.join(origin.tasks)} and {', '.join(witness.tasks)}")

    def show(layers: Mapping[str, str]) -> Seen:
        values = dict(own)
        for mine, theirs in layers.items():
            leaves = second.leaves(theirs)
            values.update((leaves[leaf], origin.start[full]) for leaf, full in first.leaves(mine).items())
        witness.parameters = Tensors(values)
        calls, outputs = witness.activations(probe.inputs)
        return {layer: given for layer, given, _ in first_calls(calls)}, outputs

    given = {where.tensor: array for where, array in origin.values.items() if where.kind == LAYER_INPUT}
    made = {where.task: array for where, array in origin.values.items() if where.kind == PROBE_OUTPUT}
    try:
        return matched(
            first,
            second,
            given={} if names is None else read(names),
            influences=(origin.influences, felt),  # type: ignore[arg-type]
            seen=(given, made),
            probe=show,
            dtype="float32" if "float32" in (origin.dtype, witness.dtype) else "float64",
        )
    finally:
        witness.parameters = own


def side(record: Record) -> Side:
    """Return a record as one side of a matching."""
    return Side(record.framework, record.layers, _shapes(record.start), record.native_names)


def _shapes(values: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in values.items()}


def started(witness: Witness, matching: Matching, origin: Record) -> Tensors:
    """Return the values of `origin` under the names of `witness`, as it can hold them."""
    mine = {theirs: name for name, theirs in matching.parameters.items()}
    witness.parameters = Tensors({name: origin.start[mine[name]] for name in witness.parameters})
    return witness.parameters
