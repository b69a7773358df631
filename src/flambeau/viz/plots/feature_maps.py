"""What a layer answers to one image: its feature maps as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.nn.module import Module
from flambeau.viz.measures import as_array, looking_at
from flambeau.viz.plots import gallery, mosaic, style
from flambeau.viz.plots.style import Figure


def feature_maps(
    model: Module, image: Any, layer: str | Module, *, limit: int = 64, path: style.Path = None
) -> Figure:
    """The maps that a layer makes of an image, as signed images beside the image.

    White is zero, blue below, red above; one scale for all maps, so that a map that is pale
    answered weakly. The model runs in evaluation mode.

    Shape:  image (C, H, W) or (1, C, H, W)
    Args:   layer: a module of the model, or its name as `model.named_modules()` gives it.
            limit: how many maps are shown at most. path: file to write.
    Raises: ValueError for a layer that is not in the model, is not called, or makes no maps.

    >>> from flambeau import nn, viz
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3))
    >>> figure = viz.feature_maps(model, torch.rand(1, 12, 12), "2")
    >>> [axes.get_title("left") for axes in figure.axes[:2]]
    ['image', '2 (Conv2d): 4 maps of 8 x 8']
    """
    name, module = _find(model, layer)
    if image.ndim == 3:
        image = image[None]
    maps = as_array(_answer(model, module, name, image)).astype(np.float64)
    if maps.ndim != 4 or maps.shape[0] != 1:
        raise ValueError(
            f"the maps of one image have shape (1, channels, height, width); layer {name!r} gives "
            f"{maps.shape}"
        )
    _, channels, height, width = maps.shape
    shown = maps[0, :limit]
    columns = mosaic.columns_for(len(shown))
    rows = -(-len(shown) // columns)
    tall = min(max(2.2, 0.6 * rows * height / width), 9)
    wide = tall * columns * width / (rows * height)
    figure, axes = style.picture(
        3.0 + min(wide, 9), tall + 0.5, columns=2, width_ratios=[1.6, max(wide, 2)]
    )
    left, right = axes[0]
    left.imshow(gallery.pixels(as_array(image))[0], cmap="gray", interpolation="nearest")
    mosaic.bare(left)
    left.set_anchor("N")
    style.title(left, "image")
    mosaic.show_signed(figure, right, shown, columns)
    some = "" if len(shown) == channels else f", the first {limit}"
    style.title(
        right, f"{name} ({type(module).__name__}): {channels} maps of {height} x {width}{some}"
    )
    return style.finish(figure, path)


def _find(model: Module, layer: str | Module) -> tuple[str, Module]:
    """The layer with its name."""
    for name, module in model.named_modules():
        if layer is module or layer == name:
            return name or "the model", module
    known = ", ".join(name for name, _ in model.named_modules() if name)
    raise ValueError(f"there is no layer {layer!r} in the model; its layers are: {known}")


def _answer(model: Module, module: Module, name: str, image: Any) -> Any:
    """What the layer gave when the model saw the image (the last time, if it ran several times)."""
    caught: list[Any] = []
    hook = module.register_forward_hook(
        lambda module, inputs, output: caught.append(output.clone())
    )
    device = next((parameter.device for parameter in model.parameters()), image.device)
    try:
        with looking_at(model):
            model(image.to(device))
    finally:
        hook.remove()
    if not caught:
        raise ValueError(f"layer {name!r} was not called when the model saw the image")
    return caught[-1]
