"""Course 4.6: the LeNet-like net, modules of one's own, parameters that are seen and not seen."""

from __future__ import annotations

import pytest
from transcripts import F, nn, prints, session, torch

NET = """
class Net(nn.Module):
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

model = Net()
"""


def test_reshaping_mnist(shared_data):
    """The session with the real images."""
    if torch.__name__ == "torch":
        pytest.skip("the data set is Flambeau's own")
    from flambeau.vision.datasets import MNIST

    mnist = MNIST(shared_data / "mnist", train=True)
    with pytest.warns(UserWarning, match="train_data has been renamed data"):
        d = mnist.train_data
    session(
        """
    >>> d.size()
    torch.Size([60000, 28, 28])
    >>> x = d.view(d.size(0), 1, d.size(1), d.size(2))
    >>> x.size()
    torch.Size([60000, 1, 28, 28])
    >>> x = x.view(x.size(0), -1)
    >>> x.size()
    torch.Size([60000, 784])
    """,
        d=d,
    )


def test_sizes_and_parameters_of_the_table():
    """Every row: the output's size, the layer's parameters; 105,506 in total."""
    torch.manual_seed(0)
    count = lambda m: sum(p.numel() for p in m.parameters())
    x = torch.randn(1, 1, 28, 28)
    conv1 = nn.Conv2d(1, 32, kernel_size=5)
    x = conv1(x)
    assert x.shape == (1, 32, 24, 24) and count(conv1) == 32 * (5**2 + 1) == 832
    x = F.relu(F.max_pool2d(x, kernel_size=3))
    assert x.shape == (1, 32, 8, 8)
    conv2 = nn.Conv2d(32, 64, kernel_size=5)
    x = conv2(x)
    assert x.shape == (1, 64, 4, 4) and count(conv2) == 64 * (32 * 5**2 + 1) == 51_264
    x = F.relu(F.max_pool2d(x, kernel_size=2))
    assert x.shape == (1, 64, 2, 2)
    x = x.view(-1, 256)
    fc1, fc2 = nn.Linear(256, 200), nn.Linear(200, 10)
    assert count(fc1) == 51_400 and count(fc2) == 2_010
    assert fc2(F.relu(fc1(x))).shape == (1, 10)
    assert count(conv1) + count(conv2) + count(fc1) + count(fc2) == 105_506
    products = 32 * 24**2 * 5**2 + 32 * 64 * 4**2 * 5**2 + 200 * 256 + 200 * 10
    assert products == 460_800 + 819_200 + 51_200 + 2_000 == 1_333_200


def test_sequential():
    session("""
    >>> model = nn.Sequential(
    ...     nn.Linear(10, 100), nn.ReLU(),
    ...     nn.Linear(100, 50), nn.ReLU(),
    ...     nn.Linear(50, 2)
    ... )
    >>> model(torch.randn(3, 10)).size()
    torch.Size([3, 2])
    >>> model
    Sequential(
      (0): Linear(in_features=10, out_features=100, bias=True)
      (1): ReLU()
      (2): Linear(in_features=100, out_features=50, bias=True)
      (3): ReLU()
      (4): Linear(in_features=50, out_features=2, bias=True)
    )
    """)


@pytest.mark.parametrize("base", ["super().__init__()", "super(Net, self).__init__()"])
@pytest.mark.parametrize(
    "normal", ["torch.randn(12, 1, 28, 28)", "torch.empty(12, 1, 28, 28).normal_()"]
)
def test_net(base, normal):
    prints(
        NET.replace("super().__init__()", base)
        + f"""
input = {normal}
output = model(input)
print(output.size())
""",
        "torch.Size([12, 10])\n",
    )


def test_parameters_of_the_net():
    prints(
        NET
        + """
for n, k in model.named_parameters():
    print(n, k.size())
""",
        """
        conv1.weight torch.Size([32, 1, 5, 5])
        conv1.bias torch.Size([32])
        conv2.weight torch.Size([64, 32, 5, 5])
        conv2.bias torch.Size([64])
        fc1.weight torch.Size([200, 256])
        fc1.bias torch.Size([200])
        fc2.weight torch.Size([10, 200])
        fc2.bias torch.Size([10])
        """.replace("        ", ""),
    )
    prints(
        NET
        + """
for k in model.parameters():
    print(k.size())
""",
        """
        torch.Size([32, 1, 5, 5])
        torch.Size([32])
        torch.Size([64, 32, 5, 5])
        torch.Size([64])
        torch.Size([200, 256])
        torch.Size([200])
        torch.Size([10, 200])
        torch.Size([10])
        """.replace("        ", ""),
    )


BUGGY = """
class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 32, kernel_size=5)
        self.param = Parameter(torch.zeros(123, 456))
        OTHER

model = Module()

for n, k in model.named_parameters():
    print(n, k.size())
"""

SEEN = """
param torch.Size([123, 456])
conv.weight torch.Size([32, 1, 5, 5])
conv.bias torch.Size([32])
"""


def module_with(*lines: str) -> str:
    return BUGGY.replace("OTHER", "\n        ".join(lines))


def test_parameters_in_lists_and_dictionaries_are_not_seen():
    prints(module_with("self.other_stuff = [ nn.Linear(543, 21) ]"), SEEN)
    prints(module_with("self.ouch = {}", "self.ouch[0] = nn.Linear(543, 21)"), SEEN)


def test_module_list():
    prints(
        module_with(
            "self.other_stuff = nn.ModuleList()", "self.other_stuff.append(nn.Linear(543, 21))"
        ),
        SEEN + "other_stuff.0.weight torch.Size([21, 543])\nother_stuff.0.bias torch.Size([21])\n",
    )
    prints(
        module_with(
            "self.other_stuff = nn.ModuleList()",
            "self.other_stuff.append(nn.Linear(50, 75))",
            "self.other_stuff.append(nn.Linear(125, 999))",
        ).replace("print(n, k.size())", "print(k.size())"),
        """
        torch.Size([123, 456])
        torch.Size([32, 1, 5, 5])
        torch.Size([32])
        torch.Size([75, 50])
        torch.Size([75])
        torch.Size([999, 125])
        torch.Size([999])
        """.replace("        ", ""),
    )


def test_add_module():
    prints(
        module_with("self.add_module('ahhh_0', nn.Linear(543, 21))"),
        SEEN + "ahhh_0.weight torch.Size([21, 543])\nahhh_0.bias torch.Size([21])\n",
    )
    net = nn.Module()
    net.add_module("ahhh_0", nn.Linear(543, 21))
    assert getattr(net, "ahhh_0") is net.ahhh_0  # noqa: B009


def test_register_parameter():
    net = nn.Module()
    net.register_parameter("w", nn.Parameter(torch.ones(2)))
    assert [n for n, _ in net.named_parameters()] == ["w"]


def test_parameter_is_a_tensor_that_requires_a_gradient():
    p = nn.Parameter(torch.zeros(2))
    assert isinstance(p, torch.Tensor) and p.requires_grad and p.is_leaf


def test_the_backward_pass_is_automatic():
    """Any operations of autograd in forward: every parameter gets a gradient."""
    from transcripts import names

    space = names()
    exec(NET, space)
    model = space["model"]
    F.cross_entropy(model(torch.randn(4, 1, 28, 28)), torch.tensor([1, 2, 3, 4])).backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters())
