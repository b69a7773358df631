"""Rules save the outputs that they name and no others, so the rest may be overwritten."""

from __future__ import annotations

import pytest

import flambeau as torch
from flambeau.nn import functional as F

CASES = {
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "instance_norm": lambda x: F.instance_norm(x),
    "layer_norm": lambda x: F.layer_norm(x, (4, 4)),
    "group_norm": lambda x: F.group_norm(x, 2),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 2),
    "max": lambda x: x.max(dim=2).values,
    "median": lambda x: x.median(dim=2).values,
    "sort": lambda x: x.sort(dim=2).values,
    "topk": lambda x: x.topk(2, dim=2).values,
    "cummax": lambda x: x.cummax(dim=2).values,
    "std_mean": lambda x: torch.std_mean(x, dim=2)[1],
}


@pytest.mark.parametrize("name", CASES)
def test_an_output_may_be_overwritten(name):
    """As networks do that apply relu_ to what a normalisation returns, or add a residual to it."""
    x = torch.randn(2, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    (want,) = torch.autograd.grad((CASES[name](x) * 3).sum(), x)
    (got,) = torch.autograd.grad(CASES[name](x).mul_(3).sum(), x)
    torch.testing.assert_close(got, want)
