"""Chapter 4.2 of the course: graphs, gradients, and what can be done with them.

python examples/course_4_2_autograd.py
"""

import flambeau as torch


def weight_sharing():
    """The graph of chapter 4.1: w1 works in two places, its gradient is the sum over both."""
    torch.manual_seed(0)
    w1 = torch.rand(5, 5).requires_grad_()
    w2 = torch.rand(5, 5).requires_grad_()
    x = torch.randn(5)

    x0 = x
    x1 = w1 @ x0
    x2 = x0 + w2 @ x1
    x3 = w1 @ (x1 + x2)
    q = x3.norm()
    q.backward()
    print("gradient of w1:", w1.grad.size(), "gradient of w2:", w2.grad.size())


def machinery():
    """The graph can be walked from the result to the leaves."""
    x = torch.tensor([1.0, -2.0, 3.0, -4.0]).requires_grad_()
    s = x.abs().sum()
    print(s)
    node = s.grad_fn
    while node is not None:
        print("  ", node.name())
        node = node.next_functions[0][0] if node.next_functions else None


def regression():
    """A linear model, its gradient by hand into the parameters, outside the graph."""
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.25
    w = torch.empty(1, 3).normal_(0, 1e-3).requires_grad_()
    b = torch.empty(1).normal_(0, 1e-3).requires_grad_()
    eta = 0.1
    for _ in range(200):
        loss = (x @ w.t() + b - y).pow(2).mean()
        w.grad, b.grad = None, None
        loss.backward()
        with torch.no_grad():
            w -= eta * w.grad
            b -= eta * b.grad
    print("w", w.detach(), "b", b.detach())


def detached(cut):
    """Two numbers that pull at each other; with `cut`, a feels nothing of the last term."""
    a = torch.tensor(0.5).requires_grad_()
    b = torch.tensor(-0.5).requires_grad_()
    eta = 0.1
    for _ in range(100):
        loss = (a - 1) ** 2 + (b + 1) ** 2 + ((a.detach() if cut else a) - b) ** 2
        ga, gb = torch.autograd.grad(loss, (a, b))
        with torch.no_grad():
            a -= eta * ga
            b -= eta * gb
    print(f"{a.item():.6f} {b.item():.6f}")


def second_derivatives():
    """The gradient of the squared norm of a gradient."""
    x = torch.tensor([2.0, 3.0]).requires_grad_()
    psi = x[0].log() + x[1].pow(2)
    (g,) = torch.autograd.grad(psi, x, create_graph=True)
    print(torch.autograd.grad(g.pow(2).sum(), x))


def overwritten():
    """A value that the derivative needs must not be overwritten."""
    x = torch.tensor([1.0, 2.0, 3.0]).requires_grad_()
    y = x.sin()
    y *= y
    try:
        y.sum().backward()
    except RuntimeError as error:
        print("RuntimeError:", str(error).splitlines()[0])


if __name__ == "__main__":
    weight_sharing()
    machinery()
    regression()
    detached(cut=False)
    detached(cut=True)
    second_derivatives()
    overwritten()
