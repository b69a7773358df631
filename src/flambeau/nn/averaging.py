"""A model whose weights are the average of another's along its training.

PyTorch has these under `torch.optim.swa_utils`, where `flambeau.optim.swa_utils` offers them too.
"""

from __future__ import annotations

import itertools
from copy import deepcopy

from flambeau.autograd import modes
from flambeau.tensor import factory
from flambeau.tensor.inplace import update

from .module import Module
from .modules.batchnorm import _BatchNorm

__all__ = ["AveragedModel", "update_bn"]


class AveragedModel(Module):
    """A copy of a model that `update_parameters` moves towards the original: their mean.

    Args:
        model: the model that is trained; it is copied and left alone.
        device: where the copy lives. Default: where the model is.
        avg_fn: `(average, current, number averaged) -> average`. Default: the equal mean.
        multi_avg_fn: `(averages, currents, number averaged)`, writing into the averages.
        use_buffers: average buffers too; else they are copied. Default False.
    Raises: AssertionError if both functions are given.

    >>> import flambeau as torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> averaged = torch.optim.swa_utils.AveragedModel(model)
    >>> for value in [1.0, 3.0]:
    ...     _ = torch.nn.init.constant_(model.weight, value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.weight.item()
    2.0
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", factory.tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        """What the averaged model makes of the input."""
        return self.module(*args, **kwargs)

    @modes.no_grad()
    def update_parameters(self, model) -> None:
        """Take the model's present parameters into the average."""
        pairs = [
            (a.detach(), b.detach())
            for a, b in zip(self._tensors(self.module), self._tensors(model))
        ]
        if int(self.n_averaged) == 0:
            for average, current in pairs:
                average.copy_(current)
        elif self.avg_fn is not None:
            for average, current in pairs:
                average.copy_(self.avg_fn(average, current, self.n_averaged))
        else:
            self._update_together(pairs)
        if not self.use_buffers:
            for ours, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                ours.detach().copy_(theirs.detach())
        self.n_averaged += 1

    def _tensors(self, model):
        return itertools.chain(model.parameters(), model.buffers() if self.use_buffers else ())

    def _update_together(self, pairs) -> None:
        """All tensors of one dtype in one operation."""
        by_dtype: dict = {}
        for average, current in pairs:
            averages, currents = by_dtype.setdefault(average.dtype, ([], []))
            averages.append(average)
            currents.append(current)
        for averages, currents in by_dtype.values():
            if self.multi_avg_fn is not None:
                self.multi_avg_fn(averages, currents, self.n_averaged)
            else:
                update(swa_average, averages, currents, weight=1 / (int(self.n_averaged) + 1))


def swa_average(xp, averages, currents, *, weight):
    """Move every average towards the current value by the fraction `weight`; integers are cut."""
    for a, current in zip(averages, currents):
        if a.dtype.kind in "fcV":
            a += (current - a) * weight
        else:
            a[...] = (a + (current - a) * weight).astype("float32")


@modes.no_grad()
def update_bn(loader, model, device=None) -> None:
    """Recompute the running statistics of a model's batch norms from one pass over the data.

    Args:
        loader: an iterable of inputs, or of tuples that begin with one.
        model: the model, typically an `AveragedModel`, whose statistics are those of no single
            model.
        device: where inputs are moved first. Default: they stay.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    for norm in norms:
        norm.reset_running_stats()
    model.train()
    try:
        for norm in norms:
            norm.momentum = None  # the equal mean over all batches
        for item in loader:
            item = item[0] if isinstance(item, (list, tuple)) else item
            model(item if device is None else item.to(device))
    finally:
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
        model.train(was_training)
