"""AlexNet, in the form that fits one device."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published


class AlexNet(nn.Module):
    """AlexNet (Krizhevsky, "One weird trick", 2014): five convolutions, three linear layers.

    Shape:  float (N, 3, H, W), H and W at least 63 -> scores (N, num_classes)
    Args:   num_classes: default 1000. dropout: before the two hidden linear layers, default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> with torch.device("meta"):
    ...     models.alexnet()(torch.empty(2, 3, 224, 224)).shape
    torch.Size([2, 1000])
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Any) -> Any:
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


class AlexNet_Weights(WeightsEnum):
    """Published files of `alexnet`."""

    IMAGENET1K_V1 = imagenet(
        "alexnet-owt-7be5be79.pth", 61_100_840, acc1=56.522, acc5=79.066, min_size=63
    )
    DEFAULT = IMAGENET1K_V1


@register_model()
@published(AlexNet_Weights)
def alexnet(**options: Any) -> AlexNet:
    """AlexNet: 61,100,840 parameters. Options are those of the class."""
    return AlexNet(**options)
