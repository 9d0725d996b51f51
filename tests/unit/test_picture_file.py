"""Image files become upright pixels of eight bits, and what is too large is never decoded."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from sensorium.perception import picture_file

CORNERS = np.zeros((16, 24, 3), np.uint8)
CORNERS[:8, :12] = 255, 0, 0
CORNERS[:8, 12:] = 0, 255, 0
CORNERS[8:, :12] = 0, 0, 255


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has `side` x `side` pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(kind: str, orientation: int) -> None:
    # How a camera stores a picture that is shown as CORNERS (Exif 2.3, tag 0x0112).
    turned = {
        1: CORNERS, 2: CORNERS[:, ::-1], 3: CORNERS[::-1, ::-1], 4: CORNERS[::-1],
        5: CORNERS.transpose(1, 0, 2), 6: np.rot90(CORNERS, 1),
        7: CORNERS[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(CORNERS, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {} if kind == "PNG" else {"quality": 100}
    data = saved(Image.fromarray(np.ascontiguousarray(turned)), kind, exif=exif, **options)
    shown = picture_file.read(data)
    assert shown.shape == CORNERS.shape
    assert np.abs(shown[4, 6].astype(int) - CORNERS[4, 6]).max() < 12
    assert np.abs(shown[4, 18].astype(int) - CORNERS[4, 18]).max() < 12
    assert np.abs(shown[12, 6].astype(int) - CORNERS[12, 6]).max() < 12


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (Image.new("L", (3, 2), 200), (200, 200, 200)),
        (Image.new("1", (3, 2), 1), (255, 255, 255)),
        (Image.new("RGBA", (3, 2), (10, 20, 30, 0)), (255, 255, 255)),
        (Image.new("RGBA", (3, 2), (10, 20, 30, 255)), (10, 20, 30)),
        (Image.new("LA", (3, 2), (0, 0)), (255, 255, 255)),
        (Image.new("RGB", (3, 2), (9, 8, 7)).quantize(4), (9, 8, 7)),
        (Image.fromarray(np.full((2, 3), 0x80FF, np.uint16)), (0x80, 0x80, 0x80)),
    ],
)
def test_every_kind_of_pixel_is_read(image: Image.Image, wanted: tuple[int, ...]) -> None:
    shown = picture_file.read(saved(image, "PNG"))
    assert (shown.shape, shown.dtype) == ((2, 3, 3), np.uint8)
    assert (shown == wanted).all()


def test_cmyk_and_a_transparent_palette_are_read() -> None:
    red = picture_file.read(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100))
    assert np.abs(red.astype(int) - (255, 0, 0)).max() < 12
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([1, 2, 3, 40, 50, 60])
    assert (picture_file.read(saved(palette, "PNG", transparency=1)) == 255).all()
    assert (picture_file.read(saved(palette, "PNG", transparency=0)) == (40, 50, 60)).all()


def test_a_bomb_is_refused_by_its_header() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(picture_file.TooLarge, match="100000 x 100000 pixels"):
            picture_file.read(bomb(100_000))
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    with pytest.raises(picture_file.TooLarge):
        picture_file.read(saved(Image.new("1", (40, 40)), "PNG"), most_pixels=1599)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x89PNG\r\n\x1a\n", b"hello", bytes(1000), bomb(1000)[:60],
        saved(Image.fromarray(CORNERS), "PNG")[:70], saved(Image.fromarray(CORNERS), "JPEG")[:-40],
        saved(Image.fromarray(CORNERS), "JPEG")[:200], saved(Image.fromarray(CORNERS), "WEBP")[:40],
        saved(Image.fromarray(CORNERS), "BMP"), saved(Image.fromarray(CORNERS), "GIF"),
    ],
    ids=range(11),
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"PNG, JPEG, WEBP") as caught:
        picture_file.read(data)
    assert "0x" not in str(caught.value)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_garbled_file_is_refused_or_still_a_picture(kind: str, seed: int) -> None:
    noise = np.random.default_rng(seed)
    data = bytearray(saved(Image.fromarray(CORNERS), kind))
    for at in noise.integers(0, len(data), 5):
        data[at] = noise.integers(256)
    try:
        shown = picture_file.read(bytes(data), most_pixels=1 << 20)
    except ValueError:
        return
    assert shown.ndim == 3
