"""The two nets of the course: sizes as the slides state them."""

from __future__ import annotations

import pytest

import flambeau as torch
from flambeau.vision import models


@pytest.mark.parametrize("make, count", [(models.lenet5, 44426), (models.course_net, 105506)])
def test_parameters(make, count):
    assert sum(p.numel() for p in make().parameters()) == count


@pytest.mark.parametrize("make", [models.lenet5, models.course_net])
@pytest.mark.parametrize("channels, size", [(1, 28), (3, 32), (2, 22)])
def test_sizes(make, channels, size):
    model = make(num_classes=7, in_channels=channels, image_size=size)
    scores = model(torch.zeros(2, channels, size, size))
    assert scores.shape == (2, 7)
    scores.sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_too_small():
    with pytest.raises(ValueError, match="images of 15 x 15 pixels are too small"):
        models.lenet5(image_size=15)


def test_names_are_those_of_the_slides():
    assert [name for name, _ in models.course_net().named_parameters()] == [
        "conv1.weight",
        "conv1.bias",
        "conv2.weight",
        "conv2.bias",
        "fc1.weight",
        "fc1.bias",
        "fc2.weight",
        "fc2.bias",
    ]
    assert list(dict(models.lenet5().named_children())) == ["features", "classifier"]


@pytest.mark.parametrize("make", ["lenet5", "course_net"])
def test_same_scores_as_the_oracle(make):
    """The same text with the other framework's modules gives the same scores."""
    reference = pytest.importorskip("torch", reason="PyTorch is the reference")
    import numpy as np

    torch.manual_seed(0)
    model = getattr(models, make)()
    x = np.random.default_rng(0).standard_normal((3, 1, 28, 28)).astype(np.float32)
    p = {name: reference.from_numpy(v.detach().numpy()) for name, v in model.named_parameters()}
    y = reference.from_numpy(x)
    f = reference.nn.functional
    if make == "lenet5":
        y = f.max_pool2d(f.relu(f.conv2d(y, p["features.0.weight"], p["features.0.bias"])), 2)
        y = f.max_pool2d(f.relu(f.conv2d(y, p["features.3.weight"], p["features.3.bias"])), 2)
        y = f.relu(f.linear(y.flatten(1), p["classifier.0.weight"], p["classifier.0.bias"]))
        y = f.relu(f.linear(y, p["classifier.2.weight"], p["classifier.2.bias"]))
        y = f.linear(y, p["classifier.4.weight"], p["classifier.4.bias"])
    else:
        y = f.relu(f.max_pool2d(f.conv2d(y, p["conv1.weight"], p["conv1.bias"]), 3))
        y = f.relu(f.max_pool2d(f.conv2d(y, p["conv2.weight"], p["conv2.bias"]), 2))
        y = f.relu(f.linear(y.flatten(1), p["fc1.weight"], p["fc1.bias"]))
        y = f.linear(y, p["fc2.weight"], p["fc2.bias"])
    ours = model(torch.from_numpy(x)).detach().numpy()
    assert np.allclose(ours, y.numpy(), atol=1e-5)
