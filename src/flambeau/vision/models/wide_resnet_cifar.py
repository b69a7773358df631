"""Wide residual networks for pictures of 32 x 32 pixels."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.vision.models.registry import register_model


class WideBlock(nn.Module):
    """Normalise, relu, convolve, twice; dropout between. The shortcut has a 1 x 1 convolution where
    the width changes.

    Shape:  float (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.dropout = dropout
        changes = stride != 1 or in_channels != out_channels
        self.convShortcut = (
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False) if changes else None
        )

    def forward(self, x: Any) -> Any:
        y = F.relu(self.bn1(x))
        shortcut = x if self.convShortcut is None else self.convShortcut(y)
        y = F.relu(self.bn2(self.conv1(y)))
        if self.dropout:
            y = F.dropout(y, self.dropout, self.training)
        return self.conv2(y) + shortcut


class WideStage(nn.Module):
    """Blocks of one width; the first one changes the size of the maps."""

    def __init__(
        self, blocks: int, in_channels: int, out_channels: int, stride: int, dropout: float
    ) -> None:
        super().__init__()
        first = WideBlock(in_channels, out_channels, stride, dropout)
        others = (WideBlock(out_channels, out_channels, 1, dropout) for _ in range(blocks - 1))
        self.layer = nn.Sequential(first, *others)

    def forward(self, x: Any) -> Any:
        return self.layer(x)


class WideResNetCifar(nn.Module):
    """WRN-depth-widen_factor (Zagoruyko and Komodakis, 2016).

    Shape:  float (N, 3, 32, 32) -> scores (N, num_classes)
    Args:   depth: 6 n + 4, default 28. widen_factor: times 16, 32, 64 channels; default 10.
            num_classes: default 10. dropout: within the blocks; default 0.
    Raises: ValueError for another depth.

    >>> from flambeau.vision.models.wide_resnet_cifar import WideResNetCifar
    >>> sum(p.numel() for p in WideResNetCifar(depth=16, widen_factor=4).parameters())
    2748890
    """

    def __init__(
        self,
        depth: int = 28,
        widen_factor: int = 10,
        num_classes: int = 10,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if depth < 10 or depth % 6 != 4:
            raise ValueError(
                f"the depth of a wide residual network is 10, 16, 22, ..., not {depth}"
            )
        blocks = (depth - 4) // 6
        widths = [16 * widen_factor, 32 * widen_factor, 64 * widen_factor]
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.block1 = WideStage(blocks, 16, widths[0], 1, dropout)
        self.block2 = WideStage(blocks, widths[0], widths[1], 2, dropout)
        self.block3 = WideStage(blocks, widths[1], widths[2], 2, dropout)
        self.bn1 = nn.BatchNorm2d(widths[2])
        self.fc = nn.Linear(widths[2], num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Any) -> Any:
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


@register_model(input_size=(3, 32, 32))
def wide_resnet28_10(**options: Any) -> WideResNetCifar:
    """WRN-28-10 for CIFAR: 36,479,194 parameters. Options: num_classes, dropout."""
    return WideResNetCifar(28, 10, **options)
