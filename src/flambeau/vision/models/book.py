"""The nets of the book's chapter on convolutions: bird or airplane, in 32 x 32 pixels?

Each differs from the first in one respect: width, dropout, batch normalisation, depth, a skip
connection, many of them. Names, layers and initial values are the chapter's.
"""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model


class Net(nn.Module):
    """The baseline: two convolutions, two linear layers. 18,090 parameters.

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)

    >>> from flambeau.vision import models
    >>> sum(p.numel() for p in models.book.Net().parameters())
    18090
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 8, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(8 * 8 * 8, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x: Any) -> Any:
        out = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        out = F.max_pool2d(torch.tanh(self.conv2(out)), 2)
        out = out.view(-1, 8 * 8 * 8)
        return self.fc2(torch.tanh(self.fc1(out)))


class NetWidth(nn.Module):
    """The baseline with more channels. 38,386 parameters.

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)
    Args:   n_chans1: channels of the first convolution; the second has half. Default 32.
    """

    def __init__(self, n_chans1: int = 32) -> None:
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(8 * 8 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x: Any) -> Any:
        out = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        out = F.max_pool2d(torch.tanh(self.conv2(out)), 2)
        out = out.view(-1, 8 * 8 * self.n_chans1 // 2)
        return self.fc2(torch.tanh(self.fc1(out)))


class NetDropout(nn.Module):
    """The wide net, in training without 40% of its maps (Srivastava et al., 2014).

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)
    Args:   n_chans1: channels of the first convolution; the second has half. Default 32.
    """

    def __init__(self, n_chans1: int = 32) -> None:
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv1_dropout = nn.Dropout2d(p=0.4)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.conv2_dropout = nn.Dropout2d(p=0.4)
        self.fc1 = nn.Linear(8 * 8 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x: Any) -> Any:
        out = self.conv1_dropout(F.max_pool2d(torch.tanh(self.conv1(x)), 2))
        out = self.conv2_dropout(F.max_pool2d(torch.tanh(self.conv2(out)), 2))
        out = out.view(-1, 8 * 8 * self.n_chans1 // 2)
        return self.fc2(torch.tanh(self.fc1(out)))


class NetBatchNorm(nn.Module):
    """The wide net with batch normalisation (Ioffe and Szegedy, 2015).

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)
    Args:   n_chans1: channels of the first convolution; the second has half. Default 32.
    """

    def __init__(self, n_chans1: int = 32) -> None:
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv1_batchnorm = nn.BatchNorm2d(num_features=n_chans1)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.conv2_batchnorm = nn.BatchNorm2d(num_features=n_chans1 // 2)
        self.fc1 = nn.Linear(8 * 8 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x: Any) -> Any:
        out = F.max_pool2d(torch.tanh(self.conv1_batchnorm(self.conv1(x))), 2)
        out = F.max_pool2d(torch.tanh(self.conv2_batchnorm(self.conv2(out))), 2)
        out = out.view(-1, 8 * 8 * self.n_chans1 // 2)
        return self.fc2(torch.tanh(self.fc1(out)))


class NetDepth(nn.Module):
    """Three convolutions, with relu.

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)
    Args:   n_chans1: channels of the first convolution; the others have half. Default 32.
    """

    def __init__(self, n_chans1: int = 32) -> None:
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(n_chans1, n_chans1 // 2, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(n_chans1 // 2, n_chans1 // 2, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(4 * 4 * n_chans1 // 2, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x: Any) -> Any:
        out = F.max_pool2d(torch.relu(self.conv1(x)), 2)
        out = F.max_pool2d(torch.relu(self.conv2(out)), 2)
        out = F.max_pool2d(self.third(out), 2)
        out = out.view(-1, 4 * 4 * self.n_chans1 // 2)
        return self.fc2(torch.relu(self.fc1(out)))

    def third(self, x: Any) -> Any:
        """The last convolution, which is all in which the two nets differ."""
        return torch.relu(self.conv3(x))


class NetRes(NetDepth):
    """`NetDepth` with a skip connection around its third convolution (He et al., 2015).

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)
    """

    def third(self, x: Any) -> Any:
        return torch.relu(self.conv3(x)) + x


class ResBlock(nn.Module):
    """A convolution with batch normalisation and a skip connection around both.

    y = relu(batch_norm(conv(x))) + x

    Shape:  float (N, n_chans, H, W) -> the same
    """

    def __init__(self, n_chans: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_chans, n_chans, kernel_size=3, padding=1, bias=False)
        self.batch_norm = nn.BatchNorm2d(num_features=n_chans)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        nn.init.constant_(self.batch_norm.weight, 0.5)
        nn.init.zeros_(self.batch_norm.bias)

    def forward(self, x: Any) -> Any:
        return torch.relu(self.batch_norm(self.conv(x))) + x


class NetResDeep(nn.Module):
    """A deep net of blocks with a skip connection each.

    The chapter's program, `n_blocks * [ResBlock(n_chans1)]`, puts one and the same block n_blocks
    times in a row, so that depth costs no parameters: 75,810. With shared=False each block has
    parameters of its own.

    Shape:  float (N, 3, 32, 32) -> scores (N, 2)
    Args:   n_chans1: channels; default 32. n_blocks: default 10. shared: default True.

    >>> from flambeau.vision import models
    >>> net = models.book.NetResDeep(n_blocks=100)
    >>> net.resblocks[0] is net.resblocks[99]
    True
    """

    def __init__(self, n_chans1: int = 32, n_blocks: int = 10, shared: bool = True) -> None:
        super().__init__()
        self.n_chans1 = n_chans1
        self.conv1 = nn.Conv2d(3, n_chans1, kernel_size=3, padding=1)
        if shared:
            blocks = n_blocks * [ResBlock(n_chans=n_chans1)]
        else:
            blocks = [ResBlock(n_chans=n_chans1) for _ in range(n_blocks)]
        self.resblocks = nn.Sequential(*blocks)
        self.fc1 = nn.Linear(8 * 8 * n_chans1, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x: Any) -> Any:
        out = F.max_pool2d(torch.relu(self.conv1(x)), 2)
        out = F.max_pool2d(self.resblocks(out), 2)
        out = out.view(-1, 8 * 8 * self.n_chans1)
        return self.fc2(torch.relu(self.fc1(out)))


@register_model(input_size=(3, 32, 32))
def book_baseline() -> Net:
    """A new `Net`, parameters at random."""
    return Net()


@register_model(input_size=(3, 32, 32))
def book_width(**options: Any) -> NetWidth:
    """A new `NetWidth`, parameters at random; options are those of the class."""
    return NetWidth(**options)


@register_model(input_size=(3, 32, 32))
def book_dropout(**options: Any) -> NetDropout:
    """A new `NetDropout`, parameters at random; options are those of the class."""
    return NetDropout(**options)


@register_model(input_size=(3, 32, 32))
def book_batch_norm(**options: Any) -> NetBatchNorm:
    """A new `NetBatchNorm`, parameters at random; options are those of the class."""
    return NetBatchNorm(**options)


@register_model(input_size=(3, 32, 32))
def book_depth(**options: Any) -> NetDepth:
    """A new `NetDepth`, parameters at random; options are those of the class."""
    return NetDepth(**options)


@register_model(input_size=(3, 32, 32))
def book_res(**options: Any) -> NetRes:
    """A new `NetRes`, parameters at random; options are those of the class."""
    return NetRes(**options)


@register_model(input_size=(3, 32, 32))
def book_res_deep(**options: Any) -> NetResDeep:
    """A new `NetResDeep`, parameters at random; options are those of the class."""
    return NetResDeep(**options)
