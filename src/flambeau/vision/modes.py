"""A network that is only looked at stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch


@contextmanager
def evaluating(*functions: Callable[..., Any]) -> Iterator[None]:
    """No gradients, and modules in evaluation mode; afterwards each is in its own mode again.

    >>> from flambeau import nn
    >>> from flambeau.vision.modes import evaluating
    >>> model = nn.Dropout()
    >>> with evaluating(model):
    ...     print(model.training)
    False
    >>> model.training
    True
    """
    roots = [function for function in functions if isinstance(function, nn.Module)]
    modes = [(module, module.training) for root in roots for module in root.modules()]
    for root in roots:
        root.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
