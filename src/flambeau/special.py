"""Special functions, under PyTorch's names; several are other names of elementwise functions.

>>> import flambeau as torch
>>> torch.special.expit(torch.tensor([0.0]))
tensor([0.5000])
"""

from __future__ import annotations

import math

from .tensor.api import torch as _torch
from .tensor.namespace import xp as _xp

_SAME = {
    "expit": "sigmoid", "gammaln": "lgamma", "psi": "digamma", "multigammaln": "mvlgamma",
    "digamma": "digamma", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "exp2": "exp2",
    "expm1": "expm1", "i0": "i0", "log1p": "log1p", "logit": "logit", "logsumexp": "logsumexp",
    "polygamma": "polygamma", "round": "round", "sinc": "sinc", "xlogy": "xlogy",
    "softmax": "softmax", "log_softmax": "log_softmax",
}  # fmt: skip

__all__ = sorted([*_SAME, "entr", "i1", "ndtr", "ndtri", "xlog1py"])


def __getattr__(name: str):
    if name in _SAME:
        return getattr(_torch, _SAME[name])
    raise AttributeError(f"module 'flambeau.special' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)


def entr(input):
    """Entropy of one probability, -x log x; 0 at 0 and -inf below.

    >>> import flambeau as torch
    >>> torch.special.entr(torch.tensor([0.5, 0.25]))
    tensor([0.3466, 0.3466])
    """
    return _torch.where(input < 0, -math.inf, -_torch.xlogy(input, input))


def xlog1py(input, other):
    """x log(1 + y), and 0 where x = 0, unless y is NaN.

    >>> import flambeau as torch
    >>> torch.special.xlog1py(torch.tensor([0.0, 2.0]), torch.tensor([-1.0, 1.0]))
    tensor([0.0000, 1.3863])
    """
    zero = (input == 0) & ~_torch.isnan(other)
    return _torch.where(zero, 0.0, input * _torch.log1p(_torch.where(zero, 0.0, other)))


def ndtr(input):
    """Area under the standard normal density up to x, erfc(-x / sqrt(2)) / 2.

    >>> import flambeau as torch
    >>> torch.special.ndtr(torch.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return _torch.erfc(input * -math.sqrt(0.5)) / 2


def ndtri(input):
    """Inverse of ``ndtr``, the quantile of the standard normal distribution.

    >>> import flambeau as torch
    >>> torch.special.ndtri(torch.tensor([0.5, 0.8413447]))
    tensor([0.0000, 1.0000])
    """
    return _torch.erfinv(2 * input - 1) * math.sqrt(2.0)


def i1(input):
    """Modified Bessel function of order 1.

    >>> import flambeau as torch
    >>> torch.special.i1(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.5652])
    """
    return _xp.i1(input)
