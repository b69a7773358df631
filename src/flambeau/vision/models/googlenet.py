"""GoogLeNet: Inception modules, four views of the same maps side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

Maker = Callable[..., nn.Module]

# The paper's table 1. Maps in; out of 1 x 1; before and out of 3 x 3; before and out of "5 x 5";
# after the pooling. For a pooling between the modules: its width.
_STAGES: dict[str, tuple[int, ...]] = {
    "inception3a": (192, 64, 96, 128, 16, 32, 32),
    "inception3b": (256, 128, 128, 192, 32, 96, 64),
    "maxpool3": (3,),
    "inception4a": (480, 192, 96, 208, 16, 48, 64),
    "inception4b": (512, 160, 112, 224, 24, 64, 64),
    "inception4c": (512, 128, 128, 256, 24, 64, 64),
    "inception4d": (512, 112, 144, 288, 32, 64, 64),
    "inception4e": (528, 256, 160, 320, 32, 128, 128),
    "maxpool4": (2,),
    "inception5a": (832, 256, 160, 320, 32, 128, 128),
    "inception5b": (832, 384, 192, 384, 48, 128, 128),
}


class GoogLeNetOutputs(NamedTuple):
    """What a GoogLeNet with auxiliary classifiers gives in training: three sets of scores."""

    logits: Any
    aux_logits2: Any
    aux_logits1: Any


class BasicConv2d(nn.Module):
    """A convolution without bias, batch normalisation, relu.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.googlenet import BasicConv2d
    >>> BasicConv2d(3, 8, kernel_size=3)(torch.zeros(1, 3, 5, 5)).shape
    torch.Size([1, 8, 3, 3])
    """

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Any) -> Any:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    """1 x 1, 3 x 3 and "5 x 5" convolutions and a pooling side by side, their maps stacked.

    The "5 x 5" convolution is 3 x 3: the published weights were trained with this slip.

    Shape:  (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.googlenet import Inception
    >>> Inception(8, 1, 2, 3, 4, 5, 6)(torch.zeros(1, 8, 7, 7)).shape
    torch.Size([1, 15, 7, 7])
    """

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
        conv_block: Maker | None = None,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            conv(in_channels, ch3x3red, kernel_size=1),
            conv(ch3x3red, ch3x3, kernel_size=3, padding=1),
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, ch5x5red, kernel_size=1),
            conv(ch5x5red, ch5x5, kernel_size=3, padding=1),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            conv(in_channels, pool_proj, kernel_size=1),
        )

    def forward(self, x: Any) -> Any:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class InceptionAux(nn.Module):
    """A small classifier on maps halfway, so that gradients reach them on a short way.

    Shape:  (N, in_channels, H, W) -> scores (N, num_classes)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.googlenet import InceptionAux
    >>> InceptionAux(8, 5)(torch.zeros(2, 8, 7, 7)).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        conv_block: Maker | None = None,
        dropout: float = 0.7,
    ) -> None:
        super().__init__()
        self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Any) -> Any:
        x = self.conv(F.adaptive_avg_pool2d(x, (4, 4)))
        x = F.relu(self.fc1(torch.flatten(x, 1)), inplace=True)
        return self.fc2(self.dropout(x))


class GoogLeNet(nn.Module):
    """GoogLeNet, Inception v1 (Szegedy et al., 2014), with batch normalisation.

    In training with `aux_logits`, gives `GoogLeNetOutputs`; otherwise the scores alone.

    Shape:  float (N, 3, H, W), H and W at least 15 -> scores (N, num_classes)
    Args:
        num_classes: default 1000. aux_logits: two classifiers halfway. Default True.
        transform_input: take images normalised as for the other networks, and bring them to -1..1.
            Default False; True with published weights.
        init_weights: draw from a truncated normal distribution (default), else leave the layers'
            own.
        blocks: what makes convolutions, Inception modules, auxiliary classifiers.
        dropout, dropout_aux: before the last linear layers. Default 0.2, 0.7.
    Raises: ValueError unless blocks has three elements.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> with torch.device("meta"):
    ...     len(models.googlenet()(torch.empty(2, 3, 224, 224)))
    3
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool | None = None,
        blocks: Sequence[Maker] | None = None,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
    ) -> None:
        super().__init__()
        blocks = (BasicConv2d, Inception, InceptionAux) if blocks is None else blocks
        if len(blocks) != 3:
            raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
        conv, inception, aux = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        for name, sizes in _STAGES.items():
            if name.startswith("maxpool"):
                self.add_module(name, nn.MaxPool2d(sizes[0], stride=2, ceil_mode=True))
            else:
                self.add_module(name, inception(*sizes))
        self.aux1: Any = aux(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2: Any = aux(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(1024, num_classes)
        if init_weights is None or init_weights:
            for module in self.modules():
                initialise(module, std=0.01)

    def forward(self, x: Any) -> Any:
        if self.transform_input:
            x = to_plus_minus_one(x)
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        halfway = {}
        for name in _STAGES:
            x = getattr(self, name)(x)
            halfway[name] = x
        scores = self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))
        if not (self.training and self.aux_logits):
            return scores
        aux1, aux2 = self.aux1(halfway["inception4a"]), self.aux2(halfway["inception4d"])
        return GoogLeNetOutputs(scores, aux2, aux1)


def to_plus_minus_one(x: Any) -> Any:
    """Images normalised by ImageNet's means and deviations as (pixel - 0.5) / 0.5, in -1..1.

    Shape:  (N, 3, H, W) -> the same

    >>> import flambeau as torch
    >>> from flambeau.vision.models.googlenet import to_plus_minus_one
    >>> to_plus_minus_one(torch.zeros(1, 3, 1, 1)).flatten()  # the mean colour
    tensor([-0.0300, -0.0880, -0.1880])
    """
    moments = ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))
    return torch.cat(
        [x[:, c : c + 1] * (s / 0.5) + (m - 0.5) / 0.5 for c, (m, s) in enumerate(moments)], 1
    )


def initialise(module: Any, std: float) -> None:
    """Draw weights from a normal distribution cut off at 2; `module.stddev` goes before `std`."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=float(getattr(module, "stddev", std)), a=-2, b=2)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)


class GoogLeNet_Weights(WeightsEnum):
    """Published files of `googlenet`; their auxiliary classifiers are not trained."""

    IMAGENET1K_V1 = imagenet(
        "googlenet-1378be20.pth",
        6_624_904,
        acc1=69.778,
        acc5=89.53,
        min_size=15,
        options={"transform_input": True, "aux_logits": False},
        droppable=("aux1.", "aux2."),
    )
    DEFAULT = IMAGENET1K_V1


@register_model()
@published(GoogLeNet_Weights)
def googlenet(**options: Any) -> GoogLeNet:
    """GoogLeNet: 13,004,888 parameters, 6,624,904 of them without the auxiliary classifiers."""
    return GoogLeNet(**options)
