"""Diagrams of a graph: inputs, blocks, heads and tasks as boxes, with what is shared in plain sight."""

from mtlspec.diagram.mermaid import mermaid as mermaid
from mtlspec.diagram.svg import svg as svg
