"""Modules on several devices, as far as one CPU goes."""

from __future__ import annotations

from .module import Module


class DataParallel(Module):
    """Runs ``module`` on the devices there are. On a CPU that is the module itself, as in PyTorch.

    Its state dictionary has the prefix ``module.``, so checkpoints saved from it load.
    """

    def __init__(self, module: Module, device_ids=None, output_device=None, dim: int = 0):
        super().__init__()
        if device_ids:
            raise RuntimeError(f"device_ids={device_ids}: there are no GPUs; leave it out")
        self.module = module
        self.dim = dim
        self.device_ids: list[int] = []

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)
