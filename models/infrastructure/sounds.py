"""Recordings that people send: their kind, read from the content alone.

Nothing is decoded: the head of the file must be that of a kind which phones record, its parts must
follow each other, and it may hold no moving picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

#: File extension -> content type.
CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "ogg": "audio/ogg",
        "mp3": "audio/mpeg",
        "m4a": "audio/mp4",
        "aac": "audio/aac",
        "amr": "audio/amr",
        "wav": "audio/wav",
    }
)
_CODECS = (b"OpusHead", b"\x01vorbis", b"Speex   ")  # the first packet of an Ogg stream
_AMR = (b"#!AMR\n", b"#!AMR-WB\n")
_ID3_HEAD = 10  # bytes of an ID3 tag before its content
_KBITS = {  # of an MPEG layer III frame, by its index; version 1, then versions 2 and 2.5
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ADTS_HEAD = 7  # bytes of the head of an AAC frame
_MOST_TRACKS = 100  # of an MP4 file


class Unreadable(Exception):
    """The file is no recording of a kind that phones make."""


def kind(content: bytes) -> str:
    """Return the kind of a recording, a key of `CONTENT_TYPES`.

    Raises:
        Unreadable: it is none, or only its first bytes are.
    """
    if content.startswith(b"OggS") and content[28:36].startswith(_CODECS):
        return "ogg"
    if content.startswith(_AMR) and len(content) > len(_AMR[1]):
        return "amr"
    if content[:4] == b"RIFF" and content[8:16] == b"WAVEfmt " and b"data" in content[:4096]:
        return "wav"
    if content[4:8] == b"ftyp" and _tracks(content) == {b"soun"}:
        return "m4a"
    if _frames(content, _adts):
        return "aac"
    if _frames(content[_tag(content) :], _mpeg):
        return "mp3"
    raise Unreadable(f"{len(content)} bytes of no known kind")


def _tag(content: bytes) -> int:
    """Return the length of the ID3 tag at the start, 0 without one.

    Source: https://id3.org/id3v2.4.0-structure, section 3.1
    """
    if content[:3] != b"ID3" or len(content) < _ID3_HEAD:
        return 0
    a, b, c, d = content[6:_ID3_HEAD]
    return _ID3_HEAD + (a << 21 | b << 14 | c << 7 | d)


def _frames(content: bytes, measure: Callable[[bytes], int]) -> bool:
    """Whether a recording begins with two frames, or is one; `measure` returns a frame's length."""
    first = measure(content[:8])
    if not first or len(content) < first:
        return False
    return len(content) == first or bool(measure(content[first : first + 8]))


def _mpeg(content: bytes) -> int:
    """Return the length in bytes of the MPEG layer III frame at the start; 0 if there is none.

    Source: ISO/IEC 11172-3, section 2.4.1.3
    """
    if len(content) < 4 or content[0] != 0xFF or content[1] & 0xE0 != 0xE0:
        return 0
    version, layer = content[1] >> 3 & 3, content[1] >> 1 & 3
    bits, rate = content[2] >> 4, content[2] >> 2 & 3
    if version == 1 or layer != 1 or bits in (0, 15) or rate == 3:
        return 0
    first = version == 3
    kbits, hertz = _KBITS[1 if first else 2][bits], _HERTZ[version][rate]
    return (144 if first else 72) * kbits * 1000 // hertz + (content[2] >> 1 & 1)


def _adts(content: bytes) -> int:
    """Return the length in bytes of the AAC frame at the start; 0 if there is none.

    Source: ISO/IEC 13818-7, section 6.2
    """
    if len(content) < _ADTS_HEAD or content[0] != 0xFF or content[1] & 0xF6 != 0xF0:
        return 0
    length = (content[3] & 3) << 11 | content[4] << 3 | content[5] >> 5
    return length if length > _ADTS_HEAD else 0


def _tracks(content: bytes) -> set[bytes]:
    """Return which of b"soun" and b"vide" are tracks of an MP4 file.

    Source: ISO/IEC 14496-12, section 8.4.3
    """
    found: set[bytes] = set()
    at = content.find(b"hdlr")
    for _ in range(_MOST_TRACKS):
        if at < 0:
            break
        found.add(content[at + 12 : at + 16])
        at = content.find(b"hdlr", at + 4)
    return found & {b"soun", b"vide"}
