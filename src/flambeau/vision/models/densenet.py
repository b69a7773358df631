"""DenseNet: every layer sees the maps of all layers before it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from flambeau import nn
from flambeau.autograd.checkpoint import checkpoint
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

# Parts of a layer as old files call them, and as they are called since names may hold no point.
_OLD_NAMES = {
    f"{part}.{number}.": f"{part}{number}." for part in ("norm", "conv") for number in (1, 2)
}


class _DenseLayer(nn.Module):
    """`growth_rate` new maps of all maps so far, through bn_size * growth_rate maps between."""

    def __init__(
        self,
        num_input_features: int,
        growth_rate: int,
        bn_size: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        between = bn_size * growth_rate
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, between, kernel_size=1, stride=1, bias=False)
        self.norm2 = nn.BatchNorm2d(between)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(between, growth_rate, 3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, inputs: Sequence[Any]) -> Any:
        """The maps between, of all maps so far."""
        return self.conv1(self.relu1(self.norm1(torch.cat(inputs, 1))))

    def forward(self, input: Any) -> Any:
        maps = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(x.requires_grad for x in maps):
            # The concatenation is computed again in the backward pass instead of being kept.
            between = checkpoint(lambda *x: self.bn_function(x), *maps, use_reentrant=False)
        else:
            between = self.bn_function(maps)
        new = self.conv2(self.relu2(self.norm2(between)))
        return F.dropout(new, p=self.drop_rate, training=self.training) if self.drop_rate else new

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        for old, new in _OLD_NAMES.items():
            for key in [key for key in state_dict if key.startswith(prefix + old)]:
                state_dict[prefix + new + key.removeprefix(prefix + old)] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)  # type: ignore[misc]


class _DenseBlock(nn.ModuleDict):
    """Dense layers one after the other; gives the maps of all of them."""

    _version = 2

    def __init__(
        self,
        num_layers: int,
        num_input_features: int,
        bn_size: int,
        growth_rate: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            features = num_input_features + i * growth_rate
            layer = _DenseLayer(features, growth_rate, bn_size, drop_rate, memory_efficient)
            self.add_module(f"denselayer{i + 1}", layer)

    def forward(self, init_features: Any) -> Any:
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return torch.cat(features, 1)


class _Transition(nn.Sequential):
    """Fewer maps of half the size, between two blocks."""

    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, 1, stride=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """Densely connected network (Huang et al., 2017), with bottlenecks and compression.

    Files that name the layers' parts in the old way (`norm.1` for `norm1`) load as well.

    Shape:  float (N, 3, H, W), H and W at least 29 -> scores (N, num_classes)
    Args:
        growth_rate: maps that a layer adds, `k` in the paper. Default 32.
        block_config: layers of each block. num_init_features: maps of the first convolution.
        bn_size: a layer's maps between, as a multiple of growth_rate. Default 4.
        drop_rate: dropout after every layer. Default 0.
        num_classes: default 1000.
        memory_efficient: compute the concatenations again for the backward pass (Pleiss et al.,
            2017) instead of keeping them. Default False.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.densenet import DenseNet
    >>> DenseNet(8, (1, 2), 16, num_classes=5)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        width = num_init_features
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(width),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )
        for i, layers in enumerate(block_config, 1):
            block = _DenseBlock(layers, width, bn_size, growth_rate, drop_rate, memory_efficient)
            self.features.add_module(f"denseblock{i}", block)
            width += layers * growth_rate
            if i < len(block_config):
                self.features.add_module(f"transition{i}", _Transition(width, width // 2))
                width //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(width))
        self.classifier = nn.Linear(width, num_classes)
        for module in self.modules():
            _initialise(module)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.features(x), inplace=True)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(torch.flatten(x, 1))


def _initialise(module: Any) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


# ---------------------------------------------------------------------------------- published files


class DenseNet121_Weights(WeightsEnum):
    """Published files of `densenet121`."""

    IMAGENET1K_V1 = imagenet(
        "densenet121-a639ec97.pth", 7_978_856, acc1=74.434, acc5=91.972, min_size=29
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet161_Weights(WeightsEnum):
    """Published files of `densenet161`."""

    IMAGENET1K_V1 = imagenet(
        "densenet161-8d451a50.pth", 28_681_000, acc1=77.138, acc5=93.56, min_size=29
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet169_Weights(WeightsEnum):
    """Published files of `densenet169`."""

    IMAGENET1K_V1 = imagenet(
        "densenet169-b2777c0a.pth", 14_149_480, acc1=75.6, acc5=92.806, min_size=29
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet201_Weights(WeightsEnum):
    """Published files of `densenet201`."""

    IMAGENET1K_V1 = imagenet(
        "densenet201-c1103571.pth", 20_013_928, acc1=76.896, acc5=93.37, min_size=29
    )
    DEFAULT = IMAGENET1K_V1


# ----------------------------------------------------------------------------------------- builders


@register_model()
@published(DenseNet121_Weights)
def densenet121(**options: Any) -> DenseNet:
    """DenseNet-121: 7,978,856 parameters."""
    return DenseNet(32, (6, 12, 24, 16), 64, **options)


@register_model()
@published(DenseNet161_Weights)
def densenet161(**options: Any) -> DenseNet:
    """DenseNet-161: 28,681,000 parameters."""
    return DenseNet(48, (6, 12, 36, 24), 96, **options)


@register_model()
@published(DenseNet169_Weights)
def densenet169(**options: Any) -> DenseNet:
    """DenseNet-169: 14,149,480 parameters."""
    return DenseNet(32, (6, 12, 32, 32), 64, **options)


@register_model()
@published(DenseNet201_Weights)
def densenet201(**options: Any) -> DenseNet:
    """DenseNet-201: 20,013,928 parameters."""
    return DenseNet(32, (6, 12, 48, 32), 64, **options)
