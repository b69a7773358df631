"""Network in network: every convolution is followed by a small perceptron at each pixel."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.vision.models.registry import register_model

# One line a block: kernel, stride and padding of the convolution; its width and those of the two
# 1 x 1 convolutions after it (None: one map a class); what follows.
_CIFAR = (
    (5, 1, 2, (192, 160, 96), (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout)),
    (5, 1, 2, (192, 192, 192), (lambda: nn.AvgPool2d(3, 2, ceil_mode=True), nn.Dropout)),
    (3, 1, 1, (192, 192, None), ()),
)
_IMAGENET = (
    (11, 4, 0, (96, 96, 96), (lambda: nn.MaxPool2d(3, 2, ceil_mode=True),)),
    (5, 1, 2, (256, 256, 256), (lambda: nn.MaxPool2d(3, 2, ceil_mode=True),)),
    (3, 1, 1, (384, 384, 384), (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout)),
    (3, 1, 1, (1024, 1024, None), ()),
)


class NIN(nn.Module):
    """Network in network (Lin et al., 2013).

    Its last convolution gives one map for each class; their averages are the scores.

    Shape:  float (N, in_channels, H, W) -> scores (N, num_classes)
    Args:   num_classes: default 10. in_channels: default 3. blocks: a line for each, as in the two
            tables of this file; default the net for CIFAR-10 with 966,986 parameters.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> models.nin().eval()(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self, num_classes: int = 10, in_channels: int = 3, blocks: tuple[Any, ...] = _CIFAR
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for kernel, stride, padding, widths, after in blocks:
            for i, width in enumerate(widths):
                shape = (kernel, stride, padding) if i == 0 else (1, 1, 0)
                conv = nn.Conv2d(in_channels, width or num_classes, *shape)
                nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
                nn.init.zeros_(conv.bias)
                layers += [conv, nn.ReLU(inplace=True)]
                in_channels = conv.out_channels
            layers += [make() for make in after]
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Any) -> Any:
        return self.avgpool(self.features(x)).flatten(1)


@register_model(input_size=(3, 32, 32))
def nin(**options: Any) -> NIN:
    """A new `NIN` for 32 x 32 pixels, parameters at random; options are those of the class."""
    return NIN(**options)


@register_model()
def nin_imagenet(num_classes: int = 1000, **options: Any) -> NIN:
    """A new `NIN` for 224 x 224 pixels and 1,000 classes: 7,595,176 parameters."""
    return NIN(num_classes=num_classes, blocks=_IMAGENET, **options)
