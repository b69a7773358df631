"""Course 4.3: functions and modules, losses, batches."""

from __future__ import annotations

import time

import pytest
from transcripts import F, nn, session, torch


def test_relu():
    session(
        """
    >>> x
    tensor([[ 0.8008, -0.2586,  0.5019, -0.2002, -0.7416],
            [ 0.0557,  0.6046,  0.0864, -0.5929,  1.2606]])
    >>> F.relu(x)
    tensor([[0.8008, 0.0000, 0.5019, 0.0000, 0.0000],
            [0.0557, 0.6046, 0.0864, 0.0000, 1.2606]])
    >>> F.relu(x, inplace=True) is x
    True
    >>> x
    tensor([[0.8008, 0.0000, 0.5019, 0.0000, 0.0000],
            [0.0557, 0.6046, 0.0864, 0.0000, 1.2606]])
    """,
        x=torch.tensor(
            [
                [0.8008, -0.2586, 0.5019, -0.2002, -0.7416],
                [0.0557, 0.6046, 0.0864, -0.5929, 1.2606],
            ]
        ),
    )


def test_relu_of_the_2018_slides():
    """Variables of the slides of 2018: a Variable is a tensor today, its print too."""
    session("""
    >>> from_slide = [[-0.2066, -1.7997, -0.0653, 0.6481, 0.0253],
    ...               [1.0239, 3.0324, 1.6431, -1.8925, 0.0890]]
    >>> Variable, Tensor = torch.autograd.Variable, torch.Tensor
    >>> Variable(Tensor(2, 5).normal_()).size()
    torch.Size([2, 5])
    >>> x = Variable(Tensor(from_slide))
    >>> torch.nn.functional.relu(x)
    tensor([[0.0000, 0.0000, 0.0000, 0.6481, 0.0253],
            [1.0239, 3.0324, 1.6431, 0.0000, 0.0890]])
    """)


def test_linear():
    session("""
    >>> f = nn.Linear(in_features = 10, out_features = 4)
    >>> for n, p in f.named_parameters(): print(n, p.size())
    ...
    weight torch.Size([4, 10])
    bias torch.Size([4])
    >>> x = torch.randn(523, 10)
    >>> y = f(x)
    >>> y.size()
    torch.Size([523, 4])
    >>> f.weight.size()
    torch.Size([4, 10])
    >>> f.bias.size()
    torch.Size([4])
    >>> x = torch.empty(523, 10).normal_()
    >>> f(x).size()
    torch.Size([523, 4])
    """)


def test_linear_initialisation_is_random_and_bounded():
    torch.manual_seed(0)
    f = nn.Linear(100, 50)
    bound = 0.1
    assert f.weight.abs().max().item() <= bound and f.bias.abs().max().item() <= bound
    assert abs(f.weight.std().item() - bound / 3**0.5) < 0.002
    assert not torch.equal(f.weight, nn.Linear(100, 50).weight)


def test_mse_loss():
    session("""
    >>> f = nn.MSELoss()
    >>> x = torch.tensor([[ 3. ]])
    >>> y = torch.tensor([[ 0. ]])
    >>> f(x, y)
    tensor(9.)
    >>> x = torch.tensor([[ 3., 0., 0., 0. ]])
    >>> y = torch.tensor([[ 0., 0., 0., 0. ]])
    >>> f(x, y)
    tensor(2.2500)
    """)


def test_criteria_refuse_targets_that_require_a_gradient():
    """The course's rule; today's PyTorch has given it up, Flambeau has not."""
    if torch.__name__ == "torch":
        pytest.skip("today's PyTorch accepts such targets")
    f = nn.MSELoss()
    x = torch.tensor([3.0, 2.0]).requires_grad_()
    y = torch.tensor([0.0, -2.0]).requires_grad_()
    with pytest.raises(AssertionError) as raised:
        f(x, y)
    words = str(raised.value)
    assert "nn criterions don't compute the gradient w.r.t." in words
    assert "please mark these tensors as not requiring gradients" in words
    assert "detach" in words
    assert F.mse_loss(x, y).item() == 12.5
    assert f(x, y.detach()).item() == 12.5


@pytest.mark.parametrize(
    "criterion",
    ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss"],
)
def test_every_criterion_refuses(criterion):
    if torch.__name__ == "torch":
        pytest.skip("today's PyTorch accepts such targets")
    x = torch.full((3,), 0.5, requires_grad=True)
    with pytest.raises(AssertionError):
        getattr(nn, criterion)()(x, torch.full((3,), 0.5, requires_grad=True))


def test_a_loss_as_a_number():
    session("""
    >>> f = torch.nn.L1Loss()
    >>> u = f(torch.Tensor([1, 2, 3]), torch.Tensor([1, 2, 9]))
    >>> u
    tensor(2.)
    >>> u.item()
    2.0
    """)


def test_classification_with_mse_targets():
    """The slide's labels 2 1 1 3 2 with -1 everywhere but for the right class."""
    session("""
    >>> y = torch.tensor([2, 1, 1, 3, 2]) - 1
    >>> z = torch.full((5, 3), -1.).scatter_(1, y.view(-1, 1), 1)
    >>> z
    tensor([[-1.,  1., -1.],
            [ 1., -1., -1.],
            [ 1., -1., -1.],
            [-1., -1.,  1.],
            [-1.,  1., -1.]])
    """)


def timing(x, w, batch=False, nb=101):
    t = torch.zeros(nb)

    for u in range(nb):
        t0 = time.perf_counter()
        if batch:
            y = x.mm(w.t())
        else:
            y = torch.empty(x.size(0), w.size(0))
            for k in range(y.size(0)):
                y[k] = w.mv(x[k])
        y.is_cuda and torch.cuda.synchronize()
        t[u] = time.perf_counter() - t0

    return t.median().item()


def test_batches_are_faster():
    """The slide's program on a smaller problem; the result does not depend on batching."""
    torch.manual_seed(0)
    x = torch.randn(400, 200)
    w = torch.randn(100, 200)
    speed_up = timing(x, w, batch=False, nb=5) / timing(x, w, batch=True, nb=5)
    printed = f"Batch-processing speed-up on CPU {speed_up:.1f}"
    assert printed.startswith("Batch-processing speed-up on CPU") and speed_up > 1
    one_by_one = torch.stack([w.mv(sample) for sample in x])
    torch.testing.assert_close(x.mm(w.t()), one_by_one, rtol=1e-4, atol=1e-4)


def linear(input, weight, bias=None):
    """As torch/nn/functional.py had it when the slides were written."""
    if input.dim() == 2 and bias is not None:
        # fused op is marginally faster
        return torch.addmm(bias, input, weight.t())

    output = input.matmul(weight.t())
    if bias is not None:
        output += bias
    return output


@pytest.mark.parametrize("shape", [(7, 4), (2, 7, 4)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear_in_terms_of_matrix_products(shape, with_bias):
    torch.manual_seed(0)
    x, w, b = torch.randn(shape), torch.randn(3, 4), torch.randn(3) if with_bias else None
    torch.testing.assert_close(linear(x, w, b), F.linear(x, w, b))


def test_backward_of_a_linear_layer():
    """[dL/dw] = [dL/ds]^T x and [dL/dx] = [dL/ds] w, with samples as rows."""
    torch.manual_seed(0)
    x, w = torch.randn(6, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    g = torch.randn(6, 3)
    gx, gw = torch.autograd.grad(F.linear(x, w), (x, w), g)
    torch.testing.assert_close(gw, g.T @ x.detach())
    torch.testing.assert_close(gx, g @ w.detach())
