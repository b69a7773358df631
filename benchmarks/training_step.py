"""What a training step costs: forward, loss, backward, SGD with momentum, on four networks.

python benchmarks/training_step.py [NAME ...] [--threads N] [--steps N] [--json FILE]

The same text builds each network in Flambeau and in PyTorch, with the same parameters; they step in
turn. Printed are the best time of each and the median of the ratios of neighbouring steps, which a
busy machine disturbs least. The losses after the last step are compared: what is timed is the same
work.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

# Threads are settled before NumPy loads.
if "--threads" in sys.argv:
    os.environ["OMP_NUM_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import numpy as np
import torch as pytorch

import flambeau


def course_net(torch: Any) -> Any:
    """The LeNet-like net of the course, 105,506 parameters."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 32, 5),
        nn.MaxPool2d(3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 200),
        nn.ReLU(),
        nn.Linear(200, 10),
    )


def book_net(torch: Any) -> Any:
    """The birds and airplanes net of the book, 18,090 parameters."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.Tanh(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 8, 3, padding=1),
        nn.Tanh(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(512, 32),
        nn.Tanh(),
        nn.Linear(32, 2),
    )


def mlp(torch: Any) -> Any:
    """10-100-50-2."""
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 2)
    )


def resnet18(torch: Any) -> Any:
    """ResNet-18 for 32 x 32 images: first convolution 3 x 3, no pooling after it."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.Conv2d(after, after, 3, padding=1, bias=False),
                nn.BatchNorm2d(after),
            )
            self.short = nn.Identity()
            if stride != 1 or before != after:
                self.short = nn.Sequential(
                    nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
                )

        def forward(self, x: Any) -> Any:
            return nn.functional.relu(self.body(x) + self.short(x))

    layers = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    before = 64
    for after, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(before, after, stride), Block(after, after, 1)]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


NETS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], int, int]] = {
    "lenet": (course_net, (100, 1, 28, 28), 10, 30),
    "book": (book_net, (64, 3, 32, 32), 2, 30),
    "mlp": (mlp, (32, 10), 2, 300),
    "resnet18": (resnet18, (32, 3, 32, 32), 10, 3),
}


def stepper(torch: Any, model: Any, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """A function that makes one training step and returns the loss."""
    images, labels = torch.from_numpy(x), torch.from_numpy(y)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    cross_entropy = torch.nn.functional.cross_entropy

    def step() -> Any:
        loss = cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def pair(name: str) -> list[Callable[[], Any]]:
    """The same network, data and optimiser in both frameworks."""
    make, shape, classes, _ = NETS[name]
    pytorch.manual_seed(0)
    theirs = make(pytorch)
    ours = make(flambeau)
    state = {
        key: flambeau.from_numpy(value.numpy().copy()) for key, value in theirs.state_dict().items()
    }
    ours.load_state_dict(state)
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, np.float32)
    y = rng.integers(0, classes, shape[0])
    return [stepper(flambeau, ours, x, y), stepper(pytorch, theirs, x, y)]


def measure(name: str, steps: int) -> dict[str, float]:
    """Best milliseconds of each framework, the median ratio of neighbours, the last losses."""
    both = pair(name)
    times: list[list[float]] = [[], []]
    losses = [0.0, 0.0]
    for step in range(steps + 2):  # two to warm up
        for which, function in enumerate(both):
            begun = time.perf_counter()
            loss = function()
            taken = time.perf_counter() - begun
            losses[which] = loss.item()
            if step >= 2:
                times[which].append(1000 * taken)
    ours, theirs = (min(taken) for taken in times)
    ratio = statistics.median(a / b for a, b in zip(*times))
    return {
        "flambeau_ms": ours,
        "pytorch_ms": theirs,
        "ratio": ratio,
        "loss_difference": abs(losses[0] - losses[1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", default=list(NETS), metavar="NAME", help=", ".join(NETS)
    )
    # One thread: with more, the two libraries' spinning thread pools disturb each other.
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--steps", type=int, help="steps of each network instead of its usual number"
    )
    parser.add_argument("--json", help="write the figures to this file as well")
    options = parser.parse_args()
    pytorch.set_num_threads(options.threads)
    flambeau.set_num_threads(options.threads)
    figures = {}
    print(
        f"{'':10s} {'flambeau ms':>12s} {'pytorch ms':>11s} {'ratio':>6s} {'loss differs by':>16s}"
    )
    for name in options.names:
        figures[name] = figure = measure(name, options.steps or NETS[name][3])
        print(
            f"{name:10s} {figure['flambeau_ms']:12.2f} {figure['pytorch_ms']:11.2f} "
            f"{figure['ratio']:6.2f} {figure['loss_difference']:16.1e}"
        )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
