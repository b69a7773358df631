"""Highway networks: layers that learn how much of their input to let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.models.registry import register_model


class HighwayLayer(nn.Module):
    """A fully connected layer with a gate (Srivastava et al., 2015).

    y = H(x) * T(x) + x * (1 - T(x))    H(x) = activation(A x + a),  T(x) = sigmoid(B x + b)

    Shape:  float (*, features) -> the same
    Args:   features: width of input and output. gate_bias: what b starts as; below zero a new layer
            lets most of its input pass. Default -1. activation: default relu.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.highway import HighwayLayer
    >>> x = torch.ones(1, 3)
    >>> torch.allclose(HighwayLayer(3, gate_bias=-100)(x), x)
    True
    """

    def __init__(
        self, features: int, gate_bias: float = -1.0, activation: Callable[[Any], Any] = F.relu
    ) -> None:
        super().__init__()
        self.transform = nn.Linear(features, features)
        self.gate = nn.Linear(features, features)
        self.activation = activation
        nn.init.constant_(self.gate.bias, gate_bias)

    def forward(self, x: Any) -> Any:
        gate = torch.sigmoid(self.gate(x))
        return self.activation(self.transform(x)) * gate + x * (1 - gate)


class Highway(nn.Module):
    """The fully connected highway network of Srivastava et al. (2015) for MNIST.

    A plain layer, depth - 1 highway layers, and the scores.

    Shape:  float (N, *) with in_features numbers an image -> scores (N, num_classes)
    Args:   num_classes: default 10. in_features: default 784. width: default 50. depth: hidden
            layers, in the paper 10, 20, 50 or 100; default 10. gate_bias: default -1.
            activation: default relu.

    >>> import flambeau as torch
    >>> from flambeau.vision import models
    >>> models.highway(depth=50)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_features: int = 784,
        width: int = 50,
        depth: int = 10,
        gate_bias: float = -1.0,
        activation: Callable[[Any], Any] = F.relu,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"a highway network has at least 1 hidden layer, not {depth}")
        self.activation = activation
        self.plain = nn.Linear(in_features, width)
        self.layers = nn.Sequential(
            *(HighwayLayer(width, gate_bias, activation) for _ in range(depth - 1))
        )
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, x: Any) -> Any:
        x = self.activation(self.plain(x.flatten(1)))
        return self.classifier(self.layers(x))


@register_model(input_size=(1, 28, 28))
def highway(**options: Any) -> Highway:
    """A new `Highway`, parameters at random; options are those of the class."""
    return Highway(**options)
