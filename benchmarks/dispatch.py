"""What a small operation costs: nearly all of it is the framework's own work.

python benchmarks/dispatch.py [--json FILE]

Flambeau and PyTorch run in turn, a round of each, and the best of the rounds counts: machines are
shared, so figures of different runs must not be compared, and ratios within one may.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable
from typing import Any

import torch as pytorch

import flambeau

pytorch.set_num_threads(1)


def add(torch: Any, grad: bool) -> Callable[[], Any]:
    x = torch.ones(4, 4, requires_grad=grad)
    y = torch.ones(4, 4)
    return lambda: x + y


def exp(torch: Any, grad: bool) -> Callable[[], Any]:
    x = torch.ones(4, 4, requires_grad=grad)
    return lambda: torch.exp(x)


def matmul(torch: Any, grad: bool) -> Callable[[], Any]:
    x = torch.ones(4, 4, requires_grad=grad)
    y = torch.ones(4, 4)
    return lambda: x @ y


def view(torch: Any, grad: bool) -> Callable[[], Any]:
    x = torch.ones(4, 4, requires_grad=grad)
    return lambda: x.view(16)


def inplace(torch: Any, grad: bool) -> Callable[[], Any]:
    x = torch.ones(4, 4)
    return lambda: x.mul_(1.0)


def chain(torch: Any) -> Callable[[], Any]:
    """Build a graph of 100 operations and walk it back."""
    x = torch.ones(4, 4, requires_grad=True)

    def step() -> None:
        y = x
        for _ in range(50):
            y = y * 1.01 + 0.01
        y.sum().backward()
        x.grad = None

    return step


def build(torch: Any) -> Callable[[], Any]:
    """The same graph, built and dropped."""
    x = torch.ones(4, 4, requires_grad=True)

    def step() -> None:
        y = x
        for _ in range(50):
            y = y * 1.01 + 0.01

    return step


def best(functions: list[Callable[[], Any]], calls: int, rounds: int = 15) -> list[float]:
    """Seconds a call of each function: the best of rounds that take turns."""
    times: list[list[float]] = [[] for _ in functions]
    gc.disable()
    for _ in range(rounds):
        for function, taken in zip(functions, times):
            begun = time.perf_counter()
            for _ in range(calls):
                function()
            taken.append((time.perf_counter() - begun) / calls)
    gc.enable()
    return [min(taken) for taken in times]


def cases() -> list[tuple[str, Callable[[Any], Callable[[], Any]], int, int]]:
    """(name, how to make it, calls a round, operations a call)."""
    found: list[tuple[str, Callable[[Any], Callable[[], Any]], int, int]] = []
    for make in (add, exp, matmul, view):
        for grad in (False, True):
            name = f"{make.__name__}, gradient {'recorded' if grad else 'off'}"
            found.append((name, lambda torch, make=make, grad=grad: make(torch, grad), 2000, 1))
    found.append(("mul_ in place", lambda torch: inplace(torch, False), 2000, 1))
    found.append(("graph of 100: built, one operation", build, 20, 100))
    found.append(("graph of 100: built and walked back, one operation", chain, 20, 100))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", help="write the figures to this file as well")
    path = parser.parse_args().json
    figures = {}
    print(f"{'microseconds':52s} {'flambeau':>9s} {'pytorch':>9s} {'ratio':>6s}")
    for name, make, calls, operations in cases():
        pair = [make(flambeau), make(pytorch)]
        for function in pair:
            for _ in range(calls):
                function()
        ours, theirs = (1e6 * seconds / operations for seconds in best(pair, calls))
        figures[name] = {"flambeau_us": ours, "pytorch_us": theirs}
        print(f"{name:52s} {ours:9.2f} {theirs:9.2f} {ours / theirs:6.2f}")
    if path:
        with open(path, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
