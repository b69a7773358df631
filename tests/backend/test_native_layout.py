"""Feature maps from one order of memory to another."""

import numpy as np
import pytest

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)

SIZES = [1, 2, 3, 4, 15, 16, 17, 64, 1025]


@pytest.mark.parametrize("isa", native.instruction_sets())
@pytest.mark.parametrize("columns", SIZES)
@pytest.mark.parametrize("rows", SIZES)
def test_transpose(rows, columns, isa):
    before = native.instruction_set()
    native.use_instruction_set(isa)
    try:
        for batch in (1, 3):
            x = np.random.default_rng(0).standard_normal((batch, rows, columns), np.float32)
            memory = np.full(x.size + 2, np.nan, np.float32)
            y = memory[1:-1].reshape(batch, columns, rows)
            native.transpose(x, y)
            np.testing.assert_array_equal(y, x.transpose(0, 2, 1))
            assert np.isnan(memory[[0, -1]]).all()
    finally:
        native.use_instruction_set(before)


def test_nothing_to_move():
    native.transpose(np.empty((0, 3, 4), np.float32), np.empty((0, 4, 3), np.float32))


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 4, 3), (2, 4, 2)])
def test_another_output(shape):
    with pytest.raises(ValueError, match="shape of y"):
        native.transpose(np.ones((2, 3, 4), np.float32), np.empty(shape, np.float32))
