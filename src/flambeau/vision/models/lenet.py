"""Two small convolutional networks for small pictures: LeNet-5 and the net of the course."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.vision.models.registry import register_model


class LeNet5(nn.Module):
    """LeNet-5 (LeCun et al., 1998) in its modern form: relu and max-pooling. 44,426 parameters.

    Shape:  float (N, in_channels, image_size, image_size) -> scores (N, num_classes)
    Args:   num_classes: default 10. in_channels: default 1. image_size: at least 16, default 28.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> models.lenet5()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, image_size: int = 28) -> None:
        super().__init__()
        side = _side(image_size, pools=(2, 2))
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, kernel_size=5),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * side * side, 120),
            nn.ReLU(inplace=True),
            nn.Linear(120, 84),
            nn.ReLU(inplace=True),
            nn.Linear(84, num_classes),
        )

    def forward(self, x: Any) -> Any:
        x = self.features(x)
        return self.classifier(x.view(x.size(0), -1))


class CourseNet(nn.Module):
    """The "LeNet-like" net with which the course teaches modules. 105,506 parameters.

    Shape:  float (N, in_channels, image_size, image_size) -> scores (N, num_classes)
    Args:   num_classes: default 10. in_channels: default 1. image_size: at least 22, default 28.

    >>> from flambeau.vision import models
    >>> sum(p.numel() for p in models.course_net().parameters())
    105506
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, image_size: int = 28) -> None:
        super().__init__()
        side = _side(image_size, pools=(3, 2))
        self.conv1 = nn.Conv2d(in_channels, 32, kernel_size=5)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5)
        self.fc1 = nn.Linear(64 * side * side, 200)
        self.fc2 = nn.Linear(200, num_classes)

    def forward(self, x: Any) -> Any:
        x = F.relu(F.max_pool2d(self.conv1(x), kernel_size=3))
        x = F.relu(F.max_pool2d(self.conv2(x), kernel_size=2))
        x = x.view(-1, self.fc1.in_features)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


def _side(image_size: int, pools: tuple[int, ...]) -> int:
    """Width of the maps after a 5 x 5 convolution and a pooling, once for each of `pools`."""
    side = image_size
    for pool in pools:
        side = (side - 4) // pool
    if side < 1:
        raise ValueError(
            f"images of {image_size} x {image_size} pixels are too small for this network"
        )
    return side


@register_model(input_size=(1, 28, 28))
def lenet5(**options: Any) -> LeNet5:
    """A new `LeNet5`, parameters at random; options are those of the class."""
    return LeNet5(**options)


@register_model(input_size=(1, 28, 28))
def course_net(**options: Any) -> CourseNet:
    """A new `CourseNet`, parameters at random; options are those of the class."""
    return CourseNet(**options)
