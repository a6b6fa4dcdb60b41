"""The graph: what a spec means, spelled out for a backend."""

from mtlspec.graph.graph import Graph as Graph
from mtlspec.graph.graph import Head as Head
from mtlspec.graph.graph import Node as Node
from mtlspec.graph.graph import Numbers as Numbers
from mtlspec.graph.graph import Parameter as Parameter
from mtlspec.graph.graph import Phase as Phase
from mtlspec.graph.initial import initial_parameters as initial_parameters
from mtlspec.graph.lowering import lower as lower
