"""Window functions of signal processing."""

from __future__ import annotations

import math

from flambeau.core import dtypes
from flambeau.tensor.api import export, torch


def _cosines(length, periodic, dtype, device, requires_grad, *weights):
    """sum over k of (-1)^k weights[k] cos(2 pi k n / N)."""
    if length < 0:
        raise RuntimeError(f"a window needs a non-negative length, got {length}")
    dtype = dtype or dtypes.get_default_dtype()
    if length < 2:
        return torch.ones(length, dtype=dtype, device=device, requires_grad=requires_grad)
    turn = 2 * math.pi / (length - (not periodic))
    n = torch.arange(length, dtype=torch.float64, device=device) * turn
    y = sum((-1) ** k * w * torch.cos(n * k) for k, w in enumerate(weights))
    return y.to(dtype).requires_grad_(requires_grad)


@export("torch")
def hann_window(window_length, periodic=True, *, dtype=None, device=None, requires_grad=False):
    """(1 - cos(2 pi n / N)) / 2.

    >>> import flambeau as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _cosines(window_length, periodic, dtype, device, requires_grad, 0.5, 0.5)


@export("torch")
def hamming_window(
    window_length,
    periodic=True,
    alpha=0.54,
    beta=0.46,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
):
    """alpha - beta cos(2 pi n / N).

    >>> import flambeau as torch
    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _cosines(window_length, periodic, dtype, device, requires_grad, alpha, beta)


@export("torch")
def blackman_window(window_length, periodic=True, *, dtype=None, device=None, requires_grad=False):
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N).

    >>> import flambeau as torch
    >>> torch.blackman_window(3).round(decimals=2).abs()
    tensor([0.0000, 0.6300, 0.6300])
    """
    return _cosines(window_length, periodic, dtype, device, requires_grad, 0.42, 0.5, 0.08)
