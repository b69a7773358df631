"""Chapter 4.3 of the course: why samples are processed by batches.

python examples/course_4_3_batches.py
"""

import time

import flambeau as torch


def timing(x, w, batch, repetitions=5):
    """Median time of a linear layer on all rows of x, at once or one by one."""
    t = torch.zeros(repetitions)
    for u in range(repetitions):
        start = time.perf_counter()
        if batch:
            x.mm(w.t())
        else:
            y = torch.empty(x.size(0), w.size(0))
            for k in range(y.size(0)):
                y[k] = w.mv(x[k])
        t[u] = time.perf_counter() - start
    return t.median().item()


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(500, 1000)
    w = torch.randn(1500, 1000)
    speedup = timing(x, w, batch=False) / timing(x, w, batch=True)
    print(f"Batch-processing speed-up on CPU {speedup:.1f}")
