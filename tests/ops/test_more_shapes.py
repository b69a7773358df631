"""Operations on shapes, places and order beyond the table, held against PyTorch's samples."""

from __future__ import annotations

import op_table
import pytest
import test_gradients
import test_values

NAMES = """
H mH mT argwhere atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors bucketize
cartesian_prod column_stack combinations diagflat diagonal_scatter dsplit dstack empty_strided
fliplr flipud half histc hsplit hstack index_copy index_fill index_reduce/amax index_reduce/amin
isin logspace masked_scatter meshgrid/list_of_tensors msort narrow_copy put ravel renorm roll
rot90 scalar_tensor scatter_reduce/amax scatter_reduce/amin scatter_reduce/mean
scatter_reduce/prod scatter_reduce/sum searchsorted select_scatter slice_scatter split_with_sizes
squeeze/multiple take take_along_dim tensor_split tile trace tril_indices triu_indices unflatten
unfold unique unique_consecutive unsafe_chunk unsafe_split vsplit vstack
""".split()  # noqa: SIM905

CHECKS = (
    test_values.test_function, test_values.test_method, test_values.test_in_place,
    test_gradients.test_first_order, test_gradients.test_second_order,
)  # fmt: skip


@pytest.fixture
def whole_table(monkeypatch):
    from torch.testing._internal.common_methods_invocations import op_db

    found = {o.name + ("/" + o.variant_test_name) * bool(o.variant_test_name): o for o in op_db}
    monkeypatch.setattr(op_table, "table", lambda: found)
    random = {*op_table.RANDOM, "empty_strided"}
    monkeypatch.setattr(op_table, "RANDOM", random)
    return found


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("test_"))
@pytest.mark.parametrize("name", NAMES)
def test_more(name, check, whole_table):
    if not whole_table[name].supports_autograd and "order" in check.__name__:
        return  # an operation on integers
    check(name)
