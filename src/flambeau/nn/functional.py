"""The functional interface, ``F``: every function that works on tensors without a module.

The functions live where they are written, in ``flambeau.ops`` and ``flambeau.functional``; this
module is their table under PyTorch's path.

>>> import flambeau as torch
>>> import flambeau.nn.functional as F
>>> F.relu(torch.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from flambeau.tensor.api import F as _functions


def __getattr__(name: str):
    try:
        return getattr(_functions, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__():
    return sorted(name for name in dir(_functions) if not name.startswith("__"))
