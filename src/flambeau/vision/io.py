"""Pictures in files as tensors of bytes (C, H, W) and back; Pillow decodes and encodes."""

from __future__ import annotations

import io
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.io.files import written
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images
from flambeau.vision.errors import ImageFileError

__all__ = [
    "ImageReadMode",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "decode_webp",
    "encode_jpeg",
    "encode_png",
    "read_file",
    "read_image",
    "write_file",
    "write_jpeg",
    "write_png",
]


class ImageReadMode(Enum):
    """The channels that a picture is wanted with; a string such as "RGB" does as well.

    >>> from flambeau.vision.io import ImageReadMode
    >>> ImageReadMode["RGBA"] is ImageReadMode.RGB_ALPHA
    True
    """

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


_PILLOW_MODES = {
    ImageReadMode.GRAY: "L",
    ImageReadMode.GRAY_ALPHA: "LA",
    ImageReadMode.RGB: "RGB",
    ImageReadMode.RGB_ALPHA: "RGBA",
}
_STORED = ("L", "LA", "P", "RGB", "RGBA", "CMYK")  # stored as bytes, a plane or more
_AS_STORED = {"1": "L", "PA": "RGBA", "YCbCr": "RGB"}  # what else is read, and as what


# Files ---


def read_file(path: str | Path) -> Any:
    """The bytes of a file as a uint8 tensor (N)."""
    return torch.from_numpy(np.fromfile(path, np.uint8))


def write_file(filename: str | Path, data: Any) -> None:
    """Write a uint8 tensor (N) as the bytes of a file, all of them or none."""
    with written(filename) as file:
        file.write(_bytes_of(data))


def read_image(
    path: str | Path,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Any:
    """The picture in a file as a tensor of bytes.

    Shape:  (C, H, W) uint8, 0 to 255; uint16 for a grey PNG of 16 bits; (N, 3, H, W) for a GIF of
            several frames.
    Args:   mode: channels wanted. Default: as the file stores them (a palette: its indices).
            apply_exif_orientation: turn it as the camera was held. Default False.
    Raises: ImageFileError (a RuntimeError and OSError) naming a file that is damaged or no picture.

    >>> import tempfile
    >>> import flambeau as torch
    >>> from flambeau.vision import io
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     io.write_png(torch.full((3, 4, 5), 7, dtype=torch.uint8), f"{folder}/a.png")
    ...     io.read_image(f"{folder}/a.png", "gray").unique()
    tensor([7], dtype=torch.uint8)
    """
    return decode_image(path, mode, apply_exif_orientation)


def write_png(input: Any, filename: str | Path, compression_level: int = 6) -> None:
    """Write a uint8 tensor (1 or 3, H, W) as a PNG file: see `encode_png`."""
    write_file(filename, encode_png(input, compression_level))


def write_jpeg(input: Any, filename: str | Path, quality: int = 75) -> None:
    """Write a uint8 tensor (1 or 3, H, W) as a JPEG file: see `encode_jpeg`."""
    write_file(filename, encode_jpeg(input, quality))


# Decoding ---


def decode_image(
    input: Any,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Any:
    """A picture as a tensor, from a path or from its encoded bytes, in any format of Pillow's.

    Shape:  path or uint8 (N) -> (C, H, W): see `read_image`.

    >>> import flambeau as torch
    >>> from flambeau.vision import io
    >>> picture = torch.tensor([[[0, 50], [100, 255]]], dtype=torch.uint8)
    >>> io.decode_image(io.encode_png(picture))
    tensor([[[  0,  50],
             [100, 255]]], dtype=torch.uint8)
    """
    if isinstance(input, Tensor):
        return _decode(_bytes_of(input), "the input", mode, apply_exif_orientation)
    return _decode(Path(input).read_bytes(), input, mode, apply_exif_orientation)


def decode_png(
    input: Any,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Any:
    """A picture as a tensor, from the bytes of a PNG file: see `decode_image`."""
    return _decode(_bytes_of(input), "the input", mode, apply_exif_orientation, "PNG")


def decode_jpeg(
    input: Any,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    device: Any = "cpu",
    apply_exif_orientation: bool = False,
) -> Any:
    """A picture as a tensor, from the bytes of a JPEG file: see `decode_image`; lists for lists."""
    if isinstance(input, list):
        if not input:
            raise ValueError("Input list must contain at least one element")
        return [decode_jpeg(each, mode, device, apply_exif_orientation) for each in input]
    picture = _decode(_bytes_of(input), "the input", mode, apply_exif_orientation, "JPEG")
    return picture.to(device)


def decode_webp(input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Any:
    """A picture as a tensor, from the bytes of a WEBP file: see `decode_image`."""
    return _decode(_bytes_of(input), "the input", mode, False, "WEBP")


def decode_gif(input: Any) -> Any:
    """One frame (3, H, W) or several (N, 3, H, W), from the bytes of a GIF file."""
    return _decode(_bytes_of(input), "the input", ImageReadMode.RGB, False, "GIF")


def _decode(
    raw: bytes, source: object, mode: ImageReadMode | str, turn: bool, kind: str | None = None
) -> Any:
    wanted = ImageReadMode[mode.upper()] if isinstance(mode, str) else mode
    pillow = images.pillow()
    with images.naming(source):
        picture = pillow.open(io.BytesIO(raw), formats=(kind,) if kind else None)
        if picture.format == "PNG" and raw[24] == 16 and raw[25] != 0:
            raise ImageFileError(
                f"{source} has 16 bits a channel in colour, of which Pillow keeps 8: "
                "convert it to 8 bits first"
            )
        if picture.format == "GIF":
            array = _frames(picture, wanted)
        else:
            if picture.format == "JPEG" and wanted is ImageReadMode.GRAY:
                picture.draft("L", picture.size)  # the file's own luminance, not one made of RGB
            if turn:
                from PIL import ImageOps

                picture = ImageOps.exif_transpose(picture)
            array = _pixels(picture, wanted)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, -3)))


def _frames(picture: Any, wanted: ImageReadMode) -> np.ndarray:
    """(H, W, C) of a single frame, (N, H, W, C) of several; colours are those of the palette."""
    if wanted is ImageReadMode.UNCHANGED:
        wanted = ImageReadMode.RGB
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(_pixels(picture, wanted))
    return np.stack(frames) if len(frames) > 1 else frames[0]


def _pixels(picture: Any, wanted: ImageReadMode) -> np.ndarray:
    """(H, W, C) bytes, with the channels that are wanted."""
    if picture.mode.startswith("I;16"):
        return _deep_grey(np.asarray(picture).astype(np.uint16)[:, :, None], wanted)
    if wanted is not ImageReadMode.UNCHANGED:
        picture = picture.convert(_PILLOW_MODES[wanted])
    elif picture.mode in _AS_STORED:
        picture = picture.convert(_AS_STORED[picture.mode])
    elif picture.mode not in _STORED:
        raise ValueError(f"its pixels (mode {picture.mode}) are not bytes; give a mode")
    return images.to_array(picture).copy()


def _deep_grey(grey: np.ndarray, wanted: ImageReadMode) -> np.ndarray:
    """16 bits a pixel, which Pillow does not convert."""
    if wanted in (ImageReadMode.RGB, ImageReadMode.RGB_ALPHA):
        grey = grey.repeat(3, axis=2)
    if wanted in (ImageReadMode.GRAY_ALPHA, ImageReadMode.RGB_ALPHA):
        opaque = np.full_like(grey[:, :, :1], np.iinfo(grey.dtype).max)
        grey = np.concatenate([grey, opaque], axis=2)
    return grey


def _bytes_of(data: Any) -> bytes:
    if not isinstance(data, Tensor) or data.dtype != torch.uint8:
        raise DTypeError(
            f"expected a torch.uint8 tensor of bytes, got {getattr(data, 'dtype', type(data))}"
        )
    if data.ndim != 1:
        raise ShapeError(f"expected a 1-dimensional tensor of bytes, got shape {tuple(data.shape)}")
    return data.numpy().tobytes()


# Encoding ---


def encode_png(input: Any, compression_level: int = 6) -> Any:
    """The bytes of a PNG file.

    Shape:  uint8 (1 or 3, H, W) -> uint8 (N)
    Args:   compression_level: 0 (fast) to 9 (small). Default 6.
    Raises: RuntimeError for another type, shape or level.
    """
    if not 0 <= compression_level <= 9:
        raise ArgumentError("Compression level should be between 0 and 9")
    return _encode(input, "PNG", compress_level=compression_level)


def encode_jpeg(input: Any, quality: int = 75) -> Any:
    """The bytes of a JPEG file; a list for a list.

    Shape:  uint8 (1 or 3, H, W) -> uint8 (N)
    Args:   quality: 1 to 100. Default 75.
    Raises: RuntimeError for another type or shape, ValueError for another quality.
    """
    if not 1 <= quality <= 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        if not input:
            raise ValueError("encode_jpeg requires at least one input tensor when a list is passed")
        return [encode_jpeg(each, quality) for each in input]
    return _encode(input, "JPEG", quality=quality)


def _encode(picture: Any, kind: str, **options: Any) -> Any:
    if picture.dtype != torch.uint8:
        raise DTypeError(f"Input tensor dtype should be uint8, got {picture.dtype}")
    if picture.ndim == 2 and kind == "PNG":
        picture = picture.unsqueeze(0)
    if picture.ndim != 3:
        raise ShapeError(f"Input data should be a 3-dimensional tensor, got {picture.ndim}")
    if picture.shape[0] not in (1, 3):
        raise ShapeError(f"The number of channels should be 1 or 3, got: {picture.shape[0]}")
    pixels = np.ascontiguousarray(picture.detach().cpu().numpy().transpose(1, 2, 0))
    file = io.BytesIO()
    image = images.to_image(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.save(file, format=kind, **options)
    return torch.from_numpy(np.frombuffer(file.getvalue(), np.uint8).copy())
