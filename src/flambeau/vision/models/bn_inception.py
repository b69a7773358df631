"""BN-Inception: GoogLeNet with batch normalisation, and two 3 x 3 in place of each 5 x 5."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model
from flambeau.vision.models.weights import WeightsEnum, imagenet, published

# Figure 5 of the paper: 1x1 | 3x3 reduce, 3x3 | double 3x3 reduce, double 3x3 | pooling, its
# projection. Modules without 1x1 and projection halve the maps and let the pooled input pass.
_MODULES = {
    "3a": (64, (64, 64), (64, 96), ("avg", 32)),
    "3b": (64, (64, 96), (64, 96), ("avg", 64)),
    "3c": (0, (128, 160), (64, 96), ("max", 0)),
    "4a": (224, (64, 96), (96, 128), ("avg", 128)),
    "4b": (192, (96, 128), (96, 128), ("avg", 128)),
    "4c": (160, (128, 160), (128, 160), ("avg", 128)),
    "4d": (96, (128, 192), (160, 192), ("avg", 128)),
    "4e": (0, (128, 192), (192, 256), ("max", 0)),
    "5a": (352, (192, 320), (160, 224), ("avg", 128)),
    "5b": (352, (192, 320), (192, 224), ("max", 128)),
}


class BNInception(nn.Module):
    """BN-Inception (Ioffe and Szegedy, 2015). 11,295,240 parameters with 1,000 classes.

    Parameter names are those of the port of the authors' weights to PyTorch, so that it loads.

    Shape:  float (N, 3, H, W), in the paper 224 x 224 -> scores (N, num_classes)
    Args:   num_classes: default 1000.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> model = models.bn_inception(num_classes=7).eval()
    >>> with torch.no_grad():
    ...     model(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 7])
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self._convolution("conv1_7x7_s2", 3, 64, 7, stride=2)
        self._convolution("conv2_3x3_reduce", 64, 64, 1)
        self._convolution("conv2_3x3", 64, 192, 3)
        channels = 192
        for name, widths in _MODULES.items():
            channels = self._inception(f"inception_{name}", channels, *widths)
        self.last_linear = nn.Linear(channels, num_classes)
        self.register_load_state_dict_pre_hook(_flatten)

    def _convolution(
        self, name: str, in_channels: int, out_channels: int, kernel: int, stride: int = 1
    ) -> None:
        conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2)
        self.add_module(name, conv)
        self.add_module(f"{name}_bn", nn.BatchNorm2d(out_channels))

    def _inception(
        self,
        name: str,
        channels: int,
        one: int,
        three: tuple[int, int],
        double: tuple[int, int],
        pool: tuple[str, int],
    ) -> int:
        """Adds a module's convolutions; the number of channels that it puts out."""
        stride = 1 if one else 2
        if one:
            self._convolution(f"{name}_1x1", channels, one, 1)
        self._convolution(f"{name}_3x3_reduce", channels, three[0], 1)
        self._convolution(f"{name}_3x3", *three, 3, stride)
        self._convolution(f"{name}_double_3x3_reduce", channels, double[0], 1)
        self._convolution(f"{name}_double_3x3_1", *double, 3)
        self._convolution(f"{name}_double_3x3_2", double[1], double[1], 3, stride)
        if pool[1]:
            self._convolution(f"{name}_pool_proj", channels, pool[1], 1)
        return one + three[1] + double[1] + (pool[1] or channels)

    def _apply_convolutions(self, x: Any, *names: str) -> Any:
        for name in names:
            x = F.relu(getattr(self, f"{name}_bn")(getattr(self, name)(x)))
        return x

    def _apply_inception(self, x: Any, name: str, one: int, pool: tuple[str, int]) -> Any:
        run, prefix = self._apply_convolutions, f"inception_{name}_"
        stride, padding = (1, 1) if one else (2, 0)
        if pool[0] == "avg":
            pooled = F.avg_pool2d(x, 3, stride=1, padding=1)
        else:
            pooled = F.max_pool2d(x, 3, stride, padding, ceil_mode=True)
        branches = [run(x, prefix + "1x1")] if one else []
        branches += [
            run(x, prefix + "3x3_reduce", prefix + "3x3"),
            run(x, *(prefix + "double_3x3_" + part for part in ("reduce", "1", "2"))),
            run(pooled, prefix + "pool_proj") if pool[1] else pooled,
        ]
        return torch.cat(branches, 1)

    def forward(self, x: Any) -> Any:
        x = self._apply_convolutions(x, "conv1_7x7_s2")
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self._apply_convolutions(x, "conv2_3x3_reduce", "conv2_3x3")
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for name, (one, _, _, pool) in _MODULES.items():
            x = self._apply_inception(x, name, one, pool)
        return self.last_linear(x.mean((2, 3)))


def _flatten(_: Any, state_dict: dict[str, Any], prefix: str, *__: Any) -> None:
    """What belongs to channels is (1, C) in the file that came from Caffe."""
    for key, value in state_dict.items():
        if key.startswith(prefix) and "_bn." in key and value.ndim == 2:
            state_dict[key] = value.flatten()


class BNInception_Weights(WeightsEnum):
    """Published files of `bn_inception`: trained with Caffe, on bytes in blue, green, red."""

    IMAGENET1K_V1 = imagenet(
        "bn_inception-52deb4733.pth",
        11_295_240,
        address="http://data.lip6.fr/cadene/pretrainedmodels/",
        mean=(128 / 255, 117 / 255, 104 / 255),
        std=(1 / 255, 1 / 255, 1 / 255),
        bgr=True,
    )
    DEFAULT = IMAGENET1K_V1


@register_model()
@published(BNInception_Weights)
def bn_inception(**options: Any) -> BNInception:
    """BN-Inception: 11,295,240 parameters. Options: num_classes."""
    return BNInception(**options)
