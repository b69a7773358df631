"""`graph` draws what autograd recorded; a `Graph` is the drawing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flambeau import nn
from flambeau.io.files import written
from flambeau.tensor.tensor import Tensor
from flambeau.viz.graphs import dot as dots
from flambeau.viz.graphs import svg as svgs
from flambeau.viz.graphs.calls import Call, ModuleCalls
from flambeau.viz.graphs.collapse import Fold, collapse
from flambeau.viz.graphs.measure import saved_memory, watch_backward
from flambeau.viz.graphs.naming import given_names, variable_names
from flambeau.viz.graphs.parts import Box, Face, Link, Shown, faces
from flambeau.viz.graphs.references import with_references
from flambeau.viz.graphs.walk import draw, reached

MOST_FOR_DOT = 1000  # boxes that Graphviz lays out in seconds
MOST_IN_A_NOTEBOOK = 3000  # boxes that a browser shows without trouble


def graph(
    results: Any,
    *inputs: Any,
    names: Any = None,
    modules: ModuleCalls | None = None,
    depth: int | None = None,
    shapes: bool = False,
    time: bool = False,
    memory: bool = False,
    grad_norm: bool = False,
) -> Graph:
    """Draw the autograd graph of a tensor, of several, or of a module's output.

    The results stand on top; below them the operations by their names in `grad_fn`, down to an
    ``AccumulateGrad`` and a box with name and sizes for each leaf. Where an operation leads to
    several others, small numbers say which argument is which.

    Args:
        results: a tensor, a list, tuple or dict of tensors, or a module, which is called with
            ``inputs``.
        names: a dict of names to tensors, or a module whose parameters have names. By default the
            caller's variables name tensors, and a parameter of a module in the variable ``model``
            is ``model.weight``.
        modules: the calls of modules seen while ``results`` were computed; a module given as
            ``results`` brings its own.
        depth: fold what modules this deep made into one box each: 0 the whole model, 1 its parts.
            Default: nothing is folded.
        shapes: show the sizes of what each operation computed.
        time: show how long each operation's backward pass takes.
        memory: show the bytes that each operation keeps for it, and those of the gradients that
            come in.
        grad_norm: show the Euclidean norm of the gradient that comes in. This and ``time`` walk
            back through the graph once; it is kept, and no ``.grad`` is touched.
    Raises: RuntimeError if no graph was recorded. TypeError for results that are not tensors.

    >>> import flambeau as torch
    >>> from flambeau import viz
    >>> x = torch.tensor([1., 2., 2.]).requires_grad_()
    >>> q = x.norm()
    >>> [box.title for box in viz.graph(q).boxes]
    ['q', 'LinalgVectorNormBackward0', 'AccumulateGrad', 'x']
    """
    known = variable_names(sys._getframe(1)) if names is None else given_names(names)
    if isinstance(results, nn.Module):
        if modules is not None:
            raise TypeError("graph watches the calls of a module itself: leave modules= out")
        parameters = given_names(results)
        known = {**known, **parameters} if names is None else {**parameters, **known}
        modules = ModuleCalls(results)
        with modules:
            results = results(*inputs)
    elif inputs:
        raise TypeError("graph takes inputs only for a module, which it then calls with them")
    if depth is not None and modules is None:
        raise TypeError("depth folds modules: give a module with its inputs, or modules=")
    roots = _roots(results, known)
    operations, leaves = reached([t.grad_fn for _, t in roots])
    boxes, links = draw(roots, operations, leaves, known, modules)
    inner = boxes[len(roots) :]
    if memory:
        for box, node in zip(inner, operations):
            box.saved = saved_memory(node)
    if time or grad_norm:
        watch_backward([t for _, t in roots], operations, leaves, inner)
    calls = modules.calls if modules else []
    return Graph(boxes, links, Shown(shapes, time, memory, grad_norm), calls, Fold(depth))


def _roots(results: Any, names: Mapping[int, str]) -> list[tuple[str, Any]]:
    """Title and tensor of each result that has a graph."""
    if isinstance(results, Tensor):
        found = [("output", results)]
    elif isinstance(results, Mapping):
        found = [(str(key), value) for key, value in results.items()]
    elif isinstance(results, list | tuple):
        found = [(f"output {i}", value) for i, value in enumerate(results)]
    else:
        raise TypeError(
            "graph draws a tensor, several of them, or a module with its inputs, but got "
            f"{type(results).__name__}"
        )
    tensors = [(title, value) for title, value in found if isinstance(value, Tensor)]
    if not tensors:
        raise TypeError("graph draws tensors, but there are none among the results")
    recorded = [(names.get(id(t), title), t) for title, t in tensors if t.grad_fn is not None]
    if not recorded:
        title, tensor = tensors[0]
        reason = (
            "is a leaf, on which no operation was recorded yet: give what is computed from it"
            if tensor.requires_grad
            else "does not require grad: nothing that it was computed from does, or it was "
            "detached, or computed under no_grad()"
        )
        raise RuntimeError(f"no graph to draw: {names.get(id(tensor), title)} {reason}")
    return recorded


class Graph:
    """A drawing of an autograd graph. It holds no tensors; notebooks show it.

    ``boxes`` and ``links`` say what is in it, folded modules as one box.

    >>> import flambeau as torch
    >>> from flambeau import nn, viz
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> picture = viz.graph(model, torch.zeros(2, 4))
    >>> picture
    Graph(14 boxes, 13 links)
    >>> picture.collapse(1)
    Graph(4 boxes, 3 links)
    >>> [box.title for box in picture.collapse(1).expand("1").boxes]
    ['output', '2', 'TanhBackward0', '0']
    """

    def __init__(
        self,
        boxes: list[Box],
        links: list[Link],
        shown: Shown = Shown(),
        calls: Sequence[Call] = (),
        fold: Fold = Fold(),
    ) -> None:
        self._all = (boxes, links)
        self._shown, self._calls, self._fold = shown, calls, fold
        self.boxes, self.links = collapse(boxes, links, calls, fold)

    def collapse(self, what: int | str) -> Graph:
        """The drawing with modules folded: all at a depth, or one by its name."""
        if isinstance(what, int):
            return self._refolded(Fold(what))
        self._check_name(what)
        fold = self._fold
        return self._refolded(
            replace(fold, closed=fold.closed | {what}, opened=fold.opened - {what})
        )

    def expand(self, what: str | None = None) -> Graph:
        """The drawing with a module unfolded, so that its parts show; without a name, all."""
        if what is None:
            return self._refolded(Fold())
        self._check_name(what)
        fold = self._fold
        return self._refolded(
            replace(fold, closed=fold.closed - {what}, opened=fold.opened | {what})
        )

    def _refolded(self, fold: Fold) -> Graph:
        return Graph(*self._all, self._shown, self._calls, fold)

    def _check_name(self, name: str) -> None:
        names = sorted({call.name for call in self._calls})
        if name not in names:
            raise ValueError(
                f"no module {name!r} was called; known modules: {', '.join(names) or 'none'}"
            )

    def dot(self) -> str:
        """The drawing in DOT, Graphviz's language; needs no program."""
        return dots.dot(self._faces(), self.links)

    def svg(self, engine: str | None = None) -> str:
        """The drawing as the text of an SVG picture.

        Args:   engine: "dot" for Graphviz, "flambeau" for the layout that comes with this
                library. Default: Graphviz where it is installed and there are few enough boxes.
        """
        if engine not in (None, "dot", "flambeau"):
            raise ValueError(f"engine is 'dot' or 'flambeau', not {engine!r}")
        if engine is None:
            engine = "dot" if dots.find_dot() and len(self.boxes) <= MOST_FOR_DOT else "flambeau"
        if engine == "dot":
            return dots.run_dot(self.dot(), "svg").decode()
        return svgs.svg(*with_references(self._faces(), self.links))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to a file: .dot, .svg, or through Graphviz .png or .pdf."""
        suffix = Path(path).suffix.lower()
        if suffix in (".dot", ".gv"):
            content = self.dot().encode()
        elif suffix == ".svg":
            content = self.svg().encode()
        elif suffix in (".png", ".pdf"):
            content = dots.run_dot(self.dot(), suffix[1:])
        else:
            raise ValueError(
                f"a graph is saved as .dot, .svg, .png or .pdf, and {str(path)!r} is none of these"
            )
        with written(path) as file:
            file.write(content)

    def _faces(self) -> list[Face]:
        return faces(self.boxes, self.links, self._shown)

    def _repr_svg_(self) -> str | None:
        """For notebooks; nothing for a graph so large that it would stop the browser."""
        return self.svg() if len(self.boxes) <= MOST_IN_A_NOTEBOOK else None

    def _repr_html_(self) -> str:
        """For notebooks: the picture in a frame that scrolls."""
        picture = self._repr_svg_()
        if picture is None:
            return (
                f"<p>A graph of {len(self.boxes):,} boxes, too large to show here: "
                "<code>.save(path)</code> it, or <code>.collapse(depth)</code>.</p>"
            )
        picture = picture[picture.index("<svg") :]  # Graphviz begins with an XML declaration
        return f'<div style="max-height: 60em; overflow: auto">{picture}</div>'

    def __repr__(self) -> str:
        return f"Graph({len(self.boxes)} boxes, {len(self.links)} links)"
