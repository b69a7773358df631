"""Linear algebra, under PyTorch's name."""

from .tensor.api import linalg as _table


def __getattr__(name: str):
    return getattr(_table, name)


def __dir__():
    return sorted(n for n in vars(_table) if not n.startswith("_"))
