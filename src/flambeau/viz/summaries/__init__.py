"""The table of what a model does: sizes and operations, parameters and products.

Nothing is computed: the model runs on the meta device, where shape rules stand for arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flambeau.core.errors import ShapeError
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.viz.receptive_field import Field, Tracker

from . import costs
from .table import COLUMNS, DEFAULT_COLUMNS, Row, Summary
from .trace import Call, Trace, trace

__all__ = ["Row", "Summary", "check_shapes", "receptive_fields", "summary"]


def summary(
    model: Any,
    input_size: Any,
    *,
    columns: Sequence[str] = DEFAULT_COLUMNS,
    depth: int | None = None,
    batch_size: int | None = 1,
    dtypes: Sequence[Any] | None = None,
    device: str = "meta",
    training: bool = False,
) -> Summary:
    """The table of a model's layers and functions for one input.

    A row is a layer, or a function or operator that a ``forward`` calls, with its parameters and
    its products (see ``costs``); between the rows stand the sizes of what flows.

    Args:   input_size: the size of one sample, such as (1, 28, 28), or a list of them, one an input
            of the model; or an example: a tensor with its batch, or a tuple of them.
            columns: any of "parameters", "products", "multiply_adds", "output", "parameter_bytes",
            "activation_bytes", "receptive_field", "name".
            depth: instead one row a module, down to this level. Default: the whole table.
            batch_size: how many samples are in front of ``input_size``; sizes show it unless it is
            1. None: the sizes are complete as they are.
            dtypes: of the inputs. Default: the default dtype.
            device: "cpu" computes for real, for a model whose path depends on values.
            training: run in training mode. Default: evaluation.
    Raises: the model's own error where a size does not fit, with the module, the likely cure, and
            the table up to there.

    >>> from flambeau import nn, viz
    >>> print(viz.summary(nn.Sequential(nn.Conv2d(1, 32, 5), nn.ReLU()), (1, 28, 28)))
    Input sizes / operations         Nb. parameters   Nb. products
    ─────────────────────────────────────────────────────────────────────
    1×28×28
    nn.Conv2d(1, 32, kernel_size=5)  32×(5²+1) = 832  32×24²×5² = 460,800
    32×24×24
    nn.ReLU()                        0                0
    32×24×24
    ─────────────────────────────────────────────────────────────────────
    Total 832 parameters and 460,800 products for the forward pass.
    """
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise ValueError(f"columns are {', '.join(COLUMNS)}, not {unknown[0]!r}")
    args, batch = _inputs(input_size, batch_size, dtypes, device)
    found = trace(model, args, device, training)
    made = _summarise(model, found, batch, tuple(columns), depth)
    if found.error is not None:
        _tell(found.error, made)
        raise found.error
    return made


def check_shapes(model: Any, input_size: Any, **options: Any) -> Summary:
    """Find a size that does not fit, with its layer, before anything is computed.

    Returns the summary of a model whose sizes fit. Takes the options of ``summary``.

    Raises: the error that training would meet: the module by its qualified name, what came, what
            was expected, the likely cure, and the table of sizes up to there.

    >>> from flambeau import nn, viz
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(512, 32))
    >>> try:
    ...     viz.check_shapes(model, (4, 8, 8))
    ... except RuntimeError as error:
    ...     print(str(error).partition("Up to there")[0])
    addmm: mat1 and mat2 shapes cannot be multiplied (1x256 and 512x32)
      in 1: Linear(512 -> 32) got (1, 256)
      fix: the last dimension must be 512: nn.Linear(256, 32)
    <BLANKLINE>
    """
    return summary(model, input_size, **options)


def receptive_fields(model: Any, input_size: Any, **options: Any) -> list[tuple[str, Field]]:
    """The receptive field of the cells that each row of the summary makes, with its name.

    See ``Field``. After transposed convolutions, resampling, and adaptive pooling into windows of
    several sizes, it is the largest that a cell can have.

    >>> from flambeau import nn, viz
    >>> net = nn.Sequential(nn.Conv2d(1, 8, 5), nn.MaxPool2d(3), nn.Conv2d(8, 8, 5))
    >>> for name, field in viz.receptive_fields(net, (1, 28, 28)):
    ...     print(name, field.size, field.jump, field.start, field.of((0, 1)))
    0 (5, 5) (1, 1) (2, 2) ((0, 4), (1, 5))
    1 (7, 7) (3, 3) (3, 3) ((0, 6), (3, 9))
    2 (19, 19) (3, 3) (9, 9) ((0, 18), (3, 21))
    """
    rows = summary(model, input_size, **options).rows
    return [(row.name, row.field) for row in rows if row.field is not None]


def _inputs(given: Any, batch: int | None, dtypes: Any, device: str) -> tuple[Any, int | None]:
    """The arguments of the model, and the size of the batch that sizes need not show."""
    if isinstance(given, (Tensor, int)):
        given = (given,)
    given = tuple(given)
    if given and all(isinstance(g, Tensor) for g in given):
        shown = {g.shape[0] if g.ndim else None for g in given}
        return tuple(g.detach().to(device) for g in given), 1 if shown == {1} else None
    many = [tuple(s) for s in given] if given and not isinstance(given[0], int) else [given]
    kinds = list(dtypes) if dtypes is not None else [None] * len(many)
    if len(kinds) != len(many):
        raise ValueError(f"{len(many)} input sizes but {len(kinds)} dtypes")
    front = () if batch is None else (batch,)
    made = [_example((*front, *size), kind, device) for size, kind in zip(many, kinds)]
    return tuple(made), 1 if batch == 1 else None


def _example(size: tuple[int, ...], dtype: Any, device: str) -> Tensor:
    dtype = dtype or torch.get_default_dtype()
    if device == "meta" or not dtype.is_floating_point:
        return torch.zeros(size, dtype=dtype, device=device)  # type: ignore[no-any-return]
    own = torch.Generator().manual_seed(0)  # the program's own stream stays where it is
    return torch.rand(size, dtype=dtype, generator=own)  # type: ignore[no-any-return]


def _summarise(
    model: Any, found: Trace, batch: int | None, columns: tuple[str, ...], depth: int | None
) -> Summary:
    own = dict(model.named_parameters())
    names = {id(p): name for name, p in own.items()} | found.parameters
    seen: set[str] = set()
    tracker = Tracker(found.inputs)
    rows = []
    for call in found.calls:
        used = {n: own[n] for n in _parameters_of(call, found, names) if n not in seen}
        seen.update(used)
        rows.append(_row(call, used, tracker, batch))
    count = {name: p.numel() for name, p in own.items()}
    size = {name: p.numel() * p.element_size() for name, p in own.items()}
    return Summary(
        model=type(model).__name__,
        input_sizes=_sizes(found.inputs, batch),
        rows=rows if depth is None else _tree(model, found, rows, batch, depth),
        total_parameters=sum(count.values()),
        trainable_parameters=sum(count[n] for n, p in own.items() if p.requires_grad),
        unused_parameters=sum(n for name, n in count.items() if name not in seen),
        total_products=sum(row.products.number for row in rows),
        parameter_bytes=sum(size.values()),
        activation_bytes=sum(row.activation_bytes for row in rows),
        columns=columns,
        tree=depth is not None,
    )


def _parameters_of(call: Call, found: Trace, names: dict[int, str]) -> list[str]:
    """The names of the parameters that a call takes, a layer's own all of them."""
    if call.module is not None:
        return [names[id(p)] for p in call.module.parameters()]
    inside = (found.name_of(t) for e in call.entries for t in e.inputs if isinstance(t, Tensor))
    return [name for name in dict.fromkeys(inside) if name is not None]


def _row(call: Call, used: dict[str, Any], tracker: Tracker, batch: int | None) -> Row:
    for entry in call.entries:
        tracker.feed(entry)
    old = {id(t) for t in call.inputs}
    fresh = [t for t in call.outputs if id(t) not in old and t._base is None]  # not a view
    return Row(
        name=call.path,
        operation=call.text,
        inputs=_sizes(call.inputs, batch),
        outputs=_sizes(call.outputs, batch),
        parameters=costs.parameters(used, call.entries),
        products=costs.products(call.entries),
        parameter_bytes=sum(p.numel() * p.element_size() for p in used.values()),
        activation_bytes=sum(t.numel() * t.element_size() for t in fresh),
        field=tracker.field(call.outputs[0]) if call.outputs else None,
    )


def _sizes(tensors: Iterable[Tensor], batch: int | None) -> tuple[tuple[int, ...], ...]:
    """Sizes, without the batch of one in front."""
    shapes = [tuple(t.shape) for t in tensors]
    return tuple(s[1:] if batch == 1 and len(s) > 1 and s[0] == 1 else s for s in shapes)


def _tree(model: Any, found: Trace, rows: list[Row], batch: int | None, depth: int) -> list[Row]:
    """One row a module, in the order in which they first ran; then those that did not."""
    made = []
    visits: dict[str, list[Any]] = {}
    for visit in found.visits:
        visits.setdefault(visit.path, []).append(visit)
    modules = dict(model.named_modules())
    for path in [*visits, *(p for p in modules if p not in visits)]:
        level = path.count(".") + 1 if path else 0
        if level > depth:
            continue
        calls = [c for v in visits.get(path, ()) for c in rows[v.first : v.last + 1]]
        outputs = visits[path][-1].outputs if path in visits else ()
        own = list(modules[path].parameters())
        name = path.rpartition(".")[2]
        kind = type(modules[path]).__name__
        made.append(
            Row(
                name=path,
                operation=(f"{name}: {kind}" if name else kind)
                + " (not called)" * (path not in visits),
                inputs=(),
                outputs=_sizes(outputs, batch),
                parameters=costs.Cost(sum(p.numel() for p in own)),
                products=costs.Cost(sum(c.products.number for c in calls)),
                parameter_bytes=sum(p.numel() * p.element_size() for p in own),
                activation_bytes=sum(c.activation_bytes for c in calls),
                field=calls[-1].field if calls else None,
                depth=level,
            )
        )
    return made


def _tell(error: Exception, made: Summary) -> None:
    """Put the table up to the failure into the text of an error."""
    if error.args and isinstance(error.args[0], str):
        table = "\n".join(made.to_text().splitlines()[: -len(made.footer()) - 1])
        error.args = (f"{error.args[0]}\nUp to there:\n{table}", *error.args[1:])
    error.summary = made  # type: ignore[attr-defined]
