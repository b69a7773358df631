"""Packed sequences and recurrent layers with every flag: values, gradients, refusals."""

from __future__ import annotations

import itertools

import pytest
from oracle import agree, lib, tensors_in, to_lib, torch, unlike
from twice import attempt, same

FLAGS = list(itertools.product(["RNN", "LSTM", "GRU"], [1, 2], [False, True], [False, True]))


def twins(kind, **kwargs):
    torch.manual_seed(0)
    theirs = getattr(torch.nn, kind)(3, 4, dtype=torch.float64, **kwargs)
    ours = getattr(lib.nn, kind)(3, 4, dtype=lib.float64, **kwargs)
    ours.load_state_dict({k: to_lib(v) for k, v in theirs.state_dict().items()})
    return ours, theirs


def compare(ours, theirs, run):
    """Outputs and all parameter gradients of `run(module, library)`."""
    a, b = run(ours, lib), run(theirs, torch)
    for x, y in zip(tensors_in(a), tensors_in(b), strict=True):
        assert unlike(x.detach(), y.detach(), 1e-10, 1e-12) is None
    for outputs in (a, b):
        sum((t * t).sum() for t in tensors_in(outputs) if t.requires_grad).backward()
    params = dict(ours.named_parameters())
    for name, p in theirs.named_parameters():
        assert unlike(params[name].grad, p.grad, 1e-9, 1e-12) is None, name


@pytest.mark.parametrize("kind, layers, bidirectional, bias", FLAGS)
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed(kind, layers, bidirectional, bias, enforce_sorted):
    kwargs = {"num_layers": layers, "bidirectional": bidirectional, "bias": bias}
    ours, theirs = twins(kind, **kwargs)
    x = torch.randn(5, 3, 3, dtype=torch.float64)
    lengths = [5, 3, 1] if enforce_sorted else [1, 5, 3]

    def run(module, library):
        rnn = library.nn.utils.rnn
        data = x if library is torch else to_lib(x)
        packed = rnn.pack_padded_sequence(data, lengths, enforce_sorted=enforce_sorted)
        output, state = module(packed)
        return rnn.pad_packed_sequence(output), state

    compare(ours, theirs, run)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_initial_state(kind, batch_first):
    ours, theirs = twins(kind, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(2, 2, 3, dtype=torch.float64)
    h = torch.randn(4, 2, 4, dtype=torch.float64)
    state = (h, h + 1) if kind == "LSTM" else h

    def run(module, library):
        return module(x, state) if library is torch else module(to_lib(x), to_lib(state))

    compare(ours, theirs, run)


def test_projection():
    ours, theirs = twins("LSTM", num_layers=2, proj_size=2, bidirectional=True)
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    compare(ours, theirs, lambda m, library: m(x if library is torch else to_lib(x)))


def test_relu_and_unbatched():
    ours, theirs = twins("RNN", nonlinearity="relu")
    x = torch.randn(4, 3, dtype=torch.float64)
    compare(ours, theirs, lambda m, library: m(x if library is torch else to_lib(x)))


def test_dropout_between_layers():
    m = lib.nn.LSTM(3, 4, num_layers=2, dropout=0.5)
    x = lib.ones(5, 2, 3)
    assert not lib.equal(m(x)[0], m(x)[0])
    m.eval()
    assert lib.equal(m(x)[0], m(x)[0])


def test_refusals():
    def program(torch):
        nn = torch.nn
        for kwargs in (
            {"dropout": 2},
            {"dropout": True},
            {"bias": 1},
            {"batch_first": 1},
            {"num_layers": 0},
            {"proj_size": -1},
            {"proj_size": 4},
        ):
            attempt(nn.LSTM, 3, 4, **kwargs)
        for sizes in ((0, 1), (1, 0), (1.0, 1), (1, 2.0)):
            attempt(nn.GRU, *sizes)
        attempt(nn.GRU, 3, 4, proj_size=1)
        attempt(nn.RNN, 3, 4, nonlinearity="sine")
        nn.LSTM(3, 4, dropout=0.5)
        m = nn.GRU(3, 4)
        x = torch.ones(5, 2, 3)
        attempt(m, torch.ones(5, 2, 4))
        attempt(m, torch.ones(3))
        attempt(m, x.double())
        attempt(m, x, torch.ones(1, 3, 4))
        attempt(m, x, torch.ones(2, 4))
        attempt(m, torch.ones(5, 3), torch.ones(1, 1, 4))
        m = nn.LSTM(3, 4)
        attempt(m, x, (torch.ones(1, 2, 4), torch.ones(1, 2, 5)))
        attempt(m, x, (torch.ones(2, 4), torch.ones(2, 4)))
        attempt(nn.LSTMCell(3, 4), torch.ones(2, 2, 3))
        attempt(nn.GRUCell(3, 4), torch.ones(2, 5))

    same(program)


def test_state_and_text():
    def program(torch):
        nn = torch.nn
        m = nn.LSTM(3, 4, 2, True, True, 0.5, True, 2)
        print(m, [(k, tuple(v.shape)) for k, v in m.state_dict().items()])
        print(nn.RNN(3, 4, 1, "relu"), nn.RNN(3, 4, 2, "tanh", False), nn.GRU(3, 4, bias=False))
        print(nn.RNNCell(3, 4, False, "relu"), nn.LSTMCell(3, 4), nn.GRUCell(3, 4, bias=False))
        print([len(w) for w in m.all_weights])
        m.flatten_parameters()

    same(program)


def test_packing():
    def rnn(t):
        return t.nn.utils.rnn

    x = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[9.0, 0.0], [1.0, 1.0]]]
    agree(lambda t: tuple(rnn(t).pack_padded_sequence(t.tensor(x), [3, 2])[:2]))
    agree(lambda t: tuple(rnn(t).pack_padded_sequence(t.tensor(x), [1, 2], False, False)))
    agree(lambda t: tuple(rnn(t).pack_padded_sequence(t.tensor(x), [2, 2, 1], True)[:2]))
    for lengths in ([1, 2], [2], [2, 0]):
        agree(lambda t, n=lengths: rnn(t).pack_padded_sequence(t.tensor(x), n))
    parts = [[1.0, 2.0, 3.0], [4.0], [5.0, 6.0]]
    for side in ("left", "right", "up"):
        for first in (True, False):
            agree(
                lambda t, s=side, f=first: rnn(t).pad_sequence(
                    [t.tensor(p) for p in parts], f, -1.0, s
                )
            )
    agree(lambda t: rnn(t).pad_sequence([]))
    agree(lambda t: rnn(t).unpad_sequence(t.tensor(x), t.tensor([2, 3]), False))
    agree(lambda t: rnn(t).unpad_sequence(t.tensor(x), t.tensor([2, 1, 2]), True))

    def both_ways(t):
        packed = rnn(t).pack_sequence([t.tensor(p) for p in parts], enforce_sorted=False)
        padded = rnn(t).pad_packed_sequence(packed, True, 7.0, 5)
        return tuple(padded), rnn(t).unpack_sequence(packed), packed.data

    agree(both_ways)
    agree(
        lambda t: rnn(t).pad_packed_sequence(
            rnn(t).pack_sequence([t.tensor([1.0, 2.0])]), total_length=1
        )
    )


def test_packed_sequence_conversion():
    def program(torch):
        rnn = torch.nn.utils.rnn
        packed = rnn.pack_sequence([torch.ones(2), torch.ones(1)])
        print(packed.double().data.dtype, packed.to("cpu") is packed, packed.is_cuda)
        print(packed.long().data, packed.batch_sizes, packed.sorted_indices)
        print(type(packed).__name__, rnn.invert_permutation(torch.tensor([2, 0, 1])))

    same(program)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_derivatives(kind):
    m = getattr(lib.nn, kind)(2, 3, dtype=lib.float64)
    x = lib.randn(3, 2, 2, dtype=lib.float64, requires_grad=True)
    assert lib.autograd.gradcheck(lambda x: m(x)[0], (x,))
    assert lib.autograd.gradgradcheck(lambda x: m(x)[0], (x,))
    assert lib.autograd.gradgradcheck(lambda x: tensors_in(m(x)[1])[-1], (x,))
