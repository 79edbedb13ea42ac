"""Pictures are counted before they are unpacked, unpacked once, and shown as upright copies on white."""

from __future__ import annotations

import io
import struct
import zlib
from random import Random
from typing import Any

import pytest
from PIL import Image

from core import pictures
from core.pictures import Moving, TooLarge, Unpacked, Unreadable, unpack


def saved(image: Image.Image, kind: str, **how: Any) -> io.BytesIO:
    stream = io.BytesIO()
    image.save(stream, kind, **how)
    return stream


def head_only(width: int, height: int) -> io.BytesIO:
    """A PNG that says how large it is and has no pixel."""
    says = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + says + struct.pack(">I", zlib.crc32(says))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 1000) + b"IDAT")


def copy_of(stream: io.BytesIO, content_type: str, longest: int = 90) -> Image.Image:
    return Image.open(io.BytesIO(unpack(stream, content_type, (30, longest)).copies[longest]))


@pytest.mark.parametrize(("width", "height"), [(10_000, 9_999), (8_192, 6_300), (60_000, 60_000)])
def test_a_picture_of_too_many_pixels_is_refused_by_its_head(width: int, height: int) -> None:
    with pytest.raises(TooLarge):
        unpack(head_only(width, height), "image/png", (30,), most=pictures.MOST_PIXELS)


def test_one_that_came_in_before_the_limit_is_still_read_and_a_bomb_is_not() -> None:
    with pytest.raises(Unreadable):  # it is looked for, and there is none
        unpack(head_only(10_000, 9_999), "image/png", (30,))
    with pytest.raises(TooLarge):
        unpack(head_only(60_000, 60_000), "image/png", (30,))


def test_copies_are_small_upright_and_without_what_the_camera_wrote() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    exif.get_ifd(0x8769)[0x9003] = "2026:11:23 14:05:09"
    seen = unpack(saved(Image.new("RGB", (400, 200), "red"), "JPEG", exif=exif), "image/jpeg", (30, 90))
    small, large = (Image.open(io.BytesIO(seen.copies[size])) for size in (30, 90))
    assert (small.size, large.size) == ((15, 30), (45, 90))
    assert not dict(large.getexif())
    assert (seen.taken, seen.offset) == ("2026:11:23 14:05:09", "")


@pytest.mark.parametrize(
    ("image", "kind", "colour"),
    [
        (Image.new("CMYK", (60, 40), (0, 255, 255, 0)), "JPEG", (255, 0, 0)),
        (Image.new("L", (60, 40), 128), "JPEG", (128, 128, 128)),
        (Image.new("I;16", (60, 40), 128 * 256), "PNG", (128, 128, 128)),
        (Image.new("RGBA", (60, 40), (0, 0, 0, 0)), "PNG", (255, 255, 255)),
        (Image.new("LA", (60, 40), (0, 0)), "PNG", (255, 255, 255)),
        (Image.new("RGB", (60, 40), (0, 0, 255)).convert("P"), "PNG", (0, 0, 255)),
        (Image.new("1", (60, 40), 1), "PNG", (255, 255, 255)),
    ],
    ids=["CMYK", "grey", "grey of 16 bits", "clear", "clear grey", "palette", "black and white"],
)
def test_every_way_of_keeping_colour_is_shown_as_it_looks(image: Image.Image, kind: str, colour: Any) -> None:
    copy = copy_of(saved(image, kind), f"image/{kind.lower()}")
    assert copy.mode == "RGB"
    assert all(abs(is_ - should) <= 3 for is_, should in zip(copy.getpixel((20, 20)), colour, strict=True))


def test_a_moving_picture_and_one_of_another_kind_are_refused() -> None:
    frames = [Image.new("RGB", (8, 8), shade) for shade in ("red", "blue")]
    with pytest.raises(Moving):
        unpack(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]), "image/png", (30,))
    with pytest.raises(Unreadable):
        unpack(saved(frames[0], "GIF"), "image/png", (30,))


@pytest.mark.filterwarnings("ignore")  # Pillow's, about what it trips over
def test_whatever_is_broken_in_a_picture_it_is_refused_and_nothing_worse() -> None:
    random, whole = Random(12), Image.effect_noise((60, 40), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:23 14:05:09"
    outcomes = set()
    for turn in range(300):
        kind = ("JPEG", "PNG")[turn % 2]
        body = bytearray(saved(whole, kind, exif=exif).getvalue())
        for _ in range(random.randint(1, 8)):
            body[random.randrange(len(body))] = random.randrange(256)
        body = body[: random.randint(len(body) // 2, len(body))] if turn % 3 == 0 else body
        try:
            outcomes.add(type(unpack(io.BytesIO(bytes(body)), f"image/{kind.lower()}", (30,))))
        except (Unreadable, TooLarge, Moving) as error:
            outcomes.add(type(error))
    assert {Unpacked, Unreadable} <= outcomes
