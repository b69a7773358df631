"""VGG: nothing but 3 x 3 convolutions and poolings, deeper and deeper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

# Channels of the convolutions; "M" is a pooling. The letters are those of the paper's table 1.
cfgs: dict[str, list[Any]] = {
    "A": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "B": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "D": [64, 64, "M", 128, 128, "M"] + [256] * 3 + ["M"] + [512] * 3 + ["M"] + [512] * 3 + ["M"],
    "E": [64, 64, "M", 128, 128, "M"] + [256] * 4 + ["M"] + [512] * 4 + ["M"] + [512] * 4 + ["M"],
}


class VGG(nn.Module):
    """VGG (Simonyan and Zisserman, 2014): a stack of small convolutions, three linear layers.

    Shape:  float (N, 3, H, W), H and W at least 32 -> scores (N, num_classes)
    Args:   features: what turns images into 512 maps, see `make_layers`. num_classes: default 1000.
            init_weights: draw as the paper's successors do (default), else leave the layers' own.
            dropout: after the two hidden linear layers, default 0.5.

    >>> from flambeau.vision import models
    >>> import flambeau as torch
    >>> with torch.device("meta"):
    ...     sum(p.numel() for p in models.vgg19().parameters())
    143667240
    """

    def __init__(
        self,
        features: nn.Module,
        num_classes: int = 1000,
        init_weights: bool = True,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            for module in self.modules():
                _initialise(module)

    def forward(self, x: Any) -> Any:
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


def _initialise(module: Any) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0, 0.01)
        nn.init.zeros_(module.bias)


def make_layers(cfg: Sequence[str | int], batch_norm: bool = False) -> nn.Sequential:
    """The convolutions and poolings of a row of `cfgs`, with batch normalisation or without.

    >>> from flambeau.vision.models import vgg
    >>> vgg.make_layers([8, "M"])
    Sequential(
      (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (1): ReLU(inplace=True)
      (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    )
    """
    layers: list[nn.Module] = []
    channels = 3
    for item in cfg:
        if item == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        width = int(item)
        layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU(inplace=True))
        channels = width
    return nn.Sequential(*layers)


# ---------------------------------------------------------------------------------- published files


class VGG11_Weights(WeightsEnum):
    """Published files of `vgg11`."""

    IMAGENET1K_V1 = imagenet(
        "vgg11-8a719046.pth", 132_863_336, acc1=69.02, acc5=88.628, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG11_BN_Weights(WeightsEnum):
    """Published files of `vgg11_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg11_bn-6002323d.pth", 132_868_840, acc1=70.37, acc5=89.81, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG13_Weights(WeightsEnum):
    """Published files of `vgg13`."""

    IMAGENET1K_V1 = imagenet(
        "vgg13-19584684.pth", 133_047_848, acc1=69.928, acc5=89.246, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG13_BN_Weights(WeightsEnum):
    """Published files of `vgg13_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg13_bn-abd245e5.pth", 133_053_736, acc1=71.586, acc5=90.374, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_Weights(WeightsEnum):
    """Published files of `vgg16`; IMAGENET1K_FEATURES is good for `features` alone, no classes."""

    IMAGENET1K_V1 = imagenet(
        "vgg16-397923af.pth", 138_357_544, acc1=71.592, acc5=90.382, min_size=32
    )
    IMAGENET1K_FEATURES = imagenet(
        "vgg16_features-amdegroot-88682ab5.pth",
        138_357_544,
        min_size=32,
        categories=None,
        mean=(0.48235, 0.45882, 0.40784),
        std=(1 / 255, 1 / 255, 1 / 255),
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_BN_Weights(WeightsEnum):
    """Published files of `vgg16_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg16_bn-6c64b313.pth", 138_365_992, acc1=73.36, acc5=91.516, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG19_Weights(WeightsEnum):
    """Published files of `vgg19`."""

    IMAGENET1K_V1 = imagenet(
        "vgg19-dcbb9e9d.pth", 143_667_240, acc1=72.376, acc5=90.876, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG19_BN_Weights(WeightsEnum):
    """Published files of `vgg19_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg19_bn-c79401a0.pth", 143_678_248, acc1=74.218, acc5=91.842, min_size=32
    )
    DEFAULT = IMAGENET1K_V1


# ----------------------------------------------------------------------------------------- builders


@register_model()
@published(VGG11_Weights)
def vgg11(**options: Any) -> VGG:
    """VGG with 8 convolutions, 11 layers in all: 132,863,336 parameters."""
    return VGG(make_layers(cfgs["A"]), **options)


@register_model()
@published(VGG11_BN_Weights)
def vgg11_bn(**options: Any) -> VGG:
    """`vgg11` with batch normalisation: 132,868,840 parameters."""
    return VGG(make_layers(cfgs["A"], batch_norm=True), **options)


@register_model()
@published(VGG13_Weights)
def vgg13(**options: Any) -> VGG:
    """VGG with 10 convolutions, 13 layers in all: 133,047,848 parameters."""
    return VGG(make_layers(cfgs["B"]), **options)


@register_model()
@published(VGG13_BN_Weights)
def vgg13_bn(**options: Any) -> VGG:
    """`vgg13` with batch normalisation: 133,053,736 parameters."""
    return VGG(make_layers(cfgs["B"], batch_norm=True), **options)


@register_model()
@published(VGG16_Weights)
def vgg16(**options: Any) -> VGG:
    """VGG with 13 convolutions, 16 layers in all: 138,357,544 parameters."""
    return VGG(make_layers(cfgs["D"]), **options)


@register_model()
@published(VGG16_BN_Weights)
def vgg16_bn(**options: Any) -> VGG:
    """`vgg16` with batch normalisation: 138,365,992 parameters."""
    return VGG(make_layers(cfgs["D"], batch_norm=True), **options)


@register_model()
@published(VGG19_Weights)
def vgg19(**options: Any) -> VGG:
    """VGG with 16 convolutions, 19 layers in all: 143,667,240 parameters."""
    return VGG(make_layers(cfgs["E"]), **options)


@register_model()
@published(VGG19_BN_Weights)
def vgg19_bn(**options: Any) -> VGG:
    """`vgg19` with batch normalisation: 143,678,248 parameters."""
    return VGG(make_layers(cfgs["E"], batch_norm=True), **options)
