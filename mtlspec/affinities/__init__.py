"""Affinity: what one task's step does to the losses of the others, and which tasks to train together for that."""

from mtlspec.affinities.affinity import Affinity as Affinity
from mtlspec.affinities.affinity import expect_groups as expect_groups
from mtlspec.affinities.grouping import Grouping as Grouping
from mtlspec.affinities.grouping import groupings as groupings
from mtlspec.affinities.measurement import affinity as affinity
from mtlspec.affinities.probe import Probe as Probe
