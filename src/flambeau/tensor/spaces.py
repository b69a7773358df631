"""What cotangents are made of: arrays, or tensors when the backward pass is recorded."""

from __future__ import annotations

import numpy as np

from flambeau.backend.numpy.kernels import unbroadcast
from flambeau.core.config import modes
from flambeau.core.dtypes import from_numpy_dtype
from flambeau.plan import record

from . import absent, hidden
from .arrays import xp as array_xp
from .dispatch import wrap
from .namespace import xp as tensor_xp
from .storage import lying
from .tensor import Tensor


class ArraySpace:
    """Cotangents are NumPy arrays; the record gets one entry a node."""

    xp = array_xp
    listeners = record.listeners

    @staticmethod
    def tell(node, grads, results):
        params = getattr(node, "params", {})
        record.tell(node.name(), tuple(grads), params, tuple(results))

    @staticmethod
    def restore(array, _storage, _edge):
        return array

    @staticmethod
    def value(t):
        return lying(t)

    @staticmethod
    def tensor(g):
        return hidden.tensor(g)

    @staticmethod
    def fit(g, shape, dtype, owned):
        """``g`` summed down and cast to what the receiving node made."""
        if g.shape != shape:
            g = unbroadcast(g, shape)
            owned = type(g) is np.ndarray and g.base is None
        if g.dtype != dtype:
            g, owned = g.astype(dtype), True
        return g, owned

    @staticmethod
    def add(one, two):
        (a, a_owned), (b, b_owned) = one, two
        if a_owned:
            return np.add(a, b, out=a), True
        if b_owned:
            return np.add(a, b, out=b), True
        return np.asarray(a + b), True

    @staticmethod
    def is_fresh(g):
        return type(g) is np.ndarray and g.base is None

    @staticmethod
    def zeros(shape, dtype):
        return np.zeros(shape, dtype)

    @staticmethod
    def has_nan(g):
        return bool(np.isnan(g).any())

    @staticmethod
    def replace(overlap, g, through):
        """``g`` with the part that a view shows replaced by ``through`` of it."""
        whole, inside = overlap.split(g)
        new = through(inside.copy())
        inside[...] = 0 if new is None else new
        return whole

    @staticmethod
    def scatter(places, g, shape, dtype):
        """Zeros with ``g`` added at positions of the flattened array, as often as they come."""
        at = places.reshape(-1)
        g = np.ravel(g)
        if at.size and at.min() < 0:
            at, g = at[at >= 0], g[at >= 0]
        size = int(np.prod(shape, dtype=np.int64))
        return np.bincount(at, g, minlength=size).astype(dtype).reshape(shape)

    @staticmethod
    def accumulate(variable, g, owned):
        """Add to ``variable.grad`` in place, or make the array, laid out alike, its ``.grad``."""
        have = variable._grad
        if have is None:
            array = variable._array
            if not owned or g.strides != array.strides:
                g, given = np.empty_like(array), g
                g[...] = given
            variable._grad = wrap(g)
        else:
            np.add(have._array, g, out=have._array)
            have._storage.version += 1


class TensorSpace:
    """Cotangents are tensors, and what is done to them is recorded."""

    xp = tensor_xp
    listeners = ()  # what the rules do passes the dispatcher

    @staticmethod
    def restore(array, storage, edge):
        """A saved array as a tensor with its place in the graph."""
        if storage is None and not isinstance(array, np.ndarray):
            return array
        node, nr = edge
        variable = getattr(node, "variable", None)
        if variable is not None and variable._array is array:
            return variable
        t = hidden.restored(array, storage)
        if node is not None:
            t._grad_fn, t._output_nr, t._requires_grad = node, nr, True
        return t

    @staticmethod
    def value(t):
        return t

    @staticmethod
    def tensor(g):
        return g

    @staticmethod
    def fit(g, shape, dtype, owned):
        if not isinstance(g, Tensor):
            g = wrap(np.asarray(g))
        if lying(g).shape != shape:
            g = tensor_xp.unbroadcast(g, shape)
        if lying(g).dtype != dtype:
            g = g.to(from_numpy_dtype(dtype))
        return g, owned

    @staticmethod
    def add(one, two):
        return one[0] + two[0], True

    @staticmethod
    def is_fresh(_g):
        return False

    @staticmethod
    def zeros(shape, dtype):
        return wrap(np.zeros(shape, dtype))

    @staticmethod
    def has_nan(g):
        return bool(np.isnan(g._array).any())

    @staticmethod
    def replace(overlap, g, through):
        flat = g.reshape((-1,))
        places = overlap.places()
        at = wrap(places.reshape(-1))
        inside = flat.index_select(0, at).reshape(places.shape)
        new = through(inside)
        if new is None:
            return flat.index_fill(0, at, 0).reshape(g.shape)
        return flat.index_copy(0, at, new.reshape((-1,))).reshape(g.shape)

    @staticmethod
    def scatter(places, g, shape, dtype):
        at = wrap(places.reshape(-1))
        flat = wrap(np.zeros(int(np.prod(shape, dtype=np.int64)), dtype))
        return flat.index_add(0, at, g.reshape((-1,))).reshape(shape)

    @staticmethod
    def accumulate(variable, g, _owned):
        have = variable._grad
        variable._grad = g if have is None else have + g


class MetaSpace(TensorSpace):
    """Cotangents are meta tensors: the rules run for the sake of the shapes."""

    @staticmethod
    def zeros(shape, dtype):
        return wrap(absent.empty(shape, dtype))

    @staticmethod
    def has_nan(_g):
        return False

    @staticmethod
    def replace(overlap, g, through):
        through(wrap(absent.empty(overlap.view.shape, g._array.dtype)))
        return g

    @staticmethod
    def scatter(_places, _g, shape, dtype):
        return wrap(absent.empty(shape, dtype))

    @staticmethod
    def accumulate(variable, g, _owned):
        have = variable._grad
        if modes.grad_enabled:
            variable._grad = g if have is None else have + g
        elif have is None:
            variable._grad = wrap(absent.like(variable._array))


def space_for(create_graph: bool, meta: bool = False):
    """The space of a backward pass: without values, recorded, or not."""
    if meta:
        return MetaSpace
    return TensorSpace if create_graph and modes.grad_enabled else ArraySpace
