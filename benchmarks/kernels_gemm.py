"""Matrix products of the C++ runtime against PyTorch's and NumPy's.

Run ``python benchmarks/kernels_gemm.py [threads]``. The third column is NumPy; the ratio is to
PyTorch alone. Set OPENBLAS_NUM_THREADS to the number of threads.
"""

from __future__ import annotations

import numpy as np
import torch
from kernel_pairs import aligned, compare, geometric_mean, native, use_threads

# name, batch, m, k, n, whether b is stored transposed, whether a is
PRODUCTS = [
    *[(f"{size} square", 1, size, size, size, False, False)
      for size in (64, 128, 256, 512, 1024, 2048)],
    ("LeNet linear 1 forward", 1, 100, 256, 200, True, False),
    ("LeNet linear 1 input", 1, 100, 200, 256, False, False),
    ("LeNet linear 1 weight", 1, 200, 100, 256, False, True),
    ("LeNet linear 2 forward", 1, 100, 200, 10, True, False),
    ("LeNet linear 2 weight", 1, 10, 100, 200, False, True),
    ("ResNet linear forward", 1, 32, 512, 1000, True, False),
    ("VGG linear forward", 1, 32, 25088, 4096, True, False),
    ("VGG linear input", 1, 32, 4096, 25088, False, False),
    ("VGG linear weight", 1, 4096, 32, 25088, False, True),
    ("attention 32 x 8, q k^T", 256, 64, 64, 64, True, False),
    ("attention 32 x 8, p v", 256, 64, 64, 64, False, False),
    ("attention 4 x 12, 256", 48, 256, 64, 256, True, False),
    ("many small", 4096, 8, 8, 8, False, False),
]  # fmt: skip


def filled(batch, rows, columns, transposed, dtype):
    """A stack of random matrices."""
    shape = (batch, columns, rows) if transposed else (batch, rows, columns)
    x = aligned(*shape, dtype=dtype)
    x[...] = np.random.default_rng(0).standard_normal(shape, np.float32)
    return x.swapaxes(1, 2) if transposed else x


def run(name, batch, m, k, n, b_transposed, a_transposed, dtype):
    """Compare one product."""
    a, b = filled(batch, m, k, a_transposed, dtype), filled(batch, k, n, b_transposed, dtype)
    c = aligned(batch, m, n, dtype=dtype)
    if batch == 1:
        a, b, c = a[0], b[0], c[0]
    ta, tb, tc = (torch.from_numpy(x) for x in (a, b, c))
    ratio = compare(name, lambda: native.gemm(a, b, c), [lambda: torch.matmul(ta, tb, out=tc)])
    compare("    against NumPy", lambda: native.gemm(a, b, c), [lambda: np.matmul(a, b, out=c)])
    return ratio


def main() -> None:
    use_threads()
    for dtype in (np.float32, np.float64):
        ratios = []
        for product in PRODUCTS:
            if dtype == np.float64 and "VGG" in product[0]:
                continue
            ratios.append(run(f"{product[0]} {np.dtype(dtype).name}", *product[1:], dtype))
        mean = geometric_mean(ratios)
        print(f"{np.dtype(dtype).name}: geometric mean {mean:.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
