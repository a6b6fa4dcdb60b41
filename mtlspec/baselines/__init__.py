"""Baselines: a multi-task model beside each task alone, other weights and other balancing, at equal budget."""

from mtlspec.baselines.alone import alone as alone
from mtlspec.baselines.baselines import Baselines as Baselines
from mtlspec.baselines.baselines import Method as Method
from mtlspec.baselines.measures import Measure as Measure
from mtlspec.baselines.measures import measures_of as measures_of
from mtlspec.baselines.procedure import baseline as baseline
from mtlspec.baselines.procedure import compared_examples as compared_examples
from mtlspec.baselines.record import Record as Record
from mtlspec.baselines.statistics import Estimate as Estimate
from mtlspec.baselines.statistics import delta_over_metrics as delta_over_metrics
from mtlspec.baselines.statistics import delta_over_tasks as delta_over_tasks
from mtlspec.baselines.statistics import estimate as estimate
from mtlspec.baselines.statistics import mean_ranks as mean_ranks
from mtlspec.baselines.sweep import Sweep as Sweep
