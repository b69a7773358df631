"""Dropout and its relatives: parts of the input are silenced at random during training."""

from __future__ import annotations

from flambeau.ops.dropout import words
from flambeau.tensor.api import export, torch

from .random import draw


@export("F")
def dropout(input, p=0.5, training=True, inplace=False):
    """Each element becomes zero with probability p, the others are scaled by 1 / (1 - p); nothing
    when not training.

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
    mask = draw_mask(tuple(mask_shape(input.shape)), float(p), input)
    return input.mul_(mask) if inplace else input * mask


def draw_mask(shape, p, like):
    """1 / (1 - p) or 0 at random, of the dtype and on the device of ``like``: see
    ``ops.dropout``.
    """
    n, kind = words(torch.Size(shape).numel()), like.dtype.numpy
    return draw("dropout_mask", None, n, (), like.device, shape=shape, p=p, dtype=kind)


@export("torch", name="dropout")
def _dropout(input, p, train):
    """See ``torch.nn.functional.dropout``."""
    return _drop(input, p, train, False, lambda shape: shape)


@export("torch", name="dropout_")
def _dropout_in_place(input, p, train):
    """In-place version of ``dropout``."""
    return _drop(input, p, train, True, lambda shape: shape)


def _per_channel(kept: int):
    return lambda shape: (*shape[:kept], *(1,) * (len(shape) - kept))


@export("F")
def dropout1d(input, p=0.5, training=True, inplace=False):
    """Whole channels become zero with probability p: see ``dropout2d``.

    Shape: input (N, C, L) or (C, L) -> the same

    >>> import flambeau as torch
    >>> torch.nn.functional.dropout1d(torch.ones(1, 2), 0.5, training=False)
    tensor([[1., 1.]])
    """
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that "
            "dropout1d "
            "exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel "
            "dimension, "
            "and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _drop(input, p, training, inplace, _per_channel(input.ndim - 1))


@export("F")
def dropout2d(input, p=0.5, training=True, inplace=False):
    """Whole channels (of each sample) become zero with probability p, the others are scaled by 1 /
    (1 - p).

    Shape:  input (N, C, H, W) -> the same; an input (N, C, L) is taken as a batch too, as PyTorch
            does
    Raises: ValueError if p is not in [0, 1].

    >>> import flambeau as torch
    >>> torch.nn.functional.dropout2d(torch.ones(1, 2, 2, 2), 1.0).sum()
    tensor(0.)
    """
    return feature_dropout(input, p, training, inplace)


@export("F")
def dropout3d(input, p=0.5, training=True, inplace=False):
    """Whole channels of volumes become zero with probability p: see ``dropout2d``.

    Shape: input (N, C, D, H, W) -> the same

    >>> import flambeau as torch
    >>> torch.nn.functional.dropout3d(torch.ones(1, 1, 1, 1, 2), 0.5, training=False).shape
    torch.Size([1, 1, 1, 1, 2])
    """
    return feature_dropout(input, p, training, inplace)


@export("torch")
def feature_dropout(input, p, train, inplace=False):
    """Dropout of whole channels, (N, C) of an input (N, C, *)."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if input.ndim < 2:
        raise RuntimeError(
            f"Feature dropout requires at least 2 dimensions in the input, got {tuple(input.shape)}"
        )
    return _drop(input, p, train, inplace, _per_channel(2))


# The value and the slope that keep SELU's outputs at mean 0 and variance 1 (Klambauer et al.,
# 2017).
_SATURATED = -1.7580993408473766


def _alpha_drop(input, p, training, inplace, mask_shape):
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    keep = draw_mask(tuple(mask_shape(input.shape)), float(p), input) * (1 - p)
    scale = ((1 - p) * (1 + p * _SATURATED**2)) ** -0.5
    shift = -scale * _SATURATED * p
    added = (1 - keep) * (scale * _SATURATED) + shift
    if inplace:
        return input.mul_(keep * scale).add_(added)
    return input * (keep * scale) + added


@export("F")
def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout for SELU: silenced elements take its saturation value, then mean and variance are
    restored.

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.alpha_dropout(torch.ones(2))
    tensor([1., 1.])
    """
    return _alpha_drop(input, p, training, inplace, lambda shape: shape)


@export("F")
def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """``alpha_dropout`` of whole channels.

    Shape: input (N, C, *) -> the same

    >>> import flambeau as torch
    >>> torch.nn.functional.feature_alpha_dropout(torch.ones(1, 2, 2)).shape
    torch.Size([1, 2, 2])
    """
    return _alpha_drop(input, p, training, inplace, _per_channel(2))


@export("torch", name="alpha_dropout")
def _alpha_dropout(input, p, train):
    """See ``torch.nn.functional.alpha_dropout``."""
    return _alpha_drop(input, p, train, False, lambda shape: shape)


@export("torch", name="feature_alpha_dropout")
def _feature_alpha_dropout(input, p, train):
    """See ``torch.nn.functional.feature_alpha_dropout``."""
    return _alpha_drop(input, p, train, False, _per_channel(2))
