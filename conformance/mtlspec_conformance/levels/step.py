"""Level step: what one step adds to each parameter, phase by phase; never the parameters themselves."""

from __future__ import annotations

from collections.abc import Iterator

from mtlspec.backend import Program
from mtlspec.batch import Batch
from mtlspec.step import one_step
from mtlspec.tensors import Tensors
from mtlspec_conformance.measure import Finding, Findings, exactly, largest, losses, same, tensors
from mtlspec_conformance.pair import Pair, copied, held, moved, named


def step(pair: Pair) -> Iterator[Finding]:
    """Yield whether one update of each phase alone, and then one whole step, move everything by the same."""
    weights, rates = pair.case.spec.weights, pair.case.first_rates
    for index, batch in enumerate(pair.case.batches):
        for phase, rate in enumerate(rates):
            yield from _one_update(pair, batch, phase, float(rate), f", phase {phase} alone, batch {index}")
        pair.reset()
        expected, found = (one_step(p, on=batch, weights=weights, learning_rates=rates) for p in pair.both)
        yield from losses("training loss", found.losses, expected.losses, when=f" of a whole step, batch {index}")
        yield from updates(pair, pair.case.parameters, pair.case.parameters, f", whole step, batch {index}")


def _one_update(pair: Pair, batch: Batch, phase: int, rate: float, when: str) -> Iterator[Finding]:
    pair.reset()
    seen = pair.subject.parameters
    for program in pair.both:
        _update(program, batch, pair.case.spec.weights, phase, rate)
    yield from updates(pair, pair.case.parameters, pair.case.parameters, when)
    start = held(pair.case.parameters, pair.precision)
    yield from exactly("parameter", seen, start, when=f", read before the update{when}")


def _update(program: Program, batch: Batch, weights: dict[str, float], phase: int, rate: float) -> None:
    _, gradients, statistics = program.value_with_gradient(on=batch, weights=weights)
    program.update(along=gradients, statistics=statistics, learning_rate=rate, phase=phase)


def updates(
    pair: Pair, before: Tensors, reference_before: Tensors, when: str, *, scale: float | None = None
) -> Iterator[Finding]:
    """Yield whether both sides moved by the same since `before`, slots and step counts included."""
    reference, subject = pair.both
    for role, kind in (("trainable", "update"), ("statistic", "change"), ("constant", "change")):
        expected = moved(reference, reference_before, role)
        peak = scale if role == "trainable" else None
        found = moved(subject, before, role)
        yield from tensors(kind, found, expected, when=when, scale=peak, differences_of=reference_before)
    yield from _slots(pair, when)
    counts = tuple(map(int, subject.state.steps))
    yield from same(f"step counts{when}", counts, reference.state.steps)


def _slots(pair: Pair, when: str) -> Findings:
    expected = named(pair.reference.state)
    return tensors("slot", named(pair.subject.state), expected, when=when, scale=largest(expected))


def position(pair: Pair) -> tuple[Tensors, Tensors]:
    """Return copies of the parameters of the subject and of the reference."""
    return copied(pair.subject.parameters), copied(pair.reference.parameters)
