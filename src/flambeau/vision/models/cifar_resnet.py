"""The residual networks of He et al. (2015) for pictures of 32 x 32 pixels."""

from __future__ import annotations

import functools
from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.vision.datasets.cifar_names import CIFAR10_NAMES
from flambeau.vision.models.presets import ImageClassification
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import Weights, WeightsEnum, published

_ADDRESS = "https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models/"


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut without parameters (the paper's option A).

    Where the block halves the maps, the shortcut takes every other pixel; where it adds channels,
    the shortcut has zeros in them.

    Shape:  float (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.stride = stride
        self.added = out_channels - in_channels

    def forward(self, x: Any) -> Any:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        if self.added:
            before = self.added // 2
            x = F.pad(x, (0, 0, 0, 0, before, self.added - before))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    """A residual network for 32 x 32 pixels (He et al., 2015): 6 * blocks + 2 layers.

    Three stages of 16, 32 and 64 channels at 32, 16 and 8 pixels, then an average and the scores.

    Shape:  float (N, 3, 32, 32) -> scores (N, num_classes)
    Args:   blocks: of two layers, in each stage. num_classes: default 10.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> models.resnet20()(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(self, blocks: int, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = _stage(blocks, 16, 16, stride=1)
        self.layer2 = _stage(blocks, 16, 32, stride=2)
        self.layer3 = _stage(blocks, 32, 64, stride=2)
        self.linear = nn.Linear(64, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(m.weight)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def _stage(blocks: int, in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    """The first block changes the size, the others keep it."""
    first = BasicBlock(in_channels, out_channels, stride)
    return nn.Sequential(
        first, *(BasicBlock(out_channels, out_channels, 1) for _ in range(blocks - 1))
    )


def _cifar10(file: str, num_params: int, acc1: float) -> Weights:
    """Weights that Y. Idelbayev trained and published in pytorch_resnet_cifar10."""
    recipe = functools.partial(ImageClassification, crop_size=32, resize_size=32)
    meta = {"num_params": num_params, "acc@1": acc1, "categories": CIFAR10_NAMES}
    return Weights(_ADDRESS + file, recipe, meta)


class ResNet20_Weights(WeightsEnum):
    """Published files of `resnet20`."""

    CIFAR10 = _cifar10("resnet20-12fca82f.th", 269_722, 91.73)
    DEFAULT = CIFAR10


class ResNet32_Weights(WeightsEnum):
    """Published files of `resnet32`."""

    CIFAR10 = _cifar10("resnet32-d509ac18.th", 464_154, 92.63)
    DEFAULT = CIFAR10


class ResNet44_Weights(WeightsEnum):
    """Published files of `resnet44`."""

    CIFAR10 = _cifar10("resnet44-014dd654.th", 658_586, 93.1)
    DEFAULT = CIFAR10


class ResNet56_Weights(WeightsEnum):
    """Published files of `resnet56`."""

    CIFAR10 = _cifar10("resnet56-4bfd9763.th", 853_018, 93.39)
    DEFAULT = CIFAR10


class ResNet110_Weights(WeightsEnum):
    """Published files of `resnet110`."""

    CIFAR10 = _cifar10("resnet110-1d1ed7c2.th", 1_727_962, 93.68)
    DEFAULT = CIFAR10


@register_model(input_size=(3, 32, 32))
@published(ResNet20_Weights)
def resnet20(**options: Any) -> CifarResNet:
    """ResNet-20 for CIFAR: 269,722 parameters. Options: num_classes."""
    return CifarResNet(3, **options)


@register_model(input_size=(3, 32, 32))
@published(ResNet32_Weights)
def resnet32(**options: Any) -> CifarResNet:
    """ResNet-32 for CIFAR: 464,154 parameters. Options: num_classes."""
    return CifarResNet(5, **options)


@register_model(input_size=(3, 32, 32))
@published(ResNet44_Weights)
def resnet44(**options: Any) -> CifarResNet:
    """ResNet-44 for CIFAR: 658,586 parameters. Options: num_classes."""
    return CifarResNet(7, **options)


@register_model(input_size=(3, 32, 32))
@published(ResNet56_Weights)
def resnet56(**options: Any) -> CifarResNet:
    """ResNet-56 for CIFAR: 853,018 parameters. Options: num_classes."""
    return CifarResNet(9, **options)


@register_model(input_size=(3, 32, 32))
@published(ResNet110_Weights)
def resnet110(**options: Any) -> CifarResNet:
    """ResNet-110 for CIFAR: 1,727,962 parameters. Options: num_classes."""
    return CifarResNet(18, **options)
