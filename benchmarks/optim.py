"""What an optimiser's step costs, against PyTorch's on one thread.

    python benchmarks/optim.py [--rounds 20]

Each pair is run alternately in one process; figures are best times and the median of ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch as pytorch

import flambeau

pytorch.set_num_threads(1)

NETS = {
    "20 small tensors": [(20, 10), (20,)] * 10,
    "the course's net": [
        (32, 1, 5, 5),
        (32,),
        (64, 32, 5, 5),
        (64,),
        (512, 100),
        (100,),
        (10, 100),
    ],
    "11 million weights": [(512, 512, 3, 3)] * 4 + [(256, 256, 3, 3)] * 3,
}
RULES = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
    "Adam": {},
    "AdamW": {},
    "RMSprop": {},
    "Adagrad": {},
}


def optimizer(library, name: str, shapes, options: dict):
    """An optimiser over fresh parameters that have gradients."""
    rng = np.random.default_rng(0)
    params = []
    for shape in shapes:
        p = library.from_numpy(rng.standard_normal(shape).astype(np.float32))
        p.grad = library.from_numpy(rng.standard_normal(shape).astype(np.float32))
        params.append(p)
    return getattr(library.optim, name)(params, **options)


def seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    print(f"{'a step, milliseconds':34} {'ours':>9} {'PyTorch':>9} {'ratio':>7}")
    for net, shapes in NETS.items():
        for name, options in RULES.items():
            ours, theirs = (optimizer(lib, name, shapes, options) for lib in (flambeau, pytorch))
            ours.step(), theirs.step()
            pairs = [(seconds(ours.step), seconds(theirs.step)) for _ in range(rounds)]
            ratio = statistics.median(a / b for a, b in pairs)
            best = [min(column) * 1e3 for column in zip(*pairs)]
            print(f"{net:24} {name:9} {best[0]:9.3f} {best[1]:9.3f} {ratio:7.2f}", flush=True)


if __name__ == "__main__":
    main()
