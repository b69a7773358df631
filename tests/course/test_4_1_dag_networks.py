"""Course 4.1: the backward pass of a DAG written out with Jacobians is what autograd computes."""

from __future__ import annotations

from transcripts import torch


def dag(phi1, phi2, phi3, x, w1, w2):
    """The slides' graph: x1 = phi1(x0; w1), x2 = phi2(x0, x1; w2), f = phi3(x1, x2; w1)."""
    x1 = phi1(x, w1)
    x2 = phi2(x, x1, w2)
    return x1, x2, phi3(x1, x2, w1)


def example():
    torch.manual_seed(1)
    double = {"dtype": torch.float64}
    w1, w2 = torch.randn(5, 5, **double), torch.randn(5, 5, **double)
    phi1 = lambda x0, w: w @ x0
    phi2 = lambda x0, x1, w: x0 + w @ x1
    phi3 = lambda x1, x2, w: w @ (x1 + x2)
    return phi1, phi2, phi3, torch.randn(5, **double), w1, w2


def test_derivatives_with_respect_to_activations():
    """[dl/dx2] = J3|x2 [dl/dx3], and the sums over both ways for x1 and x0."""
    phi1, phi2, phi3, x, w1, w2 = example()
    x1, x2, f = dag(phi1, phi2, phi3, x, w1, w2)
    jacobian = torch.autograd.functional.jacobian
    g3 = torch.randn(5, dtype=torch.float64)
    J31, J32 = jacobian(lambda a, b: phi3(a, b, w1), (x1, x2))
    J20, J21 = jacobian(lambda a, b: phi2(a, b, w2), (x, x1))
    J10 = jacobian(lambda a: phi1(a, w1), x)
    g2 = J32.T @ g3
    g1 = J21.T @ g2 + J31.T @ g3
    g0 = J10.T @ g1 + J20.T @ g2

    leaf = x.clone().requires_grad_()
    x1, x2, f = dag(phi1, phi2, phi3, leaf, w1, w2)
    found = torch.autograd.grad(f, (x2, x1, leaf), g3)
    for a, b in zip(found, (g2, g1, g0)):
        torch.testing.assert_close(a, b)


def test_derivatives_with_respect_to_shared_weights():
    """w1 modulates two nodes: its gradient is the sum over both; w2 modulates one."""
    phi1, phi2, phi3, x, w1, w2 = example()
    w1.requires_grad_()
    w2.requires_grad_()
    x1, x2, f = dag(phi1, phi2, phi3, x, w1, w2)
    g = torch.randn(5, dtype=torch.float64)
    g1, g2 = torch.autograd.grad(f, (x1, x2), g, retain_graph=True)
    gw1, gw2 = torch.autograd.grad(f, (w1, w2), g)
    torch.testing.assert_close(gw1, torch.outer(g1, x) + torch.outer(g, x1 + x2).detach())
    torch.testing.assert_close(gw2, torch.outer(g2, x1).detach())


def test_siamese_networks_share_their_parameters():
    """Replicating a sub-network adds up the gradients of its replicas."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Sigmoid(), torch.nn.Linear(4, 2))
    u, v = torch.randn(1, 3), torch.randn(1, 3)
    (net(u) * net(v)).sum().backward()
    both = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    (net(u) * net(v).detach()).sum().backward()
    (net(u).detach() * net(v)).sum().backward()
    for p, g in zip(net.parameters(), both):
        torch.testing.assert_close(p.grad, g)
