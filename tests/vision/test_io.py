"""Pictures in files as tensors, against Pillow's own pixels."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import io as vision_io
from flambeau.vision.errors import ImageFileError
from flambeau.vision.io import ImageReadMode, decode_image, read_image

Image = pytest.importorskip("PIL.Image", reason="Pillow decodes pictures: not installed")

RANDOM = np.random.default_rng(0)
COLOUR = RANDOM.integers(0, 256, (5, 7, 3), np.uint8)
GREY = COLOUR[:, :, 0].copy()
ALPHA = RANDOM.integers(0, 256, (5, 7, 4), np.uint8)
DEEP = RANDOM.integers(0, 65536, (5, 7), np.uint16)


def encoded(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def tensor_of(content):
    return torch.tensor(list(content), dtype=torch.uint8)


def planes(array):
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def same(tensor, array):
    got = tensor.numpy()
    return got.dtype == array.dtype and np.array_equal(got, array)


PICTURES = {
    "L": Image.fromarray(GREY),
    "LA": Image.fromarray(ALPHA).convert("LA"),
    "RGB": Image.fromarray(COLOUR),
    "RGBA": Image.fromarray(ALPHA),
    "P": Image.fromarray(COLOUR).quantize(16),
}


@pytest.mark.parametrize("stored", PICTURES)
def test_png_in_every_mode(stored):
    picture = PICTURES[stored]
    content = tensor_of(encoded(picture))
    assert same(decode_image(content), planes(np.asarray(picture)))
    for mode, name in (("GRAY", "L"), ("GRAY_ALPHA", "LA"), ("RGB", "RGB"), ("RGBA", "RGBA")):
        wanted = planes(np.asarray(picture.convert(name)))
        assert same(decode_image(content, mode), wanted)
        assert same(vision_io.decode_png(content, ImageReadMode[mode]), wanted)


def test_one_bit_and_sixteen_bits():
    bits = Image.fromarray(GREY > 128)
    assert bits.mode == "1"
    assert same(decode_image(tensor_of(encoded(bits))), planes((GREY > 128).astype(np.uint8) * 255))
    deep = tensor_of(encoded(Image.fromarray(DEEP)))
    opaque = np.full_like(DEEP, 65535)
    for mode, wanted in (
        ("UNCHANGED", [DEEP]),
        ("GRAY", [DEEP]),
        ("GRAY_ALPHA", [DEEP, opaque]),
        ("RGB", [DEEP] * 3),
        ("RGB_ALPHA", [DEEP] * 3 + [opaque]),
    ):
        assert same(decode_image(deep, mode), np.stack(wanted)), mode


def test_sixteen_bits_in_colour_are_refused():
    """Pillow would read half of them."""
    header = encoded(Image.fromarray(COLOUR))
    chunk = bytearray(header[12:29])  # IHDR: type, width, height, depth, colour, ...
    chunk[12] = 16
    content = header[:12] + bytes(chunk) + zlib.crc32(chunk).to_bytes(4, "big") + header[33:]
    with pytest.raises(ImageFileError, match="the input has 16 bits a channel in colour"):
        decode_image(tensor_of(content))


def test_a_photograph(shared_data):
    path = shared_data / "imagenet_samples" / "n02002724_black_stork.JPEG"
    picture = Image.open(path)
    read = read_image(str(path))
    assert read.dtype == torch.uint8 and same(read, planes(np.asarray(picture)))
    assert same(decode_image(path, "rgb"), read.numpy())
    content = vision_io.read_file(path)
    assert content.numpy().tobytes() == path.read_bytes()
    assert same(vision_io.decode_jpeg([content, content])[1], read.numpy())
    # The luminance that the file stores, within a grey level of the one made of its colours.
    grey = read_image(path, ImageReadMode.GRAY).numpy().astype(int)
    assert abs(grey - planes(np.asarray(picture.convert("L")))).max() <= 3
    assert abs(grey - planes(np.asarray(picture.convert("YCbCr"))[:, :, 0])).max() <= 3


def test_frames():
    frames = [Image.fromarray(np.full((4, 6, 3), v, np.uint8)).quantize(2) for v in (0, 99, 255)]
    several = tensor_of(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    wanted = np.stack([np.full((3, 4, 6), v, np.uint8) for v in (0, 99, 255)])
    for read in (decode_image(several), vision_io.decode_gif(several)):
        assert same(read, wanted)
    assert same(decode_image(tensor_of(encoded(frames[1], "GIF"))), wanted[1])


def test_webp_and_what_else_pillow_reads():
    picture = Image.fromarray(COLOUR)
    content = tensor_of(encoded(picture, "WEBP", lossless=True))
    assert same(vision_io.decode_webp(content), planes(COLOUR))
    assert same(decode_image(tensor_of(encoded(picture, "BMP"))), planes(COLOUR))
    assert decode_image(tensor_of(encoded(picture.convert("CMYK"), "JPEG"))).shape == (4, 5, 7)
    with pytest.raises(ImageFileError, match="mode F"):
        decode_image(tensor_of(encoded(Image.fromarray(GREY.astype(np.float32)), "TIFF")))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_way_the_camera_was_held(form):
    picture = Image.fromarray(COLOUR)
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its left side
    content = tensor_of(encoded(picture, form, exif=exif))
    lying = decode_image(content)
    turned = decode_image(content, apply_exif_orientation=True)
    assert lying.shape == (3, 5, 7) and same(turned, np.rot90(lying.numpy(), -1, (1, 2)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind",
        encoded(PICTURES["RGB"])[:60],
        encoded(PICTURES["L"], "JPEG")[:99],
    ],
)
def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / "damaged.png"
    path.write_bytes(content)
    for kind in (RuntimeError, OSError):
        with pytest.raises(kind, match=r"damaged\.png is not a readable picture"):
            read_image(path)
    with pytest.raises(ImageFileError, match="the input is not a readable picture"):
        decode_image(vision_io.read_file(path))


def test_the_wrong_decoder_and_the_wrong_arguments(tmp_path):
    content = tensor_of(encoded(PICTURES["RGB"]))
    for decode in (vision_io.decode_jpeg, vision_io.decode_gif, vision_io.decode_webp):
        with pytest.raises(ImageFileError, match="not a readable picture"):
            decode(content)
    with pytest.raises(RuntimeError, match=r"expected a torch\.uint8 tensor of bytes, got"):
        decode_image(content.float())
    with pytest.raises(RuntimeError, match=r"expected a 1-dimensional tensor"):
        decode_image(content[None])
    with pytest.raises(KeyError, match="HSV"):
        decode_image(content, "hsv")
    with pytest.raises(FileNotFoundError, match="absent"):
        read_image(str(tmp_path / "absent.png"))
    with pytest.raises(ValueError, match="Input list must contain at least one element"):
        vision_io.decode_jpeg([])


@pytest.mark.parametrize("array", [COLOUR, GREY], ids=["colour", "grey"])
def test_what_is_written_is_read(tmp_path, array):
    tensor = torch.tensor(planes(array))
    for level in (0, 9):
        vision_io.write_png(tensor, tmp_path / "a.png", compression_level=level)
        assert torch.equal(read_image(tmp_path / "a.png"), tensor)
    vision_io.write_jpeg(tensor, str(tmp_path / "a.jpg"), quality=90)
    wanted = encoded(Image.fromarray(array), "JPEG", quality=90)
    assert (tmp_path / "a.jpg").read_bytes() == wanted
    both = vision_io.encode_jpeg([tensor, tensor])
    assert both[0].dtype == torch.uint8 and torch.equal(*both)


@pytest.mark.parametrize(
    "call, kind, message",
    [
        (lambda t: vision_io.encode_png(t.float()), RuntimeError, "dtype should be uint8"),
        (lambda t: vision_io.encode_jpeg(t[0]), RuntimeError, "should be a 3-dimensional tensor"),
        (lambda t: vision_io.encode_png(t[:2]), RuntimeError, "should be 1 or 3, got: 2"),
        (lambda t: vision_io.encode_png(t, 10), RuntimeError, "between 0 and 9"),
        (lambda t: vision_io.encode_jpeg(t, 0), ValueError, "between 1 and 100"),
        (lambda t: vision_io.encode_jpeg([]), ValueError, "at least one input tensor"),
        (lambda t: vision_io.write_file("x", t), RuntimeError, "expected a 1-dimensional tensor"),
    ],
)
def test_what_cannot_be_written(tmp_path, monkeypatch, call, kind, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=message):
        call(torch.tensor(planes(COLOUR)))
    assert list(tmp_path.iterdir()) == []


def test_the_modes_are_those_of_torchvision():
    from .oracle import torchvision

    ours, theirs = (
        {n: m.value for n, m in kind.__members__.items()}
        for kind in (ImageReadMode, torchvision.io.ImageReadMode)
    )
    assert ours == theirs
    absent = set(vision_io.__all__) - set(torchvision.io.__all__)
    assert not absent
