"""Photos as phones make them, and as they should not be."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.finding import Outcome
from tests.workers.verification.samples import Changed, encoded, photo, scene
from workers.verification import photo as check

pytestmark = pytest.mark.slow

GOOD = encoded(scene(480, 400))
DARK = encoded(scene(light=0.1))
BLURRED = encoded(scene(blur=6))
SMALL = encoded(scene(320, 240))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height"), [(640, 480), (480, 640), (1280, 960), (1200, 1600), (1080, 2400)]
)
def test_a_sharp_photo_of_any_phone_is_usable(width: int, height: int) -> None:
    assert check.fault(encoded(scene(width, height))) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
def test_every_kind_of_file_that_phones_send_is_read(kind: str) -> None:
    assert check.fault(encoded(scene(), kind)) is None


@pytest.mark.parametrize("size", [(800, 600), (480, 640), (1280, 960), (600, 1400), (2000, 1500)])
def test_a_photo_of_sixteen_bits_is_as_good_as_one_of_eight(size: tuple[int, int]) -> None:
    for light in (1.0, 0.4, 0.1):
        grey = scene(*size, light=light).convert("L")
        deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
        assert check.fault(encoded(deep, "PNG")) == check.fault(encoded(grey, "PNG"))


def test_a_photo_at_dusk_is_usable() -> None:
    assert check.fault(encoded(scene(light=0.4))) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_with_the_phone_turned_is_set_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(scene(1600, 800), exif=exif)
    size, grey = check._decode(content)
    assert size == (1600, 800)
    assert grey.shape == ((500, 1000) if orientation < 5 else (1600, 800))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", check.PHOTO_UNREADABLE),
        (b"%PDF-1.7 not a photo", check.PHOTO_UNREADABLE),
        (GOOD[: len(GOOD) // 2], check.PHOTO_UNREADABLE),
        (encoded(scene(), "GIF"), check.PHOTO_UNREADABLE),
        (bomb(60_000, 60_000), check.PHOTO_TOO_LARGE),  # refused by Pillow
        (bomb(10_000, 9_000), check.PHOTO_TOO_LARGE),  # Pillow would only warn
        (bomb(8_000, 8_000), check.PHOTO_TOO_LARGE),  # Pillow would decode it
        (SMALL, check.PHOTO_TOO_SMALL),
        (encoded(scene(1600, 200)), check.PHOTO_TOO_SMALL),
        (DARK, check.PHOTO_TOO_DARK),
        (encoded(Image.new("RGB", (800, 600), "black")), check.PHOTO_TOO_DARK),
        (encoded(scene(haze=200)), check.PHOTO_TOO_BRIGHT),
        (encoded(Image.new("RGB", (800, 600), "white")), check.PHOTO_TOO_BRIGHT),
        (BLURRED, check.PHOTO_BLURRED),
        (encoded(Image.new("RGB", (800, 600), "grey")), check.PHOTO_BLURRED),  # a thumb, a wall
    ],
)
def test_an_unusable_photo_has_a_fault(content: bytes, fault: str) -> None:
    assert check.fault(content) == fault


def test_more_blur_is_never_sharper() -> None:
    measured = [
        check.sharpness(check._decode(encoded(scene(blur=blur)))[1]) for blur in (0, 1, 2, 4)
    ]
    assert measured == sorted(measured, reverse=True)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_check(content: bytes) -> None:
    assert check.fault(content) == check.PHOTO_UNREADABLE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@given(st.data())
def test_no_damaged_photo_breaks_the_check(kind: str, data: st.DataObject) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Nokia"
    content = bytearray(encoded(Image.new("RGB", (64, 48), "red"), kind, exif=exif))
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[at] = data.draw(st.integers(0, 255))
    assert check.fault(bytes(content)) in check.FAULTS


def test_one_usable_photo_is_enough(evidence: Changed) -> None:
    photos = (photo(DARK), photo(b"?"), photo(GOOD))
    assert check.check(evidence(photos=photos)).outcome is Outcome.OK


def test_the_owner_hears_of_the_photo_that_came_nearest(evidence: Changed) -> None:
    finding = check.check(evidence(photos=(photo(DARK), photo(BLURRED), photo(SMALL))))
    assert (finding.outcome, finding.reason) == (Outcome.FIX_BY_OWNER, check.PHOTO_BLURRED)
    assert (finding.step, finding.params) == ("place_photo", {"count": 3})


def test_a_case_needs_no_photo(evidence: Changed) -> None:
    assert check.check(evidence(photos=())).outcome is Outcome.OK


def test_a_photo_that_somebody_else_sent_goes_to_a_person(evidence: Changed) -> None:
    finding = check.check(evidence(photos=(photo(GOOD), photo(DARK, seen_in=2))))
    assert (finding.outcome, finding.reason) == (
        Outcome.NEEDS_A_PERSON,
        check.PHOTO_SEEN_ELSEWHERE,
    )
