"""The catalogue of mutants: each is one mistake that somebody has made, or will."""

from mtlspec_conformance.mutants.alone import LAW_MUTANTS
from mtlspec_conformance.mutants.attention import ATTENTION_MUTANTS
from mtlspec_conformance.mutants.chunks import CHUNK_MUTANTS
from mtlspec_conformance.mutants.crosses import CROSS_MUTANTS
from mtlspec_conformance.mutants.embeddings import EMBEDDING_MUTANTS
from mtlspec_conformance.mutants.gates import GATE_MUTANTS, OTHER_FUNCTION_MUTANTS
from mtlspec_conformance.mutants.gradients import GRADIENT_MUTANTS
from mtlspec_conformance.mutants.grafted_functions import (
    ACTIVATION_GRAFTS,
    LOSS_GRAFTS,
    SLOPE_GRAFTS,
    UPDATE_GRAFTS,
)
from mtlspec_conformance.mutants.grafted_layers import LAYER_GRAFTS, NORM_MUTANTS, WINDOW_MUTANTS
from mtlspec_conformance.mutants.graphs import LAYER_MUTANTS, LOSS_MUTANTS
from mtlspec_conformance.mutants.hosts import HOST_MUTANTS
from mtlspec_conformance.mutants.initial_values import INITIAL_MUTANTS
from mtlspec_conformance.mutants.laws import OPTIMIZER_MUTANTS
from mtlspec_conformance.mutants.layouts import LAYOUT_MUTANTS, SHAPE_MUTANTS
from mtlspec_conformance.mutants.losses import LOSS_VALUE_MUTANTS
from mtlspec_conformance.mutants.moves import INTERCHANGE_MUTANTS
from mtlspec_conformance.mutants.mutant import Mutant as Mutant
from mtlspec_conformance.mutants.norms import OTHER_NORM_MUTANTS, SHAPING_MUTANTS
from mtlspec_conformance.mutants.optimizers import FAMILY_MUTANTS
from mtlspec_conformance.mutants.orders import ORDER_MUTANTS
from mtlspec_conformance.mutants.predictions import FORWARD_MUTANTS
from mtlspec_conformance.mutants.recurrent import RECURRENT_MUTANTS
from mtlspec_conformance.mutants.reductions import REDUCTION_MUTANTS
from mtlspec_conformance.mutants.reuse import REUSE_MUTANTS
from mtlspec_conformance.mutants.risks import RISK_MUTANTS
from mtlspec_conformance.mutants.roundings import ROUNDING_MUTANTS
from mtlspec_conformance.mutants.steps import MORE_STEP_MUTANTS
from mtlspec_conformance.mutants.tables import TABLE_MUTANTS
from mtlspec_conformance.mutants.training import TRAJECTORY_MUTANTS
from mtlspec_conformance.mutants.updates import STEP_MUTANTS
from mtlspec_conformance.mutants.weights import WEIGHT_MUTANTS
from mtlspec_conformance.mutants.windows import SPATIAL_MUTANTS

MUTANTS: tuple[Mutant, ...] = (
    *SHAPE_MUTANTS,
    *LAYOUT_MUTANTS,
    *ORDER_MUTANTS,
    *FORWARD_MUTANTS,
    *LAYER_MUTANTS,
    *LOSS_MUTANTS,
    *LOSS_VALUE_MUTANTS,
    *REDUCTION_MUTANTS,
    *WEIGHT_MUTANTS,
    *GRADIENT_MUTANTS,
    *STEP_MUTANTS,
    *MORE_STEP_MUTANTS,
    *TABLE_MUTANTS,
    *OPTIMIZER_MUTANTS,
    *LAW_MUTANTS,
    *ROUNDING_MUTANTS,
    *TRAJECTORY_MUTANTS,
    *CHUNK_MUTANTS,
    *INTERCHANGE_MUTANTS,
    *WINDOW_MUTANTS,
    *LAYER_GRAFTS,
    *NORM_MUTANTS,
    *ACTIVATION_GRAFTS,
    *SLOPE_GRAFTS,
    *LOSS_GRAFTS,
    *UPDATE_GRAFTS,
    *HOST_MUTANTS,
    *REUSE_MUTANTS,
    *EMBEDDING_MUTANTS,
    *CROSS_MUTANTS,
    *INITIAL_MUTANTS,
    *RISK_MUTANTS,
    *SPATIAL_MUTANTS,
    *RECURRENT_MUTANTS,
    *FAMILY_MUTANTS,
    *ATTENTION_MUTANTS,
    *OTHER_NORM_MUTANTS,
    *SHAPING_MUTANTS,
    *GATE_MUTANTS,
    *OTHER_FUNCTION_MUTANTS,
)
