"""Which part of the input one cell of a feature map sees, by the arithmetic of convolutions.

After Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), and Araujo,
Norris and Sim, "Computing receptive fields of convolutional neural networks" (2019).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from flambeau.ops.registry import POINTWISE
from flambeau.plan.record import Entry
from flambeau.tensor.tensor import Tensor


@dataclass(frozen=True)
class Axis:
    """Along one dimension: cell i sees the pixels from ``low + i jump`` to ``high + i jump``.

    ``cells`` and ``pixels``: how many there are of each. Fields at the border reach outside.
    """

    low: Fraction
    high: Fraction
    jump: Fraction
    cells: int
    pixels: int

    @classmethod
    def of_pixels(cls, n: int) -> Axis:
        """Of the input itself: each cell is a pixel."""
        return cls(Fraction(0), Fraction(0), Fraction(1), n, n)

    def window(self, reach: int, stride: Fraction, padding: int, cells: int) -> Axis:
        """After windows of ``reach`` cells: low falls by padding × jump, high rises by
        (reach - 1 - padding) × jump, jump is multiplied with stride.
        """
        low = self.low - padding * self.jump
        high = self.high + (reach - 1 - padding) * self.jump
        return Axis(low, high, self.jump * stride, cells, self.pixels)

    def transposed(self, reach: int, stride: int, padding: int, cells: int) -> Axis:
        """After the transpose of such windows: o meets i where o = stride i + tap - padding."""
        step = self.jump / stride
        low = self.low + (padding - reach + 1) * step
        return Axis(low, self.high + padding * step, step, cells, self.pixels)

    def whole(self) -> Axis:
        """After an operation in which all cells meet: what of the input they see together."""
        low, high = max(self.low, Fraction(0)), self.high + (self.cells - 1) * self.jump
        return Axis(low, min(high, Fraction(self.pixels - 1)), Fraction(0), 1, self.pixels)

    def joined(self, other: Axis) -> Axis:
        """After two branches met."""
        one, two = (self, other) if self.jump == other.jump else (self.whole(), other.whole())
        return replace(one, low=min(one.low, two.low), high=max(one.high, two.high))


@dataclass(frozen=True, repr=False)
class Field:
    """The receptive field of a layer's cells, one ``Axis`` a spatial dimension.

    ``grid``: whether the cells still lie in a map; after flattening they do not.
    """

    axes: tuple[Axis, ...]
    grid: bool = True

    @property
    def size(self) -> tuple[int, ...]:
        """How many pixels a cell sees, along each dimension."""
        return tuple(floor(a.high) - ceil(a.low) + 1 for a in self.axes)

    @property
    def jump(self) -> tuple[float, ...]:
        """Pixels between the fields of neighbouring cells: the stride of the whole stack."""
        return tuple(_number(a.jump) for a in self.axes)

    @property
    def start(self) -> tuple[float, ...]:
        """The pixel in the middle of the first cell's field."""
        return tuple(_number((a.low + a.high) / 2) for a in self.axes)

    def of(self, cell: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """The first and last pixel that a cell sees; both may lie in the padding outside."""
        return tuple(
            (ceil(a.low + i * a.jump), floor(a.high + i * a.jump)) for a, i in zip(self.axes, cell)
        )

    def __str__(self) -> str:
        size = "×".join(map(str, self.size))
        if not any(self.jump):
            return size
        return f"{size}, jump {_brief(self.jump)}, start {_brief(self.start)}"

    def __repr__(self) -> str:
        return f"Field({self})"


def _number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)


def _brief(values: tuple[float, ...]) -> str:
    return f"{values[0]:g}" if len(set(values)) == 1 else "×".join(f"{v:g}" for v in values)


class Tracker:
    """The receptive fields of tensors, told from the operations that made them.

    Tensors are known by identity, so they must live as long as the tracker is fed.
    """

    def __init__(self, inputs: Iterable[Tensor]) -> None:
        self._fields = {
            id(t): Field(tuple(map(Axis.of_pixels, t.shape[2:]))) for t in inputs if t.ndim > 2
        }

    def field(self, t: Tensor) -> Field | None:
        """The receptive field of a tensor's cells; ``None`` where it does not come from images."""
        return self._fields.get(id(t))

    def feed(self, entry: Entry) -> None:
        """Follow one operation."""
        known = [f for t in _tensors(entry.inputs) if (f := self.field(t)) is not None]
        if not known:
            return
        outputs = _tensors(entry.outputs)
        for t in outputs:
            self._fields[id(t)] = _after(entry, known, t)


def _tensors(value: Any) -> list[Tensor]:
    values = value if isinstance(value, (tuple, list)) else (value,)
    return [t for t in values if isinstance(t, Tensor)]


def _after(entry: Entry, known: list[Field], output: Tensor) -> Field:
    field = known[0]
    rank = len(field.axes)
    if not all(f.grid and len(f.axes) == rank for f in known):
        keeps = _elementwise(entry) or entry.name in _RESHAPES
        return field if keeps and len(known) == 1 else _all_of(known)
    sizes = tuple(output.shape)
    if (rule := _WINDOWS.get(entry.name)) is not None and len(sizes) == rank + 2:
        return Field(tuple(rule(field.axes[d], d, sizes[2 + d], entry) for d in range(rank)))
    if _elementwise(entry) or _spares_the_map(entry, field, sizes):
        for other in known[1:]:
            field = Field(tuple(a.joined(b) for a, b in zip(field.axes, other.axes)))
        return field
    return replace(field, grid=False) if entry.name in _RESHAPES else _all_of(known)


def _spares_the_map(entry: Entry, field: Field, sizes: tuple[int, ...]) -> bool:
    """Whether an operation on other dimensions leaves the cells of a map where they are."""
    rank = len(field.axes)
    if sizes[len(sizes) - rank :] != tuple(a.cells for a in field.axes):
        return False
    params, first = entry.params, len(entry.inputs[0].shape) - rank
    touched = [params[name] for name in ("dim", "dims", "dim0", "dim1") if name in params]
    if entry.name == "permute":
        return tuple(params["dims"][first:]) == tuple(range(first, first + rank))
    if entry.name not in _RESHAPES and not touched:
        return False
    flat = [d for dims in touched for d in (dims if isinstance(dims, tuple) else (dims,))]
    return all(d is not None and d < first for d in flat)


def _elementwise(entry: Entry) -> bool:
    return getattr(entry.op, "kind", None) is POINTWISE or entry.name in _ELEMENTWISE


def _all_of(known: list[Field]) -> Field:
    """Every output sees every cell."""
    axes = [tuple(a.whole() for a in f.axes) for f in known]
    joined = axes[0]
    for other in axes[1:]:
        if len(other) == len(joined):
            joined = tuple(a.joined(b) for a, b in zip(joined, other))
    return Field(joined, grid=False)


def _taps(axis: Axis, d: int, cells: int, entry: Entry) -> Axis:
    params, taps = entry.params, entry.inputs[1].shape[2 + d]
    reach = params["dilation"][d] * (taps - 1) + 1
    stride, padding = params["stride"][d], params["padding"][d]
    if params["transposed"]:
        return axis.transposed(reach, stride, padding, cells)
    return axis.window(reach, Fraction(stride), padding, cells)


def _pool(axis: Axis, d: int, cells: int, entry: Entry) -> Axis:
    params = entry.params
    reach = params.get("dilation", (1,) * (d + 1))[d] * (params["kernel"][d] - 1) + 1
    return axis.window(reach, Fraction(params["stride"][d]), params["padding"][d], cells)


def _adaptive(axis: Axis, _d: int, cells: int, _entry: Entry) -> Axis:
    """Windows from floor(i n / m) to ceil((i + 1) n / m): regular where m divides n, else at most
    nearly one cell more at both ends.
    """
    stride = Fraction(axis.cells, cells)
    more = 0 if stride.denominator == 1 else 1 - Fraction(1, stride.denominator)
    low, high = axis.low - more * axis.jump, axis.high + (stride - 1 + more) * axis.jump
    return Axis(low, high, axis.jump * stride, cells, axis.pixels)


def _resample(axis: Axis, d: int, cells: int, entry: Entry) -> Axis:
    """Output cell o lies at (o + 1/2) step - 1/2 of the input, and sees the cells around it."""
    kind, corners, steps, antialias = entry.params["plan"]
    step = Fraction(axis.cells, cells)
    if corners:
        step = Fraction(axis.cells - 1, max(cells - 1, 1))
    elif steps is not None and steps[d] is not None:
        step = Fraction(steps[d])
    middle = 0 if corners else (step - 1) / 2
    if kind in _RADIUS:
        radius = _RADIUS[kind] * (max(step, Fraction(1)) if antialias else Fraction(1))
        low, high = middle - radius, middle + radius
    else:  # the cell in which o step, or its middle, lies
        high = step / 2 if kind == "nearest-exact" else Fraction(0)
        low = high - 1 + Fraction(1, step.denominator)
    first, last = axis.low + low * axis.jump, axis.high + high * axis.jump
    return Axis(first, last, axis.jump * step, cells, axis.pixels)


_RADIUS = {"linear": 1, "cubic": 2}


def _pad(axis: Axis, d: int, cells: int, entry: Entry) -> Axis:
    return axis.window(1, Fraction(1), entry.params["pads"][2 + d][0], cells)


def _slice(axis: Axis, d: int, cells: int, entry: Entry) -> Axis:
    params = entry.params
    if params["dim"] != d + 2:
        return replace(axis, cells=cells)
    return axis.window(1, Fraction(params["step"]), -params["start"], cells)


_WINDOWS = {
    "convolution": _taps,
    "max_windows": _pool,
    "avg_windows": _pool,
    "adaptive_avg": _adaptive,
    "adaptive_max": _adaptive,
    "pad_constant": _pad,
    "resample": _resample,
    "pad_inside": _pad,
    "slice": _slice,
}
# Operations that leave every cell where it is.
_ELEMENTWISE = frozenset(
    ("alias", "batch_moments_norm", "clone", "copy", "dropout_mask", "fixed_norm", "to_copy")
)
_RESHAPES = frozenset(("expand", "squeeze", "unsafe_view", "unsqueeze", "view"))
