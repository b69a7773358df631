"""The handle that users hold.

A tensor is a NumPy array (``_array``, a strided view of its storage), the storage with its version
counter, and its place in the
autograd graph. Operations are not here: ``tensor/api.py`` puts every registered one on this class
as a method.
"""

from __future__ import annotations

import weakref

import numpy as np

from flambeau.core import devices, dtypes
from flambeau.core.errors import DTypeError
from flambeau.core.size import Size
from flambeau.tape.node import Handle

from . import absent
from .absent import AbsentArray, empty
from .storage import HiddenStorage, Storage, lying


class Tensor:
    """A multi-dimensional array of one dtype that can be differentiated.

    ``Tensor(2, 3)`` is uninitialised float32 of that size, ``Tensor([1, 2])`` a copy as float32;
    prefer ``torch.tensor``.

    >>> import flambeau as torch
    >>> x = torch.tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([6., 8.])
    """

    __slots__ = (
        "__dict__", "__weakref__", "_accumulator", "_array", "_grad", "_grad_fn", "_hooks",
        "_output_nr", "_post_hooks", "_requires_grad", "_storage", "_view",
    )  # fmt: skip

    def __new__(cls, *args, device=None):
        dtype = dtypes.get_default_dtype().numpy
        make = empty if devices.require(device) is devices.META else np.empty
        if len(args) == 1 and not isinstance(args[0], int):
            if isinstance(args[0], Size):
                array = make(args[0], dtype)
            elif isinstance(args[0], Tensor):
                return args[0].detach().as_subclass(cls)
            else:
                array = np.array(args[0], dtype)
                array = empty(array.shape, dtype) if make is empty else array
        else:
            array = make(args if args else (0,), dtype)
        return cls._around(array)

    @classmethod
    def _around(cls, array: np.ndarray, storage: Storage | None = None):
        """A leaf of this class that looks at ``array``."""
        t = object.__new__(cls)
        t._array = array
        t._storage = storage or Storage(array if array.base is None else array.base)
        t._requires_grad = False
        t._grad = t._grad_fn = t._view = t._hooks = t._accumulator = t._post_hooks = None
        t._output_nr = 0
        return t

    @classmethod
    def _over(cls, storage: HiddenStorage):
        """A leaf that shows the whole of a storage that hides its order."""
        t = object.__new__(cls)
        t._storage = storage
        t._requires_grad = False
        t._grad = t._grad_fn = t._view = t._hooks = t._accumulator = t._post_hooks = None
        t._output_nr = 0
        return t

    def __getattr__(self, name):
        # Python asks here for what is not there: the array of a tensor whose storage hides its
        # order (``tensor/hidden.py``), which whoever reads it must not see.
        if name == "_array" and type(self._storage) is HiddenStorage:
            self._array = self._storage.whole()
        return object.__getattribute__(self, name)

    # What it is -----------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        hidden = self._storage.hidden
        return tuple.__new__(Size, (self._array if hidden is None else hidden).shape)

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        kind = lying(self).dtype
        found = dtypes.FROM_NUMPY.get(kind)
        return found if found is not None else dtypes.from_numpy_dtype(kind)

    @property
    def device(self) -> devices.device:
        """Where the tensor lives."""
        return devices.META if type(lying(self)) is AbsentArray else devices.CPU

    @property
    def is_meta(self) -> bool:
        """Whether it lives on the meta device: it has a shape, but no values."""
        return type(lying(self)) is AbsentArray

    @property
    def is_cpu(self) -> bool:
        """Whether its values are in the memory of this machine."""
        return type(lying(self)) is not AbsentArray

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return lying(self).ndim

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return lying(self).itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return lying(self).size * lying(self).itemsize

    is_cuda = is_sparse = is_quantized = is_mkldnn = is_mps = is_xla = False
    is_nested = False
    name = names = None

    def dim(self) -> int:
        """The number of dimensions."""
        return lying(self).ndim

    ndimension = dim

    def size(self, dim: int | None = None):
        """The shape, or the size of one dimension.

        >>> import flambeau as torch
        >>> torch.zeros(2, 3).size(), torch.zeros(2, 3).size(-1)
        (torch.Size([2, 3]), 3)
        """
        shape = lying(self).shape
        if dim is None:
            return tuple.__new__(Size, shape)
        if not -len(shape) <= dim < len(shape):
            if not shape:
                raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-len(shape)}, "
                f"{len(shape) - 1}], but got {dim})"
            )
        return shape[dim]

    def numel(self) -> int:
        """The number of elements."""
        return lying(self).size

    nelement = numel

    def element_size(self) -> int:
        """Bytes of one element."""
        return lying(self).itemsize

    def stride(self, dim: int | None = None):
        """Elements in memory from one element to the next, along each dimension or ``dim``."""
        array = self._array
        strides = tuple([s // array.itemsize for s in array.strides])
        if dim is None:
            return strides
        self.size(dim)
        return strides[dim]

    def storage_offset(self) -> int:
        """Elements between the start of the storage and the first element."""
        start = _address(self._storage.buffer)
        return (_address(self._array) - start) // self._array.itemsize

    def data_ptr(self) -> int:
        """The address of the first element; 0 on the meta device."""
        return 0 if type(self._array) is AbsentArray else _address(self._array)

    def is_floating_point(self) -> bool:
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        return lying(self).dtype.kind == "c"

    def is_signed(self) -> bool:
        return self.dtype.is_signed

    @property
    def _version(self) -> int:
        if self._storage.version is None:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._storage.version

    def is_inference(self) -> bool:
        """Whether it was made in inference mode."""
        return self._storage.version is None

    @property
    def _base(self):
        return None if self._view is None else self._view.base

    def _is_view(self) -> bool:
        return self._view is not None

    # Its place in the graph -----------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients with respect to it are computed; can be set on leaves."""
        if self._view is not None:
            self._refresh()
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self._grad_fn is not None:
            if not wanted:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use "
                    "a computed variable in a subgraph that doesn't require differentiation use "
                    "var_no_grad = var.detach()."
                )
            return
        if wanted and self._array.dtype.kind not in "fcV":  # this lays out: no leaf is hidden
            raise DTypeError(
                "only Tensors of floating point dtype can require gradients"
                f" (this one is {self.dtype}; x.float() makes a floating point copy)"
            )
        self._requires_grad = bool(wanted)

    def requires_grad_(self, requires_grad: bool = True):
        """Set ``requires_grad``; returns the tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def grad_fn(self):
        """The node of the operation that made it; ``None`` for a leaf."""
        if self._view is not None:
            self._refresh()
        return self._grad_fn

    def _refresh(self) -> None:
        if self._view.version != self._storage.version:
            from . import views

            views.refresh(self)

    @property
    def output_nr(self) -> int:
        """Which output of ``grad_fn`` it is."""
        return self._output_nr

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        return self.grad_fn is None

    @property
    def grad(self):
        """The gradient accumulated by ``backward``; ``None`` before."""
        if self._grad is None and self._grad_fn is not None and not self.retains_grad:
            _warn_non_leaf_grad()
        return self._grad

    @grad.setter
    def grad(self, g) -> None:
        if g is not None:
            if not isinstance(g, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(g).__name__}"
                )
            if g is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if g._array.shape != self._array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: got {list(g.shape)}, expected "
                    f"{list(self.shape)}"
                )
            if g._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: got {g.dtype}, expected "
                    f"{self.dtype}"
                )
        self._grad = g

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Add the gradient of this tensor to ``.grad`` of the leaves that it was computed from.

        gradient: the cotangent of this tensor; may be left out for a single element (it is 1).
        inputs: only these leaves get a gradient. Default all.
        """
        from .gradients import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook) -> Handle:
        """Call ``hook(grad)`` when this tensor's gradient is computed; it may return another."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._grad_fn is None:
            if self._hooks is None:
                self._hooks = {}
                if self._accumulator and self._accumulator():
                    self._accumulator().pre_hooks = self._hooks
            hooks = self._hooks
        else:
            if self._grad_fn.pre_hooks is None:
                self._grad_fn.pre_hooks = {}
            hooks = self._grad_fn.pre_hooks
        return Handle(hooks, _TensorHook(hook, self._output_nr))

    def register_post_accumulate_grad_hook(self, hook) -> Handle:
        """Call ``hook(tensor)`` after ``.grad`` of this leaf was accumulated."""
        if self._grad_fn is not None:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        if not self._requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._post_hooks is None:
            self._post_hooks = {}
        return Handle(self._post_hooks, hook)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` was called on this non-leaf."""
        node = self._grad_fn
        retainers = node.retainers if node is not None else None
        return bool(retainers) and self._output_nr in retainers

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in ``.grad`` too."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        node = self._grad_fn
        if node is None or self.retains_grad:
            return
        me = weakref.ref(self)

        def keep(g):
            t = me()
            if t is not None:
                t._grad = g if t._grad is None else t._grad + g

        node.retainers = node.retainers or {}
        node.retainers[self._output_nr] = keep

    def detach(self):
        """A tensor that shares memory and version, outside the graph."""
        storage = self._storage
        if storage.hidden is not None:
            return Tensor._over(storage)
        return Tensor._around(self._array, storage)

    def detach_(self):
        """Take this tensor out of the graph: it becomes a leaf."""
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using "
                "DistributedDataParallel, the view may come from a bucket."
            )
        self._grad_fn, self._output_nr, self._requires_grad = None, 0, False
        return self

    @property
    def data(self):
        """The same memory with a version counter of its own: writing to it is not tracked."""
        return (
            type(self)._around(self._array, Storage(self._storage.buffer))
            if type(self) is Tensor
            else Tensor._around(self._array, Storage(self._storage.buffer))
        )

    @data.setter
    def data(self, other) -> None:
        if not isinstance(other, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(other).__name__}")
        self._array, self._storage = other._array, Storage(other._storage.buffer)
        if self._accumulator and self._accumulator():
            self._accumulator().meta = ((self._array.shape, self._array.dtype),)

    def as_subclass(self, cls):
        """The same tensor as an instance of ``cls``."""
        t = cls._around(self._array, self._storage)
        t._grad_fn, t._output_nr = self._grad_fn, self._output_nr
        t._requires_grad, t._view = self._requires_grad, self._view
        return t

    # As a Python value ----------------------------------------------------------------------

    def item(self):
        """The only element as a Python number."""
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar"
                + (" (use x.tolist(), or reduce it first)" if self._array.size else "")
            )
        if type(self._array) is AbsentArray:
            raise RuntimeError(
                "Tensor.item() cannot be called on meta tensors: they have a shape but no data"
            )
        return self._array.item()

    def tolist(self):
        """The elements as (nested lists of) Python numbers."""
        if type(self._array) is AbsentArray:
            raise NotImplementedError("Cannot copy out of meta tensor; no data!")
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The tensor as a NumPy array that shares its memory."""
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if type(self._array) is AbsentArray:
            raise TypeError(
                "can't convert meta device type tensor to numpy: it has a shape but no data."
            )
        return self._array

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError("the conversion needs a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    __array_priority__ = 1000  # so that ndarray + tensor asks the tensor

    def __bool__(self) -> bool:
        if self._array.size != 1:
            if self._array.size == 0:
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError(
                "Boolean value of Tensor with more than one value is ambiguous (use x.any() or "
                "x.all())"
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self):
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __reversed__(self):
        return self if not self._array.ndim else self.flip(0)

    def __contains__(self, element) -> bool:
        if not isinstance(element, Tensor | int | float | complex | bool):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element)}."
            )
        return bool((self == element).any())

    __hash__ = object.__hash__

    def __repr__(self, *, tensor_contents=None) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and type(self) is Tensor and not self.is_meta:
            return self.item().__format__(spec)
        return object.__format__(self, spec)

    def __dlpack__(self, *, stream=None, **kwargs):
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()

    def __copy__(self):
        return self.as_subclass(type(self))

    def __reduce_ex__(self, protocol):
        from .pickling import reduce_tensor

        return reduce_tensor(self)

    def __deepcopy__(self, memo):
        if id(self) in memo:
            return memo[id(self)]
        if self.grad_fn is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment. If you were attempting to deepcopy a module, this may be "
                "because of a tensor that was computed: deepcopy its detach()."
            )
        if type(self._array) is AbsentArray:
            return self._copied(absent.like(self._array), None, memo)
        buffers = memo.setdefault("flambeau storages", {})
        buffer = self._storage.buffer
        if id(buffer) not in buffers:
            twin = np.array(buffer)
            buffers[id(buffer)] = (Storage(twin), buffer)
        storage = buffers[id(buffer)][0]
        array = np.ndarray(
            self._array.shape, self._array.dtype, storage.buffer,
            _address(self._array) - _address(buffer), self._array.strides,
        )  # fmt: skip
        return self._copied(array, storage, memo)

    def _copied(self, array, storage, memo):
        """A deep copy of everything but the values, which are in ``array``."""
        t = type(self)._around(array, storage)
        memo[id(self)] = t
        t._requires_grad = self._requires_grad
        if self._grad is not None:
            t._grad = self._grad.__deepcopy__(memo)
        for name, value in self.__dict__.items():
            import copy

            t.__dict__[name] = copy.deepcopy(value, memo)
        return t


class _TensorHook:
    """A hook that wants the cotangent of one output of a node."""

    __slots__ = ("hook", "output_nr")

    def __init__(self, hook, output_nr):
        self.hook, self.output_nr = hook, output_nr

    @property
    def name(self) -> str:
        return getattr(self.hook, "__name__", type(self.hook).__name__)

    def __call__(self, g):
        return self.hook(g)


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0] if array.size or array.ndim else array.ctypes.data


def _warn_non_leaf_grad() -> None:
    import warnings

    warnings.warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
        "attribute won't be populated during autograd.backward(). If you indeed want the .grad "
        "field to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor.",
        stacklevel=3,
    )
