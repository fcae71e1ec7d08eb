"""Small recordings as phones make them, and files that only claim to be some."""

import struct


def ogg(codec: bytes = b"OpusHead") -> bytes:
    """A page of an Ogg stream with the head of a codec."""
    return b"OggS" + bytes(22) + b"\x01\x13" + codec + bytes(40)


def mp3(*, tagged: bool = False) -> bytes:
    """Three frames of 128 kbit/s at 44.1 kHz, behind a tag with `tagged`."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 0]) + bytes(128)
    return (tag if tagged else b"") + frame * 3


def aac() -> bytes:
    """Two ADTS frames of 32 bytes."""
    return (b"\xff\xf1\x50\x80\x04\x1f\xfc" + bytes(25)) * 2


def mp4(*handlers: bytes) -> bytes:
    """An MP4 file with tracks of these kinds."""
    tracks = b"".join(b"\x00\x00\x00\x20hdlr" + bytes(8) + one + bytes(12) for one in handlers)
    return b"\x00\x00\x00\x18ftypM4A " + bytes(12) + struct.pack(">I", 8) + b"moov" + tracks


def wav() -> bytes:
    """Eight samples of silence."""
    head = b"RIFF" + struct.pack("<I", 44) + b"WAVEfmt " + struct.pack("<I", 16) + bytes(16)
    return head + b"data" + struct.pack("<I", 8) + bytes(8)


SOUNDS = {
    "ogg": ogg(),
    "mp3": mp3(),
    "m4a": mp4(b"soun"),
    "aac": aac(),
    "amr": b"#!AMR\n" + bytes(32),
    "wav": wav(),
}
