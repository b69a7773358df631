"""A linear map of whole images."""

from __future__ import annotations

from typing import Any

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms.base import Transform


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

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )
