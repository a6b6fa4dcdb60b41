"""Witnesses: two programs that somebody else wrote, recorded apart and compared level by level."""

from mtlspec_conformance.witness.batches import Batch as Batch
from mtlspec_conformance.witness.comparison import Comparison as Comparison
from mtlspec_conformance.witness.comparison import compare as compare
from mtlspec_conformance.witness.parting import Parting as Parting
from mtlspec_conformance.witness.process import Job as Job
from mtlspec_conformance.witness.process import record as record
from mtlspec_conformance.witness.record import Record as Record
from mtlspec_conformance.witness.where import Where as Where
from mtlspec_conformance.witness.witness import Witness as Witness
