"""Files of some kilobytes that hold pictures of any size, written without drawing them."""

from __future__ import annotations

import struct
import zlib

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6  # PNG's kinds of colour
_CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
_SIGN = b"\x89PNG\r\n\x1a\n"
#: Adam7: where each pass begins, and its steps.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_ROWS = 1 << 22  # bytes of rows that are written at once


def png(
    wide: int,
    high: int,
    colour: int = COLOUR_ALPHA,
    *,
    bits: int = 8,
    adam7: bool = False,
    padding: int = 0,
) -> bytes:
    """A black PNG, whole and sound, for which a kilobyte holds a million pixels.

    With `padding` it is larger by so many bytes, which are no part of the picture.
    """
    depth = bits * _CHANNELS[colour]
    passes = _PASSES if adam7 else ((0, 0, 1, 1),)
    packer = zlib.compressobj(9)
    data = b""
    for left, top, across, down in passes:
        columns, rows = -(-(wide - left) // across), -(-(high - top) // down)
        left_over = rows * (1 + (columns * depth + 7) // 8)
        while left_over:
            some = min(left_over, _ROWS)
            data += packer.compress(bytes(some))
            left_over -= some
    data += packer.flush()
    head = struct.pack(">IIBBBBB", wide, high, bits, colour, 0, 0, adam7)
    palette = _chunk(b"PLTE", bytes(3 * 2)) if colour == PALETTE else b""
    other = _chunk(b"paDd", bytes(padding)) if padding else b""
    body = palette + _chunk(b"IDAT", data) + other
    return _SIGN + _chunk(b"IHDR", head) + body + _chunk(b"IEND", b"")


def png_that_is_torn(wide: int, high: int) -> bytes:
    """A PNG that says how large it is, and holds nothing."""
    head = struct.pack(">IIBBBBB", wide, high, 8, COLOUR, 0, 0, 0)
    data = _chunk(b"IDAT", zlib.compress(bytes(100)))
    return _SIGN + _chunk(b"IHDR", head) + data + _chunk(b"IEND", b"")


def webp(wide: int, high: int) -> bytes:
    """A lossless WEBP of one colour: five codes of one word each, and no bit for a pixel."""
    bits = [(0x2F, 8), (wide - 1, 14), (high - 1, 14), (0, 1), (0, 3)]
    bits += [(0, 1), (0, 1), (0, 1)]  # no transform, no cache, one group of codes
    for word in (128, 128, 128, 255, 0):
        bits += [(1, 1), (0, 1), (1, 1), (word, 8)]
    number = place = 0
    for value, width in bits:
        number |= value << place
        place += width
    data = number.to_bytes((place + 7) // 8, "little")
    data += bytes(len(data) % 2)
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def progressive(wide: int, high: int, *, colours: int = 3, scans: int = 1) -> bytes:
    """A grey progressive JPEG: one bit a block. The decoder keeps two bytes for each value."""
    names = range(1, colours + 1)
    tables = _segment(0xDB, bytes([0]) + bytes([1] * 64))
    for of in (0x00, 0x10):  # one word of one bit: no difference, no more values
        tables += _segment(0xC4, bytes([of]) + bytes([1] + [0] * 15) + bytes([0]))
    frame = struct.pack(">BHHB", 8, high, wide, colours) + b"".join(
        bytes([n, 0x11, 0]) for n in names
    )
    first = _segment(
        0xDA, bytes([colours]) + b"".join(bytes([n, 0]) for n in names) + bytes([0, 0, 0])
    )
    blocks = -(-wide // 8) * -(-high // 8)
    body = first + bytes(blocks * colours // 8 + 1)
    again = _segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + bytes(blocks // 8 + 1)
    return b"\xff\xd8" + tables + _segment(0xC2, frame) + body + again * (scans - 1) + b"\xff\xd9"


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
