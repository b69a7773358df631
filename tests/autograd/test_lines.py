"""Nodes and errors name the line of the user's program, whichever way an operation was called."""

from __future__ import annotations

from pathlib import Path

import pytest

import flambeau as torch
from flambeau.nn import functional as F
from flambeau.tape.node import at

CALLS = {
    "function": lambda x: torch.tanh(x),
    "method": lambda x: x.exp(),
    "operator": lambda x: x * 2,
    "composed": lambda x: F.softplus(x),
    "in place": lambda x: x.clone().mul_(2),
}


@pytest.mark.parametrize("name", CALLS)
def test_nodes_know_the_callers_line(name):
    y = CALLS[name](torch.ones(2, requires_grad=True))
    assert f"{Path(__file__).name}:" in at(y.grad_fn.line)
