"""Array functions that operations need and NumPy lacks. They are part of the ``xp`` vocabulary."""

from __future__ import annotations

import functools
import threading

import numpy as np

from flambeau.backend import native

from .borders import fold_border, fold_windows, pad_border, unfold_windows
from .choice import where
from .convolution import correlate, correlate_data, correlate_weight
from .ctc import ctc_alpha, ctc_gradient, ctc_states
from .lean import broadcast_to, expand_dims, max, min, sum, swapaxes
from .pooling import (
    add_at_positions,
    cell_maxima,
    cell_means,
    pick_windows,
    spread_means,
    spread_sums,
    spread_windows,
    sum_windows,
    window_counts,
    window_indices,
    window_maxima,
)
from .resampling import resample_axes, spread_axes

__all__ = [
    "add_at_positions",
    "astype",
    "broadcast_to",
    "cell_maxima",
    "cell_means",
    "correlate",
    "correlate_data",
    "correlate_weight",
    "ctc_alpha",
    "ctc_gradient",
    "ctc_states",
    "expand_dims",
    "fold_border",
    "fold_windows",
    "max",
    "min",
    "pad_border",
    "philox",
    "pick_windows",
    "resample_axes",
    "run",
    "spread_axes",
    "spread_means",
    "spread_sums",
    "spread_windows",
    "sum",
    "sum_windows",
    "swapaxes",
    "unbroadcast",
    "unfold_windows",
    "where",
    "window_counts",
    "window_indices",
    "window_maxima",
]

errstate = np.errstate(all="ignore")  # NaN and infinity are values here, not warnings


@errstate
def run(kernel, xp, arrays, params):
    """Run a kernel with NumPy's floating point warnings off."""
    return kernel(xp, *arrays, **params)


def philox(seed: int, offset: int, words: int) -> np.ndarray:
    """``words`` 64-bit words of the Philox 4x64-10 stream of ``seed``, from block ``offset`` on."""
    if words == 0:
        return np.empty(0, np.uint64)
    made = native.words(seed, offset, words)
    if made is not None:
        return made
    # NumPy steps its counter before the first block, hence the counter one lower.
    counter = (offset - 1) % (1 << 256)
    stream = _streams()
    stream.inner["counter"] = np.array([counter >> n & _WORD for n in (0, 64, 128, 192)], np.uint64)
    stream.inner["key"] = np.array([seed, 0], np.uint64)
    stream.generator.state = stream.state
    return stream.generator.random_raw(words)


_WORD = (1 << 64) - 1


class _Streams(threading.local):
    """One bit generator a thread, set to a position: making one costs five times as much."""

    def __init__(self):
        self.generator = np.random.Philox(key=0)
        self.state = self.generator.state
        self.inner = self.state["state"]


@functools.cache
def _streams() -> _Streams:
    return _Streams()  # made late: numpy.random takes ten milliseconds to import


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product of vectors, matrices, or stacks of matrices."""
    y = native.product(a, b)
    return np.matmul(a, b) if y is None else y


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum ``g`` down to ``shape``, the adjoint of broadcasting ``shape`` up to ``g.shape``."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    if extra > 0:
        g = native.total(g, tuple(range(extra)))
    axes = tuple([i for i, n in enumerate(g.shape) if n != 1 and shape[i - g.ndim] == 1])
    if axes:
        g = native.total(g, axes, keepdims=True)
    return g if g.shape == shape else broadcast_to(g, shape)


def astype(x, dtype):
    """``x`` with elements of ``dtype`` (a NumPy dtype); ``x`` itself when it already has it."""
    return x if x.dtype == dtype else x.astype(dtype)


def in_double(ufunc, x: np.ndarray) -> np.ndarray:
    """A float32 function computed in float64 and rounded once.

    NumPy's own float32 exp and log are off by up to three units in the last place, which shows in
    printed results.
    """
    if x.dtype != np.float32:
        return ufunc(x)
    if x.size < 8192:
        return ufunc(x.astype(np.float64)).astype(np.float32)
    return ufunc(x, out=np.empty_like(x), dtype=np.float64, casting="same_kind")
