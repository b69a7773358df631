"""Receptive fields, against what the gradient of one output cell reaches."""

from __future__ import annotations

import copy

import pytest

import flambeau as torch
from flambeau import nn, vision, viz
from flambeau.nn import functional as F

torch.manual_seed(0)


class Branches(nn.Module):
    """Two paths of different reach, added and joined."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(2, 2, 7, stride=2, padding=3)
        self.narrow = nn.Conv2d(2, 2, 3, stride=2, padding=1)
        self.last = nn.Conv2d(4, 2, (1, 3), padding=(0, 1))

    def forward(self, x):
        y = self.wide(x) + self.narrow(x)
        return self.last(torch.cat([y, F.avg_pool2d(x, 2)], 1))


class Shuffled(nn.Module):
    """Views that move channels leave the map alone; slices move it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        n, c, h, w = (y := self.conv(x)).shape
        y = y.view(n, 2, 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.conv(y[:, :, 2::2, 1:-1])


def stack(*layers):
    return nn.Sequential(*layers)


# (model, size of the input, cell of the output in the interior)
MODELS = {
    "conv": (stack(nn.Conv2d(1, 2, 5)), (1, 12, 12), (3, 4)),
    "dilated": (stack(nn.Conv2d(1, 2, 3, dilation=3, stride=2)), (1, 20, 20), (3, 4)),
    "course": (
        stack(nn.Conv2d(1, 3, 5), nn.AvgPool2d(3), nn.ELU(), nn.Conv2d(3, 2, 5), nn.AvgPool2d(2)),
        (1, 28, 28), (1, 1),
    ),
    "padded": (
        stack(nn.Conv2d(1, 2, 3, padding=1), nn.AvgPool2d(3, 2, 1), nn.Conv2d(2, 2, (3, 5))),
        (1, 24, 24), (4, 4),
    ),
    "padding layer": (stack(nn.ZeroPad2d((1, 2, 3, 0)), nn.Conv2d(1, 1, 3)), (1, 9, 9), (5, 5)),
    "one-dimensional": (
        stack(nn.Conv1d(1, 2, 3, stride=2), nn.Conv1d(2, 2, 4, dilation=2)), (1, 40), (5,),
    ),
    "transposed": (
        stack(nn.Conv2d(1, 2, 3, stride=2), nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1)),
        (1, 21, 21), (8, 9),
    ),
    "normalised": (stack(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sigmoid()), (1, 9, 9), (2, 3)),
    "adaptive": (stack(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(3)), (1, 14, 14), (1, 2)),
    "uneven": (stack(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(5)), (1, 14, 14), (1, 2)),
    "enlarged": (
        stack(nn.Conv2d(1, 2, 3), nn.Upsample(scale_factor=2), nn.Conv2d(2, 1, 3)),
        (1, 14, 14), (9, 10),
    ),
    "smoothed": (
        stack(nn.Conv2d(1, 2, 3), nn.Upsample(scale_factor=2, mode="bilinear")),
        (1, 14, 14), (9, 10),
    ),
    "branches": (Branches(), (2, 24, 24), (5, 6)),
    "views": (Shuffled(), (4, 20, 20), (2, 5)),
    "flattened": (
        stack(nn.Conv2d(1, 2, 3, padding=1), nn.Flatten(), nn.Linear(72, 3)), (1, 6, 6), (),
    ),
    "gated": (
        stack(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(2, 2, 1)), (1, 8, 8), (0, 0),
    ),
}  # fmt: skip


AT_MOST = ("transposed", "uneven", "enlarged", "smoothed")


def reached(model, size, cell):
    """The first and last pixel along each dimension at which an output cell has a gradient."""
    x = torch.rand(1, *size, dtype=torch.float64).requires_grad_()
    y = copy.deepcopy(model).eval().double()(x)
    at = y[0] if not cell else y[(0, slice(None), *cell)]
    at.sum().backward()
    seen = (x.grad[0] != 0).any(0).nonzero()
    return tuple((int(seen[:, d].min()), int(seen[:, d].max())) for d in range(seen.shape[1]))


@pytest.mark.parametrize("name", MODELS)
def test_against_gradients(name):
    model, size, cell = MODELS[name]
    _, field = viz.receptive_fields(model, size)[-1]
    told, seen = field.of(cell or (0,) * len(field.axes)), reached(model, size, cell)
    if name in AT_MOST:
        assert all(t[0] <= s[0] and s[1] <= t[1] <= s[1] + 2 for t, s in zip(told, seen))
    else:
        assert told == seen


def test_known_networks():
    """The course's net; AlexNet and VGG-16 as Araujo, Norris and Sim (2019) publish them."""
    course = MODELS["course"][0]
    fields = [f for _, f in viz.receptive_fields(course, (1, 28, 28))]
    assert [f.size[0] for f in fields] == [5, 7, 7, 19, 22]
    assert [f.jump[0] for f in fields] == [1, 3, 3, 3, 6]
    assert [f.start[0] for f in fields] == [2, 3, 3, 9, 10.5]
    with torch.device("meta"):
        nets = vision.models.alexnet(), vision.models.vgg16(), vision.models.resnet18()
    ends = ("features.12", "features.30", "layer4")
    for net, end, size in zip(nets, ends, (195, 212, 435)):
        found = viz.receptive_fields(net, (3, 512, 512))
        last = [f for name, f in found if name.startswith(end)][-1]
        assert last.size == (size, size) and last.jump == (32, 32)


def test_in_the_table():
    s = viz.summary(nn.Sequential(nn.Conv2d(1, 2, 5)), (1, 9, 9), columns=("receptive_field",))
    assert s.lines()[1][1] == "5×5, jump 1, start 2"
    assert s.to_dict()["rows"][0]["receptive_field"]["size"] == [5, 5]
    no_image = viz.summary(nn.Linear(2, 3), (2,), columns=("receptive_field",))
    assert no_image.lines()[1][1] == ""
