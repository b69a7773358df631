"""What autograd recorded of a model, in the form in which TensorBoard draws graphs."""

from __future__ import annotations

from typing import Any

from flambeau.viz.graphs import Graph, ModuleCalls, graph
from flambeau.viz.graphs.parts import ACCUMULATE, LEAF, RESULT, Box

VERSION = 22  # of the description of graphs, as TensorFlow counts


def graph_def(model: Any, inputs: Any) -> Any:
    """TensorBoard's GraphDef of a call of a model: operations, parameters, results.

    Modules become groups that open with a click. Data flows upwards, from parameters to results;
    what needs no gradient (as the input mostly does) was not recorded and is not shown.

    Args:   inputs: the model's argument, or a tuple of several.
    Raises: RuntimeError when nothing was recorded, because no parameter requires a gradient.
    """
    from tensorboardX.proto.graph_pb2 import GraphDef
    from tensorboardX.proto.versions_pb2 import VersionDef

    arguments = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    with ModuleCalls(model) as calls:
        results = model(*arguments)
    drawn = graph(results, names=model, modules=calls)
    names = _names(drawn, calls)
    sources: list[list[str]] = [[] for _ in drawn.boxes]
    behind = {link.source: link.target for link in drawn.links}  # an AccumulateGrad's one variable
    for link in drawn.links:
        accumulates = drawn.boxes[link.target].kind == ACCUMULATE
        sources[link.source].append(names[behind[link.target] if accumulates else link.target])
    nodes = [
        _node(box, name, below)
        for box, name, below in zip(drawn.boxes, names, sources)
        if box.kind != ACCUMULATE
    ]
    return GraphDef(node=nodes, versions=VersionDef(producer=VERSION))


def _names(drawn: Graph, calls: ModuleCalls) -> list[str]:
    """A name of its own for each box, with the module that made it in front: conv1/Convolution."""
    names: list[str] = []
    for number, box in enumerate(drawn.boxes):
        if box.kind == LEAF and box.title:
            names.append(box.title.replace(".", "/"))
            continue
        module = calls.calls[box.home[-1]].name if box.home else ""
        word = "".join(letter if letter.isalnum() else "_" for letter in _kind(box))
        names.append("/".join([*filter(None, module.split(".")), f"{word}_{number}"]))
    return names


def _kind(box: Box) -> str:
    """What an operation is called when it is not seen from behind."""
    if box.kind == RESULT:
        return "output"
    if box.kind == LEAF:
        return "variable"
    return box.title.rstrip("0123456789").removesuffix("Backward")


def _node(box: Box, name: str, below: list[str]) -> Any:
    from tensorboardX.proto.attr_value_pb2 import AttrValue
    from tensorboardX.proto.node_def_pb2 import NodeDef
    from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto

    node = NodeDef(name=name, op=_kind(box), input=below)
    if box.shape is not None:
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in box.shape])
        node.attr["_output_shapes"].CopyFrom(AttrValue(list=AttrValue.ListValue(shape=[shape])))
    return node
