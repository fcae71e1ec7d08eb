"""Pictures that people sent: opened one at a time, and never with more memory than a bound.

A file of some kilobytes can hold a picture of gigabytes. So the memory that decoding takes is
worked out from the file's head, and what takes too much is refused before anything is decoded. A
JPEG can be decoded at a fraction of its size; PNG and WEBP can't, so they may have fewer pixels.
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

MEMORY = 96 * 1024 * 1024  # bytes to decode one picture with
MAX_PIXELS = 130_000_000  # a 108-megapixel phone's; beyond that even a fraction takes seconds
MAX_SIDE = 65_500  # pixels
MAX_SCANS = 100  # of a progressive JPEG; each costs as much time as the whole picture

KINDS = ("JPEG", "PNG", "WEBP")  # what phones send; every other decoder stays shut
#: Pillow's names of these kinds: a JPEG with previews behind it is an MPO.
_FAMILY = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP"}
#: Bytes that Pillow and its decoder hold at once for a pixel, as measured.
_BYTES = {"JPEG": 4, "PNG": 5, "WEBP": 16}
_SMALL = (64, 64)  # a size at which decoding only shows that all of a JPEG is there
_START_OF_SCAN = b"\xff\xda"
_SIXTEEN_BITS = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N"})  # what Pillow makes of them

PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK  # Pillow would unpack 64 MB

Size: TypeAlias = tuple[int, int]
Mode: TypeAlias = Literal["L", "RGB"]

T = TypeVar("T")

#: Bytes after whose use memory is given back: that holds up all threads for some milliseconds, and
#: an ordinary photo is not worth it.
WORTH_IT = 8 * 1024 * 1024

_one = threading.Lock()
_thread = ThreadPoolExecutor(1, "pictures")


@dataclass(slots=True)
class _Use:
    """Bytes that pictures took since memory was last given back: after one, and with none left."""

    after_one: int = 0
    with_none_left: int = 0

    def add(self, size: int) -> None:
        self.after_one += size
        self.with_none_left += size


_use = _Use()


class TooLarge(Exception):
    """The picture has more pixels than there is memory or time to decode."""


class Unreadable(Exception):
    """It is no picture of KINDS, or only a part of one."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made smaller, upright, without transparency or metadata."""

    size: Size  # of the original, as it lies in the file
    image: Image.Image


async def alone(work: Callable[[], T]) -> T:
    """Run what opens pictures in their own thread: whoever waits keeps no other thread busy."""

    def work_and_tidy() -> T:
        try:
            return work()
        finally:
            if _use.after_one >= WORTH_IT:
                _use.after_one = 0
                _give_back()

    return await asyncio.get_running_loop().run_in_executor(_thread, work_and_tidy)


async def tidy() -> None:
    """Give memory back to the system when no picture is held any more, if much was in use."""
    if _use.with_none_left >= WORTH_IT:
        _use.with_none_left = 0
        await asyncio.get_running_loop().run_in_executor(_thread, _give_back)


def kind(content: bytes) -> str:
    """The one of KINDS that this is; all of it is there, and `read` can decode it.

    Raises:
        TooLarge, Unreadable.
    """
    with _opened(content, "L", _SMALL) as opened:
        if opened.kind == "JPEG":  # it has no sums: only decoding shows that all is there
            opened.image.load()
        else:
            opened.image.verify()
    return opened.kind


def read(
    content: bytes,
    mode: Mode,
    within: Size,
    *,
    resample: Image.Resampling = Image.Resampling.BICUBIC,
) -> Picture:
    """Decode a picture, at most as wide and as high as `within`, in grey (L) or in colour (RGB).

    Raises:
        TooLarge, Unreadable.
    """
    with _opened(content, mode, within) as opened:
        image = opened.image
        image.load()
        turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}  # it lies on its side
        small = _shrunk(image, (within[1], within[0]) if turned else within, resample)
        upright = ImageOps.exif_transpose(_eight_bits(small))
        plain = _on_white(upright).convert(mode)
        plain.info = {}
        return Picture(opened.size, plain)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A picture that there is memory to decode."""

    kind: str
    size: Size  # before a JPEG was told to decode at a fraction
    image: ImageFile


@contextmanager
def _opened(content: bytes, mode: Mode, within: Size) -> Iterator[_Opened]:
    """The only picture that is open; whatever the block raises means that it can't be read."""
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
    """Have a JPEG decoded at a fraction, and refuse what would still take too much memory."""
    wide, high = image.size
    if wide * high > MAX_PIXELS or max(wide, high) > MAX_SIDE:
        raise TooLarge(f"{wide} x {high} pixels")
    memory = MEMORY
    if isinstance(image, JpegImageFile):
        scans = content.count(_START_OF_SCAN)
        if scans > MAX_SCANS:
            raise Unreadable(f"{scans} scans")
        if _several_scans(content):
            memory -= _coefficients(image)
        fraction = _fraction(image.size, within, memory // _BYTES[found])
        image.draft(mode, (max(1, wide // fraction), max(1, high // fraction)))
    if image.width * image.height * _BYTES[found] > memory:
        raise TooLarge(f"{wide} x {high} pixels of {found}")
    _use.add(image.width * image.height * _BYTES[found] + MEMORY - memory)


def _fraction(size: Size, within: Size, pixels: int) -> int:
    """By which of 1, 2, 4 and 8 to divide a JPEG: it stays twice as large as needed, if it can."""
    (wide, high), (most, other) = size, within
    needed = min(max(wide / most, high / other), max(wide / other, high / most))
    fraction = next((one for one in (8, 4, 2) if 2 * one <= needed), 1)
    while fraction < 8 and wide * high > pixels * fraction**2:
        fraction *= 2
    return fraction


def _several_scans(content: bytes) -> bool:
    """Whether a JPEG's colours come in several scans: the decoder holds the whole of it then.

    A head that can't be followed counts as one that leads there.
    """
    at, colours = 2, b""
    while content[at : at + 1] == b"\xff":
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in {0xC2, 0xC6, 0xCA, 0xCE}:  # progressive
            return True
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            colours = content[at + 9 : at + 10]
        if marker == _START_OF_SCAN[1]:
            return content[at + 4 : at + 5] != colours
        at += 1 if marker == 0xFF else 2 + length  # a head may be padded
    return True


def _coefficients(image: JpegImageFile) -> int:
    """Bytes of a whole JPEG before its colours are put together: two for each value."""
    wide, high = image.size
    most_wide = max(across for _, across, _, _ in image.layer)
    most_high = max(down for _, _, down, _ in image.layer)
    values = sum(across * down for _, across, down, _ in image.layer)
    return 2 * wide * high * values // (most_wide * most_high)


def _shrunk(image: Image.Image, within: Size, resample: Image.Resampling) -> Image.Image:
    """The picture within a size, its shape kept; at its full size no second one is made of it.

    Pillow shrinks pictures with transparency in a copy: here each of their colours goes by itself.
    """
    if image.mode in {"1", "P", "PA"}:  # these can't be shrunk as they are
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
    small.info = image.info  # says which side is up
    return small


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 bits with as many shades as all others; only its finest ones are lost."""
    if image.mode not in _SIXTEEN_BITS:
        return image
    return image.point(lambda shade: shade * (1 / 257)).convert("L")


def _on_white(image: Image.Image) -> Image.Image:
    """A picture with transparency as it looks on paper."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    seen = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _give_back() -> None:
    """Have glibc hand freed memory to the system; it would keep most of what a thread frees."""
    if _trim is not None:
        _trim(0)


def _glibc_trim() -> Callable[[int], int] | None:
    """glibc's `malloc_trim`; None where another C library is in use."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_trim = _glibc_trim()
