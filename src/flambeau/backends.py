"""What computes: thread counts, and the switches that programs written for PyTorch set."""

from __future__ import annotations

import os
from types import SimpleNamespace

from flambeau.backend import native

cudnn = SimpleNamespace(
    enabled=False, benchmark=False, deterministic=True, allow_tf32=False,
    is_available=lambda: False, version=lambda: None,
)  # fmt: skip
mps = SimpleNamespace(is_available=lambda: False, is_built=lambda: False)
mkldnn = SimpleNamespace(is_available=lambda: False, enabled=False)
cuda = SimpleNamespace(is_built=lambda: False, matmul=SimpleNamespace(allow_tf32=False))


def get_num_threads() -> int:
    """Threads that an operation may use."""
    if _threads is not None:
        return _threads
    return native.runtime.get_num_threads() if native.runtime else len(os.sched_getaffinity(0))


def set_num_threads(n: int) -> None:
    """Limit the threads of an operation to ``n``.

    Matrix products obey where the package threadpoolctl is installed.
    """
    global _threads
    if not isinstance(n, int) or n < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {n!r}")
    if native.runtime:
        native.runtime.set_num_threads(n)
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        if native.runtime is None:
            raise RuntimeError(
                "set_num_threads needs the package threadpoolctl (pip install threadpoolctl), or "
                "set OMP_NUM_THREADS before Python starts"
            ) from None
    else:
        threadpool_limits(n)
    _threads = n


_threads: int | None = None
