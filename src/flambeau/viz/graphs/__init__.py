"""Drawings of the autograd graph.

`walk` reads the tape into boxes and links (`parts`), `calls` says which module made which node and
`collapse` folds modules into one box, `measure` fills in times and sizes. What is left is plain
data; `dot` and `svg` write it down, the latter with the places that `layout` finds.
"""

from flambeau.viz.graphs.calls import ModuleCalls
from flambeau.viz.graphs.drawing import Graph, graph
