"""Recordings are known by their content, and nothing else is taken for one."""

from __future__ import annotations

import random

import pytest

from models.infrastructure import sounds
from tests.sounds import SOUNDS, mp3, mp4, ogg
from tests.workers.verification.samples import encoded, scene


@pytest.mark.parametrize("kind", sounds.CONTENT_TYPES)
def test_the_kinds_that_phones_record_are_known(kind: str) -> None:
    assert sounds.kind(SOUNDS[kind]) == kind


def test_a_tag_before_the_sound_is_passed_over() -> None:
    assert sounds.kind(mp3(tagged=True)) == "mp3"
    assert sounds.kind(ogg(b"\x01vorbis")) == "ogg"


NONE = {
    "nothing": b"",
    "words": b"OggS this is no sound, whatever its name is",
    "a PDF": b"%PDF-1.7\n%%EOF",
    "a photo": encoded(scene(64, 48)),
    "a picture of another kind": encoded(scene(64, 48), "WEBP"),
    "a video": mp4(b"vide", b"soun"),
    "a video in Ogg": ogg(b"\x80theora"),
    "a film without sound": mp4(b"vide"),
    "an MP4 without tracks": mp4(),
    "one frame, and words": mp3()[:417] + b"and then words, no sound",
    "half a frame": mp3()[:200],
    "a page": b"<html><audio src='a.ogg'></audio></html>",
    "a program": b"MZ\x90\x00" + bytes(200),
    "a tag without sound": b"ID3\x04\x00\x00\x00\x00\x7f\x7f" + bytes(20),
}


@pytest.mark.parametrize("what", NONE)
def test_what_is_no_recording_is_refused(what: str) -> None:
    with pytest.raises(sounds.Unreadable):
        sounds.kind(NONE[what])


def test_hostile_bytes_are_refused_and_never_raise_anything_else() -> None:
    chance = random.Random(11)
    for sound in SOUNDS.values():
        for _ in range(300):
            broken = bytearray(sound)
            for _ in range(chance.randint(1, 8)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            try:
                sounds.kind(bytes(broken[: chance.randint(0, len(broken))]))
            except sounds.Unreadable:
                continue
