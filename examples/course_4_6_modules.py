"""Chapter 4.6 of the course: a network as a module, and which parameters a module sees.

python examples/course_4_6_modules.py
"""

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F


class Net(nn.Module):
    """The LeNet-like model of the course."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5)
        self.fc1 = nn.Linear(256, 200)
        self.fc2 = nn.Linear(200, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), kernel_size=3, stride=3))
        x = F.relu(F.max_pool2d(self.conv2(x), kernel_size=2, stride=2))
        x = x.view(-1, 256)
        x = F.relu(self.fc1(x))
        x = self.fc2(x)
        return x


class Buggy(nn.Module):
    """The layer in the list is not seen."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 32, kernel_size=5)
        self.param = nn.Parameter(torch.zeros(123, 456))
        self.other_stuff = [nn.Linear(543, 21)]


class NotBuggy(nn.Module):
    """A ModuleList is."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 32, kernel_size=5)
        self.param = nn.Parameter(torch.zeros(123, 456))
        self.other_stuff = nn.ModuleList()
        self.other_stuff.append(nn.Linear(543, 21))


if __name__ == "__main__":
    mlp = nn.Sequential(
        nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 2)
    )
    print(mlp)
    model = Net()
    print(model(torch.randn(12, 1, 28, 28)).size())
    print(sum(p.numel() for p in model.parameters()), "parameters")
    for kind in (Net, Buggy, NotBuggy):
        print(kind.__name__)
        for name, parameter in kind().named_parameters():
            print("  ", name, parameter.size())
