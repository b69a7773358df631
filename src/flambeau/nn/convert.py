"""Changing what a module's tensors are: dtype, device, mode, gradients."""

from __future__ import annotations

import warnings

from flambeau.autograd.modes import no_grad
from flambeau.core import devices, dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

from .parameter import is_lazy


class Convertible:
    """The part of ``Module`` that applies a change to everything in it."""

    def apply(self, fn):
        """Call ``fn`` on every module below this one and then on this one, as to initialise
        weights.

        >>> import flambeau as torch
        >>> net = torch.nn.Sequential(torch.nn.Linear(1, 1))
        >>> net.apply(lambda m: print(type(m).__name__))
        Linear
        Sequential
        Sequential(
          (0): Linear(in_features=1, out_features=1, bias=True)
        )
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _apply(self, fn, recurse: bool = True):
        """Replace the data of every parameter, gradient and buffer by what ``fn`` makes of it.

        Parameters stay the objects that they are, so optimisers and ties keep them.
        """
        if recurse:
            for child in self.children():
                child._apply(fn)
        for param in self._parameters.values():
            if param is None:
                continue
            with no_grad():
                new = fn(param.data if is_lazy(param) else param)
                grad = param.grad
                new_grad = None if grad is None else fn(grad)
            # A gradient must have its parameter's dtype at every moment.
            param.grad = None
            param.data = new
            if grad is not None:
                grad.data = new_grad
                param.grad = grad
        for name, buffer in self._buffers.items():
            if is_lazy(buffer):
                buffer.data = fn(buffer.data)
            elif buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args, **kwargs):
        """Convert parameters and buffers: ``to(device)``, ``to(dtype)``, ``to(device, dtype)``,
        ``to(tensor)``.

        Integers keep their type. ``memory_format`` applies to tensors of 4 and 5 dimensions.
        Raises: TypeError for a dtype that is neither floating point nor complex.

        >>> import flambeau as torch
        >>> torch.nn.Linear(1, 1).to(torch.float64).weight.dtype
        torch.float64
        """
        device, dtype, memory_format = _parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={dtype}"
            )
        if dtype is not None and dtype.is_complex:
            warnings.warn(
                "Complex modules are a new feature under active development whose design may "
                "change, and some modules might not work as expected when using complex tensors "
                "as parameters or buffers.",
                stacklevel=2,
            )

        def convert(t):
            wanted = {}
            if dtype is not None and (t.is_floating_point() or t.is_complex()):
                wanted["dtype"] = dtype
            if device is not None:
                wanted["device"] = device
            if memory_format is not None and t.dim() in (4, 5):
                wanted["memory_format"] = memory_format
            if t.is_meta and device is not None and device.type != "meta":
                raise NotImplementedError(
                    "Cannot copy out of meta tensor; no data! Please use "
                    "torch.nn.Module.to_empty() instead of torch.nn.Module.to() when moving "
                    "module from meta to a different device."
                )
            return t.to(**wanted) if wanted else t

        return self._apply(convert)

    def type(self, dst_type):
        """Convert all parameters and buffers to ``dst_type``."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self):
        """Convert floating point parameters and buffers to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self):
        """Convert floating point parameters and buffers to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self):
        """Convert floating point parameters and buffers to float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self):
        """Convert floating point parameters and buffers to bfloat16."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def cpu(self):
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device=None):
        """Move all parameters and buffers to a GPU; raises DeviceError where there is none."""
        where = "cuda" if device is None else device
        where = devices.require(f"cuda:{where}" if isinstance(where, int) else where)
        return self._apply(lambda t: t.to(where))

    def to_empty(self, *, device, recurse: bool = True):
        """Move to ``device`` without copying: the values are arbitrary afterwards."""
        return self._apply(lambda t: torch.empty_like(t, device=device), recurse=recurse)

    def share_memory(self):
        """Move the parameters and buffers to memory that other processes can share.

        Raises: NotImplementedError while tensors cannot: send ``state_dict()`` elsewhere.
        """
        if not hasattr(Tensor, "share_memory_"):
            raise NotImplementedError(
                "share_memory: tensors cannot be moved to shared memory in this version. Send "
                "module.state_dict() to the other process and load it there"
            )
        return self._apply(lambda t: t.share_memory_())

    # ----------------------------------------------------------------------------------- mode

    def train(self, mode: bool = True):
        """Set training mode (``mode=False``: evaluation) here and in all submodules.

        Dropout and batch normalisation behave differently in the two.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """Set evaluation mode: the same as ``train(False)``.

        >>> import flambeau as torch
        >>> torch.nn.Dropout().eval()(torch.ones(2))
        tensor([1., 1.])
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True):
        """Record gradients for all parameters, or with False for none (to freeze the module)."""
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with ``set_to_none=False`` fill them with
        zeros.
        """
        for param in self.parameters():
            if param.grad is None:
                continue
            if set_to_none:
                param.grad = None
                continue
            if param.grad.grad_fn is not None:
                param.grad.detach_()
            else:
                param.grad.requires_grad_(False)
            param.grad.zero_()


def _parse_to(*args, device=None, dtype=None, non_blocking=False, memory_format=None):
    """The device, dtype and memory format (each or None) that arguments of ``to`` ask for."""
    if args and isinstance(args[0], Tensor):
        device, dtype = args[0].device, args[0].dtype
    elif args and isinstance(args[0], dtypes.dtype):
        dtype = args[0]
    elif args and (args[0] is None or isinstance(args[0], (str, int, devices.device))):
        device = args[0] if device is None else device
        if len(args) > 1:
            dtype = args[1]
    elif args:
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({type(args[0]).__name__}), "
            "but expected a device, a dtype or a tensor"
        )
    device = None if device is None else devices.require(device)
    return device, dtype, memory_format
