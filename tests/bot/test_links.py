"""Links to files lead to what we hand out, for as long as they say, and nowhere else."""

from __future__ import annotations

import base64
import hmac
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from PIL import Image
from starlette.applications import Starlette

from bot.links import Links, file_behind, picture_behind
from models.infrastructure import encryption, signing
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.storage import Storage
from tests.sounds import ogg
from web import files

PERMIT = "permits/2026/IUMK-2026-3174-000001.pdf"
PORTRAIT = "portraits/a-7_x.jpg"
PHOTO = f"attachments/ab/ab{'0' * 62}.png"
SOUND = f"attachments/ab/ab{'0' * 62}.ogg"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _keys() -> None:
    encryption.use(KeyRing({"k1": b"0" * 32}, b"1" * 32))


def link(path: str = PERMIT, *, life: timedelta = HOUR) -> str:
    return Links("https://izin.example").to(path, "Izin Siti é.pdf", life=life)


def shown(path: str, *, life: timedelta = HOUR) -> str:
    """The path of a link to a picture."""
    url = Links("https://izin.example").to_picture(path, life=life)
    return url.removeprefix("https://izin.example")


def photo() -> bytes:
    """A photo of 2560 x 1600 that tells where it was taken."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Jalan Damai 3", 1
    out = io.BytesIO()
    Image.new("RGB", (2560, 1600), "green").save(out, "JPEG", exif=exif, comment=b"Jalan Damai")
    return out.getvalue()


def token(url: str) -> str:
    return url.split("/")[4]


def test_a_link_names_the_file_for_who_opens_it_and_hides_where_it_lies() -> None:
    url = link()
    assert re.fullmatch(r"https://izin\.example/berkas/[\w.-]+/Izin%20Siti%20%C3%A9\.pdf", url)
    assert "permits" not in url
    assert file_behind(token(url)) == PERMIT


def test_a_link_ends() -> None:
    with time_machine.travel(datetime(2026, 11, 25, tzinfo=UTC), tick=False) as clock:
        given = token(link())
        clock.shift(HOUR - timedelta(seconds=1))
        assert file_behind(given) == PERMIT
        clock.shift(timedelta(seconds=1))
        assert file_behind(given) is None


@pytest.mark.parametrize(
    "path",
    [
        "attachments/ab/abcd.jpg",
        "permits/../attachments/a.pdf",
        "/permits/a.pdf",
        "permits/a.pdf/../../b.pdf",
        "permits/.pdf",
        "permits/a.txt",
        "permits//a.pdf",
    ],
)
def test_only_documents_are_handed_out(path: str) -> None:
    with pytest.raises(ValueError, match="only documents"):
        link(path)


def spoilt(good: str) -> Iterator[str]:
    """Tokens that are like a good one, and are not it."""
    yield from ("", "x", ".", "..", "é", "\ud800", good[:-2], "A" + good[1:], good.replace(".", ""))
    yield from (
        f"{good}{more}" for more in ("é", "!", "=", " ", "\n", ".", "٣", "A" * 4, "x" * 9999)
    )
    yield from (f"{good[:9]}{more}{good[9:]}" for more in ("é", "!", "\n", "\u200b"))
    payload, signature = good.split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=="))
    later = json.dumps([told[0], told[1] + 1]).encode()
    yield base64.urlsafe_b64encode(later).decode().rstrip("=") + "." + signature


def test_nobody_else_can_make_a_link() -> None:
    good = token(link())
    assert file_behind(good) == PERMIT
    for bad in (*spoilt(good), signing.sign([PERMIT, 9_999_999_999], "others")):
        assert file_behind(bad) is None, bad
    encryption.use(KeyRing({"k1": b"0" * 32}, b"2" * 32))
    assert file_behind(good) is None


def earlier(path: str, life: timedelta) -> str:
    """A link's token as versions before 26 November 2026 made it."""
    told = f"{int((datetime.now(UTC) + life).timestamp())} {path}".encode()
    mac = hmac.digest(encryption.key_for("links"), told, "sha256")[:16]
    return base64.urlsafe_b64encode(mac + told).decode().rstrip("=")


def test_links_of_an_earlier_version_work_until_they_end() -> None:
    good = earlier(PERMIT, HOUR)
    assert file_behind(good) == PERMIT
    for bad in (earlier(PERMIT, -HOUR), earlier("attachments/ab/abcd.jpg", HOUR), good[:-2]):
        assert file_behind(bad) is None
    encryption.use(KeyRing({"k1": b"0" * 32}, b"2" * 32))
    assert file_behind(good) is None


@pytest.fixture
def storage(tmp_path: object) -> Storage:
    storage = Storage(f"file://{tmp_path}")
    storage.write(PERMIT, b"%PDF-1.7 izin")
    storage.write("attachments/ab/abcd.jpg", b"ktp")
    storage.write(PORTRAIT, photo())
    storage.write(PHOTO, photo())
    return storage


async def ask(storage: Storage, path: str) -> httpx.Response:
    door = httpx.ASGITransport(Starlette(routes=files.routes(storage=storage)))
    async with httpx.AsyncClient(transport=door, base_url="https://izin.example") as client:
        return await client.get(path)


async def test_a_link_gives_the_file_and_nobody_keeps_it(storage: Storage) -> None:
    answer = await ask(storage, link().removeprefix("https://izin.example"))
    assert (answer.status_code, answer.content) == (200, b"%PDF-1.7 izin")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]


async def test_a_link_to_a_recording_gives_it_as_what_it_is(storage: Storage) -> None:
    storage.write(SOUND, ogg())
    answer = await ask(storage, link(SOUND).removeprefix("https://izin.example"))
    assert (answer.status_code, answer.content) == (200, ogg())
    assert answer.headers["Content-Type"] == "audio/ogg"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", [PORTRAIT, PHOTO])
async def test_a_link_shows_a_picture_small_and_without_where_it_was_taken(
    storage: Storage, path: str
) -> None:
    answer = await ask(storage, shown(path))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert "no-store" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, max(picture.size)) == ("JPEG", 1280)
        assert not picture.getexif() and not picture.info.get("comment")


async def test_what_is_no_picture_any_more_is_not_shown(storage: Storage) -> None:
    storage.write(PORTRAIT, b"broken")
    assert (await ask(storage, shown(PORTRAIT))).status_code == 404
    assert (await ask(storage, shown("portraits/gone.jpg"))).status_code == 404
    assert (await ask(storage, shown(PHOTO, life=timedelta(0)))).status_code == 404


@pytest.mark.parametrize(
    "path", ["ktp/1.jpg", PERMIT, "portraits/../attachments/a.jpg", "attachments/ab/abcd.jpg", ""]
)
def test_only_portraits_and_photos_are_shown(path: str) -> None:
    with pytest.raises(ValueError, match="no picture"):
        shown(path)


def test_a_link_to_a_picture_is_none_to_a_document() -> None:
    token = shown(PHOTO).split("/")[2]
    assert (file_behind(token), picture_behind(token)) == (None, PHOTO)
    assert picture_behind(signing.sign([PHOTO, 9_999_999_999], "links")) is None


async def test_a_store_that_is_away_is_asked_again_later(storage: Storage) -> None:
    class Away(Storage):
        def read(self, path: str) -> bytes:
            raise ConnectionRefusedError(path)

    answer = await ask(Away("memory://"), shown(PORTRAIT))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


async def test_any_other_link_leads_nowhere(storage: Storage) -> None:
    gone = link("permits/2026/IUMK-2026-3174-000002.pdf").removeprefix("https://izin.example")
    over = link(life=timedelta(0)).removeprefix("https://izin.example")
    for path in (gone, over, "/berkas/x/a.pdf", "/berkas/../attachments/ab/abcd.jpg", "/berkas/x"):
        assert (await ask(storage, path)).status_code == 404, path
