"""Making a module without filling its parameters."""

from __future__ import annotations

import inspect

from flambeau.nn import init as _init
from flambeau.nn.module import Module

__all__ = ["skip_init"]


def skip_init(module_cls, *args, **kwargs):
    """``module_cls(*args, **kwargs)`` whose parameters are not initialised, for values that are
    loaded anyway.

    Raises: RuntimeError unless it is a module class that takes ``device``.

    >>> import flambeau as torch
    >>> torch.nn.utils.skip_init(torch.nn.Linear, 5, 1)
    Linear(in_features=5, out_features=1, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with _init.skipped():
        return module_cls(*args, **kwargs)
