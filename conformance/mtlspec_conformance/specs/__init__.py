"""Specs: Hypothesis strategies over the whole schema, for the kit and for anybody who writes a backend."""

from mtlspec_conformance.specs.cases import cases as cases
from mtlspec_conformance.specs.chains import layers as layers
from mtlspec_conformance.specs.heads import tasks as tasks
from mtlspec_conformance.specs.models import optimizers as optimizers
from mtlspec_conformance.specs.models import specs as specs
from mtlspec_conformance.specs.trainings import trainings as trainings
from mtlspec_conformance.specs.values import having as having
from mtlspec_conformance.specs.values import value as value
