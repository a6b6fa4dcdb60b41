"""Comparison: the same document trained in several backends, each in its own process, and how far the losses part."""

from mtlspec.comparison.comparison import Comparison as Comparison
from mtlspec.comparison.comparison import Difference as Difference
from mtlspec.comparison.comparison import relative_difference as relative_difference
from mtlspec.comparison.runs import compare as compare
