"""The same values in both libraries."""

from __future__ import annotations

import copy

import numpy as np
import torch

import flambeau

SHAPES = [(2, 3), (4,), (), (3, 1, 2), (150, 131)]  # the last is larger than a block
STEPS = 50


def ours(value):
    """A tree of PyTorch's values (tensors, containers, plain values) in Flambeau's."""
    return _map(value, torch.Tensor, lambda t: flambeau.from_numpy(t.detach().numpy().copy()))


def theirs(value):
    """A tree of Flambeau's values in PyTorch's."""
    return _map(value, flambeau.Tensor, lambda t: torch.from_numpy(t.detach().numpy().copy()))


def _map(value, kind, convert):
    if isinstance(value, kind):
        made = convert(value)
        made.requires_grad = value.requires_grad
        return made
    if isinstance(value, dict):
        made = copy.copy(value)
        made.update((key, _map(item, kind, convert)) for key, item in value.items())
        return made
    if isinstance(value, (list, tuple)):
        return type(value)([_map(item, kind, convert) for item in value])
    return value


class Pair:
    """Parameters of the same values in both libraries, and gradients that both are given."""

    def __init__(self, seed=0, dtype="float32", shapes=SHAPES):
        self.rng = np.random.default_rng(seed)
        self.dtype = np.dtype(dtype)
        values = [self._random(shape) for shape in shapes]
        self.torch = [torch.from_numpy(v.copy()).requires_grad_() for v in values]
        self.ours = [flambeau.from_numpy(v.copy()) for v in values]
        for p in self.ours:
            p.requires_grad = True

    def _random(self, shape):
        value = self.rng.standard_normal(shape)
        if self.dtype.kind == "c":
            value = value + 1j * self.rng.standard_normal(shape)
        return np.asarray(value, self.dtype)

    def give_gradients(self, skip=()):
        """New random gradients; None for the parameters whose position is in `skip`."""
        for index, (a, b) in enumerate(zip(self.torch, self.ours)):
            g = self._random(tuple(a.shape))
            a.grad = None if index in skip else torch.from_numpy(g.copy())
            b.grad = None if index in skip else flambeau.from_numpy(g.copy())

    def check(self, rtol=1e-6, atol=1e-6):
        """Both libraries' parameters agree."""
        for a, b in zip(self.torch, self.ours):
            off = np.linalg.norm(b.detach().numpy() - a.detach().numpy())
            assert off <= rtol * np.linalg.norm(a.detach().numpy()) + atol
            # A single element may have met a cancellation that the libraries round differently.
            assert_close(b, a, 10 * rtol, 10 * atol)


def assert_close(mine, expected, rtol=1e-6, atol=1e-6):
    """Two tensors have the same dtype, shape and nearly the same values."""
    assert str(mine.dtype) == str(expected.dtype)
    a, b = mine.detach().numpy(), expected.detach().numpy()
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def assert_same_tree(mine, expected, rtol=1e-6, atol=1e-6):
    """Two trees of state agree: keys, kinds of values, numbers."""
    if isinstance(expected, dict):
        assert list(mine) == list(expected)
        for key, value in expected.items():
            assert_same_tree(mine[key], value, rtol, atol)
    elif isinstance(expected, torch.Tensor):
        assert_close(mine, expected, rtol, atol)
    elif isinstance(expected, (list, tuple)):
        assert len(mine) == len(expected)
        for a, b in zip(mine, expected):
            assert_same_tree(a, b, rtol, atol)
    elif isinstance(expected, float):
        assert mine == expected or abs(mine - expected) <= rtol * abs(expected) + atol
    else:
        assert mine == expected
