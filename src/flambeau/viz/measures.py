"""The numbers behind the pictures; nothing here needs matplotlib."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from flambeau.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from flambeau.tensor.api import F, torch
from flambeau.tensor.tensor import Tensor

BATCH = 500  # bounds the memory that looking at many images takes


def as_array(values: Any) -> np.ndarray:
    """A NumPy array of a tensor (wherever it is, with or without history), an array or a list."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return values.numpy() if values.dtype != torch.bfloat16 else values.float().numpy()
    return np.asarray(values)


@contextmanager
def looking_at(model: Any) -> Iterator[None]:
    """Without gradients and in evaluation mode; afterwards every module is in its mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def scores_of(model: Any, images: Any, batch_size: int = BATCH) -> Any:
    """What a model in evaluation mode answers to each image, computed in batches.

    Shape:  images (N, ...) -> scores (N, K), on the CPU

    >>> from flambeau import nn
    >>> from flambeau.viz.measures import scores_of
    >>> scores_of(nn.Linear(2, 3), torch.zeros(5, 2), batch_size=2).shape
    torch.Size([5, 3])
    """
    device = next((parameter.device for parameter in model.parameters()), "cpu")
    with looking_at(model):
        return torch.cat([model(part.to(device)).cpu() for part in images.split(batch_size)])


def per_sample_losses(model: Any, images: Any, labels: Any, batch_size: int = BATCH) -> Any:
    """The cross-entropy of each image by itself, the model in evaluation mode.

    l = -log(exp(f_Y(X; w)) / sum_k exp(f_k(X; w)))        (slide 5.6 of the course)

    Shape:  images (N, ...), labels int64 (N) -> float (N)

    >>> from flambeau import nn, viz
    >>> model = nn.Linear(2, 4)
    >>> for p in model.parameters(): _ = nn.init.zeros_(p)
    >>> viz.per_sample_losses(model, torch.zeros(3, 2), torch.tensor([0, 1, 3]))  # log 4 each
    tensor([1.3863, 1.3863, 1.3863])
    """
    return F.cross_entropy(scores_of(model, images, batch_size), labels.cpu(), reduction="none")


def confusion_counts(labels: Any, predictions: Any, num_classes: int | None = None) -> Any:
    """How often each class was taken for each: counts[i, j] of class i were taken for j.

    Shape:  labels (N), predictions (N), class numbers -> int64 (K, K)
    Args:   num_classes: K; by default the highest number seen, plus one.
    Raises: ValueError when the two differ in shape, or a number is not in 0 .. K - 1.

    >>> from flambeau import viz
    >>> viz.confusion_counts([0, 0, 1, 1, 1], [0, 1, 1, 1, 0])
    tensor([[1, 1],
            [1, 2]])
    """
    truth, guess = as_array(labels), as_array(predictions)
    if truth.shape != guess.shape or truth.ndim != 1:
        raise ValueError(
            "labels and predictions should be two lists of class numbers of one length. "
            f"Got shapes {truth.shape} and {guess.shape}: scores become classes by argmax(1)"
        )
    if num_classes is None:
        num_classes = int(max(truth.max(initial=-1), guess.max(initial=-1))) + 1
    for name, numbers in (("label", truth), ("prediction", guess)):
        outside = numbers[(numbers < 0) | (numbers >= num_classes)]
        if len(outside):
            raise ValueError(f"{name} {outside[0]} is not one of the {num_classes} classes")
    places = truth.astype(np.int64) * num_classes + guess.astype(np.int64)
    counts = np.bincount(places, minlength=num_classes**2)
    return torch.from_numpy(counts.reshape(num_classes, num_classes))


def learning_rates(policy: LRScheduler | Callable[[int], float], epochs: int) -> Any:
    """The learning rate of each of the coming epochs, found without training.

    A scheduler is asked through a copy that shares the parameters and never moves them: the
    scheduler, its optimiser and the parameters stay as they are.

    Shape:  -> float64 (epochs, groups of parameters)
    Args:   policy: a scheduler, or a function from the number of the epoch (from 0) to the rate.
    Raises: TypeError for ReduceLROnPlateau, whose rates follow from the losses to come.

    >>> from flambeau import optim, viz
    >>> optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    >>> viz.learning_rates(optim.lr_scheduler.StepLR(optimizer, 2), 4).flatten()
    tensor([0.1000, 0.1000, 0.0100, 0.0100], dtype=torch.float64)
    >>> optimizer.param_groups[0]["lr"]
    0.1
    """
    if isinstance(policy, ReduceLROnPlateau):
        raise TypeError(
            "the rates of ReduceLROnPlateau follow from the losses of the training, which are not "
            "known before it: log the rate while training, and draw the log with viz.curves"
        )
    if not isinstance(policy, LRScheduler):
        return torch.tensor(
            [[float(policy(epoch))] for epoch in range(epochs)], dtype=torch.float64
        )
    scheduler = _copy(policy)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no step of the optimiser comes first
        for epoch in range(epochs):
            rates.append([float(group["lr"]) for group in scheduler.optimizer.param_groups])
            if epoch + 1 < epochs:  # some schedules end, and refuse a step beyond
                scheduler.step()
    return torch.tensor(rates, dtype=torch.float64)


def _copy(scheduler: Any) -> Any:
    """A deep copy, but with the very parameters, and without what the optimiser remembers."""
    optimizer = scheduler.optimizer
    memo: dict[int, Any] = {id(optimizer.state): {}}
    for group in optimizer.param_groups:
        memo.update((id(parameter), parameter) for parameter in group["params"])
    return copy.deepcopy(scheduler, memo)


def optimizer_path(
    function: Callable[[Any, Any], Any],
    factory: Callable[[list[Any]], Any],
    start: Sequence[float],
    steps: int = 50,
) -> Any:
    """The points that an optimiser visits as it minimises f(x, y).

    Shape:  -> float64 (steps + 1, 2), fewer rows if it leaves for infinity
    Args:   function: of two tensors. factory: from a list of parameters to an optimiser.
            start: the first point. steps: how many steps are made, default 50.

    >>> from flambeau import optim, viz
    >>> def bowl(x, y): return x**2 + y**2
    >>> viz.optimizer_path(bowl, lambda p: optim.SGD(p, lr=0.25), (4, 2), steps=2)
    tensor([[4.0000, 2.0000],
            [2.0000, 1.0000],
            [1.0000, 0.5000]], dtype=torch.float64)
    """
    point = torch.tensor([float(x) for x in start], dtype=torch.float64, requires_grad=True)
    optimizer = factory([point])

    def closure() -> Any:  # L-BFGS evaluates several times a step, the others once
        optimizer.zero_grad()
        value = function(point[0], point[1])
        value.backward()
        return value

    path = [point.detach().clone()]
    for _ in range(steps):
        optimizer.step(closure)
        if not torch.isfinite(point).all():
            break
        path.append(point.detach().clone())
    return torch.stack(path)
