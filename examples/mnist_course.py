"""Chapter 5.3 of the course, all put together: a convnet learns handwritten digits.

python examples/mnist_course.py             the digits that come with Flambeau
python examples/mnist_course.py FOLDER      MNIST, downloaded to FOLDER if it is not there

The lines from `lr, batch_size` to `optimizer.step()` are the slide's; what is around them opens the
data, seeds the random numbers, and writes the losses and accuracies of each epoch into the folder
`mnist_course`. `flambeau plot mnist_course` draws them.
"""

import sys
import time

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F
from flambeau.vision import datasets
from flambeau.viz.log import Log


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


def evaluate(model, input, target):
    """Mean loss and the share of digits that the model gets right."""
    loss, right = 0.0, 0
    with torch.no_grad():
        for x, y in zip(input.split(500), target.split(500)):
            output = model(x)
            loss += F.cross_entropy(output, y, reduction="sum").item()
            right += (output.argmax(1) == y).sum().item()
    return loss / len(input), right / len(input)


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

    log = Log("mnist_course", records=[])  # of this run alone
    for e in range(nb_epochs):
        began = time.perf_counter()
        for input, target in zip(train_input.split(batch_size), train_target.split(batch_size)):
            output = model(input)
            loss = criterion(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds = time.perf_counter() - began
        train_loss, train_accuracy = evaluate(model, train_input, train_target)
        test_loss, test_accuracy = evaluate(model, test_input, test_target)
        log.write(
            epoch=e + 1,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            test_loss=test_loss,
            test_accuracy=test_accuracy,
            seconds=seconds,
        )
        print(f"epoch {e}  loss {train_loss:.4f}  test {test_accuracy:.2%}  {seconds:.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:2])
