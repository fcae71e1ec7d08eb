"""Pictures: each is known by its family, sixteen bits become eight, and nothing fills memory."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from models.infrastructure import pictures
from tests import hostile_pictures as hostile
from tests.workers.verification.samples import encoded, scene

SCENE = scene(320, 240)
GREY = SCENE.convert("L")
SMALLER = SCENE.resize((64, 48))


def sixteen_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def turned(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(SCENE, kind, exif=exif)


#: As phones, cameras and programs write them, with the kind they are.
TAKEN: dict[str, tuple[str, bytes]] = {
    "JPEG": ("JPEG", encoded(SCENE)),
    "JPEG, progressive": ("JPEG", encoded(SCENE, progressive=True)),
    "JPEG, grey": ("JPEG", encoded(GREY)),
    "JPEG, for print": ("JPEG", encoded(SCENE.convert("CMYK"))),
    "JPEG, without subsampling": ("JPEG", encoded(SCENE, subsampling=0)),
    "JPEG, with marks to restart at": ("JPEG", encoded(SCENE, restart_marker_rows=1)),
    "JPEG, turned": ("JPEG", turned("JPEG")),
    "a preview behind it": ("JPEG", encoded(SCENE, "MPO", save_all=True, append_images=[SMALLER])),
    "two previews": ("JPEG", encoded(SCENE, "MPO", save_all=True, append_images=[SMALLER] * 2)),
    "a container for one": ("JPEG", encoded(SCENE, "MPO")),
    "PNG": ("PNG", encoded(SCENE, "PNG")),
    "PNG that moves": (
        "PNG",
        encoded(SCENE, "PNG", save_all=True, append_images=[SCENE.rotate(9)]),
    ),
    "PNG, palette": ("PNG", encoded(SCENE.convert("P"), "PNG")),
    "PNG, palette of a few colours": ("PNG", encoded(SCENE.quantize(4), "PNG", bits=2)),
    "PNG, with transparency": ("PNG", encoded(SCENE.convert("RGBA"), "PNG")),
    "PNG, grey with transparency": ("PNG", encoded(SCENE.convert("LA"), "PNG")),
    "PNG, 16 bits": ("PNG", encoded(sixteen_bits(SCENE), "PNG")),
    "PNG, turned": ("PNG", turned("PNG")),
    "WEBP": ("WEBP", encoded(SCENE, "WEBP")),
    "WEBP, lossless": ("WEBP", encoded(SCENE, "WEBP", lossless=True)),
    "WEBP, with transparency": ("WEBP", encoded(SCENE.convert("RGBA"), "WEBP")),
    "WEBP that moves": (
        "WEBP",
        encoded(SCENE, "WEBP", save_all=True, append_images=[SCENE.rotate(9)]),
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_picture_is_known_by_its_family_and_looks_as_it_did(what: str) -> None:
    kind, content = TAKEN[what]
    assert pictures.kind(content) == kind
    picture = pictures.read(content, "L", (160, 160))
    assert picture.size == (320, 240)
    wide, high = (120, 160) if "turned" in what else (160, 120)
    assert (picture.image.mode, picture.image.size) == ("L", (wide, high))
    assert abs(np.asarray(picture.image).mean() - np.asarray(GREY).mean()) < 6
    assert not picture.image.info
    assert pictures.read(content, "RGB", (2000, 2000)).image.size == (2 * wide, 2 * high)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "PDF"])
def test_another_family_stays_shut(kind: str) -> None:
    with pytest.raises(pictures.Unreadable):
        pictures.kind(encoded(SCENE, kind))


@pytest.mark.parametrize("light", [0.05, 0.2, 0.4, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("size", [(64, 48), (320, 240), (1000, 10)])
def test_sixteen_bits_are_as_good_as_eight(light: float, size: tuple[int, int]) -> None:
    grey = scene(*size, light=light).convert("L")
    eight = pictures.read(encoded(grey, "PNG"), "L", (50, 50)).image
    sixteen = pictures.read(encoded(sixteen_bits(grey), "PNG"), "L", (50, 50)).image
    apart = np.asarray(eight, dtype=int) - np.asarray(sixteen, dtype=int)
    assert abs(apart).max() <= 2


def test_what_is_transparent_is_as_white_as_paper() -> None:
    for mode in ("RGBA", "LA"):
        content = encoded(Image.new(mode, (100, 100)), "PNG")
        assert pictures.read(content, "L", (50, 50)).image.getextrema() == (255, 255)


TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: hostile.png(7000, 7000),
    "PNG, interlaced": lambda: hostile.png(7000, 7000, adam7=True),
    "PNG, 16 bits": lambda: hostile.png(6000, 6000, bits=16),
    "PNG, palette": lambda: hostile.png(6000, 6000, hostile.PALETTE, bits=1),
    "PNG, grey": lambda: hostile.png(6000, 6000, hostile.GREY),
    "PNG that says so": lambda: hostile.png_that_is_torn(30_000, 30_000),
    "PNG of one row": lambda: hostile.png(200_000, 1),
    "WEBP": lambda: hostile.webp(3000, 3000),
    "WEBP, as large as can be": lambda: hostile.webp(16_383, 16_383),
    "WEBP, narrow": lambda: hostile.webp(16_383, 600),
    "JPEG, progressive": lambda: hostile.progressive(10_000, 10_000),
    "JPEG, progressive, grey": lambda: hostile.progressive(9000, 9000, colours=1),
    "JPEG, progressive, four colours": lambda: hostile.progressive(5000, 5000, colours=4),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", TOO_LARGE)
def test_what_takes_too_much_memory_is_too_large_whatever_the_way_in(what: str) -> None:
    content = TOO_LARGE[what]()
    for opened in (
        lambda: pictures.kind(content),
        lambda: pictures.read(content, "L", (1000, 3000)),
        lambda: pictures.read(content, "RGB", (2000, 2000)),
    ):
        with pytest.raises(pictures.TooLarge):
            opened()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(9248, 6936), (12_000, 9000), (6000, 8000), (16_000, 1500)])
def test_a_large_photo_is_decoded_at_a_fraction(size: tuple[int, int]) -> None:
    content = encoded(Image.new("L", size, 90))
    assert pictures.kind(content) == "JPEG"
    picture = pictures.read(content, "RGB", (2000, 2000))
    assert picture.size == size
    assert max(picture.image.size) == 2000
    assert picture.image.getpixel((5, 5)) == (90, 90, 90)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("with_preview", [False, True])
def test_a_jpeg_whose_end_is_missing_is_incomplete(share: float, with_preview: bool) -> None:
    preview = encoded(SCENE.resize((40, 30)))
    exif = b"Exif\0\0" + preview if with_preview else b""
    content = encoded(SCENE, exif=exif)
    assert pictures.kind(content) == "JPEG"
    with pytest.raises(pictures.Unreadable):
        pictures.kind(content[: int(share * len(content))])


def test_damage_inside_a_jpeg_shows_when_it_is_read() -> None:
    content = bytearray(encoded(Image.effect_noise((320, 240), 60)))
    quarter = len(content) // 4
    content[quarter:-2] = (b"\xff\xd8" * len(content))[: len(content) - 2 - quarter]
    assert pictures.kind(bytes(content)) == "JPEG"
    with pytest.raises(pictures.Unreadable):
        pictures.read(bytes(content), "L", (160, 160))


def test_a_jpeg_that_repeats_itself_is_not_decoded() -> None:
    with pytest.raises(pictures.Unreadable):
        pictures.kind(hostile.progressive(2000, 2000, colours=1, scans=5000))


async def test_pictures_are_opened_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    open_now, most, counting = 0, 0, threading.Lock()
    bound = pictures._bound

    def counted(*arguments: object) -> None:
        nonlocal open_now, most
        with counting:
            open_now += 1
            most = max(most, open_now)
        bound(*arguments)  # type: ignore[arg-type]
        Image.open(io.BytesIO(TAKEN["PNG"][1])).load()
        with counting:
            open_now -= 1

    monkeypatch.setattr(pictures, "_bound", counted)
    content = TAKEN["JPEG"][1]
    await asyncio.gather(
        *(pictures.alone(lambda: pictures.kind(content)) for _ in range(8)),
        *(asyncio.to_thread(pictures.kind, content) for _ in range(8)),
    )
    assert most == 1


async def test_whoever_waits_for_a_picture_keeps_no_other_thread_busy() -> None:
    go = threading.Event()
    waiting = [asyncio.create_task(pictures.alone(go.wait)) for _ in range(50)]
    try:
        async with asyncio.timeout(10):
            assert await asyncio.to_thread(lambda: "at once") == "at once"
    finally:
        go.set()
        await asyncio.gather(*waiting)
