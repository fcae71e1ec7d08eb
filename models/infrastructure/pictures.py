"""Decoding of people's pictures: one at a time, within a memory limit.

A file of some kilobytes can hold a picture of gigabytes. So the memory for decoding is computed
from the file's header, and a picture that needs too much is refused before it is decoded. A JPEG
can be decoded at a fraction of its size; PNG and WEBP can't, so they may have fewer pixels.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from PIL import Image, ImageOps, PngImagePlugin
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

MEMORY = 96 * 1024 * 1024  # bytes, for decoding one picture
MAX_PIXELS = 130_000_000  # fits a 108-megapixel phone's; above, even a fraction takes seconds
MAX_SIDE = 65_500  # pixels
MAX_SCANS = 100  # of a progressive JPEG; each takes as long to decode as the whole picture

SHOWN = (1280, 1280)  # pixels, at most: as large as chats show a photo
QUALITY = 85  # of the JPEG that is shown

KINDS = ("JPEG", "PNG", "WEBP")  # the formats that phones send; no other decoder is used
#: Pillow's names of these kinds: a JPEG with previews behind it is an MPO.
_FAMILY = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP"}
#: Bytes per pixel that Pillow and its decoder hold at once, as measured.
_BYTES = {"JPEG": 4, "PNG": 5, "WEBP": 16}
_SMALL = (64, 64)  # stands for any size where only the header is read
_START_OF_SCAN = b"\xff\xda"
_END_OF_IMAGE = b"\xff\xd9"  # in the data of a scan, 0xFF is followed by other bytes
_SIXTEEN_BITS = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N"})  # Pillow's modes for them

PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK  # the default allows 64 MB

Size: TypeAlias = tuple[int, int]
Mode: TypeAlias = Literal["L", "RGB"]

T = TypeVar("T")

#: Bytes in use after which `malloc_trim` is called: it blocks all threads for some milliseconds,
#: which an ordinary photo is not worth.
WORTH_IT = 8 * 1024 * 1024

_one = threading.Lock()
_thread = ThreadPoolExecutor(1, "pictures")


@dataclass(slots=True)
class _Use:
    """Bytes that pictures used since memory was last returned: by `alone`, and by `tidy`."""

    after_one: int = 0
    with_none_left: int = 0

    def add(self, size: int) -> None:
        self.after_one += size
        self.with_none_left += size


_use = _Use()


class TooLarge(Exception):
    """The picture has more pixels than there is memory or time to decode."""


class Unreadable(Exception):
    """The file is not a picture of KINDS, or incomplete."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture scaled down, upright, without transparency or metadata."""

    size: Size  # of the original in the file, before rotation
    image: Image.Image


async def alone(work: Callable[[], T]) -> T:
    """Run `work`, which opens pictures, in their own thread, so that waiting blocks no other."""

    def work_and_tidy() -> T:
        try:
            return work()
        finally:
            if _use.after_one >= WORTH_IT:
                _use.after_one = 0
                _give_back()

    return await asyncio.get_running_loop().run_in_executor(_thread, work_and_tidy)


async def tidy() -> None:
    """Return memory to the system, if much was in use; call it when no picture is held."""
    if _use.with_none_left >= WORTH_IT:
        _use.with_none_left = 0
        await asyncio.get_running_loop().run_in_executor(_thread, _give_back)


def kind(content: bytes) -> str:
    """Return the picture's kind, one of KINDS, after checking that it is complete.

    A JPEG is not decoded, which takes a bot as long as several turns: damage between its ends shows
    when a worker reads it.

    Raises:
        TooLarge, Unreadable.
    """
    with _opened(content, "L", _SMALL) as opened:
        if opened.kind != "JPEG":
            opened.image.verify()
        elif content.find(_END_OF_IMAGE, _header(content).end) < 0:
            raise Unreadable("its end is missing")
    return opened.kind


def read(
    content: bytes,
    mode: Mode,
    within: Size,
    *,
    resample: Image.Resampling = Image.Resampling.BICUBIC,
) -> Picture:
    """Decode a picture, at most as wide and high as `within`, in grey (L) or in colour (RGB).

    Raises:
        TooLarge, Unreadable.
    """
    with _opened(content, mode, within) as opened:
        image = opened.image
        image.load()
        turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}  # stored rotated by 90 degrees
        small = _shrunk(image, (within[1], within[0]) if turned else within, resample)
        upright = ImageOps.exif_transpose(_eight_bits(small))
        plain = _on_white(upright).convert(mode)
        plain.info = {}
        return Picture(opened.size, plain)


def shown(content: bytes, within: Size = SHOWN) -> bytes:
    """Return a picture as it is sent to people: a JPEG of a limited size, without metadata.

    Raises:
        TooLarge, Unreadable.
    """
    out = io.BytesIO()
    read(content, "RGB", within).image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Opened:
    """A picture that fits into the memory limit."""

    kind: str
    size: Size  # of the original, also if a JPEG is decoded at a fraction
    image: ImageFile


@contextmanager
def _opened(content: bytes, mode: Mode, within: Size) -> Iterator[_Opened]:
    """Open a picture, one at a time; any error in the block is raised as `Unreadable`."""
    try:
        with _one, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _use.add(len(content))
            with Image.open(io.BytesIO(content), formats=KINDS) as image:
                found = _FAMILY.get(image.format or "")
                if found is None:
                    raise Unreadable(f"{image.format} belongs to no kind we take")
                size = image.size
                _bound(image, found, content, mode, within)
                yield _Opened(found, size, image)
    except (TooLarge, Unreadable):
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise TooLarge("it does not fit into memory") from error
    except Exception as error:  # Pillow's decoders raise anything on broken or hostile bytes
        raise Unreadable(f"{type(error).__name__}") from error


def _bound(image: ImageFile, found: str, content: bytes, mode: Mode, within: Size) -> None:
    """Set a JPEG to be decoded at a fraction, and refuse a picture that still needs too much."""
    wide, high = image.size
    if wide * high > MAX_PIXELS or max(wide, high) > MAX_SIDE:
        raise TooLarge(f"{wide} x {high} pixels")
    memory = MEMORY
    if isinstance(image, JpegImageFile):
        scans = content.count(_START_OF_SCAN)
        if scans > MAX_SCANS:
            raise Unreadable(f"{scans} scans")
        if _header(content).several:
            memory -= _coefficients(image)
        fraction = _fraction(image.size, within, memory // _BYTES[found])
        image.draft(mode, (max(1, wide // fraction), max(1, high // fraction)))
    if image.width * image.height * _BYTES[found] > memory:
        raise TooLarge(f"{wide} x {high} pixels of {found}")
    _use.add(image.width * image.height * _BYTES[found] + MEMORY - memory)


def _fraction(size: Size, within: Size, pixels: int) -> int:
    """Return by which of 1, 2, 4 and 8 to divide a JPEG's sides.

    It is the largest that leaves twice the needed size, else 1; more if the result would have more
    than `pixels`.
    """
    (wide, high), (most, other) = size, within
    needed = min(max(wide / most, high / other), max(wide / other, high / most))
    fraction = next((one for one in (8, 4, 2) if 2 * one <= needed), 1)
    while fraction < 8 and wide * high > pixels * fraction**2:
        fraction *= 2
    return fraction


@dataclass(frozen=True, slots=True)
class _Header:
    """The part of a JPEG before its first scan; `end` is where the data of that scan begins.

    With `several` scans, the decoder holds all coefficients in memory.
    """

    end: int
    several: bool


def _header(content: bytes) -> _Header:
    """Parse a JPEG up to its first scan; one that can't be parsed counts as several scans."""
    at, colours, progressive = 2, b"", False
    while content[at : at + 1] == b"\xff" and at + 4 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in {0xC2, 0xC6, 0xCA, 0xCE}:
            progressive = True
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            colours = content[at + 9 : at + 10]
        if marker == _START_OF_SCAN[1]:
            return _Header(at + 2 + length, progressive or content[at + 4 : at + 5] != colours)
        at += 1 if marker == 0xFF else 2 + length  # 0xFF bytes may pad a marker
    return _Header(len(content), several=True)


def _coefficients(image: JpegImageFile) -> int:
    """Return the bytes of all coefficients of a JPEG: two for each value of each colour."""
    wide, high = image.size
    most_wide = max(across for _, across, _, _ in image.layer)
    most_high = max(down for _, _, down, _ in image.layer)
    values = sum(across * down for _, across, down, _ in image.layer)
    return 2 * wide * high * values // (most_wide * most_high)


def _shrunk(image: Image.Image, within: Size, resample: Image.Resampling) -> Image.Image:
    """Scale a picture down to a size, keeping its proportions; not copied if it fits already.

    Pillow resizes pictures with transparency in a copy, so their bands are resized one by one here.
    """
    if image.mode in {"1", "P", "PA"}:  # these can't be resized without conversion
        plain = "L" if image.mode == "1" else "RGBA" if image.has_transparency_data else "RGB"
        image = image.convert(plain)
    scale = min(within[0] / image.width, within[1] / image.height)
    if scale >= 1:
        return image
    shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.mode not in {"LA", "RGBA"}:
        return image.resize(shape, resample)
    bands = [image.getchannel(band).resize(shape, resample) for band in image.getbands()]
    small = Image.merge(image.mode, bands)
    small.info = image.info  # has the orientation
    return small


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale the shades of a picture with 16 bits to 8 bits; return others unchanged."""
    if image.mode not in _SIXTEEN_BITS:
        return image
    return image.point(lambda shade: shade * (1 / 257)).convert("L")


def _on_white(image: Image.Image) -> Image.Image:
    """Put a picture with transparency on a white background."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    seen = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _give_back() -> None:
    """Make glibc return freed memory to the system; it would keep most of a thread's."""
    if _trim is not None:
        _trim(0)


def _glibc_trim() -> Callable[[int], int] | None:
    """Return glibc's `malloc_trim`; None with another C library."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_trim = _glibc_trim()
