"""mtlspec: one document for a multi-task model, compiled into an ordinary Keras model or PyTorch module.

The public surface. Importing it imports no framework.
"""

from typing import TYPE_CHECKING

from mtlspec.backend import Backend as Backend
from mtlspec.backend import Program as Program
from mtlspec.backend import Steps as Steps
from mtlspec.batch import Batch as Batch
from mtlspec.batch import Dataset as Dataset
from mtlspec.comparison import Comparison as Comparison
from mtlspec.comparison import compare as compare
from mtlspec.errors import BackendError as BackendError
from mtlspec.errors import CheckpointError as CheckpointError
from mtlspec.errors import DataError as DataError
from mtlspec.errors import ExtensionError as ExtensionError
from mtlspec.errors import MtlspecError as MtlspecError
from mtlspec.errors import SpecError as SpecError
from mtlspec.extension import extend as extend
from mtlspec.graph import Graph as Graph
from mtlspec.graph import lower as lower
from mtlspec.registry import backend_names as backend_names
from mtlspec.registry import compile as compile
from mtlspec.spec import Spec as Spec
from mtlspec.spec.document import load as load
from mtlspec.spec.document import parse as parse
from mtlspec.spec.document import render as render
from mtlspec.spec.schema import json_schema as json_schema
from mtlspec.tensors import Rows as Rows
from mtlspec.tensors import Tensors as Tensors
from mtlspec.training import Checkpoint as Checkpoint
from mtlspec.training import History as History
from mtlspec.training import adapt as adapt
from mtlspec.training import averaged_parameters as averaged_parameters
from mtlspec.training import batches as batches
from mtlspec.training import dataset as dataset
from mtlspec.training import evaluate as evaluate
from mtlspec.training import load as checkpoint  # noqa: F401  # `load` is for documents
from mtlspec.training import metric as metric
from mtlspec.training import predict as predict
from mtlspec.training import read as read
from mtlspec.training import save as save
from mtlspec.training import train as train

if TYPE_CHECKING:
    from mtlspec.affinities import Affinity as Affinity
    from mtlspec.affinities import affinity as affinity
    from mtlspec.baselines import Baselines as Baselines
    from mtlspec.baselines import Sweep as Sweep
    from mtlspec.baselines import baseline as baseline
else:
    _LATER = {
        "affinity": "affinities",
        "Affinity": "affinities",
        "baseline": "baselines",
        "Baselines": "baselines",
        "Sweep": "baselines",
    }

    def __getattr__(name):
        """Return what is imported only where it is used."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"mtlspec.{_LATER[name]}"), name)
