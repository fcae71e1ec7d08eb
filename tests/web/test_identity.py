"""The identity page: works once, keeps everything together, tells the chat, logs nothing."""

import asyncio
import io
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from redis.asyncio import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conversations.events import News, news
from conversations.messages import Say
from models import identity, person
from models.attachment import Attachment
from models.audit import AuditEntry
from models.identity import Identity, IdentityLink
from models.inbox import InboxMessage
from models.infrastructure import encryption
from models.infrastructure.database import Database
from models.infrastructure.quotas import IDENTITY_POSTS
from models.infrastructure.storage import Storage
from tests import hostile_pictures as hostile
from tests.clock import now
from tests.web.site import Site, build
from tests.workers.verification.samples import encoded, scene

GOOD = {
    "name": "Siti  Aminah",
    "nik": "3174 0747 0384 0002",  # a woman born on 7 March 1984
    "day": "7",
    "month": "3",
    "year": "1984",
    "address": "Jl. Kebon Jeruk 12, RT 003/RW 004",
}


@dataclass(frozen=True, slots=True)
class Links:
    """The people of these tests, and a link for each."""

    owner: int
    officer: int
    own: str
    officers: str


@pytest.fixture
def links(engine: Engine) -> Links:
    with Session(engine) as tx, tx.begin():
        met = person.meet(tx, "telegram", [("1", "id"), ("2", "id")])
        owner, officer = met["1"], met["2"]
        return Links(
            owner,
            officer,
            identity.link(tx, person_id=owner, holder_id=owner),
            identity.link(tx, person_id=owner, holder_id=officer),
        )


async def fill(
    client: httpx.AsyncClient,
    token: str,
    photo: bytes | None = None,
    changes: Mapping[str, str] = GOOD,
) -> httpx.Response:
    """Open the page, and post what it asks for."""
    page = await client.get(f"/identitas/{token}")
    found = re.search(r'name="csrf" value="([\w-]+)"', page.text)
    assert found, page.text
    files = {"photo": ("ktp.jpg", photo, "image/jpeg")} if photo is not None else None
    fields = GOOD | {"csrf": found[1]} | dict(changes)
    return await client.post(f"/identitas/{token}", data=fields, files=files)


def ktp() -> bytes:
    """A photo that tells where and with what it was taken."""
    image = Image.effect_noise((900, 600), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Ponsel Siti"  # maker
    exif[0x0112] = 6  # on its side
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def test_the_form_is_private_and_says_why_it_asks(
    client: httpx.AsyncClient, links: Links
) -> None:
    page = await client.get(f"/identitas/{links.own}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"
    for words in ("Gratis", "tidak pernah meminta uang", 'inputmode="numeric"'):
        assert words in page.text


async def test_looking_at_a_link_does_not_use_it_up(
    client: httpx.AsyncClient, links: Links
) -> None:
    for _ in range(3):  # chat programs look at links to preview them
        assert (await client.get(f"/identitas/{links.own}")).status_code == 200


async def test_an_identity_is_kept_with_its_photo_audit_and_news_in_the_chat(
    client: httpx.AsyncClient, links: Links, site: Site, engine: Engine
) -> None:
    answer = await fill(client, links.own, ktp())
    assert answer.status_code == 303
    thanks = await client.get(answer.headers["location"])
    assert "kembali ke chat" in thanks.text
    with Session(engine) as tx:
        row = tx.scalars(select(Identity)).one()
        assert (row.person_id, row.given_by_id, row.version) == (links.owner, links.owner, 1)
        assert (row.name, row.nik, row.born_on) == ("Siti Aminah", "3174074703840002", "1984-03-07")
        assert row.address == GOOD["address"]
        photo = tx.scalars(select(Attachment)).one()
        assert (row.ktp_attachment_id, photo.state) == (photo.id, "stored")
        assert photo.path is not None
        with Image.open(io.BytesIO(site.storage.read(photo.path))) as kept:
            assert kept.size == (600, 900)  # upright
            assert not kept.getexif()
        told = tx.scalars(select(InboxMessage)).one()
        assert told.event == news(
            News.IDENTITY_GIVEN, links.owner, Say("notices.identity_received")
        )
        noted = tx.scalars(select(AuditEntry)).one()
        assert (noted.actor, noted.action) == (f"person:{links.owner}", "identity.given")
        assert not re.search("Siti|3174", str(noted.details))


async def test_an_officers_link_tells_officer_and_owner(
    client: httpx.AsyncClient, links: Links, engine: Engine
) -> None:
    page = await client.get(f"/identitas/{links.officers}")
    assert "bersama pemilik usaha" in page.text
    assert (await fill(client, links.officers)).status_code == 303
    with Session(engine) as tx:
        told = set(tx.scalars(select(InboxMessage.person_id)))
        assert told == {links.owner, links.officer}
        assert tx.scalars(select(Identity.given_by_id)).one() == links.officer


async def test_a_link_works_once_and_then_tells_how_to_get_another(
    client: httpx.AsyncClient, links: Links
) -> None:
    assert (await fill(client, links.own)).status_code == 303
    again = await client.get(f"/identitas/{links.own}")
    assert again.status_code == 410
    assert "tautan baru" in again.text
    unknown = await client.get("/identitas/nobody-ever-made-this")
    assert (unknown.status_code, unknown.text) == (410, again.text)


async def test_a_link_expires(client: httpx.AsyncClient, links: Links, engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        for link in tx.scalars(select(IdentityLink)):
            link.expires_at = now() - timedelta(seconds=1)
    assert (await client.get(f"/identitas/{links.own}")).status_code == 410


async def test_of_two_posts_at_once_one_is_kept(
    client: httpx.AsyncClient, links: Links, engine: Engine
) -> None:
    answers = await asyncio.gather(*(fill(client, links.own, ktp()) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 410]
    with Session(engine) as tx:
        assert tx.scalars(select(Identity.version)).one() == 1
        assert len(tx.scalars(select(InboxMessage)).all()) == 1


async def test_two_links_of_one_person_at_once_leave_one_identity(
    client: httpx.AsyncClient, links: Links, engine: Engine
) -> None:
    answers = await asyncio.gather(fill(client, links.own), fill(client, links.officers))
    assert [answer.status_code for answer in answers] == [303, 303]
    with Session(engine) as tx:
        assert tx.scalars(select(Identity.version)).one() == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nik": "317407470384000"}, "16 angka"),
        ({"nik": "31740747O3840002"}, "16 angka"),  # a letter O
        ({"nik": "3174074713840002"}, "tertukar"),  # month 13
        ({"nik": "3174078703840002"}, "tertukar"),  # day 87
        ({"nik": "3174074703840000"}, "tertukar"),  # serial 0000
        ({"nik": "3174074803840002"}, "tanggal lahir"),  # another day
        ({"name": "A" * 101}, "nama lengkap"),
        ({"name": "A" * 1000}, "nama lengkap"),
        ({"address": "Jalan" * 199}, "alamat seperti di KTP"),
        ({"name": ""}, "nama lengkap"),
        ({"name": "-"}, "nama lengkap"),
        ({"name": "陳福生"}, "huruf Latin"),
        ({"name": "สมชาย ใจดี"}, "huruf Latin"),
        ({"name": "Сити Аминах"}, "huruf Latin"),
        ({"name": "Siti محمد"}, "huruf Latin"),
        ({"name": "12345"}, "nama lengkap"),
        ({"address": "Jl."}, "alamat seperti di KTP"),
        ({"day": "31", "month": "2"}, "Isi tanggal"),
        ({"year": "84"}, "Isi tanggal"),
        ({"year": "2084"}, "Isi tanggal"),
        ({"month": ""}, "Isi tanggal"),
    ],
)
async def test_a_slip_is_shown_at_its_field_and_nothing_typed_is_lost(
    client: httpx.AsyncClient, links: Links, engine: Engine, changes: dict[str, str], said: str
) -> None:
    page = await fill(client, links.own, changes=changes)
    assert page.status_code == 422
    assert said in page.text
    kept = GOOD | {"name": "Siti Aminah"} | changes
    for name in ("name", "nik", "day", "year"):
        assert f'value="{kept[name]}"' in page.text
    assert f">{kept['address']}</textarea>" in page.text
    with Session(engine) as tx:
        assert tx.scalars(select(Identity)).all() == []
    assert (await fill(client, links.own)).status_code == 303  # the link still works


async def test_slips_are_named_in_the_order_of_the_page(
    client: httpx.AsyncClient, links: Links
) -> None:
    wrong = {"name": "", "nik": "12", "day": "31", "month": "2", "address": ""}
    page = (await fill(client, links.own, changes=wrong)).text
    named = re.findall(r'<li><a href="#(\w+)">', page)
    assert named == [name for name in re.findall(r' id="(\w+)"', page) if name in named]
    assert named == ["name", "nik", "born", "address"]


@pytest.mark.parametrize("nik", ["3174070703840002", "9471070703840001"])
async def test_a_man_and_somebody_first_registered_elsewhere_are_welcome(
    client: httpx.AsyncClient, links: Links, nik: str
) -> None:
    assert (await fill(client, links.own, changes={"nik": nik})).status_code == 303


async def test_a_file_that_is_no_photo_is_refused_kindly(
    client: httpx.AsyncClient, links: Links
) -> None:
    page = await fill(client, links.own, b"%PDF-1.7")
    assert (page.status_code, "foto dari kamera ponsel" in page.text) == (422, True)
    page = await fill(client, links.own, b"\xff" * (8 * 1024 * 1024 + 1))
    assert (page.status_code, "sampai 8 MB" in page.text) == (422, True)
    page = await fill(client, links.own, ktp(), {"nik": "1"})
    assert "Pilih fotonya sekali lagi" in page.text


@pytest.mark.parametrize("size", [(9248, 6936), (12_000, 9000)])
async def test_a_phone_s_largest_photo_is_kept_smaller(
    client: httpx.AsyncClient, links: Links, site: Site, engine: Engine, size: tuple[int, int]
) -> None:
    answer = await fill(client, links.own, encoded(Image.new("L", size, 90)))
    assert answer.status_code == 303
    assert max(kept(site, engine).size) == 2000


async def test_a_photo_of_sixteen_bits_is_kept_as_it_looks(
    client: httpx.AsyncClient, links: Links, site: Site, engine: Engine
) -> None:
    grey = scene().convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert (await fill(client, links.own, encoded(deep, "PNG"))).status_code == 303
    assert abs(np.asarray(kept(site, engine)).mean() - np.asarray(grey).mean()) < 2


def kept(site: Site, engine: Engine) -> Image.Image:
    """The photo that was kept last."""
    with Session(engine) as tx:
        path = tx.scalars(select(Attachment.path).order_by(Attachment.id.desc())).first()
    return Image.open(io.BytesIO(site.storage.read(path or "")))


@pytest.mark.parametrize("picture", [hostile.png, hostile.webp])
async def test_a_picture_of_too_many_pixels_is_called_too_large(
    client: httpx.AsyncClient, links: Links, picture: Callable[[int, int], bytes]
) -> None:
    page = await fill(client, links.own, picture(6000, 6000))
    assert (page.status_code, "terlalu besar untuk kami buka" in page.text) == (422, True)


async def test_words_typed_are_escaped(client: httpx.AsyncClient, links: Links) -> None:
    page = await fill(
        client, links.own, changes={"name": '"><script>alert(1)</script>', "nik": "1"}
    )
    assert "<script>alert" not in page.text


async def test_another_site_cannot_post(
    client: httpx.AsyncClient, links: Links, engine: Engine
) -> None:
    path = f"/identitas/{links.own}"
    assert (await client.post(path, data=GOOD)).status_code == 403
    assert (await fill(client, links.own, changes={"csrf": "0" * 32})).status_code == 403
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post(path, data=GOOD, headers=elsewhere)).status_code == 403
    with Session(engine) as tx:
        assert tx.scalars(select(Identity)).all() == []


@pytest.mark.parametrize(
    "origin",
    [
        *("https://elsewhere.example", "http://izin.test:81", "http://izin.test.example", "x"),
        *("http://[", "http://[::1", "http://[x]", "http://]", "http://izin.test@x", "https://℀"),
        *("http://", "", "//", "null null", "é"),
    ],
)
async def test_a_post_that_says_to_come_from_elsewhere_is_refused(
    client: httpx.AsyncClient, links: Links, origin: str
) -> None:
    client.headers["Origin"] = origin
    assert (await fill(client, links.own)).status_code == 403


async def test_a_browser_that_sends_no_referrer_can_post(
    client: httpx.AsyncClient, links: Links
) -> None:
    client.headers["Origin"] = "null"  # what a page with no-referrer makes browsers send
    client.headers["Sec-Fetch-Site"] = "same-origin"
    assert (await fill(client, links.own)).status_code == 303


async def test_guessing_is_limited(client: httpx.AsyncClient, links: Links) -> None:
    path = f"/identitas/{links.own}"
    pages = [await client.post(path) for _ in range(IDENTITY_POSTS.at_most + 1)]
    codes = [page.status_code for page in pages]
    assert codes == [403] * IDENTITY_POSTS.at_most + [429]
    assert pages[-1].headers["retry-after"] == f"{IDENTITY_POSTS.interval:.0f}"
    assert (await client.get(f"/identitas/{links.officers}")).status_code == 200


async def test_guessing_is_limited_while_redis_is_away(
    db: Database, no_redis: Redis, links: Links, tmp_path: Path
) -> None:
    site = build(db, no_redis, tmp_path)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site.app), base_url="http://izin.test"
    ) as client:
        path = f"/identitas/{links.own}"
        codes = [(await client.post(path)).status_code for _ in range(IDENTITY_POSTS.at_most + 1)]
    assert codes == [403] * IDENTITY_POSTS.at_most + [429]


async def test_a_form_of_an_earlier_version_is_taken(
    client: httpx.AsyncClient, links: Links, engine: Engine
) -> None:
    born_otherwise = {"day": "8"}
    given = born_otherwise | {
        "csrf": encryption.blind_index(links.own, "identity.csrf").hex(),
        "sure": encryption.blind_index("3174074703840002/8/3/1984", "identity.sure").hex(),
    }
    other = encryption.blind_index(links.officers, "identity.csrf").hex()
    assert (await fill(client, links.own, changes=given | {"csrf": other})).status_code == 403
    assert (await fill(client, links.own, changes=given)).status_code == 303
    with Session(engine) as tx:
        assert tx.scalars(select(Identity)).one().born_on == "1984-03-08"


async def test_nothing_typed_reaches_a_log(
    client: httpx.AsyncClient, links: Links, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await fill(client, links.own, changes={"nik": "3174074703840000"})
    await fill(client, links.own)
    assert not re.search("Siti|31740747|Kebon", caplog.text)


@pytest.mark.parametrize(
    "csrf", ["é", "", "ś" * 64, "\u0000", "٣", "0" * 10_000, "😀", "\u2066", "a" * 63 + "é", "İ"]
)
async def test_a_token_of_any_letters_is_compared(
    client: httpx.AsyncClient, links: Links, csrf: str
) -> None:
    path = f"/identitas/{links.own}"
    assert (await client.post(path, data=GOOD | {"csrf": csrf})).status_code == 403
    files = {"photo": ("é.jpg", b"", "image/jpeg")}
    answer = await client.post(path, data=GOOD | {"csrf": csrf}, files=files)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")


CHARSETS = ["unicode_escape", "raw_unicode_escape", "idna", "undefined", "utf-7", "utf-16", "hex"]


@pytest.mark.parametrize("charset", [*CHARSETS, "punycode", "rot13", "no-such-charset"])
async def test_a_form_in_any_charset_is_answered(
    client: httpx.AsyncClient, links: Links, charset: str
) -> None:
    for value in (rb"\ud800", b"\xff\xfe", b"xn--a" + b"\xc3", b"+AGE-"):
        parts = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
            for name in (b"csrf", b"name", b"address", b"nik")
        )
        answer = await client.post(
            f"/identitas/{links.own}",
            content=parts + b"--x--\r\n",
            headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
        )
        assert answer.status_code in {400, 403}
        assert "<html" in answer.text


class NoStore(Storage):
    """A file store that fails in its own way."""

    error: Exception = OSError(28, "No space left on device")

    def write(self, path: str, content: bytes) -> None:
        raise self.error


NO_STORE = [
    OSError(28, "No space left on device"),
    OSError(122, "Disk quota exceeded"),
    OSError(5, "Input/output error"),
    OSError(30, "Read-only file system"),
    PermissionError(),
    FileNotFoundError(),
    NotADirectoryError(),
    ConnectionRefusedError(),
    ConnectionResetError(),
    TimeoutError(),
    BlockingIOError(),
]


@pytest.mark.parametrize("error", NO_STORE, ids=repr)
@pytest.mark.parametrize("holder", ["own", "officers"])
async def test_what_can_t_be_kept_now_is_shown_again_for_later(
    db: Database,
    redis: Redis,
    tmp_path: Path,
    links: Links,
    engine: Engine,
    error: Exception,
    holder: str,
) -> None:
    token = getattr(links, holder)
    away = NoStore(tmp_path.as_uri())
    away.error = error
    site = build(db, redis, tmp_path, away)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site.app), base_url="http://izin.test"
    ) as client:
        page = await fill(client, token, ktp())
        assert (page.status_code, page.headers["retry-after"]) == (503, "120")
        assert "tautannya tetap berlaku" in page.text
        for name in ("nik", "day", "year"):
            assert f'value="{GOOD[name]}"' in page.text
        assert f">{GOOD['address']}</textarea>" in page.text
        with Session(engine) as tx:
            assert tx.scalars(select(Identity)).all() == []
        assert (await fill(client, token)).status_code == 303, "the link still works"


@pytest.mark.parametrize("name", ["\u3164\u3164", "\u200b\u2060", "\u2800", "\u2068\u2069", " "])
async def test_a_name_that_nobody_sees_is_none(
    client: httpx.AsyncClient, links: Links, name: str
) -> None:
    page = await fill(client, links.own, changes={"name": name})
    assert page.status_code == 422 and "nama lengkap" in page.text


@pytest.mark.parametrize(
    "name", ["D", "Suharto", "Ni Luh Mas", "Terima Kasih Zega", "Ahmad Maksudi", "Sa'diyah", "Zoë"]
)
async def test_whatever_name_a_card_bears_is_kept(
    client: httpx.AsyncClient, links: Links, engine: Engine, name: str
) -> None:
    assert (await fill(client, links.own, changes={"name": name})).status_code == 303
    with Session(engine) as tx:
        assert tx.scalars(select(Identity)).one().name == name


@pytest.mark.parametrize("field", ["name", "nik", "day", "month", "year", "address", "another"])
@pytest.mark.parametrize("letters", [5_000, 20_000, 200_000])
async def test_a_field_of_any_length_is_answered_with_the_form(
    client: httpx.AsyncClient, links: Links, field: str, letters: int
) -> None:
    page = await fill(client, links.own, changes={field: "a" * letters})
    if field == "another" and letters < 100_000:
        assert page.status_code == 303
        return
    assert page.status_code in {400, 422}
    assert '<form method="post"' in page.text and 'role="alert"' in page.text
    assert len(page.text) < 30_000
    assert (await fill(client, links.own)).status_code == 303


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "multipart/form-data"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"&".join(b"f%d=1" % n for n in range(200)), "application/x-www-form-urlencoded"),
        (b"a" * 300_000, "application/x-www-form-urlencoded"),
    ],
)
async def test_a_post_that_is_no_form_is_answered_with_the_form(
    client: httpx.AsyncClient, links: Links, content: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    page = await client.post(f"/identitas/{links.own}", content=content, headers=headers)
    assert page.status_code == 400
    assert '<form method="post"' in page.text and 'role="alert"' in page.text


async def test_a_post_that_is_far_too_large_is_answered_with_the_form(
    client: httpx.AsyncClient, links: Links
) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        while True:
            yield bytes(1024 * 1024)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    path = f"/identitas/{links.own}"
    for content in (bytes(25 * 1024 * 1024), without_end()):
        page = await client.post(path, content=content, headers=headers)
        assert (page.status_code, "sampai 8 MB" in page.text) == (413, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/identitas/", 404),
        ("GET", "/identitas/a/b", 404),
        ("PUT", "/identitas/abc", 405),
        ("DELETE", "/identitas/abc", 405),
        ("GET", "/static/none.js", 404),
        ("POST", "/izin", 405),
    ],
)
@pytest.mark.parametrize("lang", ["id", "en"])
async def test_whatever_is_refused_is_said_on_a_page(
    client: httpx.AsyncClient, method: str, path: str, status: int, lang: str
) -> None:
    answer = await client.request(method, path, params={"lang": lang})
    assert answer.status_code == status
    assert f'<html lang="{lang}"' in answer.text
    program = await client.request(method, path, headers={"Accept": "application/json"})
    assert (program.status_code, "<" in program.text) == (status, False)


# A NIK and a date of birth that differ: a registrar may have corrected one, a NIK never changes.


async def fill_twice(
    client: httpx.AsyncClient, token: str, changes: dict[str, str], again: dict[str, str]
) -> tuple[httpx.Response, httpx.Response]:
    """Post it, tick the box that comes back, and post it again with `again` changed."""
    first = await fill(client, token, changes=changes)
    found = re.search(r'name="sure" value="([\w-]+)"', first.text)
    assert found, first.text
    return first, await fill(client, token, changes=changes | {"sure": found[1]} | again)


DIFFERING = [
    {"nik": "3174075705900012", "day": "18", "month": "5", "year": "1990"},
    {"nik": "3174075705900012", "day": "17", "month": "6", "year": "1990"},
    {"nik": "3174075705900012", "day": "17", "month": "5", "year": "1991"},
    {"nik": "3174071705900012", "day": "01", "month": "12", "year": "1970"},
    {"nik": "3174 0717 0590 0012", "day": "18", "month": "05", "year": "1990"},
    {"nik": "9471075705900012", "day": "18", "month": "5", "year": "1990"},
    {"day": "8"},
    {"month": "4"},
    {"year": "1985"},
    {"nik": "3174077112990001", "day": "30", "month": "12", "year": "1999"},
]


@pytest.mark.parametrize("changes", DIFFERING)
@pytest.mark.parametrize("holder", ["own", "officers"])
async def test_dates_that_differ_are_asked_about_once_and_then_taken(
    client: httpx.AsyncClient, links: Links, engine: Engine, changes: dict[str, str], holder: str
) -> None:
    first, second = await fill_twice(client, getattr(links, holder), changes, {})
    assert (first.status_code, "memang tertulis begitu" in first.text) == (422, True)
    assert second.status_code == 303
    with Session(engine) as tx:
        (noted,) = tx.scalars(select(AuditEntry).where(AuditEntry.action == "identity.given"))
        assert noted.details["sure_of"] == "nik_date_differs"


@pytest.mark.parametrize(
    "again",
    [
        {"day": "9"},
        {"month": "5"},
        {"year": "1986"},
        {"nik": "3174074703840003"},
        {"nik": "3174074703850002", "year": "1986"},
        {"sure": "on"},
        {"sure": "1"},
        {"sure": ""},
        {"sure": "é"},
        {"sure": "0" * 64},
    ],
)
async def test_the_box_stands_for_what_was_asked_about_and_nothing_else(
    client: httpx.AsyncClient, links: Links, again: dict[str, str]
) -> None:
    _, second = await fill_twice(client, links.own, {"day": "8"}, again)
    assert second.status_code == 422


@pytest.mark.parametrize("nik", ["317407", "3174074713840002", "3174074703840000"])
async def test_an_owner_s_other_slips_can_t_be_ticked_away(
    client: httpx.AsyncClient, links: Links, nik: str
) -> None:
    page = await fill(client, links.own, changes={"nik": nik, "sure": "1"})
    assert (page.status_code, 'name="sure"' in page.text) == (422, False)


@pytest.mark.parametrize(
    "nik",
    [
        "3174074713840002",  # month 13
        "3174078703840002",  # day 87
        "3174074703840000",  # serial 0000
        "3174073002840002",  # 30 February
        "0074074703840002",  # no such province
        "3100074703840002",
        "3174004703840002",
        "3174070003840002",  # day 0
        "3174074700840002",  # month 0
        "9974074703840002",
    ],
)
async def test_the_officer_who_holds_the_card_may_always_go_on(
    client: httpx.AsyncClient, links: Links, engine: Engine, nik: str
) -> None:
    first, second = await fill_twice(client, links.officers, {"nik": nik}, {})
    assert (first.status_code, second.status_code) == (422, 303)
    with Session(engine) as tx:
        assert tx.scalars(select(Identity.nik)).one() == nik
        (noted,) = tx.scalars(select(AuditEntry).where(AuditEntry.action == "identity.given"))
        assert noted.details["sure_of"] == "nik_not_possible"
