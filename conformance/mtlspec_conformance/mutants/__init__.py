"""The catalogue of mutants: each is one mistake that somebody has made, or will."""

from mtlspec_conformance.mutants.gradients import GRADIENT_MUTANTS
from mtlspec_conformance.mutants.graphs import LAYER_MUTANTS, LOSS_MUTANTS
from mtlspec_conformance.mutants.laws import OPTIMIZER_MUTANTS
from mtlspec_conformance.mutants.layouts import LAYOUT_MUTANTS, SHAPE_MUTANTS
from mtlspec_conformance.mutants.losses import LOSS_VALUE_MUTANTS
from mtlspec_conformance.mutants.moves import INTERCHANGE_MUTANTS
from mtlspec_conformance.mutants.mutant import Mutant as Mutant
from mtlspec_conformance.mutants.predictions import FORWARD_MUTANTS
from mtlspec_conformance.mutants.tables import TABLE_MUTANTS
from mtlspec_conformance.mutants.training import TRAJECTORY_MUTANTS
from mtlspec_conformance.mutants.updates import LAW_MUTANTS, STEP_MUTANTS

MUTANTS: tuple[Mutant, ...] = (
    *SHAPE_MUTANTS,
    *LAYOUT_MUTANTS,
    *FORWARD_MUTANTS,
    *LAYER_MUTANTS,
    *LOSS_MUTANTS,
    *LOSS_VALUE_MUTANTS,
    *GRADIENT_MUTANTS,
    *STEP_MUTANTS,
    *TABLE_MUTANTS,
    *OPTIMIZER_MUTANTS,
    *LAW_MUTANTS,
    *TRAJECTORY_MUTANTS,
    *INTERCHANGE_MUTANTS,
)
