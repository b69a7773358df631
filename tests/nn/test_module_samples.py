"""Every module of PyTorch's sample table: the same output, gradients, state and text."""

from __future__ import annotations

import inspect
import warnings

import pytest
from oracle import torch
from samples import MODULES, convert, copy_state, difference, make, samples

TOLERANCE = {torch.float64: (1e-9, 1e-10), torch.float32: (2e-4, 2e-5)}
LIMIT = 60  # samples of one module and mode; a few modules have hundreds that differ in one flag

# What depends on a random stream, or on which PyTorch does not agree with itself.
RANDOM = {"FractionalMaxPool2d", "FractionalMaxPool3d"}


def thinned(found: list) -> list:
    return found[:: max(1, len(found) // LIMIT)]


def with_constant_target(module, sample) -> None:
    """Criteria refuse a target that requires a gradient, as the course states."""
    names = inspect.signature(module.forward).parameters
    sample.forward_input.args = tuple(
        value.detach() if name in ("target", "targets") else value
        for name, value in zip(names, sample.forward_input.args)
    )


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", sorted(set(MODULES) - RANDOM))
def test_samples(name, dtype, training):
    rtol, atol = TOLERANCE[dtype]
    found = samples(name, dtype, training)
    checked = 0
    for i, sample in enumerate(thinned(found)):
        ours, theirs = make(name, sample, dtype)
        with_constant_target(theirs, sample)
        ours.train(training), theirs.train(training)
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name.startswith("Lazy"):  # the first call gives the parameters their shape
                run_once(ours, theirs, sample)
            copy_state(theirs, ours)
            wrong = difference(ours, theirs, sample, rtol, atol)
        assert wrong is None, f"sample {i}: {ours} {sample}: {wrong}"
        assert repr(ours) == repr(theirs)
        checked += 1
    assert checked or not found


def run_once(ours, theirs, sample):
    args = sample.forward_input.args
    theirs(*args), ours(*convert(args))
    for module in (ours, theirs):
        module.zero_grad()


@pytest.mark.parametrize("name", sorted(RANDOM))
def test_random_modules(name):
    """Fractional pooling, with the random numbers given."""
    rank = int(name[-2])
    for sample in samples(name, torch.float64, False):
        x = sample.forward_input.args[0]
        lead = x.shape[:-rank] if x.dim() == rank + 2 else (1, x.shape[0])
        numbers = torch.rand(*lead, rank, dtype=torch.float64)
        sample.constructor_input.kwargs["_random_samples"] = numbers
        ours, theirs = make(name, sample, torch.float64)
        assert repr(ours) == repr(theirs)
        wrong = difference(ours, theirs, sample, 1e-12, 1e-12)
        assert wrong is None, f"{ours} {wrong}"
