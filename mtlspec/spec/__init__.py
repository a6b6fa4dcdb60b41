"""The spec: frozen values, one file per noun; no array and no framework."""

from mtlspec.spec.activations import Activation as Activation
from mtlspec.spec.data import Data as Data
from mtlspec.spec.initializers import Initializer as Initializer
from mtlspec.spec.kind import Kind as Kind
from mtlspec.spec.law import Like as Like
from mtlspec.spec.layers import Layer as Layer
from mtlspec.spec.losses import Loss as Loss
from mtlspec.spec.model import Block as Block
from mtlspec.spec.model import Input as Input
from mtlspec.spec.model import Task as Task
from mtlspec.spec.optimizers import Clipping as Clipping
from mtlspec.spec.optimizers import Optimizer as Optimizer
from mtlspec.spec.schedules import Schedule as Schedule
from mtlspec.spec.signature import Penalty as Penalty
from mtlspec.spec.spec import Spec as Spec
from mtlspec.spec.training import Training as Training
from mtlspec.spec.transformer import TransformerEncoder as TransformerEncoder
from mtlspec.spec.value import Value as Value
