"""Pictures from outside: measured by their head, unpacked once and one at a time, kept as small copies.

A picture of a few hundred kilobytes may unpack to gigabytes. So its pixels are counted before any of them is read, no
two are unpacked in one process at once, and what pages and papers show is a copy that was made when it came in.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from threading import RLock
from typing import IO

from PIL import Image, ImageOps

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
MOST_PIXELS = 51_000_000  # 8192 × 6144, as telephones take them: 200 MB unpacked, less of a JPEG
QUALITY = 80
UNPACKING = RLock()  # whoever holds it is the only one of this process who has a picture unpacked

_EXIF_BLOCK, _DATE_TAKEN, _OFFSET_TAKEN = 0x8769, 0x9003, 0x9011

# Of what was taken in before there was this limit, twice as much is still read; beyond that Pillow itself refuses.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


class Unreadable(ValueError):
    """No picture, or one cut short."""


class TooLarge(ValueError):
    """More pixels than are ever unpacked."""


class Moving(ValueError):
    """More than one picture, shown one after the other: on paper there would be the first only."""


@dataclass(frozen=True)
class Unpacked:
    """What was read of a picture: copies by their longest side, and when it says that it was taken."""

    copies: dict[int, bytes]
    taken: str
    offset: str


def unpack(file: IO[bytes], content_type: str, sizes: Collection[int], *, most: int = 0) -> Unpacked:
    """Read a picture whole and make its copies: upright JPEG without metadata, at most so many pixels long.

    With `most`, one of more pixels is TooLarge and no pixel of it is read.
    """
    file.seek(0)
    with UNPACKING:
        try:
            # No other format is tried, whatever the bytes look like beyond their first few.
            with Image.open(file, formats=[FORMATS[content_type]]) as picture:
                if most and picture.width * picture.height > most:
                    raise TooLarge
                if content_type == "image/png" and getattr(picture, "is_animated", False):
                    raise Moving
                small = _fitted(picture, max(sizes))
                details = picture.getexif().get_ifd(_EXIF_BLOCK)
                return Unpacked(
                    {size: _jpeg(small, size) for size in sorted(sizes, reverse=True)},
                    *(str(details.get(tag, "")).strip("\x00 ") for tag in (_DATE_TAKEN, _OFFSET_TAKEN)),
                )
        except (TooLarge, Moving):
            raise
        except Image.DecompressionBombError as error:
            raise TooLarge from error
        except Exception as error:  # Pillow raises whatever the broken part happens to trip over
            raise Unreadable from error


def _fitted(picture: Image.Image, longest: int) -> Image.Image:
    """Scaled to fit, upright, on white; a JPEG is never unpacked at its full size."""
    if picture.mode.startswith("I"):  # grey of 16 bits
        picture = picture.point(lambda level: level * (1 / 256)).convert("L")
    elif picture.mode in {"P", "PA"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    picture.thumbnail((longest, longest))
    upright = ImageOps.exif_transpose(picture)
    if upright.mode not in {"RGBA", "LA"}:
        return upright.convert("RGB")
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright.getchannel("A"))
    return paper


def _jpeg(picture: Image.Image, longest: int) -> bytes:
    out = io.BytesIO()
    small = picture.copy()
    small.thumbnail((longest, longest))
    small.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
