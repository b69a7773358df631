"""Errors inside a model: PyTorch's kind, and the module by name, what it got, and the cure."""

from __future__ import annotations

import pytest
from oracle import SELF_TEST, lib

pytestmark = pytest.mark.skipif(SELF_TEST, reason="what the library adds to PyTorch")

nn = lib.nn


def words(call, *args, kind=RuntimeError):
    with pytest.raises(kind) as caught:
        call(*args)
    return str(caught.value)


class Net(nn.Module):
    def __init__(self, **layers):
        super().__init__()
        self.body = nn.ModuleDict(layers)

    def forward(self, *args):
        for layer in self.body.values():
            args = (layer(*args),)
        return args[0]


def test_name_is_completed_on_the_way_out():
    net = nn.Sequential(nn.Identity(), Net(first=nn.ReLU(), fc1=nn.Linear(512, 32)))
    text = words(net, lib.ones(64, 8))
    assert "  in 1.body.fc1: Linear(512 -> 32) got (64, 8)" in text.split("\n")
    assert text.count("  in ") == 1
    assert "Linear(512 -> 32) got (64, 8)" in words(nn.Linear(512, 32), lib.ones(64, 8))


def test_the_kind_stays_and_users_errors_are_left_alone():
    class Mine(nn.Module):
        def forward(self, x):
            raise ValueError("mine")

    assert words(nn.Sequential(Mine()), lib.ones(1), kind=ValueError) == "mine"
    assert "0: BatchNorm2d(3)" in words(
        nn.Sequential(nn.BatchNorm2d(3)), lib.ones(2, 3), kind=ValueError
    )
    net = nn.Sequential(nn.Embedding(3, 2))
    text = words(net, lib.tensor([5]), kind=IndexError)
    assert "in 0: Embedding(3 x 2) got (1,) int64" in text and "nn.Embedding(6, 2)" in text


CASES = {
    "flatten": (lambda: nn.Linear(8, 2), lambda: (lib.ones(5, 2, 2, 2),), "nn.Flatten()"),
    "width": (lambda: nn.Linear(8, 2), lambda: (lib.ones(5, 7),), "nn.Linear(7, 2)"),
    "transposed": (lambda: nn.Linear(8, 2), lambda: (lib.ones(8, 5),), "x.T"),
    "integers": (lambda: nn.Linear(2, 2), lambda: (lib.ones(5, 2, dtype=lib.int64),), "x.to("),
    "double": (
        lambda: nn.Linear(2, 2),
        lambda: (lib.ones(5, 2, dtype=lib.float64),),
        "x.to(torch.float32)",
    ),
    "channels last": (
        lambda: nn.Conv2d(3, 4, 3),
        lambda: (lib.ones(2, 8, 8, 3),),
        "x.permute(0, 3, 1, 2)",
    ),
    "no batch, channels last": (
        lambda: nn.Conv2d(3, 4, 3),
        lambda: (lib.ones(8, 8, 3),),
        "x.permute(2, 0, 1).unsqueeze(0)",
    ),
    "no channel": (
        lambda: nn.Conv2d(1, 4, 3),
        lambda: (lib.ones(2, 8, 8),),
        "x = x.unsqueeze(1)",
    ),
    "no channel, no batch": (
        lambda: nn.Conv2d(1, 4, 3),
        lambda: (lib.ones(8, 8),),
        "x = x[None, None]",
    ),
    "channels": (
        lambda: nn.Conv2d(3, 4, 5),
        lambda: (lib.ones(2, 1, 8, 8),),
        "nn.Conv2d(1, 4, 5)",
    ),
    "too small": (
        lambda: nn.Conv2d(3, 4, 5),
        lambda: (lib.ones(2, 3, 4, 4),),
        "too small for a 5x5 kernel",
    ),
    "norm dims": (lambda: nn.BatchNorm1d(3), lambda: (lib.ones(2, 3, 4, 4),), "nn.BatchNorm2d"),
    "norm channels": (
        lambda: nn.BatchNorm2d(3),
        lambda: (lib.ones(2, 4, 5, 5),),
        "nn.BatchNorm2d(4)",
    ),
    "batch of one": (lambda: nn.BatchNorm1d(3), lambda: (lib.ones(1, 3),), "drop_last=True"),
    "layer norm": (lambda: nn.LayerNorm(4), lambda: (lib.ones(2, 5),), "nn.LayerNorm(5)"),
    "float indices": (lambda: nn.Embedding(3, 2), lambda: (lib.ones(2),), "x.long()"),
    "features": (lambda: nn.LSTM(3, 4), lambda: (lib.ones(5, 2, 6),), "nn.LSTM(6, 4)"),
    "state": (
        lambda: nn.GRU(3, 4, batch_first=True),
        lambda: (lib.ones(2, 5, 3), lib.ones(1, 5, 4)),
        "the state is (1, 2, 4)",
    ),
    "label dtype": (
        nn.CrossEntropyLoss,
        lambda: (lib.ones(4, 3), lib.ones(4)),
        "target.long()",
    ),
    "label range": (
        nn.CrossEntropyLoss,
        lambda: (lib.ones(2, 3), lib.tensor([0, 5])),
        "the last layer needs 6 outputs",
    ),
    "labels from one": (
        nn.NLLLoss,
        lambda: (lib.ones(3, 3), lib.tensor([1, 2, 3])),
        "target = target - 1",
    ),
    "label column": (
        nn.CrossEntropyLoss,
        lambda: (lib.ones(4, 3), lib.ones(4, 1, dtype=lib.int64)),
        "target.squeeze(1)",
    ),
    "one-hot": (
        nn.CrossEntropyLoss,
        lambda: (lib.ones(4, 3), lib.ones(4, 3, dtype=lib.int64)),
        "target.argmax(1)",
    ),
    "batch sizes": (
        nn.CrossEntropyLoss,
        lambda: (lib.ones(4, 3), lib.ones(5, dtype=lib.int64)),
        "4 predictions and 5 labels",
    ),
    "bce shape": (
        nn.BCEWithLogitsLoss,
        lambda: (lib.ones(4, 1), lib.ones(4)),
        "target.unsqueeze(-1)",
    ),
    "bce range": (
        nn.BCELoss,
        lambda: (lib.full((2,), 3.0), lib.ones(2)),
        "nn.BCEWithLogitsLoss",
    ),
    "pool": (lambda: nn.MaxPool2d(2), lambda: (lib.ones(1, 3, 1, 1),), "fewer pools"),
}


@pytest.mark.parametrize("case", CASES)
def test_cures(case):
    make, args, cure = CASES[case]
    text = words(make(), *args(), kind=(RuntimeError, ValueError, IndexError))
    assert "  fix: " in text and cure in text, text


@pytest.mark.parametrize(
    "loss",
    [
        nn.L1Loss, nn.MSELoss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss,
        nn.KLDivLoss, nn.PoissonNLLLoss, nn.SoftMarginLoss, nn.HingeEmbeddingLoss,
        nn.CrossEntropyLoss, nn.MultiLabelSoftMarginLoss,
    ],
)  # fmt: skip
def test_criteria_refuse_a_target_with_gradient(loss):
    reduction = "batchmean" if loss is nn.KLDivLoss else "mean"
    x = lib.full((2, 3), 0.5, requires_grad=True)
    target = lib.full((2, 3), 0.5, requires_grad=True)
    message = (
        "nn criterions don't compute the gradient w.r.t. targets - please mark these tensors as "
        "not requiring gradients"
    )
    text = words(loss(reduction=reduction), x, target, kind=AssertionError)
    assert text.startswith(message) and "detach" in text
    loss(reduction=reduction)(x, target.detach()).backward()
    assert x.grad is not None


def test_functions_accept_a_target_with_gradient():
    x, t = lib.tensor([1.0], requires_grad=True), lib.tensor([3.0], requires_grad=True)
    nn.functional.mse_loss(x, t).backward()
    assert float(t.grad) == 4.0


def test_hooks_and_missing_arguments():
    net = nn.Sequential(nn.Linear(2, 2))
    net[0].register_forward_hook(lambda m, a, o: None)
    assert "in 0: Linear" in words(net, lib.ones(1, 3))
    assert "forward() missing 1 required positional argument" in words(net, kind=TypeError)


def test_what_is_no_tensor_is_named():
    assert "got str" in words(nn.Linear(2, 2), "x", kind=TypeError)
    assert "got no arguments" in words(nn.Linear(2, 2), kind=TypeError)


def test_failed_call_changes_nothing():
    """A batch norm that refuses its input keeps its statistics."""
    m = nn.BatchNorm1d(3)
    before = {k: v.clone() for k, v in m.state_dict().items()}
    for bad in (lib.ones(2, 4), lib.ones(1, 3), lib.ones(2, 3, 4, 5), lib.ones(2, 3).double()):
        with pytest.raises((RuntimeError, ValueError)):
            m(bad)
    for name, value in m.state_dict().items():
        assert lib.equal(value, before[name]), name
