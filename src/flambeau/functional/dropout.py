"""Dropout and its relatives: parts of the input are silenced at random during training."""

from __future__ import annotations

from flambeau.core.random import default_generator
from flambeau.ops.dropout import words
from flambeau.tensor.api import export, torch
from flambeau.tensor.namespace import xp


@export("F")
def dropout(input, p=0.5, training=True, inplace=False):
    """Each element becomes zero with probability p, the others are scaled by 1 / (1 - p); nothing when not training.

    Shape:  input (*) -> (*)
    Raises: ValueError if p is not in [0, 1].

    >>> import flambeau as torch
    >>> torch.nn.functional.dropout(torch.ones(3), 0.5, training=False)
    tensor([1., 1., 1.])
    """
    return _drop(input, p, training, inplace, lambda shape: shape)


def _drop(input, p, training, inplace, mask_shape):
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    mask = draw_mask(tuple(mask_shape(input.shape)), float(p), input.dtype)
    return input.mul_(mask) if inplace else input * mask


def draw_mask(shape, p, dtype):
    """1 / (1 - p) or 0 at random: see ``ops.dropout``."""
    seed, offset = default_generator.reserve(words(torch.Size(shape).numel()))
    return xp.dropout_mask(seed, offset, shape=shape, p=p, dtype=dtype.numpy)
