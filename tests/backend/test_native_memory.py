"""Memory of results: aligned, kept when it is freed, within a bound; owned by its array."""

import gc

import numpy as np
import pytest

import flambeau

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)
FLOAT = np.dtype(np.float32)


@pytest.fixture(autouse=True)
def _limit():
    before = native.kept_memory_limit()
    yield
    native.set_kept_memory_limit(before)


@pytest.mark.parametrize("shape", [(0,), (), (1, 3), (1000,), (129, 65), (3, 1 << 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64])
def test_arrays_begin_at_a_cache_line_and_own_their_memory(shape, dtype):
    x = native.empty(shape, np.dtype(dtype))
    assert x.shape == shape and x.dtype == dtype and x.flags.c_contiguous
    assert x.ctypes.data % 64 == 0 and x.base is None and x.flags.owndata
    x[...] = 1


def test_strides():
    x = native.empty((2, 3, 4, 5), FLOAT, (240, 4, 60, 12))
    assert x.transpose(0, 2, 3, 1).flags.c_contiguous and x.flags.owndata


def test_freed_memory_is_used_again():
    native.set_kept_memory_limit(2**28)
    x = native.empty((1000, 7), FLOAT)
    place, before = x.ctypes.data, native.kept_memory()
    del x
    assert native.kept_memory() > before
    x = native.empty((7, 999), FLOAT)  # of the same class of sizes
    assert x.ctypes.data == place and native.kept_memory() == before


@pytest.mark.parametrize("most", [0, 100_000, 10_000_000])
def test_no_more_is_kept_than_the_limit(most):
    flambeau.backends.native.set_kept_memory_limit(most)
    assert flambeau.backends.native.kept_memory_limit() == most
    arrays = [native.empty((n,), FLOAT) for n in range(1024, 1_000_000, 9973)]
    assert native.kept_memory() <= most
    del arrays
    gc.collect()
    assert native.kept_memory() <= most
    assert most < 100_000 or native.kept_memory() > 0


def test_what_was_used_longest_ago_goes_first():
    native.set_kept_memory_limit(0)
    native.set_kept_memory_limit(60_000)
    small, large = (native.empty((n,), np.dtype(np.uint8)) for n in (20_000, 45_000))
    del small
    assert 20_000 < native.kept_memory() < 45_000
    del large
    assert 45_000 < native.kept_memory() <= 60_000


def test_arrays_can_grow():
    x = native.empty((1024,), FLOAT)
    x[:] = np.arange(1024)
    x.resize(100_000, refcheck=False)
    assert x.ctypes.data % 64 == 0
    np.testing.assert_array_equal(x[:1024], np.arange(1024))
    assert not x[1024:].any()


@pytest.mark.parametrize("shape", [(1 << 62,), (1 << 40,), (1 << 31, 1 << 31)])
def test_too_large(shape):
    with pytest.raises((MemoryError, ValueError)):
        native.empty(shape, FLOAT)


def test_users_arrays_keep_the_memory_of_numpy():
    before = np._core.multiarray.get_handler_name()
    native.empty((5000,), FLOAT)
    with pytest.raises(TypeError):
        native.empty("five", FLOAT)
    assert np._core.multiarray.get_handler_name() == before
    assert np._core.multiarray.get_handler_name(native.empty((5000,), FLOAT)) == "flambeau"


@pytest.mark.parametrize("most", [-1, 1.5, "all"])
def test_a_limit_is_a_number_of_bytes(most):
    with pytest.raises(ValueError, match="number of bytes"):
        flambeau.backends.native.set_kept_memory_limit(most)


def test_kernels_write_all_of_what_they_are_given():
    """Memory that is handed out full of NaN shows what a kernel leaves out."""
    native.poison_memory(True)
    try:
        torch = flambeau
        torch.manual_seed(0)
        net = torch.nn.Sequential(
            torch.nn.Conv2d(3, 33, 3, padding=1),
            torch.nn.BatchNorm2d(33),
            torch.nn.GELU(),
            torch.nn.MaxPool2d(3, 2),
            torch.nn.Conv2d(33, 40, 5, groups=1),
            torch.nn.AvgPool2d(2, ceil_mode=True),
            torch.nn.Flatten(),
            torch.nn.LayerNorm(40 * 3 * 3),
            torch.nn.Linear(40 * 3 * 3, 10),
        )
        x = torch.randn(9, 3, 20, 20, requires_grad=True)
        loss = torch.nn.functional.cross_entropy(net(x), torch.arange(9))
        loss.backward()
        assert torch.isfinite(loss) and torch.isfinite(x.grad).all()
        assert all(torch.isfinite(p.grad).all() for p in net.parameters())
    finally:
        native.poison_memory(False)
