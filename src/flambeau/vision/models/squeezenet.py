"""SqueezeNet: AlexNet's accuracy with a fiftieth of its parameters."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

# First convolution (channels, size), then the channels that each Fire squeezes to and expands by
# (1 x 1 and 3 x 3 each); "M" is a pooling.
_VERSIONS: dict[str, tuple[tuple[int, int], list[Any]]] = {
    "1_0": (
        (96, 7),
        ["M", (16, 64), (16, 64), (32, 128), "M", (32, 128), (48, 192), (48, 192), (64, 256)]
        + ["M", (64, 256)],
    ),
    "1_1": (
        (64, 3),
        ["M", (16, 64), (16, 64), "M", (32, 128), (32, 128), "M", (48, 192), (48, 192)]
        + [(64, 256), (64, 256)],
    ),
}


class Fire(nn.Module):
    """Squeezes to few maps, then expands them with 1 x 1 and 3 x 3 convolutions side by side.

    Shape:  (N, inplanes, H, W) -> (N, expand1x1_planes + expand3x3_planes, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.models.squeezenet import Fire
    >>> Fire(8, 2, 4, 4)(torch.zeros(1, 8, 5, 5)).shape
    torch.Size([1, 8, 5, 5])
    """

    def __init__(
        self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int
    ) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        x = self.squeeze_activation(self.squeeze(x))
        one = self.expand1x1_activation(self.expand1x1(x))
        three = self.expand3x3_activation(self.expand3x3(x))
        return torch.cat([one, three], 1)


class SqueezeNet(nn.Module):
    """SqueezeNet (Iandola et al., 2016): Fire modules, then a convolution with a map a class.

    Shape:  float (N, 3, H, W), H and W at least 21 -> scores (N, num_classes)
    Args:
        version: "1_0" as in the paper, or "1_1", the same accuracy with 2.4 times less arithmetic.
        num_classes: default 1000. dropout: before the last convolution, default 0.5.
        final_padding: of the last convolution. Default 0; weights from Caffe want 1.
    Raises: ValueError for another version.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> models.squeezenet1_1(num_classes=4)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        version: str = "1_0",
        num_classes: int = 1000,
        dropout: float = 0.5,
        final_padding: int = 0,
    ) -> None:
        super().__init__()
        if version not in _VERSIONS:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        self.num_classes = num_classes
        (channels, size), rest = _VERSIONS[version]
        layers = [nn.Conv2d(3, channels, kernel_size=size, stride=2), nn.ReLU(inplace=True)]
        for item in rest:
            if item == "M":
                layers.append(nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
            else:
                squeeze, expand = item
                layers.append(Fire(channels, squeeze, expand, expand))
                channels = 2 * expand
        self.features = nn.Sequential(*layers)
        final_conv = nn.Conv2d(channels, num_classes, kernel_size=1, padding=final_padding)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), final_conv, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is final_conv:
                    nn.init.normal_(module.weight, mean=0.0, std=0.01)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Any) -> Any:
        return torch.flatten(self.classifier(self.features(x)), 1)


class SqueezeNet1_0_Weights(WeightsEnum):
    """Published files of `squeezenet1_0`; CAFFE are the paper's own weights.

    CAFFE was trained on bytes in the order blue, green, red, less their means, and with a padding
    of 1 around the last convolution: both come with it.
    """

    IMAGENET1K_V1 = imagenet(
        "squeezenet1_0-b66bff10.pth", 1_248_424, acc1=58.092, acc5=80.42, min_size=21
    )
    CAFFE = imagenet(
        "squeezenet1_0_imagenet.pth",
        1_248_424,
        min_size=21,
        address=None,
        sha256="37cee50232f51f6f26fcf07196530337418f60262dcba00a2f2fcd8b6af64487",
        options={"final_padding": 1},
        crop_size=227,
        mean=(123 / 255, 117 / 255, 104 / 255),
        std=(1 / 255, 1 / 255, 1 / 255),
        bgr=True,
    )
    DEFAULT = IMAGENET1K_V1


class SqueezeNet1_1_Weights(WeightsEnum):
    """Published files of `squeezenet1_1`."""

    IMAGENET1K_V1 = imagenet(
        "squeezenet1_1-b8a52dc0.pth", 1_235_496, acc1=58.178, acc5=80.624, min_size=17
    )
    DEFAULT = IMAGENET1K_V1


@register_model()
@published(SqueezeNet1_0_Weights)
def squeezenet1_0(**options: Any) -> SqueezeNet:
    """SqueezeNet 1.0, as in the paper: 1,248,424 parameters."""
    return SqueezeNet("1_0", **options)


@register_model()
@published(SqueezeNet1_1_Weights)
def squeezenet1_1(**options: Any) -> SqueezeNet:
    """SqueezeNet 1.1, less arithmetic for the same accuracy: 1,235,496 parameters."""
    return SqueezeNet("1_1", **options)
