"""PyTorch's ``torch.utils``: names gathered from where things live, loaded when first asked for."""

from importlib import import_module as _import_module


def __getattr__(name: str):
    if name in ("checkpoint", "data", "dlpack", "tensorboard"):
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'flambeau.utils' has no attribute {name!r}")
