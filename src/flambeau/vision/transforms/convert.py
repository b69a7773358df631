"""Pictures to tensors and back, and the scale of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import Transform
from flambeau.vision.transforms.functional.convert import scaled


class ToTensor:
    """A picture as a tensor of channels: bytes 0..255 become float32 0..1, other types stay.

    Shape:  Pillow image or array (H, W) or (H, W, C) -> tensor (C, H, W)
    Raises: TypeError for anything else, ValueError for an array of another number of dimensions.

    >>> import numpy as np
    >>> from flambeau.vision import transforms
    >>> transforms.ToTensor()(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """

    def __call__(self, pic: Any) -> Any:
        return functional.to_tensor(pic)

    def batch(self, images: Any) -> Any:
        """The same on a whole set, channels already first."""
        return scaled(images)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A Pillow image as a tensor of channels, its numbers as they are.

    Shape:  Pillow image -> tensor (C, H, W) of the type that its mode stores
    Raises: TypeError unless given a Pillow image.

    >>> from PIL import Image
    >>> from flambeau.vision import transforms
    >>> transforms.PILToTensor()(Image.new("L", (3, 2), 7)).shape
    torch.Size([1, 2, 3])
    """

    def __call__(self, pic: Any) -> Any:
        return functional.pil_to_tensor(pic)

    def batch(self, images: Any) -> Any:
        """The same on a whole set, which is a tensor already."""
        return images

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """A tensor or an array as a Pillow image; floats 0..1 become bytes 0..255.

    Shape:  tensor (H, W) or (C, H, W), or array (H, W) or (H, W, C), with 1 to 4 channels
    Args:   mode: Pillow's mode of the result. Default: by the channels and the type.
    Raises: TypeError or ValueError for what is not such an image.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.ToPILImage()(torch.ones(1, 2, 3)).size
    (3, 2)
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return functional.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(Transform):
    """An image in another type, its numbers scaled to the range of that type.

    Shape:  tensor (...) -> the same
    Args:   dtype: integers span 0 to the largest of their type, floats 0 to 1.
    Raises: TypeError unless given a tensor; RuntimeError for float32 to int32 or int64 and float64
            to int64, whose largest numbers these floats cannot tell apart.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.ConvertImageDtype(torch.float32)(torch.tensor([0, 51], dtype=torch.uint8))
    tensor([0.0000, 0.2000])
    """

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Any) -> Any:
        return functional.convert_image_dtype(image, self.dtype)


class Normalize(Transform):
    """Brings each channel to about mean 0 and standard deviation 1: (x - mean[c]) / std[c].

    Shape:  float (..., C, H, W) -> the same
    Args:   mean, std: one number a channel. inplace: write into the tensor given. Default False.
    Raises: TypeError unless given a float tensor; ValueError when a std is zero or a dimension is
            missing.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.Normalize((1.0, 2.0), (2.0, 4.0))(torch.ones(2, 1, 1)).flatten()
    tensor([ 0.0000, -0.2500])
    """

    options = ("mean", "std")

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Any) -> Any:
        return functional.normalize(tensor, self.mean, self.std, self.inplace)


class LinearTransformation(Transform):
    """The image as one long row, less a mean, times a matrix: y = (x - mean) M. Whitens, say.

    Shape:  tensor (..., C, H, W) -> the same
    Args:   transformation_matrix: (D, D), mean_vector: (D), where D = C H W.
    Raises: ValueError for sizes, types or devices that do not fit; TypeError unless given a tensor.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> halve = transforms.LinearTransformation(torch.eye(2) / 2, torch.tensor([1.0, 3.0]))
    >>> halve(torch.tensor([[[5.0, 5.0]]]))
    tensor([[[2., 1.]]])
    """

    def __init__(self, transformation_matrix: Any, mean_vector: Any) -> None:
        super().__init__()
        shape = tuple(transformation_matrix.shape)
        if shape[0] != shape[1]:
            raise ValueError(
                f"transformation_matrix should be square. Got {shape} rectangular matrix."
            )
        if mean_vector.shape[0] != shape[0]:
            raise ValueError(
                f"mean_vector should have the same length {mean_vector.shape[0]} as any one of "
                f"the dimensions of the transformation_matrix [{shape}]"
            )
        for name in ("device", "dtype"):
            one, other = getattr(transformation_matrix, name), getattr(mean_vector, name)
            if one != other:
                where = "on the same device" if name == "device" else "of the same dtype"
                raise ValueError(f"Input tensors should be {where}. Got {one} and {other}")
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Any) -> Any:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"img should be Tensor Image. Got {type(tensor)}: put ToTensor() before"
            )
        size = self.transformation_matrix.shape[0]
        if tensor.shape[-3:].numel() != size:
            channels, height, width = tensor.shape[-3:]
            raise ValueError(
                "Input tensor and transformation matrix have incompatible shape."
                f"[{channels} x {height} x {width}] != {size}"
            )
        flat = tensor.reshape(-1, size) - self.mean_vector
        return torch.mm(flat, self.transformation_matrix.to(flat.dtype)).view(tensor.shape)

    def extra_repr(self) -> str:
        matrix, mean = self.transformation_matrix.tolist(), self.mean_vector.tolist()
        return f"transformation_matrix={matrix}, mean_vector={mean}"
