"""Level forward: predictions and logits in inference mode."""

from __future__ import annotations

from collections.abc import Iterator

from mtlspec_conformance.measure import Finding, largest, tensors
from mtlspec_conformance.pair import Pair


def forward(pair: Pair) -> Iterator[Finding]:
    """Yield whether the outputs of every task are the same for every batch, and that asking changes nothing."""
    pair.reset()
    before = pair.snapshot()
    for linked, kind in ((False, "logits"), (True, "prediction")):
        expected = [pair.reference.outputs(batch.inputs, linked=linked) for batch in pair.case.batches]
        for index, (batch, reference) in enumerate(zip(pair.case.batches, expected, strict=True)):
            found = pair.subject.outputs(batch.inputs, linked=linked)
            yield from tensors(kind, found, reference, when=f", batch {index}", scale=largest(*expected))
    yield from pair.unchanged("`outputs`", before)
