"""What a DataLoader costs: against plain slicing of the same tensors, and against PyTorch's.

    python benchmarks/dataloader.py [--rounds 15] [--workers]

Every pair is run alternately in one process; the figures are medians of the pairs' ratios and best
times.
"""

# ruff: noqa: B023  (the functions are used up within their round of the loop)
from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings

import flambeau
from flambeau.utils import data

try:
    import torch
except ImportError:
    torch = None


def seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(name: str, one, other, rounds: int) -> None:
    """Print how long ``one`` takes in units of ``other``."""
    one(), other()
    pairs = [(seconds(one), seconds(other)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    best = [min(column) * 1e3 for column in zip(*pairs)]
    print(f"{name:58} {best[0]:9.2f} {best[1]:9.2f} {ratio:7.2f}", flush=True)


def exhaust(loader) -> None:
    for _ in loader:
        pass


def sliced(library, x, y, size: int, shuffle: bool) -> None:
    """The loop that one would write by hand."""
    n = len(x)
    if shuffle:
        order = library.randperm(n)
        for start in range(0, n, size):
            keys = order[start : start + size]
            x[keys], y[keys]
    else:
        for start in range(0, n, size):
            x[start : start + size].clone(), y[start : start + size].clone()


class Rows:
    """A data set that a user writes: one row a call."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Images:
    """Rows that cost something to make, as decoding does."""

    def __init__(self, library, count: int):
        self.library, self.count = library, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i):
        return self.library.full((3, 224, 224), float(i)), i


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--workers", action="store_true", help="also with worker processes")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if torch is not None:
        torch.set_num_threads(1)
    print(f"{'':58} {'ms':>9} {'ms':>9} {'ratio':>7}")
    for rows, width, size in (
        (20000, 784, 64),
        (20000, 784, 256),
        (20000, 16, 32),
        (2000, 3072, 64),
    ):
        x, y = flambeau.rand(rows, width), flambeau.randint(10, (rows,))
        sets = {"TensorDataset": data.TensorDataset(x, y)}
        sets["Subset of it"] = data.Subset(data.TensorDataset(x, y), list(range(rows)))
        for shuffle in (True, False):
            order = "shuffled" if shuffle else "in order"
            for kind, dataset in sets.items():
                loader = data.DataLoader(dataset, size, shuffle=shuffle)
                compare(
                    f"{kind} {rows}x{width}, batch {size}, {order} / slicing",
                    lambda: exhaust(loader),
                    lambda: sliced(flambeau, x, y, size, shuffle),
                    options.rounds,
                )
    if torch is None:
        sys.exit("PyTorch is not installed: no comparison with its loader")
    against_torch(options)


def against_torch(options) -> None:
    """The same data through both loaders."""
    from torch.utils import data as torch_data

    x, y = flambeau.rand(20000, 784), flambeau.randint(10, (20000,))
    tx, ty = torch.from_numpy(x.numpy()), torch.from_numpy(y.numpy())
    for size in (32, 256):
        ours = data.DataLoader(data.TensorDataset(x, y), size, shuffle=True)
        theirs = torch_data.DataLoader(torch_data.TensorDataset(tx, ty), size, shuffle=True)
        compare(
            f"TensorDataset, batch {size} / PyTorch's",
            lambda: exhaust(ours),
            lambda: exhaust(theirs),
            5,
        )
        ours = data.DataLoader(Rows(x, y), size, shuffle=True)
        theirs = torch_data.DataLoader(Rows(tx, ty), size, shuffle=True)
        compare(
            f"a user's data set, batch {size} / PyTorch's",
            lambda: exhaust(ours),
            lambda: exhaust(theirs),
            5,
        )
    if options.workers:
        for workers in (1, 2):
            ours = data.DataLoader(
                Images(flambeau, 512), 16, num_workers=workers, persistent_workers=True
            )
            theirs = torch_data.DataLoader(
                Images(torch, 512), 16, num_workers=workers, persistent_workers=True
            )
            name = f"images of 600 KB, batch 16, {workers} worker(s) / PyTorch's"
            compare(name, lambda: exhaust(ours), lambda: exhaust(theirs), 5)


if __name__ == "__main__":
    main()
