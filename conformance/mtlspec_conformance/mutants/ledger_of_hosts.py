"""The ledger's traps of what the host decides: schedules that restart or listen, and initial values of every shape."""

from __future__ import annotations

from mtlspec_conformance.mutants.initial_values import INITIAL_MUTANTS
from mtlspec_conformance.mutants.trap import Trap

HOST = "decided by the host"

HOST_TRAPS = (
    Trap(
        HOST,
        "A restarted cosine doubles its cycles, or keeps them; a cycle turns one step early; a part of a sequence goes "
        "on from the time of the whole.",
        ("cosine_restarts.growth",),
        cases=("schedule/sequence", "schedule/sequence-by-epoch", "schedule/one-cycle"),
        tests=(
            "tests/core/test_schedules.py",
            "tests/torch/test_torch_schedules.py",
            "tests/keras/test_keras_schedules.py",
        ),
    ),
    Trap(
        HOST,
        "Patience is how many epochs wait, or how many more may; a threshold is a share, or a difference; the last "
        "epoch of a cooldown counts, or not; a resumed run has forgotten the best.",
        tuple(f"reduce_on_plateau.{law}" for law in ("reduces", "threshold_is", "last_of_cooldown", "smallest_change")),
        cases=("schedule/reduce-on-plateau",),
        tests=(
            "tests/core/test_plateau.py",
            "tests/torch/test_torch_schedules.py",
            "tests/keras/test_keras_schedules.py",
        ),
    ),
    Trap(
        HOST,
        "Bounds of a truncated law count deviations, or are numbers that a small deviation never reaches; a variance "
        "is scaled by another fan; an orthogonal kernel is one of other rows.",
        ("truncated_normal.standard_deviation", "truncated_normal.bounds", "variance_scaling.distribution"),
        mutants=tuple(mutant.name for mutant in INITIAL_MUTANTS),
        tests=("tests/core/test_initializers.py",),
    ),
)
