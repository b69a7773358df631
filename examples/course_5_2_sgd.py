"""Chapters 5.1 to 5.3 of the course: one loss, and three ways to write the same descent.

python examples/course_5_2_sgd.py
"""

import flambeau as torch
from flambeau import nn

eta, nb_epochs, batch_size = 0.1, 5, 20


def make_data(n=1000):
    """Points in a plane: is the distance to the origin above one?"""
    torch.manual_seed(0)
    points = torch.randn(n, 2)
    return points, (points.norm(dim=1) > 1).long()


def make_model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 30), nn.ReLU(), nn.Linear(30, 2))


def exact_gradient(model, criterion, train_input, train_target):
    """Gradients of all mini-batches are added up before each of the few steps."""
    for _ in range(nb_epochs):
        model.zero_grad()
        for b in range(0, train_input.size(0), batch_size):
            output = model(train_input[b : b + batch_size])
            loss = criterion(output, train_target[b : b + batch_size])
            loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= eta * p.grad / (train_input.size(0) / batch_size)


def stochastic(model, criterion, train_input, train_target):
    """A step after each mini-batch."""
    for _ in range(nb_epochs):
        for b in range(0, train_input.size(0), batch_size):
            output = model(train_input[b : b + batch_size])
            loss = criterion(output, train_target[b : b + batch_size])
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= eta * p.grad


def with_optimizer(model, criterion, train_input, train_target, kind=torch.optim.SGD, lr=eta):
    """The same with the package `optim`."""
    optimizer = kind(model.parameters(), lr=lr)
    for _ in range(nb_epochs):
        for b in range(0, train_input.size(0), batch_size):
            output = model(train_input[b : b + batch_size])
            loss = criterion(output, train_target[b : b + batch_size])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def adam(model, criterion, train_input, train_target):
    """Another optimiser is another name."""
    with_optimizer(model, criterion, train_input, train_target, torch.optim.Adam, lr=0.01)


if __name__ == "__main__":
    f = torch.tensor([[-1.0, -3.0, 4.0], [-3.0, 3.0, -1.0]])
    target = torch.tensor([0, 1])
    print("cross-entropy  ", nn.CrossEntropyLoss()(f, target))
    print("in two steps   ", nn.NLLLoss()(nn.LogSoftmax(dim=1)(f), target))
    data, labels = make_data()
    for descend in (exact_gradient, stochastic, with_optimizer, adam):
        model = make_model()
        descend(model, nn.CrossEntropyLoss(), data, labels)
        with torch.no_grad():
            right = (model(data).argmax(1) == labels).float().mean().item()
        print(f"{descend.__name__:15s} {right:.1%} right after {nb_epochs} epochs")
