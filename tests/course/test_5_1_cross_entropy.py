"""Course 5.1: cross-entropy, log-softmax, softmax, the other criteria."""

from __future__ import annotations

import math

import pytest
from transcripts import F, nn, session, torch


def test_one_hot_vectors():
    """The slide's labels 2 1 1 3 2 as 0/1 vectors."""
    session("""
    >>> F.one_hot(torch.tensor([2, 1, 1, 3, 2]) - 1)
    tensor([[0, 1, 0],
            [1, 0, 0],
            [1, 0, 0],
            [0, 0, 1],
            [0, 1, 0]])
    """)


def test_cross_entropy_loss():
    session("""
    >>> f = torch.tensor([[-1., -3., 4.], [-3., 3., -1.]])
    >>> target = torch.tensor([0, 1])
    >>> criterion = torch.nn.CrossEntropyLoss()
    >>> criterion(f, target)
    tensor(2.5141)
    """)
    e = math.exp
    by_hand = -0.5 * (
        math.log(e(-1) / (e(-1) + e(-3) + e(4))) + math.log(e(3) / (e(-3) + e(3) + e(-1)))
    )
    assert round(by_hand, 4) == 2.5141


def test_range_of_the_loss():
    """0 for perfect classification, log(C) for a uniform posterior, no bound above."""
    session("""
    >>> criterion = nn.CrossEntropyLoss()
    >>> criterion(torch.tensor([[1000., 0., 0.]]), torch.tensor([0]))
    tensor(0.)
    >>> criterion(torch.zeros(4, 10), torch.tensor([0, 3, 5, 9]))
    tensor(2.3026)
    >>> criterion(torch.tensor([[1000., 0., 0.]]), torch.tensor([1]))
    tensor(1000.)
    """)
    assert round(math.log(10), 4) == 2.3026


def test_mse_penalises_what_cross_entropy_accepts():
    """L = (x - 1)^2 + (y + 1)^2 against L = -log(e^x / (e^x + e^y)): far on the right side."""
    right = torch.tensor([[10.0, -10.0]])
    assert F.mse_loss(right, torch.tensor([[1.0, -1.0]]), reduction="sum").item() == 162.0
    assert F.cross_entropy(right, torch.tensor([0])).item() < 1e-8


def test_log_softmax_and_nll_loss():
    session("""
    >>> f = torch.tensor([[-1., -3., 4.], [-3., 3., -1.]])
    >>> target = torch.tensor([0, 1])
    >>> model = nn.LogSoftmax(dim = 1)
    >>> criterion = torch.nn.NLLLoss()
    >>> criterion(model(f), target)
    tensor(2.5141)
    """)


def test_softmax():
    session("""
    >>> y = torch.tensor([[-10., -10., 10., -5. ],
    ...                   [ 3., 0., 0., 0. ],
    ...                   [ 1., 2., 3., 4. ]])
    >>> f = torch.nn.Softmax(1)
    >>> f(y)
    tensor([[2.0612e-09, 2.0612e-09, 1.0000e+00, 3.0590e-07],
            [8.7005e-01, 4.3317e-02, 4.3317e-02, 4.3317e-02],
            [3.2059e-02, 8.7144e-02, 2.3688e-01, 6.4391e-01]])
    """)


def test_the_average_over_samples():
    """The criterion is the mean of -log P(Y = y_n | x_n); cross-entropy of a one-hot q."""
    torch.manual_seed(0)
    logits, labels = torch.randn(7, 5), torch.randint(0, 5, (7,))
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    each = -p[torch.arange(7), labels].log()
    torch.testing.assert_close(nn.CrossEntropyLoss()(logits, labels), each.mean())
    torch.testing.assert_close(F.cross_entropy(logits, F.one_hot(labels, 5).float()), each.mean())


@pytest.mark.filterwarnings("ignore:NLLLoss2d has been deprecated")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_list_of_criteria():
    torch.manual_seed(0)
    x, labels = torch.randn(3, 4), torch.tensor([0, 3, 1])
    assert nn.MSELoss()(x, torch.zeros(3, 4)).item() == pytest.approx(x.pow(2).mean().item())
    assert nn.L1Loss()(x, torch.zeros(3, 4)).item() == pytest.approx(x.abs().mean().item())
    picked = -x[torch.arange(3), labels].mean().item()
    assert nn.NLLLoss()(x, labels).item() == pytest.approx(picked)
    images, classes = torch.randn(2, 4, 3, 3), torch.randint(0, 4, (2, 3, 3))
    assert nn.NLLLoss2d()(images, classes).item() == pytest.approx(
        nn.NLLLoss()(images, classes).item()
    )
    correct = x.gather(1, labels.view(-1, 1))
    margins = (1 - correct + x).clamp(min=0).scatter(1, labels.view(-1, 1), 0.0)
    expected = (margins.sum(1) / 4).mean().item()
    assert nn.MultiMarginLoss()(x, labels).item() == pytest.approx(expected)
