"""Inception v3: GoogLeNet with its large convolutions taken apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.models.googlenet import BasicConv2d, initialise, to_plus_minus_one
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

Maker = Callable[..., nn.Module]


class InceptionOutputs(NamedTuple):
    """What an Inception v3 with its auxiliary classifier gives in training: two sets of scores."""

    logits: Any
    aux_logits: Any


class _Branches(nn.Module):
    """Convolutions in a row, several rows side by side, and a pooling.

    Subclasses name the convolutions after their row (`branch3x3dbl_1`, `_2`, ...).
    """

    def _row(self, name: str, count: int, x: Any) -> Any:
        for i in range(1, count + 1):
            x = getattr(self, f"{name}_{i}")(x)
        return x


class InceptionA(_Branches):
    """Maps of 35 x 35: 1 x 1, 5 x 5, twice 3 x 3, and pooled.

    Shape:  (N, in_channels, H, W) -> (N, 224 + pool_features, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.inception import InceptionA
    >>> InceptionA(8, 32)(torch.zeros(1, 8, 5, 5)).shape
    torch.Size([1, 256, 5, 5])
    """

    def __init__(
        self, in_channels: int, pool_features: int, conv_block: Maker | None = None
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = conv(in_channels, pool_features, kernel_size=1)

    def forward(self, x: Any) -> Any:
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        rows = self._row("branch5x5", 2, x), self._row("branch3x3dbl", 3, x)
        return torch.cat([self.branch1x1(x), *rows, pooled], 1)


class InceptionB(_Branches):
    """From 35 x 35 to 17 x 17.

    Shape:  (N, in_channels, H, W) -> (N, 480 + in_channels, (H - 1) / 2, (W - 1) / 2)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.inception import InceptionB
    >>> InceptionB(8)(torch.zeros(1, 8, 7, 7)).shape
    torch.Size([1, 488, 3, 3])
    """

    def __init__(self, in_channels: int, conv_block: Maker | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, stride=2)

    def forward(self, x: Any) -> Any:
        pooled = F.max_pool2d(x, kernel_size=3, stride=2)
        return torch.cat([self.branch3x3(x), self._row("branch3x3dbl", 3, x), pooled], 1)


class InceptionC(_Branches):
    """Maps of 17 x 17: 7 x 7 convolutions taken apart into 1 x 7 and 7 x 1.

    Shape:  (N, in_channels, H, W) -> (N, 768, H, W)
    Args:   channels_7x7: maps between the parts.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.inception import InceptionC
    >>> InceptionC(8, 4)(torch.zeros(1, 8, 5, 5)).shape
    torch.Size([1, 768, 5, 5])
    """

    def __init__(
        self, in_channels: int, channels_7x7: int, conv_block: Maker | None = None
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        c7 = channels_7x7
        wide = {"kernel_size": (1, 7), "padding": (0, 3)}
        high = {"kernel_size": (7, 1), "padding": (3, 0)}
        self.branch1x1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7_1 = conv(in_channels, c7, kernel_size=1)
        self.branch7x7_2 = conv(c7, c7, **wide)
        self.branch7x7_3 = conv(c7, 192, **high)
        self.branch7x7dbl_1 = conv(in_channels, c7, kernel_size=1)
        self.branch7x7dbl_2 = conv(c7, c7, **high)
        self.branch7x7dbl_3 = conv(c7, c7, **wide)
        self.branch7x7dbl_4 = conv(c7, c7, **high)
        self.branch7x7dbl_5 = conv(c7, 192, **wide)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Any) -> Any:
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        rows = self._row("branch7x7", 3, x), self._row("branch7x7dbl", 5, x)
        return torch.cat([self.branch1x1(x), *rows, pooled], 1)


class InceptionD(_Branches):
    """From 17 x 17 to 8 x 8.

    Shape:  (N, in_channels, H, W) -> (N, 512 + in_channels, (H - 1) / 2, (W - 1) / 2)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.inception import InceptionD
    >>> InceptionD(8)(torch.zeros(1, 8, 7, 7)).shape
    torch.Size([1, 520, 3, 3])
    """

    def __init__(self, in_channels: int, conv_block: Maker | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch3x3_2 = conv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7x3_2 = conv(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = conv(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = conv(192, 192, kernel_size=3, stride=2)

    def forward(self, x: Any) -> Any:
        pooled = F.max_pool2d(x, kernel_size=3, stride=2)
        rows = self._row("branch3x3", 2, x), self._row("branch7x7x3", 4, x)
        return torch.cat([*rows, pooled], 1)


class InceptionE(_Branches):
    """Maps of 8 x 8: 3 x 3 convolutions split into 1 x 3 and 3 x 1 side by side.

    Shape:  (N, in_channels, H, W) -> (N, 2048, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.inception import InceptionE
    >>> InceptionE(8)(torch.zeros(1, 8, 3, 3)).shape
    torch.Size([1, 2048, 3, 3])
    """

    def __init__(self, in_channels: int, conv_block: Maker | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        wide = {"kernel_size": (1, 3), "padding": (0, 1)}
        high = {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = conv(384, 384, **wide)
        self.branch3x3_2b = conv(384, 384, **high)
        self.branch3x3dbl_1 = conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = conv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = conv(384, 384, **wide)
        self.branch3x3dbl_3b = conv(384, 384, **high)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Any) -> Any:
        single, double = self.branch3x3_1(x), self._row("branch3x3dbl", 2, x)
        split = [
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
        ]
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return torch.cat([self.branch1x1(x), *split, pooled], 1)


class InceptionAux(nn.Module):
    """A small classifier on maps halfway, for training.

    Shape:  (N, in_channels, 17, 17) -> scores (N, num_classes)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.inception import InceptionAux
    >>> InceptionAux(8, 5)(torch.zeros(2, 8, 17, 17)).shape
    torch.Size([2, 5])
    """

    def __init__(self, in_channels: int, num_classes: int, conv_block: Maker | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.fc = nn.Linear(768, num_classes)
        self.fc.stddev = 0.001  # type: ignore[attr-defined]

    def forward(self, x: Any) -> Any:
        x = self.conv1(self.conv0(F.avg_pool2d(x, kernel_size=5, stride=3)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


BLOCKS = (BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE, InceptionAux)


class Inception3(nn.Module):
    """Inception v3 (Szegedy et al., 2015), made for images of 299 x 299.

    In training with `aux_logits`, gives `InceptionOutputs`; otherwise the scores alone.

    Shape:  float (N, 3, H, W), H and W at least 75 -> scores (N, num_classes)
    Args:
        num_classes: default 1000. aux_logits: a classifier halfway. Default True.
        transform_input: take images normalised as for the other networks, and bring them to -1..1.
            Default False; True with published weights.
        inception_blocks: what makes the parts, in the order of `BLOCKS`.
        init_weights: draw from a truncated normal distribution (default), else leave the layers'
            own.
        dropout: before the last linear layer, default 0.5.
    Raises: ValueError unless inception_blocks has seven elements.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> with torch.device("meta"):
    ...     models.inception_v3()(torch.empty(2, 3, 299, 299)).aux_logits.shape
    torch.Size([2, 1000])
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        inception_blocks: Sequence[Maker] | None = None,
        init_weights: bool | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        blocks = BLOCKS if inception_blocks is None else inception_blocks
        if len(blocks) != 7:
            raise ValueError(f"length of inception_blocks should be 7 instead of {len(blocks)}")
        conv, a, b, c, d, e, aux = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = a(192, pool_features=32)
        self.Mixed_5c = a(256, pool_features=64)
        self.Mixed_5d = a(288, pool_features=64)
        self.Mixed_6a = b(288)
        self.Mixed_6b = c(768, channels_7x7=128)
        self.Mixed_6c = c(768, channels_7x7=160)
        self.Mixed_6d = c(768, channels_7x7=160)
        self.Mixed_6e = c(768, channels_7x7=192)
        self.AuxLogits: Any = aux(768, num_classes) if aux_logits else None
        self.Mixed_7a = d(768)
        self.Mixed_7b = e(1280)
        self.Mixed_7c = e(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)
        if init_weights is None or init_weights:
            for module in self.modules():
                initialise(module, std=0.1)

    def forward(self, x: Any) -> Any:
        if self.transform_input:
            x = to_plus_minus_one(x)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(self.maxpool1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(self.maxpool2(x))))
        halfway = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        aux = self.AuxLogits(halfway) if self.training and self.aux_logits else None
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(halfway)))
        x = self.fc(torch.flatten(self.dropout(self.avgpool(x)), 1))
        return x if aux is None else InceptionOutputs(x, aux)


class Inception_V3_Weights(WeightsEnum):
    """Published files of `inception_v3`."""

    IMAGENET1K_V1 = imagenet(
        "inception_v3_google-0cc3c7bd.pth",
        27_161_264,
        acc1=77.294,
        acc5=93.45,
        min_size=75,
        options={"transform_input": True},
        droppable=("AuxLogits.",),
        crop_size=299,
        resize_size=342,
    )
    DEFAULT = IMAGENET1K_V1


@register_model(input_size=(3, 299, 299))
@published(Inception_V3_Weights)
def inception_v3(**options: Any) -> Inception3:
    """Inception v3: 27,161,264 parameters, 23,834,568 of them without the auxiliary classifier."""
    return Inception3(**options)
