"""Residual networks: ResNet, ResNeXt and Wide ResNet for photographs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

Norm = Callable[..., nn.Module]


def conv3x3(
    in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """A 3 x 3 convolution without bias that keeps the size (stride 1)."""
    return nn.Conv2d(
        in_planes, out_planes, 3, stride, dilation, dilation=dilation, groups=groups, bias=False
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1 x 1 convolution without bias."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions with a pass-through, relu(x + f(x)); for up to 34 layers.

    Shape:  (N, inplanes, H, W) -> (N, planes, H / stride, W / stride)
    Args:   downsample: brings x to the shape of f(x) where they differ. norm_layer: default
            `BatchNorm2d`. groups, base_width, dilation: 1, 64, 1, nothing else.
    Raises: ValueError, NotImplementedError for other groups or widths, or dilation.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.resnet import BasicBlock
    >>> BasicBlock(8, 8)(torch.zeros(1, 8, 5, 5)).shape
    torch.Size([1, 8, 5, 5])
    """

    expansion: int = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Any) -> Any:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions with a pass-through; for 50 layers and more.

    The stride is in the 3 x 3 convolution, not in the first one as in the paper: this form, known
    as ResNet 1.5, is more accurate.

    Shape:  (N, inplanes, H, W) -> (N, 4 * planes, H / stride, W / stride)
    Args:   downsample: brings x to the shape of f(x) where they differ. groups: of the 3 x 3
            convolution, which has groups * planes * base_width / 64 channels.
            norm_layer: default `BatchNorm2d`.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.resnet import Bottleneck
    >>> Bottleneck(32, 8)(torch.zeros(1, 32, 5, 5)).shape
    torch.Size([1, 32, 5, 5])
    """

    expansion: int = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Any) -> Any:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


Block = type[BasicBlock] | type[Bottleneck]


class ResNet(nn.Module):
    """ResNet (He et al., 2015), also ResNeXt (Xie, 2017) and Wide ResNet (Zagoruyko, 2016).

    Shape:  float (N, 3, H, W) -> scores (N, num_classes)
    Args:
        block: `BasicBlock` or `Bottleneck`. layers: how many of them at each of the four sizes.
        num_classes: default 1000.
        zero_init_residual: let every block start as the identity. Default False.
        groups, width_per_group: of the 3 x 3 convolutions of `Bottleneck`. Default 1, 64.
        replace_stride_with_dilation: for the last three sizes, dilate instead of striding.
        norm_layer: default `BatchNorm2d`.
    Raises: ValueError unless `replace_stride_with_dilation` has three elements.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.resnet import BasicBlock, ResNet
    >>> ResNet(BasicBlock, [1, 1, 1, 1], num_classes=7)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 7])
    """

    def __init__(
        self,
        block: Block,
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        dilate = (
            (False,) * 3 if replace_stride_with_dilation is None else replace_stride_with_dilation
        )
        if len(dilate) != 3:
            raise ValueError(
                f"replace_stride_with_dilation should be None or a 3-element tuple, got {dilate}"
            )
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64  # channels so far, and dilation so far: _make_layer counts on
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            _initialise(module)
        if zero_init_residual:
            for module in self.modules():
                _start_as_identity(module)

    def _make_layer(
        self, block: Block, planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> nn.Sequential:
        """The blocks of one size; the first of them changes it."""
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        width = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != width:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, width, stride), self._norm_layer(width)
            )
        common = (self.groups, self.base_width)
        norm = self._norm_layer
        first = block(self.inplanes, planes, stride, downsample, *common, first_dilation, norm)
        self.inplanes = width
        others = [
            block(width, planes, 1, None, *common, self.dilation, norm) for _ in range(1, blocks)
        ]
        return nn.Sequential(first, *others)

    def forward(self, x: Any) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def _initialise(module: Any) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)


def _start_as_identity(module: Any) -> None:
    last = {BasicBlock: "bn2", Bottleneck: "bn3"}.get(type(module))
    norm = getattr(module, last) if last else None
    if norm is not None and norm.weight is not None:
        nn.init.zeros_(norm.weight)


# ---------------------------------------------------------------------------------- published files


class ResNet18_Weights(WeightsEnum):
    """Published files of `resnet18`."""

    IMAGENET1K_V1 = imagenet("resnet18-f37072fd.pth", 11_689_512, acc1=69.758, acc5=89.078)
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """Published files of `resnet34`."""

    IMAGENET1K_V1 = imagenet("resnet34-b627a593.pth", 21_797_672, acc1=73.314, acc5=91.42)
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """Published files of `resnet50`."""

    IMAGENET1K_V1 = imagenet("resnet50-0676ba61.pth", 25_557_032, acc1=76.13, acc5=92.862)
    IMAGENET1K_V2 = imagenet(
        "resnet50-11ad3fa6.pth", 25_557_032, acc1=80.858, acc5=95.434, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """Published files of `resnet101`."""

    IMAGENET1K_V1 = imagenet("resnet101-63fe2227.pth", 44_549_160, acc1=77.374, acc5=93.546)
    IMAGENET1K_V2 = imagenet(
        "resnet101-cd907fc2.pth", 44_549_160, acc1=81.886, acc5=95.78, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """Published files of `resnet152`."""

    IMAGENET1K_V1 = imagenet("resnet152-394f9c45.pth", 60_192_808, acc1=78.312, acc5=94.046)
    IMAGENET1K_V2 = imagenet(
        "resnet152-f82ba261.pth", 60_192_808, acc1=82.284, acc5=96.002, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """Published files of `resnext50_32x4d`."""

    IMAGENET1K_V1 = imagenet("resnext50_32x4d-7cdf4587.pth", 25_028_904, acc1=77.618, acc5=93.698)
    IMAGENET1K_V2 = imagenet(
        "resnext50_32x4d-1a0047aa.pth", 25_028_904, acc1=81.198, acc5=95.34, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """Published files of `resnext101_32x8d`."""

    IMAGENET1K_V1 = imagenet("resnext101_32x8d-8ba56ff5.pth", 88_791_336, acc1=79.312, acc5=94.526)
    IMAGENET1K_V2 = imagenet(
        "resnext101_32x8d-110c445d.pth", 88_791_336, acc1=82.834, acc5=96.228, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    """Published files of `resnext101_64x4d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext101_64x4d-173b62eb.pth", 83_455_272, acc1=83.246, acc5=96.454, resize_size=232
    )
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    """Published files of `wide_resnet50_2`."""

    IMAGENET1K_V1 = imagenet("wide_resnet50_2-95faca4d.pth", 68_883_240, acc1=78.468, acc5=94.086)
    IMAGENET1K_V2 = imagenet(
        "wide_resnet50_2-9ba9bcbe.pth", 68_883_240, acc1=81.602, acc5=95.758, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """Published files of `wide_resnet101_2`."""

    IMAGENET1K_V1 = imagenet("wide_resnet101_2-32ee1156.pth", 126_886_696, acc1=78.848, acc5=94.284)
    IMAGENET1K_V2 = imagenet(
        "wide_resnet101_2-d733dc28.pth", 126_886_696, acc1=82.51, acc5=96.02, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


# ----------------------------------------------------------------------------------------- builders


@register_model()
@published(ResNet18_Weights)
def resnet18(**options: Any) -> ResNet:
    """ResNet-18: 11,689,512 parameters."""
    return ResNet(BasicBlock, [2, 2, 2, 2], **options)


@register_model()
@published(ResNet34_Weights)
def resnet34(**options: Any) -> ResNet:
    """ResNet-34: 21,797,672 parameters."""
    return ResNet(BasicBlock, [3, 4, 6, 3], **options)


@register_model()
@published(ResNet50_Weights)
def resnet50(**options: Any) -> ResNet:
    """ResNet-50: 25,557,032 parameters."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **options)


@register_model()
@published(ResNet101_Weights)
def resnet101(**options: Any) -> ResNet:
    """ResNet-101: 44,549,160 parameters."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **options)


@register_model()
@published(ResNet152_Weights)
def resnet152(**options: Any) -> ResNet:
    """ResNet-152: 60,192,808 parameters."""
    return ResNet(Bottleneck, [3, 8, 36, 3], **options)


@register_model()
@published(ResNeXt50_32X4D_Weights)
def resnext50_32x4d(**options: Any) -> ResNet:
    """ResNeXt-50 with 32 groups of width 4: 25,028,904 parameters."""
    return ResNet(Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4, **options)


@register_model()
@published(ResNeXt101_32X8D_Weights)
def resnext101_32x8d(**options: Any) -> ResNet:
    """ResNeXt-101 with 32 groups of width 8: 88,791,336 parameters."""
    return ResNet(Bottleneck, [3, 4, 23, 3], groups=32, width_per_group=8, **options)


@register_model()
@published(ResNeXt101_64X4D_Weights)
def resnext101_64x4d(**options: Any) -> ResNet:
    """ResNeXt-101 with 64 groups of width 4: 83,455,272 parameters."""
    return ResNet(Bottleneck, [3, 4, 23, 3], groups=64, width_per_group=4, **options)


@register_model()
@published(Wide_ResNet50_2_Weights)
def wide_resnet50_2(**options: Any) -> ResNet:
    """ResNet-50 with bottlenecks twice as wide: 68,883,240 parameters."""
    return ResNet(Bottleneck, [3, 4, 6, 3], width_per_group=128, **options)


@register_model()
@published(Wide_ResNet101_2_Weights)
def wide_resnet101_2(**options: Any) -> ResNet:
    """ResNet-101 with bottlenecks twice as wide: 126,886,696 parameters."""
    return ResNet(Bottleneck, [3, 4, 23, 3], width_per_group=128, **options)
