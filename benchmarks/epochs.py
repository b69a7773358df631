"""What an epoch of the examples takes: the course's digits, the book's birds and airplanes.

python benchmarks/epochs.py [DESIGN ...] [--threads N] [--epochs N] [--json FILE]

The networks are those of the package and of examples/; for PyTorch their text is read again with
other imports. Images are random numbers, as many and as large as those of MNIST (60,000) and of the
birds and airplanes of CIFAR-10 (10,000): what they show changes no time. Both frameworks train
epochs in turn, with loaders, loss and optimiser as in the examples. Printed are the best seconds of
each.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

# Threads are settled before NumPy loads.
if "--threads" in sys.argv:
    os.environ["OMP_NUM_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import numpy as np
import torch as pytorch

import flambeau

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = {
    "import flambeau as torch": "import torch",
    "from flambeau.tensor.api import torch": "import torch",
    "from flambeau.nn import functional as F": "from torch.nn import functional as F",
    "from flambeau import nn": "from torch import nn",
}
BOOK = "src/flambeau/vision/models/book.py"
COURSE = "examples/mnist_course.py"
MNIST, BIRDS = ((60_000, 1, 28, 28), 10), ((10_000, 3, 32, 32), 2)

# Design: where its network is, images and classes, learning rate, weight of squared parameters.
DESIGNS = {
    "mnist": (COURSE, "Net", MNIST, 1e-1, 0.0),
    "baseline": (BOOK, "Net", BIRDS, 1e-2, 0.0),
    "width": (BOOK, "NetWidth", BIRDS, 1e-2, 0.0),
    "l2 reg": (BOOK, "Net", BIRDS, 1e-2, 1e-3),
    "dropout": (BOOK, "NetDropout", BIRDS, 1e-2, 0.0),
    "batch_norm": (BOOK, "NetBatchNorm", BIRDS, 1e-2, 0.0),
    "depth": (BOOK, "NetDepth", BIRDS, 1e-2, 0.0),
    "res": (BOOK, "NetRes", BIRDS, 1e-2, 0.0),
    "res deep": (BOOK, "NetResDeep", BIRDS, 3e-3, 0.0),
}


def network(torch: Any, path: str, name: str) -> Any:
    """The network of that name in a program written for Flambeau."""
    text = (ROOT / path).read_text()
    space = {"__name__": "design", "register_model": lambda **_: lambda make: make}
    if torch is pytorch:
        lines = [IMPORTS.get(line, line) for line in text.split("\n")]
        text = "\n".join(line for line in lines if not line.startswith("from flambeau."))
    exec(compile(text, path, "exec"), space)
    return space[name]()


def batches(torch: Any, images: Any, labels: Any) -> Any:
    """Batches as the examples take them: the course splits, the book has a loader."""
    if len(images) == MNIST[0][0]:
        return zip(images.split(100), labels.split(100))
    data = torch.utils.data.TensorDataset(images, labels)
    return torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)


def train(torch: Any, model: Any, images: Any, labels: Any, lr: float, l2: float) -> float:
    """One epoch; its seconds."""
    began = time.perf_counter()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    loss_fn = torch.nn.CrossEntropyLoss()
    for x, y in batches(torch, images, labels):
        loss = loss_fn(model(x), y)
        if l2:
            loss = loss + l2 * sum(p.pow(2.0).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return time.perf_counter() - began


def measure(design: str, epochs: int) -> dict[str, float]:
    """The best seconds an epoch of each framework."""
    path, name, (shape, classes), lr, l2 = DESIGNS[design]
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(shape, np.float32), rng.integers(0, classes, shape[0])
    sides = {"flambeau": flambeau, "pytorch": pytorch}
    best = dict.fromkeys(sides, float("inf"))
    nets = {side: network(torch, path, name) for side, torch in sides.items()}
    for _ in range(epochs):
        for side, torch in sides.items():
            data = torch.from_numpy(x), torch.from_numpy(y)
            best[side] = min(best[side], train(torch, nets[side], *data, lr, l2))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("designs", nargs="*", default=list(DESIGNS), help=", ".join(DESIGNS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--json", help="write the figures to this file as well")
    options = parser.parse_args()
    pytorch.set_num_threads(options.threads)
    flambeau.set_num_threads(options.threads)
    print(f"{'':10s} {'flambeau s':>10s} {'pytorch s':>10s} {'pytorch / flambeau':>19s}")
    figures = {}
    for design in options.designs:
        figures[design] = best = measure(design, options.epochs)
        ours, theirs = best["flambeau"], best["pytorch"]
        print(f"{design:10s} {ours:10.2f} {theirs:10.2f} {theirs / ours:19.2f}", flush=True)
        if options.json:
            Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
