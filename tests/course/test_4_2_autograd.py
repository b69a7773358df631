"""Course 4.2, every statement of the three editions of the slides, with its printed output."""

from __future__ import annotations

import pytest
from transcripts import prints, session, torch


def test_requires_grad_spreads():
    session("""
    >>> x = torch.tensor([ 1., 2. ])
    >>> y = torch.tensor([ 4., 5. ])
    >>> z = torch.tensor([ 7., 3. ])
    >>> x.requires_grad
    False
    >>> (x + y).requires_grad
    False
    >>> z.requires_grad = True
    >>> (x + z).requires_grad
    True
    """)


def test_only_floating_point_can_require_a_gradient():
    session("""
    >>> x = torch.tensor([1., 10.])
    >>> x.requires_grad = True
    >>> x = torch.tensor([1, 10])
    """)
    x = torch.tensor([1, 10])
    with pytest.raises(RuntimeError, match=r"only Tensors of floating point .*dtype can require"):
        x.requires_grad = True
    with pytest.raises(RuntimeError, match=r"only Tensors of floating point .*dtype can require"):
        x.requires_grad_()


def test_requires_grad_in_place():
    x = torch.zeros(2)
    assert x.requires_grad_() is x and x.requires_grad
    assert not x.requires_grad_(False).requires_grad


def test_grad():
    session("""
    >>> t = torch.tensor([1., 2., 4.]).requires_grad_()
    >>> u = torch.tensor([10., 20.]).requires_grad_()
    >>> a = t.pow(2).sum() + u.log().sum()
    >>> torch.autograd.grad(a, (t, u))
    (tensor([2., 4., 8.]), tensor([0.1000, 0.0500]))
    """)


def test_grad_of_one_tensor_is_a_tuple_of_one():
    x = torch.tensor([3.0], requires_grad=True)
    found = torch.autograd.grad(x * x, x)
    assert type(found) is tuple and len(found) == 1 and found[0].item() == 6.0


def test_grad_of_a_tuple_is_the_sum():
    x = torch.tensor([3.0], requires_grad=True)
    (found,) = torch.autograd.grad((x * x, 5 * x), x)
    assert found.item() == 11.0


def test_backward():
    session("""
    >>> x = torch.tensor([ -3., 2., 5. ]).requires_grad_()
    >>> u = x.pow(3).sum()
    >>> x.grad
    >>> u.backward()
    >>> x.grad
    tensor([27., 12., 75.])
    """)


def test_backward_accumulates():
    session("""
    >>> x = torch.tensor([ -3., 2., 5. ]).requires_grad_()
    >>> x.pow(3).sum().backward()
    >>> x.pow(3).sum().backward()
    >>> x.grad
    tensor([ 54.,  24., 150.])
    """)


@pytest.mark.parametrize("normal", ["torch.randn(5)", "torch.empty(5).normal_()"])
def test_dag_program(normal):
    found = session(f"""
    >>> w1 = torch.rand(5, 5).requires_grad_()
    >>> w2 = torch.rand(5, 5).requires_grad_()
    >>> x = {normal}
    >>> x0 = x
    >>> x1 = w1 @ x0
    >>> x2 = x0 + w2 @ x1
    >>> x3 = w1 @ (x1 + x2)
    >>> q = x3.norm()
    >>> q.backward()
    >>> w1.grad.shape, w2.grad.shape, x.grad
    (torch.Size([5, 5]), torch.Size([5, 5]), None)
    """)
    q, x3, w1 = found["q"], found["x3"], found["w1"]
    g = (x3 / q).detach()
    expected = torch.outer(w1.detach().T @ g, torch.zeros(5))
    assert expected.shape == w1.grad.shape and w1.grad.abs().sum() > 0


def test_graph_of_functions():
    session("""
    >>> x = torch.tensor([ 1.0, -2.0, 3.0, -4.0 ]).requires_grad_()
    >>> a = x.abs()
    >>> s = a.sum()
    >>> s
    tensor(10., grad_fn=<SumBackward0>)
    >>> s.grad_fn.next_functions
    ((<AbsBackward0 object at 0x...>, 0),)
    >>> s.grad_fn.next_functions[0][0].next_functions
    ((<AccumulateGrad object at 0x...>, 0),)
    >>> s.grad_fn.next_functions[0][0].next_functions[0][0].variable is x
    True
    """)


def names_of(node, depth=0) -> list[str]:
    """The graph as lines of names, indented: what the slides draw."""
    if node is None:
        return []
    lines = ["  " * depth + node.name().split("::")[-1]]
    for following, _ in node.next_functions:
        lines += names_of(following, depth + 1)
    return lines


def draw(output) -> str:
    return "\n".join(names_of(output.grad_fn))


def test_graph_of_a_norm():
    x = torch.tensor([1.0, 2.0, 2.0]).requires_grad_()
    q = x.norm()
    assert q.item() == 3.0
    assert draw(q) == "LinalgVectorNormBackward0\n  AccumulateGrad"


def test_graph_of_an_mlp():
    found = session("""
    >>> w1 = torch.rand(20, 10).requires_grad_()
    >>> b1 = torch.rand(20).requires_grad_()
    >>> w2 = torch.rand(5, 20).requires_grad_()
    >>> b2 = torch.rand(5).requires_grad_()
    >>> x = torch.rand(10)
    >>> h = torch.tanh(w1 @ x + b1)
    >>> y = torch.tanh(w2 @ h + b2)
    >>> targets = torch.rand(5)
    >>> loss = (y - targets).pow(2).mean()
    """)
    assert draw(found["loss"]).splitlines() == [
        "MeanBackward0",
        "  PowBackward0",
        "    SubBackward0",
        "      TanhBackward0",
        "        AddBackward0",
        "          MvBackward0",
        "            AccumulateGrad",
        "            TanhBackward0",
        "              AddBackward0",
        "                MvBackward0",
        "                  AccumulateGrad",
        "                AccumulateGrad",
        "          AccumulateGrad",
    ]


def test_graph_of_a_loop():
    """The graph follows the data: one, then three applications of the layer, weights selected."""
    torch.manual_seed(0)
    w = torch.rand(3, 10, 10).requires_grad_()

    def blah(k, x):
        for i in range(k):
            x = torch.tanh(w[i] @ x)
        return x

    u = blah(1, torch.rand(10))
    v = blah(3, torch.rand(10))
    q = u.dot(v)
    lines = draw(q).splitlines()
    assert [line.strip() for line in lines].count("SelectBackward0") == 4
    assert [line.strip() for line in lines].count("MvBackward0") == 4
    assert lines[:2] == ["DotBackward0", "  TanhBackward0"]
    q.backward()
    assert w.grad.shape == (3, 10, 10)


def test_no_grad_for_updates():
    """The slides' linear regression (fewer steps)."""
    torch.manual_seed(3)
    x, truth = torch.randn(100, 784), torch.randn(784, 10) / 28
    y, eta = x @ truth, 0.3
    w = torch.empty(10, 784).normal_(0, 1e-3).requires_grad_()
    b = torch.empty(10).normal_(0, 1e-3).requires_grad_()
    losses = []
    for _ in range(60):
        y_hat = x @ w.t() + b
        loss = (y_hat - y).pow(2).mean()
        w.grad, b.grad = None, None
        loss.backward()
        with torch.no_grad():
            w -= eta * w.grad
            b -= eta * b.grad
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
    assert w.is_leaf and w.requires_grad


DETACH = """
eta = 0.1
a = torch.tensor( 0.5).requires_grad_()
b = torch.tensor(-0.5).requires_grad_()

for k in range(100):
    l = (a - 1)**2 + (b + 1)**2 + (A - b)**2
    ga, gb = torch.autograd.grad(l, (a, b))
    with torch.no_grad():
        a -= eta * ga
        b -= eta * gb

PRINT
"""


def test_without_detach():
    prints(
        DETACH.replace("A -", "a -").replace("PRINT", "print(a, b)"),
        "tensor(0.3333, requires_grad=True) tensor(-0.3333, requires_grad=True)\n",
    )
    prints(
        DETACH.replace("A -", "a -").replace(
            "PRINT", "print('%.06f' % a.item(), '%.06f' % b.item())"
        ),
        "0.333333 -0.333333\n",
    )


def test_with_detach():
    """The last rounding is the machine's: the slide shows -8.2480e-08, any such zero will do."""
    found = DETACH.replace("A -", "a.detach() -")
    prints(
        found.replace("PRINT", "print(a)\nprint('%.05f' % abs(b.item()))"),
        "tensor(1.0000, requires_grad=True)\n0.00000\n",
    )
    from transcripts import program

    a, b = program(found.replace("PRINT", "print('%.06f' % a.item(), '%.06f' % b.item())")).split()
    assert a == "1.000000" and b in ("-0.000000", "0.000000")


def test_detach_shares_the_data():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.detach()
    assert not y.requires_grad and y.grad_fn is None and y.data_ptr() == x.data_ptr()
    y[0] = 7.0
    assert x[0].item() == 7.0


def test_graph_is_freed():
    session("""
    >>> x = torch.tensor([1.]).requires_grad_()
    >>> z = 1/x
    >>> torch.autograd.grad(z, x)
    (tensor([-1.]),)
    """)
    x = torch.tensor([1.0]).requires_grad_()
    z = 1 / x
    torch.autograd.grad(z, x)
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        torch.autograd.grad(z * z, x)


def test_retain_graph():
    session("""
    >>> x = torch.tensor([1.]).requires_grad_()
    >>> z = 1/x
    >>> torch.autograd.grad(z, x, retain_graph = True)
    (tensor([-1.]),)
    >>> torch.autograd.grad(z * z, x)
    (tensor([-2.]),)
    """)


def test_higher_order():
    session("""
    >>> x = torch.tensor([2., 3.]).requires_grad_()
    >>> psi = x[0].log() + x[1].pow(2)
    >>> g, = torch.autograd.grad(psi, x, create_graph = True)
    >>> torch.autograd.grad(g.pow(2).sum(), x)
    (tensor([-0.2500, 24.0000]),)
    """)


def test_higher_order_of_the_2018_slides():
    session("""
    >>> x = torch.tensor([ 1., 2., 3. ]).requires_grad_()
    >>> phi = x.pow(2).sum()
    >>> g1, = torch.autograd.grad(phi, x, create_graph = True)
    >>> g1
    tensor([2., 4., 6.], grad_fn=<MulBackward0>)
    >>> psi = g1[0].exp() - g1[2].exp()
    >>> g2, = torch.autograd.grad(psi, x)
    >>> g2
    tensor([  14.7781,    0.0000, -806.8576])
    """)


def test_in_place_operations_are_tracked():
    session("""
    >>> x = torch.tensor([1., 2., 3.]).requires_grad_()
    >>> y = x.sin()
    >>> l = y.sum()
    >>> l.backward()
    >>> y = x.sin()
    >>> y += 1
    >>> l = y.sum()
    >>> l.backward()
    """)
    x = torch.tensor([1.0, 2.0, 3.0]).requires_grad_()
    y = x.sin()
    y *= y
    loss = y.sum()
    sentence = (
        "one of the variables needed for gradient computation has been modified by an inplace"
    )
    with pytest.raises(RuntimeError, match=sentence):
        loss.backward()


def test_in_place_on_a_leaf():
    x = torch.tensor([1.0, 2.0, 3.0]).requires_grad_()
    with pytest.raises(
        RuntimeError, match="a leaf Variable that requires grad is being used in an"
    ):
        x += 1
    assert x.tolist() == [1.0, 2.0, 3.0]
