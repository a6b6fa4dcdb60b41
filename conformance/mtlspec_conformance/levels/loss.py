"""Level loss: the loss of every task in training and inference mode, and the penalty."""

from __future__ import annotations

from collections.abc import Iterator

from mtlspec_conformance.measure import Finding, losses
from mtlspec_conformance.pair import Pair


def loss(pair: Pair) -> Iterator[Finding]:
    """Yield whether losses and penalty are the same for every batch, and that asking changes nothing."""
    pair.reset()
    before = pair.snapshot()
    weights = pair.case.spec.weights
    for training, mode in ((True, "training"), (False, "inference")):
        expected = [pair.reference.losses(on=batch, training=training) for batch in pair.case.batches]
        peak = max(value for each in expected for value in each.values())
        for index, (batch, reference) in enumerate(zip(pair.case.batches, expected, strict=True)):
            found = pair.subject.losses(on=batch, training=training)
            yield from losses(f"{mode} loss", found, reference, when=f", batch {index}", scale=peak)
    for index, batch in enumerate(pair.case.batches):
        when = f" beside the gradient, batch {index}"
        own, theirs = (program.value_with_gradient(on=batch, weights=weights).value for program in pair.both)
        peak = max(own.losses.values())
        yield from losses("training loss", theirs.losses, own.losses, when=when, scale=peak)
        yield from losses("penalty", {"the model": theirs.penalty}, {"the model": own.penalty}, when=when)
    yield from pair.unchanged("`losses` and `value_with_gradient`", before)
