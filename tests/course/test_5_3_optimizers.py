"""Course 5.3: torch.optim, and the net trained on MNIST (shortened)."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from test_5_2_gradient_descent import STOCHASTIC, close, results
from transcripts import F, nn, optim, torch

WITH_OPTIM = """
optimizer = torch.optim.SGD(model.parameters(), lr = eta)

for e in range(nb_epochs):
    for b in range(0, train_input.size(0), batch_size):
        output = model(train_input[b:b+batch_size])
        loss = criterion(output, train_target[b:b+batch_size])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""


def test_sgd_is_the_loop_by_hand():
    by_hand, loss = results(STOCHASTIC)
    with_optim, loss_too = results(WITH_OPTIM)
    assert close(by_hand, with_optim) and abs(loss - loss_too) < 2e-4


def test_adam_in_its_place():
    text = WITH_OPTIM.replace("torch.optim.SGD", "optim.Adam").replace("lr = eta", "lr = 1e-2")
    assert results(text)[1] < results("")[1]


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adadelta", "Adagrad", "RMSprop"])
def test_the_list_of_optimizers(name):
    text = WITH_OPTIM.replace("optim.SGD", f"optim.{name}")
    rate = {"Adadelta": "1.0", "Adam": "1e-2", "RMSprop": "1e-3"}.get(name, "1e-1")
    assert results(text.replace("lr = eta", f"lr = {rate}"))[1] < results("")[1]


def test_lbfgs():
    torch.manual_seed(0)
    x, y = torch.randn(40, 3), torch.randn(40, 1)
    model = nn.Linear(3, 1)
    optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    before = closure().item()
    for _ in range(3):
        optimizer.step(closure)
    after = closure().item()
    assert after < before
    assert max(p.grad.abs().max().item() for p in model.parameters()) < 1e-4


def test_groups_of_parameters():
    """Different layers with different learning rates."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    optimizer = optim.SGD(
        [{"params": model[0].parameters()}, {"params": model[1].parameters(), "lr": 0.5}], lr=0.1
    )
    before = [p.detach().clone() for p in model.parameters()]
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    moved = [(b - p.detach()).mean().item() for b, p in zip(before, model.parameters())]
    assert moved == pytest.approx([0.1, 0.1, 0.5, 0.5])


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()  # noqa: UP008
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5)
        self.fc1 = nn.Linear(256, 200)
        self.fc2 = nn.Linear(200, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), kernel_size=3))
        x = F.relu(F.max_pool2d(self.conv2(x), kernel_size=2))
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = self.fc2(x)
        return x


def read(path, offset, shape):
    with gzip.open(path) as file:
        data = file.read(offset + int(np.prod(shape)))
    return np.frombuffer(data, np.uint8, offset=offset).reshape(shape).copy()


def test_an_example_putting_all_this_together(shared_data):
    """The slide's program on the first 3,000 digits, two epochs: most of the rest are right."""
    torch.manual_seed(0)
    folder = shared_data / "mnist"
    n = 3500
    images = torch.from_numpy(read(folder / "train-images-idx3-ubyte.gz", 16, (n, 28, 28)))
    labels = torch.from_numpy(read(folder / "train-labels-idx1-ubyte.gz", 8, (n,)))
    train_input = images.view(-1, 1, 28, 28).float()
    train_target = labels.long()
    train_input, test_input = train_input[:3000], train_input[3000:]
    train_target, test_target = train_target[:3000], train_target[3000:]

    lr, nb_epochs, batch_size = 1e-1, 2, 100
    device = "cpu"

    model = Net()

    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    criterion = nn.CrossEntropyLoss()

    model.to(device)
    criterion.to(device)
    train_input, train_target = train_input.to(device), train_target.to(device)

    mu, std = train_input.mean(), train_input.std()
    train_input.sub_(mu).div_(std)

    for _ in range(nb_epochs):
        for input, target in zip(train_input.split(batch_size), train_target.split(batch_size)):
            output = model(input)
            loss = criterion(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    with torch.no_grad():
        found = model(test_input.sub_(mu).div_(std)).argmax(1)
    assert (found == test_target).float().mean().item() > 0.85
