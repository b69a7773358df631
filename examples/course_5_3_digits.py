"""Chapter 5.3 of the course, all put together: a convnet learns handwritten digits.

python examples/course_5_3_digits.py             the digits that come with Flambeau
python examples/course_5_3_digits.py FOLDER      MNIST, downloaded to FOLDER if it is not there
"""

import sys

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F
from flambeau.vision import datasets


class Net(nn.Module):
    def __init__(self):
        super().__init__()
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


def open_sets(folder):
    if folder is None:
        return datasets.Digits(size=28, margin=3), datasets.Digits(train=False, size=28, margin=3)
    return datasets.MNIST(folder, download=True), datasets.MNIST(folder, train=False, download=True)


def main(folder=None, nb_epochs=10):
    torch.manual_seed(0)
    train_set, test_set = open_sets(folder)
    train_input = train_set.data.view(-1, 1, 28, 28).float()
    train_target = train_set.targets
    test_input = test_set.data.view(-1, 1, 28, 28).float()
    test_target = test_set.targets

    lr, batch_size = 1e-1, 100
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    criterion = nn.CrossEntropyLoss()

    mu, std = train_input.mean(), train_input.std()
    train_input.sub_(mu).div_(std)
    test_input.sub_(mu).div_(std)

    for e in range(nb_epochs):
        total = 0.0
        for input, target in zip(train_input.split(batch_size), train_target.split(batch_size)):
            output = model(input)
            loss = criterion(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * input.size(0)
        with torch.no_grad():
            right = sum(
                (model(x).argmax(1) == y).sum().item()
                for x, y in zip(test_input.split(500), test_target.split(500))
            )
        print(f"epoch {e}  loss {total / len(train_set):.4f}  test {right / len(test_set):.2%}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
