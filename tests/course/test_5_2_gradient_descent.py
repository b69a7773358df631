"""Course 5.2: gradient descent by hand, full, in mini-batches, stochastic; momentum, Adam."""

from __future__ import annotations

import math

from transcripts import nn, optim, program, torch

SETUP = """
torch.manual_seed(0)
train_input = torch.randn(60, 5)
train_target = (train_input[:, 0] * train_input[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(5, 30), nn.Tanh(), nn.Linear(30, 2))
criterion = nn.CrossEntropyLoss()
nb_epochs, batch_size, eta = 5, 10, 1e-1
"""

FULL = """
for e in range(nb_epochs):
    output = model(train_input)
    loss = criterion(output, train_target)

    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in model.parameters(): p -= eta * p.grad
"""

SUMMED = """
for e in range(nb_epochs):
    model.zero_grad()

    for b in range(0, train_input.size(0), batch_size):
        output = model(train_input[b:b+batch_size])
        loss = criterion(output, train_target[b:b+batch_size])
        loss.backward()

    with torch.no_grad():
        for p in model.parameters(): p -= eta * p.grad
"""

STOCHASTIC = """
for e in range(nb_epochs):
    for b in range(0, train_input.size(0), batch_size):
        output = model(train_input[b:b+batch_size])
        loss = criterion(output, train_target[b:b+batch_size])

        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters(): p -= eta * p.grad
"""

REPORT = """
print([round(p.double().sum().item(), 5) for p in model.parameters()])
print('%.4f' % criterion(model(train_input), train_target).item())
"""


def results(text: str) -> tuple[list[float], float]:
    first, second = program(SETUP + text + REPORT).splitlines()
    return [float(v) for v in first.strip("[]").split(",")], float(second)


def close(a: list[float], b: list[float]) -> bool:
    return all(math.isclose(x, y, rel_tol=1e-3, abs_tol=1e-4) for x, y in zip(a, b))


def test_full_gradient_descent_reduces_the_loss():
    assert results(FULL)[1] < results("")[1]


def test_mini_batches_sum_to_the_full_gradient():
    """Six batches of mean losses, each weighing as much: the sum is six times the full mean."""
    summed = results(SUMMED.replace("eta * p.grad", "eta / 6 * p.grad"))
    assert close(summed[0], results(FULL)[0])


def test_stochastic_descent_is_faster():
    assert results(STOCHASTIC)[1] < results(FULL)[1]


def test_replicated_samples():
    """K copies of M samples: the mean gradient of the copies is that of the samples."""
    torch.manual_seed(0)
    net, x, y = nn.Linear(3, 2), torch.randn(8, 3), torch.randint(0, 2, (8,))
    criterion = nn.CrossEntropyLoss()
    one = torch.autograd.grad(criterion(net(x), y), list(net.parameters()))
    many = torch.autograd.grad(criterion(net(x.repeat(5, 1)), y.repeat(5)), list(net.parameters()))
    for a, b in zip(one, many):
        torch.testing.assert_close(a, b)


def test_momentum():
    """u = gamma u + eta g, w = w - u (PyTorch keeps u / eta)."""
    w, u, gamma, eta = torch.tensor([1.0, -2.0]), torch.zeros(2), 0.9, 0.1
    p = nn.Parameter(w.clone())
    optimizer = optim.SGD([p], lr=eta, momentum=gamma)
    for _ in range(20):
        optimizer.zero_grad()
        (p**2).sum().backward()
        optimizer.step()
        u = gamma * u + eta * 2 * w
        w = w - u
        torch.testing.assert_close(p.detach(), w)


def test_momentum_accelerates_a_constant_gradient():
    """u = gamma u + eta g leads to u = eta g / (1 - gamma)."""
    p = nn.Parameter(torch.zeros(1))
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    before = 0.0
    for _ in range(200):
        before = p.item()
        p.grad = torch.ones(1)
        optimizer.step()
    assert math.isclose(before - p.item(), 0.1 / (1 - 0.9), rel_tol=1e-4)


def test_adam():
    """The update rule coordinate by coordinate (the bias corrections with the step's power)."""
    w = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    m, v = torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    beta1, beta2, eta, eps = 0.9, 0.999, 0.01, 1e-8
    p = nn.Parameter(w.clone())
    optimizer = optim.Adam([p], lr=eta, betas=(beta1, beta2), eps=eps)
    for t in range(1, 30):
        optimizer.zero_grad()
        (p**4).sum().backward()
        optimizer.step()
        g = 4 * w**3
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - eta / (v_hat.sqrt() + eps) * m_hat
        torch.testing.assert_close(p.detach(), w)


def test_the_incarnations_exist():
    for name in ("Adagrad", "Adadelta", "RMSprop", "Adamax", "NAdam"):
        p = nn.Parameter(torch.ones(2))
        optimizer = getattr(optim, name)([p])
        p.grad = torch.ones(2)
        optimizer.step()
        assert (p < 1).all()
    p = nn.Parameter(torch.ones(2))
    p.grad = torch.ones(2)
    optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True).step()
    torch.testing.assert_close(p.detach(), torch.full((2,), 1 - 0.1 * 1.9))
