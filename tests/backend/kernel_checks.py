"""What the tests of the runtime's kernels share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)


def poisoned(*shape: int, dtype=np.float32) -> np.ndarray:
    """An array of NaN, or of a conspicuous integer: what a kernel does not write shows."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 113, dtype)


def everywhere(run: Callable[[], tuple[np.ndarray, ...]]) -> list[tuple[np.ndarray, ...]]:
    """The results of ``run`` on every instruction set of the machine, each the same bits with one,
    two and five threads.
    """
    results = []
    before, threads = native.instruction_set(), native.get_num_threads()
    try:
        for name in native.instruction_sets():
            native.use_instruction_set(name)
            found = []
            for count in (1, 2, 5):
                native.set_num_threads(count)
                found.append(run())
            for other in found[1:]:
                for a, b in zip(found[0], other, strict=True):
                    assert a.tobytes() == b.tobytes(), f"{name}: threads change the result"
            results.append(found[0])
    finally:
        native.use_instruction_set(before)
        native.set_num_threads(threads)
    return results


def close(
    got: np.ndarray, expected: np.ndarray, tolerance: float, what: str = "", least: float = 0.0
) -> None:
    """NaN and infinities where they belong, and the rest within ``tolerance`` of the largest, or of
    ``least`` where all are smaller (what should cancel to 0).
    """
    expected = np.asarray(expected, np.float64)
    got = np.asarray(got, np.float64)
    assert got.shape == expected.shape, what
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite], err_msg=what)
    if finite.any():
        error = np.abs(got[finite] - expected[finite]).max()
        scale = max(least, np.abs(expected[finite]).max())
        assert error <= tolerance * scale, f"{what}: error {error:.3g} at scale {scale:.3g}"
