"""NumPy, DLPack, constructors and factories, torch.Size, the small methods of tensors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from oracle import SELF_TEST, agree, lib

EXPRESSIONS = """
torch.tensor([1, 2, 3]) | torch.tensor([1.0, 2]) | torch.tensor(True) | torch.tensor([]) | torch.tensor(3)
torch.tensor([[1, 2], [3, 4]]) | torch.tensor([[1, 2], [3]]) | torch.tensor([1, 2.5, True]) | torch.tensor(())
torch.tensor([1, 2], dtype=torch.float16) | torch.tensor('a') | torch.tensor([None]) | torch.tensor(1 + 2j)
torch.tensor(np.arange(3)) | torch.tensor(np.float32(2)) | torch.tensor([np.float64(1), 2]) | torch.tensor(range(3))
torch.tensor([torch.tensor(1.0), torch.tensor(2.0)]) | torch.tensor(2.7, dtype=torch.int64) | torch.tensor({})
torch.tensor([1.0], requires_grad=True).requires_grad | torch.tensor([1], device='cpu') | torch.tensor([[], []])
torch.Tensor(2, 3).shape | torch.Tensor([1, 2]) | torch.Tensor([[1, 2], [3, 4]]) | torch.Tensor() | torch.Tensor(5).shape
torch.Tensor(torch.Size([2, 2])).shape | torch.FloatTensor([1, 2]) | torch.LongTensor([1, 2]) | torch.DoubleTensor(2).shape
torch.IntTensor([3]) | torch.BoolTensor([True]) | torch.ByteTensor([1]) | torch.HalfTensor([1]) | torch.ShortTensor([1])
torch.zeros(2, 3) | torch.zeros((2, 3)) | torch.zeros([2]) | torch.zeros(()) | torch.zeros(2, dtype=torch.int32)
torch.zeros(torch.Size([2])) | torch.zeros(size=(2,)) | torch.ones(2) | torch.ones(2, 2, dtype=torch.bool) | torch.zeros(-1)
torch.full((2,), 3) | torch.full((2,), 3.0) | torch.full((2,), True) | torch.full((2,), 3, dtype=torch.float64) | torch.full([], 2)
torch.empty(2, 3).shape | torch.empty(0) | torch.empty((2, 0)).shape | torch.empty(2, dtype=torch.uint8).dtype
torch.arange(5) | torch.arange(1, 4) | torch.arange(1, 2, 0.25) | torch.arange(5.0) | torch.arange(5, 0, -2) | torch.arange(0)
torch.arange(3, dtype=torch.float64) | torch.arange(1, 0) | torch.arange(0, 1, 0) | torch.arange(end=3) | torch.range(0, 3)
torch.linspace(0, 1, 5) | torch.linspace(0, 10, 3, dtype=torch.int64) | torch.linspace(1, 2, 1) | torch.linspace(0, 1, 0)
torch.logspace(0, 2, 3) | torch.eye(3) | torch.eye(2, 4) | torch.eye(2, dtype=torch.int64) | torch.eye(-1)
torch.zeros_like(torch.ones(2, dtype=torch.int64)) | torch.ones_like(torch.zeros(2), dtype=torch.bool)
torch.full_like(torch.zeros(2), 7) | torch.empty_like(torch.ones(2, 3)).shape | torch.zeros_like(torch.ones(3, 2).t()).stride()
torch.ones(2).new_zeros(3) | torch.ones(2).new_ones((2, 2)) | torch.ones(2).new_full((2,), 3) | torch.ones(2).new_tensor([1, 2])
torch.ones(2).new_empty(3).shape | torch.ones(2, dtype=torch.int64).new_zeros(2) | torch.ones(2).new(3).shape | torch.ones(2).new([1, 2])
torch.as_tensor([1, 2]) | torch.as_tensor(np.arange(3.0)) | torch.asarray([1.0, 2]) | torch.scalar_tensor(2) | torch.scalar_tensor(2.5)
torch.tril_indices(3, 3) | torch.triu_indices(3, 3) | torch.complex(torch.ones(2), torch.zeros(2)) | torch.meshgrid(torch.arange(2), torch.arange(3), indexing='ij')
torch.cartesian_prod(torch.arange(2), torch.arange(2)) | torch.combinations(torch.arange(3)) | torch.block_diag(torch.ones(1, 1), torch.ones(2, 2))
torch.vander(torch.tensor([1.0, 2.0])) | torch.hann_window(4) | torch.is_tensor(torch.ones(1)) | torch.is_tensor([1])
torch.Size([2, 3]) | torch.Size([2, 3]) + (4,) | torch.Size([2, 3])[0] | torch.Size([2, 3])[:1] | torch.Size([2, 3]).numel()
repr(torch.Size([2, 3])) | str(torch.Size([])) | torch.Size([2]) * 2 | torch.Size([2, 3]) == (2, 3) | list(torch.Size([2, 3]))
type(torch.Size([2, 3])[:1]).__name__ | type(torch.Size([2]) + (1,)).__name__ | (1,) + torch.Size([2]) | torch.Size((2, 3)).index(3)
torch.Size([1.5]) | torch.Size('ab') | hash(torch.Size([2])) == hash((2,)) | torch.ones(2, 3).size() | torch.ones(2, 3).size(-1)
torch.ones(2, 3).size(5) | torch.ones(2, 3).shape[1] | torch.ones(2, 3).dim() | torch.ones(2, 3).ndim | torch.ones(2, 3).numel()
torch.ones(2, 3).nelement() | torch.ones(2, 3).stride() | torch.ones(2, 3).stride(0) | torch.ones(2, 3).element_size() | torch.ones(2, 3).nbytes
torch.ones(2, 3).itemsize | torch.ones(2).is_floating_point() | torch.ones(2).is_complex() | torch.ones(2).is_signed() | torch.ones(2).type()
torch.ones(2).type(torch.LongTensor) | torch.ones(2).type('torch.DoubleTensor') | torch.ones(2).type(torch.int32) | torch.ones(2).type_as(torch.ones(1, dtype=torch.int64))
torch.ones(2).to(torch.int64) | torch.ones(2).to('cpu') | torch.ones(2).to(torch.ones(1, dtype=torch.float64)) | torch.ones(2).to('cpu', torch.int32)
torch.ones(2).to(dtype=torch.bool) | torch.ones(2).cpu() | torch.ones(2).long() | torch.ones(2).half().dtype | torch.ones(2).int() | torch.ones(2).bool()
torch.ones(2).device | torch.ones(2).device.type | torch.ones(2).is_cuda | torch.ones(2).layout | torch.ones(2).get_device() | torch.ones(2).is_sparse
torch.ones(3).tolist() | torch.ones(2, 2).tolist() | torch.tensor(3).tolist() | torch.tensor([True]).tolist() | torch.tensor(2.5).item() | torch.ones(2).item()
int(torch.tensor(3.7)) | float(torch.tensor(3)) | bool(torch.tensor([0.0])) | bool(torch.ones(2)) | [10, 20, 30][torch.tensor(1)] | round(torch.tensor(2.6))
torch.tensor(2.0).__index__() | complex(torch.tensor(2)) | f'{torch.tensor(2.345):.2f}' | '%d' % torch.tensor(3) | '%.1f' % torch.tensor(2.25) | '{}'.format(torch.tensor(1))
len(torch.ones(3, 2)) | len(torch.tensor(1)) | [x.item() for x in torch.arange(3)] | list(reversed(torch.arange(3))) | 2 in torch.arange(3) | torch.ones(2) in [1]
torch.equal(torch.ones(2), torch.ones(2)) | torch.allclose(torch.ones(2), torch.ones(2) + 1e-9) | torch.isclose(torch.ones(2), torch.tensor([1.0, 1.1]))
torch.ones(2) == torch.ones(2) | torch.ones(2) != 1 | torch.ones(2) == 'a' | (torch.ones(2) == None) | torch.ones(2, 3).eq(1).all() | ~torch.tensor([True])
torch.ones(2, 3, 4, 4).contiguous(memory_format=torch.channels_last).stride() | torch.ones(2, 3, 4, 4).is_contiguous(memory_format=torch.channels_last)
torch.ones(2, 3, 4, 4).to(memory_format=torch.channels_last).is_contiguous() | torch.empty(2, 3, 4, 4, memory_format=torch.channels_last).stride()
torch.ones(2, 3).t().is_contiguous() | torch.ones(2, 3).t().contiguous().stride() | torch.ones(1, 3).t().is_contiguous() | torch.ones(2, 3)[:, ::2].stride()
torch.ones(2, 3).storage_offset() | torch.ones(2, 3)[1].storage_offset() | torch.ones(2, 3).view(3, 2).shape | torch.ones(2, 3).t().view(6) | torch.ones(2, 3).view(4)
torch.ones(2, 3).view(-1, 2).shape | torch.ones(2, 3).view(-1, -1) | torch.ones(2, 3).reshape(-1, 4) | torch.ones(4).view(torch.int32) | torch.ones(4).view(dtype=torch.float64)
torch.iinfo(torch.int8).max | torch.finfo(torch.float32).eps | torch.finfo(torch.float64).max | torch.finfo().tiny | torch.iinfo(torch.uint8).min | torch.finfo(torch.int32)
torch.get_default_dtype() | torch.float32.is_floating_point | torch.int64.is_floating_point | torch.complex64.is_complex | torch.float32.itemsize | repr(torch.float) | str(torch.long)
torch.device('cpu') | repr(torch.device('cpu')) | torch.device('cpu') == torch.device('cpu') | torch.device('cuda', 1).index | torch.device('cuda:1').type | torch.device('nope')
torch.device('cpu').index | torch.tensor([1, 2]).numpy().dtype.name | np.add(torch.ones(2), 1).tolist() | np.asarray(torch.ones(2)).tolist() | np.array(torch.arange(3), dtype=np.float32).tolist()
torch.ones(2) + np.ones(2) | torch.ones(2) * np.float64(2) | np.float64(2) * torch.ones(2) | torch.from_numpy(np.arange(3)) | torch.from_numpy([1])
torch.from_numpy(np.array('a')) | torch.from_numpy(np.arange(6.0).reshape(2, 3).T).stride() | torch.from_numpy(np.arange(6.0)[::2]).stride() | torch.from_numpy(np.arange(3)[::-1])
torch.frombuffer(bytearray(8), dtype=torch.float32) | torch.ones(2).float() is None | torch.numel(torch.ones(2)) | torch.is_floating_point(torch.ones(2)) | torch.is_nonzero(torch.ones(1))
torch.ones(2).apply_(lambda v: v * 3) | torch.zeros(3).index_fill(0, torch.tensor([1]), 2.0) | torch.ones(3, 3).fill_diagonal_(0) | torch.ones(2).resize_(4).shape | torch.ones(2).set_(torch.zeros(3))
"""  # noqa: E501

CASES = [case.strip() for line in EXPRESSIONS.strip().splitlines() for case in line.split(" | ")]


def plain(value):
    """Words instead of the objects that are each library's own."""
    if type(value).__name__ in ("dtype", "device", "layout"):
        return str(value)
    return tuple(value) if type(value).__name__ == "Size" else value


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", CASES)
def test_expression(expression):
    """Value, dtype, kind of error."""
    agree(lambda torch: plain(eval(expression, {"torch": torch, "np": np})))


def test_numpy_shares_memory_both_ways():
    array = np.arange(4.0)
    x = lib.from_numpy(array)
    x[0] = 10
    array[1] = 20
    assert array[0] == 10 and x[1].item() == 20
    back = x.numpy()
    back[2] = 30
    assert x[2].item() == 30 and np.shares_memory(back, array)
    assert np.shares_memory(np.asarray(x), array)
    assert np.shares_memory(x[1:].numpy(), array)


def test_as_tensor_copies_only_when_it_must():
    array = np.arange(4.0)
    assert np.shares_memory(lib.as_tensor(array).numpy(), array)
    assert not np.shares_memory(lib.tensor(array).numpy(), array)
    assert not np.shares_memory(lib.as_tensor(array, dtype=lib.float32).numpy(), array)
    x = lib.ones(2)
    assert lib.as_tensor(x) is x


def test_read_only_arrays():
    """PyTorch warns; a write must not go through silently to what NumPy protects."""
    array = np.arange(3.0)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        lib.from_numpy(array)


def test_dlpack():
    x = lib.arange(6.0).reshape(2, 3)
    array = np.from_dlpack(x)
    assert array.shape == (2, 3)
    x[0, 0] = 9
    assert array[0, 0] == 9
    y = lib.from_dlpack(np.arange(3.0))
    assert y.tolist() == [0, 1, 2]
    assert lib.utils.dlpack.from_dlpack(lib.utils.dlpack.to_dlpack(x)).tolist() == x.tolist()
    assert x.__dlpack_device__()[0] == 1


def test_dlpack_with_pytorch():
    import torch

    source = torch.arange(4.0)
    x = lib.from_dlpack(source)
    x[0] = 5
    assert source[0] == 5
    assert torch.from_dlpack(x)[0] == 5


@pytest.mark.filterwarnings("ignore:__array_wrap__")
def test_ufuncs_and_mixed_arithmetic():
    x = lib.ones(3)
    assert isinstance(x + np.float32(1), lib.Tensor)
    assert np.sum(x.numpy()) == 3
    assert np.stack([x, x]).shape == (2, 3)
    assert isinstance(np.sqrt(x), (np.ndarray, lib.Tensor))


def test_copy_and_pickle():
    x = lib.arange(6.0).reshape(2, 3).requires_grad_()
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.tolist() == x.tolist() and y.requires_grad and y.data_ptr() != x.data_ptr()
    shallow = copy.copy(x)
    assert shallow.data_ptr() == x.data_ptr()
    pair = [x.detach(), x.detach()[0]]
    first, second = copy.deepcopy(pair)
    second[0] = 50.0
    assert first[0, 0].item() == 50.0  # deepcopy keeps what shares memory together


def test_hash_and_identity():
    x, y = lib.ones(2), lib.ones(2)
    assert len({x, y}) == 2 and {x: 1}[x] == 1


def test_default_dtype():
    lib.set_default_dtype(lib.float64)
    try:
        assert lib.tensor(1.5).dtype == lib.float64 and lib.ones(2).dtype == lib.float64
        assert (lib.tensor([1]) / 2).dtype == lib.float64
    finally:
        lib.set_default_dtype(lib.float32)
    with pytest.raises(TypeError):
        lib.set_default_dtype(lib.int64)


def test_data_ptr_says_what_shares_memory():
    x = lib.zeros(4, 4)
    assert x.view(16).data_ptr() == x.data_ptr()
    assert x[1].data_ptr() == x.data_ptr() + 16
    assert x.clone().data_ptr() != x.data_ptr()
    assert x.untyped_storage().data_ptr() == x[2].untyped_storage().data_ptr()


def test_the_data_attribute():
    x = lib.ones(3, requires_grad=True)
    x.data.mul_(2)
    assert x.tolist() == [2, 2, 2] and x._version == 0
    x.data = lib.zeros(3)
    assert x.tolist() == [0, 0, 0] and x.requires_grad


def test_attributes_of_ones_own():
    x = lib.ones(2)
    x.note = "mine"
    assert x.note == "mine"


def test_subclasses():
    class Mine(lib.Tensor):
        pass

    x = lib.ones(2).as_subclass(Mine)
    assert isinstance(x, Mine) and x.tolist() == [1, 1]


@pytest.mark.skipif(SELF_TEST, reason="addresses of PyTorch's buffers are its own affair")
def test_buffers_are_aligned():
    for n in (1, 7, 100, 1000, 100_000):
        assert lib.empty(n).data_ptr() % 16 == 0
