"""MobileNet v2: inverted residuals, thin outside and wide inside, for small machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

Norm = Callable[..., nn.Module]

# Expansion, channels, how many blocks, stride of the first: the paper's table 2.
SETTING = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class Conv2dNormActivation(nn.Sequential):
    """A convolution that keeps the size (stride 1), a normalisation, an activation.

    Shape:  (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)
    Args:
        padding: default (kernel_size - 1) / 2 * dilation. norm_layer, activation_layer: made anew,
        None for none. bias: default only where there is no normalisation.

    >>> from flambeau.vision.models.mobilenet import Conv2dNormActivation
    >>> Conv2dNormActivation(3, 8, stride=2, norm_layer=None)
    Conv2dNormActivation(
      (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
      (1): ReLU(inplace=True)
    )
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int | None = None,
        groups: int = 1,
        norm_layer: Norm | None = nn.BatchNorm2d,
        activation_layer: Callable[..., nn.Module] | None = nn.ReLU,
        dilation: int = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        if padding is None:
            padding = (kernel_size - 1) // 2 * dilation
        if bias is None:
            bias = norm_layer is None
        size = (kernel_size, stride, padding, dilation, groups)
        layers: list[nn.Module] = [nn.Conv2d(in_channels, out_channels, *size, bias=bias)]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**({} if inplace is None else {"inplace": inplace})))
        super().__init__(*layers)
        self.out_channels = out_channels


class InvertedResidual(nn.Module):
    """Widens by 1 x 1, convolves each map by itself, narrows by 1 x 1 without activation.

    Shape:  (N, inp, H, W) -> (N, oup, H / stride, W / stride); x is added where shapes allow it
    Raises: ValueError for a stride other than 1 or 2.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.mobilenet import InvertedResidual
    >>> InvertedResidual(8, 12, stride=2, expand_ratio=6)(torch.zeros(1, 8, 6, 6)).shape
    torch.Size([1, 12, 3, 3])
    """

    def __init__(
        self,
        inp: int,
        oup: int,
        stride: int,
        expand_ratio: int,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        norm = norm_layer or nn.BatchNorm2d
        hidden = round(inp * expand_ratio)
        style: dict[str, Any] = {"norm_layer": norm, "activation_layer": nn.ReLU6}
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(Conv2dNormActivation(inp, hidden, kernel_size=1, **style))
        layers += [
            Conv2dNormActivation(hidden, hidden, stride=stride, groups=hidden, **style),
            nn.Conv2d(hidden, oup, kernel_size=1, bias=False),
            norm(oup),
        ]
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        self.conv = nn.Sequential(*layers)
        self.out_channels = oup

    def forward(self, x: Any) -> Any:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """MobileNet v2 (Sandler et al., 2018).

    Shape:  float (N, 3, H, W) -> scores (N, num_classes)
    Args:
        num_classes: default 1000. width_mult: scales the channels of every layer.
        inverted_residual_setting: rows of expansion, channels, blocks, stride. Default `SETTING`.
        round_nearest: channels are multiples of it. Default 8.
        block: default `InvertedResidual`. norm_layer: default `BatchNorm2d`.
        dropout: before the linear layer, default 0.2.
    Raises: ValueError unless the rows have four numbers.

    >>> from flambeau.vision import models
    >>> sum(p.numel() for p in models.mobilenet_v2().parameters())
    3504872
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Sequence[Sequence[int]] | None = None,
        round_nearest: int = 8,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Norm | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        make = block or InvertedResidual
        norm = norm_layer or nn.BatchNorm2d
        setting = SETTING if inverted_residual_setting is None else inverted_residual_setting
        if not setting or any(len(row) != 4 for row in setting):
            raise ValueError(
                "inverted_residual_setting should be non-empty or a 4-element list, got "
                f"{inverted_residual_setting}"
            )
        style: dict[str, Any] = {"norm_layer": norm, "activation_layer": nn.ReLU6}
        channels = _make_divisible(32 * width_mult, round_nearest)
        self.last_channel = _make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, **style)]
        for expand, width, blocks, stride in setting:
            out = _make_divisible(width * width_mult, round_nearest)
            for i in range(blocks):
                first = stride if i == 0 else 1
                features.append(make(channels, out, first, expand_ratio=expand, norm_layer=norm))
                channels = out
        features.append(Conv2dNormActivation(channels, self.last_channel, kernel_size=1, **style))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes)
        )
        for module in self.modules():
            _initialise(module)

    def forward(self, x: Any) -> Any:
        x = F.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(torch.flatten(x, 1))


def _make_divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value`, but at least 0.9 of it."""
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * value else nearest + divisor


def _initialise(module: Any) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0, 0.01)
        nn.init.zeros_(module.bias)


class MobileNet_V2_Weights(WeightsEnum):
    """Published files of `mobilenet_v2`."""

    IMAGENET1K_V1 = imagenet("mobilenet_v2-b0353104.pth", 3_504_872, acc1=71.878, acc5=90.286)
    IMAGENET1K_V2 = imagenet(
        "mobilenet_v2-7ebf99e0.pth", 3_504_872, acc1=72.154, acc5=90.822, resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


@register_model()
@published(MobileNet_V2_Weights)
def mobilenet_v2(**options: Any) -> MobileNetV2:
    """MobileNet v2: 3,504,872 parameters."""
    return MobileNetV2(**options)
