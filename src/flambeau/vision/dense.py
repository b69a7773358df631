"""Networks that classify, made to predict everywhere in an image at once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from flambeau import nn
from flambeau.core.errors import ShapeError
from flambeau.tensor.api import torch
from flambeau.vision.modes import evaluating

_TOLERANCE = 1e-3  # of scores summed in another order, relative to the largest


def convolutionize(model: Any, input_size: tuple[int, int, int]) -> Any:
    """The same network with convolutions in place of its linear layers.

    On images of `input_size` it gives what the model gives, as (N, classes, 1, 1). On a larger one
    it gives a map: the model's scores in every window of that size, at the steps of its strides,
    for little more than the price of one (Sermanet et al., 2013). Padding makes an exception: a
    window inside of the image sees there what lies around it in place of zeros.

    Args:
        model: a list of layers, or a module that applies its children one after the other with
            nothing but reshaping in between: an nn.Sequential, AlexNet, VGG, a ResNet.
        input_size: (C, H, W) of the images that the model was made for.
    Returns:
        a list for a list, otherwise an nn.Sequential. Converted layers have copies of the model's
        parameters, the others are the model's own layers.
    Raises:
        ValueError for a layer that has no counterpart, or a module that does more between its
        layers than to reshape.

    >>> import flambeau as torch
    >>> from flambeau.vision import dense, models
    >>> network = dense.convolutionize(models.lenet5(), (1, 28, 28))
    >>> network[6]
    Conv2d(16, 120, kernel_size=(4, 4), stride=(1, 1))
    >>> network(torch.zeros(1, 1, 60, 44)).shape
    torch.Size([1, 10, 9, 5])
    """
    if not isinstance(model, nn.Module):
        return _convert_all(model, _example(model, input_size))[0]
    x = _example([model], input_size)
    with evaluating(model):
        layers, expected = _in_order(model, x)
    converted, found = _convert_all(layers, x)
    _check_same(model, found, expected)
    return nn.Sequential(*converted).train(model.training)


def overfeat(model: Any, input_size: tuple[int, int, int], last: int = 1) -> Any:
    """Overfeat's dense prediction: the final pooling at every offset (Sermanet et al., 2013).

    The network of `convolutionize`, where the last layer with a stride s and what comes after it
    are an `EveryOffset`. The map is s times as fine: at each offset it is the model's prediction in
    the window there.

    Args:   model, input_size: as of `convolutionize`. last: how many of the layers with strides are
            made dense, from the end. Default 1, the final pooling; all give a score for each pixel.
    Returns: as `convolutionize`.
    Raises: ValueError as there, where there are fewer layers with strides, and where one has
            strides inside.

    >>> import flambeau as torch
    >>> from flambeau.vision import dense, models
    >>> network = dense.overfeat(models.lenet5(), (1, 28, 28))
    >>> network(torch.zeros(1, 1, 60, 44)).shape
    torch.Size([1, 10, 17, 9])
    """
    network = convolutionize(model, input_size)
    layers: list[nn.Module] = list(network)
    inputs = [_example(network, input_size)]
    with evaluating(*layers):
        for layer in layers:
            inputs.append(layer(inputs[-1]))
    for _ in range(last):
        i = _last_with_stride(layers)
        layers[i:] = [EveryOffset(layers[i], layers[i + 1 :], inputs[i])]
    return nn.Sequential(*layers).train(model.training) if isinstance(model, nn.Module) else layers


class EveryOffset(nn.Module):
    """A layer with a stride and those after it, at every offset in turn; the maps interleaved.

    y[k * s + i] = tail(layer(x[i:]))[k]    i = 0 .. s - 1, in height and in width

    Shape:  float (N, C, H, W) -> (N, C', H', W'), step 1 in place of s
    Args:   layer: a convolution or a pooling. tail: layers without strides. example: an input, from
            which is learnt how large the smallest one is that gives a single cell.

    >>> import flambeau as torch
    >>> from flambeau import nn
    >>> from flambeau.vision.dense import EveryOffset
    >>> x = torch.tensor([[[[1.0, 5.0, 2.0, 0.0]]]])
    >>> EveryOffset(nn.MaxPool2d((1, 2)), [], example=x)(x)
    tensor([[[[5., 5., 2.]]]])
    """

    def __init__(self, layer: Any, tail: Sequence[nn.Module], example: Any) -> None:
        super().__init__()
        self.layer = layer
        self.tail = nn.Sequential(*tail)
        with evaluating(self):
            maps = layer(example)
            cells = self.tail(maps)
        # Without strides, a pixel more is a cell more.
        single = (own - more + 1 for own, more in zip(maps.shape[2:], cells.shape[2:]))
        self.smallest = _smallest_for(layer, tuple(single))

    def forward(self, x: Any) -> Any:
        down, right = (
            range(max(1, min(stride, given - needed + 1)))
            for stride, given, needed in zip(_pair(self.layer.stride), x.shape[2:], self.smallest)
        )
        rows = [
            self._interleaved([self.tail(self.layer(x[:, :, i:, j:])) for j in right], 3)
            for i in down
        ]
        return self._interleaved(rows, 2)

    def _interleaved(self, maps: list[Any], dim: int) -> Any:
        size = list(maps[0].shape)
        size[dim] = sum(part.shape[dim] for part in maps)
        whole = maps[0].new_empty(size)
        step = _pair(self.layer.stride)[dim - 2]
        for i, part in enumerate(maps):
            whole[(slice(None),) * dim + (slice(i, None, step),)] = part
        return whole


def average_first(network: nn.Sequential) -> nn.Sequential:
    """A fully convolutional network with the mean of its final map: (N, classes) for any image.

    Where the last layer is linear at each pixel, a 1 x 1 convolution, the mean is taken before it:
    mean(A x + b) = A mean(x) + b, the same scores for less work (as in He et al., 2015).

    >>> import flambeau as torch
    >>> from flambeau.vision import dense, models
    >>> network = dense.convolutionize(models.lenet5(), (1, 28, 28))
    >>> averaging = dense.average_first(network)
    >>> averaging[-3:-1]
    Sequential(
      (10): AdaptiveAvgPool2d(output_size=1)
      (11): Conv2d(84, 10, kernel_size=(1, 1), stride=(1, 1))
    )
    >>> averaging(torch.zeros(1, 1, 60, 44)).shape
    torch.Size([1, 10])
    """
    layers = list(network)
    last = layers[-1]
    linear = isinstance(last, nn.Conv2d) and last.kernel_size == last.stride == (1, 1)
    if linear and last.padding in ((0, 0), "same", "valid"):
        layers.insert(-1, nn.AdaptiveAvgPool2d(1))
    else:
        layers.append(nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(*layers, nn.Flatten()).train(network.training)


def class_map(network: Any, image: Any, classes: Any, probabilities: bool = False) -> Any:
    """Where in an image a network sees a class: its scores, position by position.

    Shape:  image float (C, H, W), normalised -> (h, w) for one class, (K, h, w) for a list of K
    Args:   network: gives maps (N, classes, h, w), as `convolutionize` and `overfeat` return; it is
            run in evaluation mode. classes: index or list of indexes. probabilities: the softmax
            over all classes at each position. Default False.
    Raises: ShapeError for a network that gives no maps.

    >>> import flambeau as torch
    >>> from flambeau.vision import dense, models
    >>> network = dense.convolutionize(models.lenet5(), (1, 28, 28))
    >>> dense.class_map(network, torch.zeros(1, 60, 44), 7).shape
    torch.Size([9, 5])
    """
    with evaluating(network):
        scores = network(image.unsqueeze(0))
    if scores.ndim != 4:
        raise ShapeError(
            f"the network gives scores of size {tuple(scores.shape)}, not maps (N, classes, h, w): "
            "convolutionize(model, input_size) makes one that does"
        )
    return (scores.softmax(1) if probabilities else scores)[0, classes]


# With strides ---


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _has_stride(layer: nn.Module) -> bool:
    plain = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d
    return isinstance(layer, plain) and _pair(layer.stride) != (1, 1)


def _last_with_stride(layers: Sequence[nn.Module]) -> int:
    """Where the last layer with a stride is. Raises ValueError if it is not one by itself."""
    for i in reversed(range(len(layers))):
        if _has_stride(layers[i]):
            return i
        if isinstance(layers[i], EveryOffset):
            continue
        inside = [name for name, part in layers[i].named_modules() if _has_stride(part)]
        if inside:
            raise ValueError(
                f"{type(layers[i]).__name__} has a stride inside, {inside[-1]}: give the list of "
                "all layers in its place"
            )
    raise ValueError("the network has fewer layers with strides than `last` asks for")


def _smallest_for(layer: Any, size: tuple[int, ...]) -> tuple[int, ...]:
    """The smallest map of which a convolution or pooling makes one of this size."""
    found = []
    values = (layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
    for wanted, kernel, stride, padding, dilation in zip(size, *map(_pair, values)):
        smallest = (wanted - 1) * stride + dilation * (kernel - 1) + 1 - 2 * padding
        # Rounding up, the last window may lie outside but for one pixel.
        found.append(smallest - (stride - 1) * getattr(layer, "ceil_mode", False))
    return tuple(found)


# Layer by layer ---


def _example(layers: Sequence[nn.Module], input_size: tuple[int, int, int]) -> Any:
    """An image with something in every pixel, where the parameters are; draws no random number."""
    like = next((p for layer in layers for p in layer.parameters()), torch.zeros(()))
    size = (1, *input_size)
    count = torch.Size(size).numel()
    return torch.sin(torch.arange(count, dtype=like.dtype, device=like.device)).view(size)


def _in_order(model: nn.Module, x: Any) -> tuple[list[nn.Module], Any]:
    """The children of a module as it calls them, Sequentials opened, and what it makes of x."""
    called: list[nn.Module] = []
    handles = [
        child.register_forward_pre_hook(lambda module, _: called.append(module))
        for child in model.children()
    ]
    try:
        scores = model(x)
    finally:
        for handle in handles:
            handle.remove()
    return [layer for module in called or [model] for layer in _opened(module)], scores


def _opened(layer: nn.Module) -> list[nn.Module]:
    if not isinstance(layer, nn.Sequential):
        return [layer]
    return [inner for child in layer for inner in _opened(child)]


def _convert_all(layers: Sequence[nn.Module], x: Any) -> tuple[list[nn.Module], Any]:
    """The fully convolutional counterparts of layers, and what they make of an image."""
    converted: list[nn.Module] = []
    with evaluating(*layers):
        for layer in (inner for outer in layers for inner in _opened(outer)):
            new = _convert(layer, x)
            if new is not None:
                x = new(x)
                converted.append(new)
    return converted, x


def _check_same(model: nn.Module, found: Any, expected: Any) -> None:
    """The layers one after the other must give what the module gives."""
    found, expected = found.flatten(1), expected.flatten(1)
    if found.shape != expected.shape or (
        (found - expected).abs().max() > _TOLERANCE * expected.abs().max()
    ):
        raise ValueError(
            f"{type(model).__name__} does more between its layers than to reshape: give "
            "convolutionize the list of all its layers in their order"
        )


@functools.singledispatch
def _convert(layer: nn.Module, x: Any) -> nn.Module | None:
    """The counterpart of a layer for images of any size, None where it needs none.

    Shape:  x (1, C, H, W), the layer's input for an image of the size that it was made for
    """
    inside = [name for name, m in layer.named_modules() if isinstance(m, nn.Linear)]
    if inside:
        raise ValueError(
            f"{type(layer).__name__} has a linear layer inside, {inside[0]}: give convolutionize "
            "the list of all layers in its place"
        )
    return layer


@_convert.register
def _(layer: nn.Linear, x: Any) -> nn.Module:
    if layer.in_features != x[0].numel():
        raise ValueError(
            f"{layer} comes after {tuple(x.shape[1:])} numbers for each image: is input_size the "
            "size of the images that the network was made for, and are these all its layers?"
        )
    conv = nn.utils.skip_init(
        nn.Conv2d,
        x.size(1),
        layer.out_features,
        kernel_size=(x.size(2), x.size(3)),
        bias=layer.bias is not None,
        device=layer.weight.device,
        dtype=layer.weight.dtype,
    )
    with torch.no_grad():
        conv.weight.view(-1).copy_(layer.weight.view(-1))
        if layer.bias is not None:
            conv.bias.copy_(layer.bias)
    return conv.train(layer.training)


@_convert.register
def _(layer: nn.Flatten, x: Any) -> None:
    if (layer.start_dim, layer.end_dim) not in ((1, -1), (1, 3), (-3, -1), (-3, 3)):
        raise ValueError(f"{layer} has no counterpart: only all numbers of an image are flattened")


@_convert.register(nn.AdaptiveAvgPool2d)
@_convert.register(nn.AdaptiveMaxPool2d)
def _(layer: Any, x: Any) -> nn.Module | None:
    """A pooling with the windows that it has on this input; a single one moves pixel by pixel."""
    given = tuple(x.shape[2:])
    wanted = tuple(size or own for size, own in zip(_pair(layer.output_size), given))
    if wanted == given:
        return None
    if any(own % size for size, own in zip(wanted, given)):
        raise ValueError(
            f"{layer} has windows of several sizes on maps of {given[0]} x {given[1]}: choose an "
            "input_size for which the maps are a multiple of its output"
        )
    kernel = tuple(own // size for size, own in zip(wanted, given))
    stride = tuple(1 if size == 1 else own for size, own in zip(wanted, kernel))
    kind = nn.AvgPool2d if isinstance(layer, nn.AdaptiveAvgPool2d) else nn.MaxPool2d
    return kind(kernel, stride=stride).train(layer.training)


@_convert.register
def _(layer: nn.BatchNorm1d, x: Any) -> nn.Module:
    norm = nn.BatchNorm2d(
        layer.num_features,
        layer.eps,
        layer.momentum,
        layer.affine,
        layer.track_running_stats,
        dtype=x.dtype,
        device=x.device,
    )
    norm.load_state_dict(layer.state_dict())
    return norm.train(layer.training)


@_convert.register(nn.Softmax)
@_convert.register(nn.LogSoftmax)
def _(layer: Any, x: Any) -> nn.Module:
    """Over the classes, which are the last dimension no more."""
    return type(layer)(dim=1).train(layer.training)
