"""The signature page: shows what is signed, sends it once, and loses nothing that was drawn."""

from __future__ import annotations

import asyncio
import io
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageDraw, PngImagePlugin
from redis.asyncio import Redis
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from casework import assisting
from casework.act import Act, Rows
from conversations import catalogue
from models import attachment, erasure, person
from models.assisted import Assisted, AssistedState
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.infrastructure import signing
from models.infrastructure.database import Database
from models.infrastructure.quotas import SIGNATURE_POSTS
from models.infrastructure.storage import Storage
from models.outbox import OutboundMessage
from models.participant import Participant
from models.person import Person
from tests import hostile_pictures as hostile
from tests import world as make
from tests.clock import now
from tests.web.site import PUBLIC_URL, Site, build

TYPED = {"name": "Siti  Aminah", "agree": "yes"}


@dataclass(frozen=True, slots=True)
class Form:
    """A form that waits for its person, and a token of its page."""

    id: int
    person: int
    officer: int  # the person behind the officer
    token: str


def waiting(tx: Session, storage: Storage, badge: str = "0417") -> Form:
    """An officer has filled in a form with somebody met on the road, who has no chat."""
    officer = make.staff(tx, badge)
    owner = Person()
    tx.add(owner)
    tx.flush()
    photo = make.stored_photo(tx, storage, officer.person_id or 0)
    row = Assisted(
        service="business_permit",
        officer_id=officer.id,
        person_id=owner.id,
        state=AssistedState.WAITING,
        answers=make.answers(photo.id),
    )
    tx.add(row)
    tx.flush()
    return Form(row.id, owner.id, officer.person_id or 0, token_of(row.id))


def token_of(form_id: int, ends: timedelta = assisting.SIGNING_LIFE) -> str:
    return signing.sign([form_id, int((now() + ends).timestamp())], assisting.SIGNING)


@pytest.fixture
def form(engine: Engine, site: Site) -> Form:
    with Session(engine) as tx, tx.begin():
        return waiting(tx, site.storage)


def drawn(size: tuple[int, int] = (640, 440), *, kind: str = "PNG") -> bytes:
    """A signature as the page draws it: ink on nothing, here with words about the phone in it."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    wide, high = size
    points = [(wide * n / 20, high * (0.4 + 0.2 * (n % 2))) for n in range(2, 18)]
    ImageDraw.Draw(image).line(points, fill="#0a1030", width=6)
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", "Ponsel Rahmat")
    out = io.BytesIO()
    (image if kind == "PNG" else image.convert("RGB")).save(
        out, kind, **({"pnginfo": about} if kind == "PNG" else {})
    )
    return out.getvalue()


def data(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"


def hidden(page: httpx.Response) -> dict[str, str]:
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert {"csrf", "seen", "drawing"} == set(found), page.text
    return found


async def sign(
    client: httpx.AsyncClient, token: str, given: Mapping[str, str] | None = None
) -> httpx.Response:
    """Open the page, and post a signature."""
    page = await client.get(f"/tanda-tangan/{token}")
    fields = {**hidden(page), **({"drawing": data(drawn())} if given is None else given)}
    return await post(client, token, fields)


async def post(client: httpx.AsyncClient, token: str, fields: Mapping[str, str]) -> httpx.Response:
    parts = {name: (None, value) for name, value in fields.items()}
    return await client.post(f"/tanda-tangan/{token}", files=parts)


def state(engine: Engine, form: Form) -> tuple[str, str | None]:
    with Session(engine) as tx:
        row = tx.get_one(Assisted, form.id)
        return row.state, row.way


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_the_page_shows_what_is_signed_and_who_helps(
    client: httpx.AsyncClient, form: Form, lang: str
) -> None:
    page = await client.get(f"/tanda-tangan/{form.token}", params={"lang": lang})
    assert page.status_code == 200
    for words in ("Siti Aminah", "Warung Bu Siti", "Petugas 0417", "0417", "Jl. Damai 3"):
        assert words in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"


async def test_looking_changes_nothing(
    client: httpx.AsyncClient, form: Form, engine: Engine, site: Site
) -> None:
    before = dump(engine)
    for lang in ("id", "en", "id"):
        await client.get(f"/tanda-tangan/{form.token}", params={"lang": lang})
        await client.head(f"/tanda-tangan/{form.token}")
    assert dump(engine) == before
    assert (await sign(client, form.token)).status_code == 303


def dump(engine: Engine) -> list[str]:
    tables = ("assisted_forms", "cases", "attachments", "inbox", "outbox", "tasks", "audit")
    with engine.connect() as tx:
        return [
            str(row)
            for table in tables
            for row in tx.execute(text(f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608
        ]


async def test_a_drawn_signature_sends_the_form_and_is_kept_without_metadata(
    client: httpx.AsyncClient, form: Form, engine: Engine, site: Site
) -> None:
    answer = await sign(client, form.token)
    assert answer.status_code == 303
    assert "Sudah terkirim" in (await client.get(answer.headers["location"])).text
    with Session(engine) as tx:
        row = tx.get_one(Assisted, form.id)
        assert (row.state, row.way, row.answers) == ("sent", "signature", None)
        case = tx.get_one(Case, row.case_id)
        assert (case.person_id, case.state) == (form.person, "submitted")
        assert (case.answered_by or {})["owner_name"] == f"officer:{row.officer_id}"
        kept = tx.get_one(Attachment, row.evidence_id)
        assert (kept.person_id, kept.kind, kept.state) == (form.person, "signature", "stored")
        content = site.storage.read(kept.path or "")
        assert kept.size == len(content) and b"Rahmat" not in content
        with Image.open(io.BytesIO(content)) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "L", (640, 440))
        told = make.news(tx, form.officer)
        assert [what for what, _, _ in told] == ["form_ended"]
        assert tx.scalars(select(Participant.person_id)).one() == form.officer


async def test_somebody_who_cannot_draw_types_a_name_and_agrees(
    client: httpx.AsyncClient, form: Form, engine: Engine, site: Site
) -> None:
    assert (await sign(client, form.token, TYPED)).status_code == 303
    with Session(engine) as tx:
        kept = tx.scalars(select(Attachment).where(Attachment.kind == "signature")).one()
        assert (kept.content_type, kept.person_id) == ("text/plain", form.person)
        words = site.storage.read(kept.path or "").decode()
    assert words == "Siti Aminah\n[x] Saya setuju\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Belum ada tanda tangan"),
        ({"agree": "yes"}, "Tulis nama"),
        ({"name": "Siti"}, "Centang juga"),
        ({"name": "Siti", "agree": "no"}, "Centang juga"),
        ({"name": "-", "agree": "yes"}, "Tulis nama"),
        ({"name": "陳福生", "agree": "yes"}, "Tulis nama"),
        ({"name": "A" * 101, "agree": "yes"}, "Tulis nama"),
        ({"drawing": "data:image/png;base64,???"}, "belum bisa kami baca"),
        ({"drawing": "data:text/html;base64,PGI+"}, "belum bisa kami baca"),
        ({"drawing": "x"}, "belum bisa kami baca"),
        ({"drawing": "data:image/png;base64,é"}, "belum bisa kami baca"),
    ],
)
async def test_what_is_missing_is_said_and_the_page_still_works(
    client: httpx.AsyncClient, form: Form, engine: Engine, given: dict[str, str], said: str
) -> None:
    page = await sign(client, form.token, given)
    assert (page.status_code, said in page.text) == (422, True)
    assert state(engine, form) == ("waiting", None)
    assert (await sign(client, form.token)).status_code == 303


def blank(size: tuple[int, int] = (640, 440), dot: int = 0) -> bytes:
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    if dot:
        ImageDraw.Draw(image).ellipse((100, 100, 100 + dot, 100 + dot), fill="#0a1030")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("content", [blank(), blank((1, 1)), blank(dot=6), blank(dot=30)])
async def test_a_box_with_nearly_no_ink_is_no_signature(
    client: httpx.AsyncClient, form: Form, engine: Engine, content: bytes
) -> None:
    page = await sign(client, form.token, {"drawing": data(content)})
    assert (page.status_code, "Belum ada tanda tangan" in page.text) == (422, True)
    assert state(engine, form) == ("waiting", None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        drawn()[:-40],
        drawn(kind="JPEG"),
        hostile.png(6000, 6000),
        hostile.png_that_is_torn(640, 440),
        hostile.webp(6000, 6000),
    ],
    ids=["nothing", "pdf", "torn", "jpeg", "large", "broken", "webp"],
)
async def test_a_hostile_picture_is_refused(
    client: httpx.AsyncClient, form: Form, engine: Engine, content: bytes
) -> None:
    page = await sign(client, form.token, {"drawing": data(content)})
    assert page.status_code == 422
    assert state(engine, form) == ("waiting", None)
    with Session(engine) as tx:
        assert tx.scalars(select(Attachment).where(Attachment.kind == "signature")).all() == []


async def test_a_large_screen_s_drawing_is_kept_smaller(
    client: httpx.AsyncClient, form: Form, engine: Engine, site: Site
) -> None:
    large = {"drawing": data(drawn((2400, 880)))}
    assert (await sign(client, form.token, large)).status_code == 303
    with Session(engine) as tx:
        path = tx.scalars(select(Attachment.path).where(Attachment.kind == "signature")).one()
    with Image.open(io.BytesIO(site.storage.read(path or ""))) as image:
        assert image.width == 1200


@pytest.mark.parametrize("size", [600 * 1024, 2 * 1024 * 1024])
async def test_a_field_or_body_of_any_size_is_answered_with_the_page(
    client: httpx.AsyncClient, form: Form, size: int
) -> None:
    page = await sign(client, form.token, {"drawing": "x" * size})
    assert page.status_code in {400, 413}
    assert "belum bisa kami baca" in page.text and "<canvas" in page.text


async def test_another_site_cannot_post(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    path = f"/tanda-tangan/{form.token}"
    assert (await client.post(path, data=TYPED)).status_code == 403
    assert (await sign(client, form.token, {**TYPED, "csrf": "0" * 32})).status_code == 403
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        fields = {**hidden(await client.get(path)), **TYPED}
        assert (await client.post(path, data=fields, headers=headers)).status_code == 403
    assert state(engine, form) == ("waiting", None)


async def test_a_csrf_token_of_another_link_is_refused(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    other = token_of(form.id, timedelta(minutes=10))
    fields = {**hidden(await client.get(f"/tanda-tangan/{other}")), **TYPED}
    assert (await post(client, form.token, fields)).status_code == 403


async def test_of_two_posts_at_once_one_is_sent(
    client: httpx.AsyncClient, form: Form, engine: Engine, site: Site, tmp_path: Path
) -> None:
    drawings = [{"drawing": data(drawn((640 + 20 * (n // 2), 440)))} for n in range(3)]
    answers = await asyncio.gather(*(sign(client, form.token, one) for one in drawings))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410]
    with Session(engine) as tx:
        assert len(tx.scalars(select(Case)).all()) == 1
        kept = tx.scalars(select(Attachment).where(Attachment.kind == "signature")).all()
        assert len(kept) == 1
        files = [file.relative_to(tmp_path) for file in (tmp_path / "signatures").iterdir()]
        assert [str(file) for file in files] == [kept[0].path]
        assert len(make.news(tx, form.officer)) == 1


async def test_a_page_that_was_signed_says_so_and_what_to_do(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    fields = {**hidden(await client.get(f"/tanda-tangan/{form.token}")), **TYPED}
    assert (await post(client, form.token, fields)).status_code == 303
    for again in (
        await client.get(f"/tanda-tangan/{form.token}"),
        await post(client, form.token, fields),
    ):
        assert (again.status_code, "sudah kami terima" in again.text) == (410, True)
    with Session(engine) as tx:
        assert len(tx.scalars(select(Case)).all()) == 1


@pytest.mark.parametrize("became", ["writing", "taken", "over"])
async def test_a_form_that_waits_no_more_is_not_sent(
    client: httpx.AsyncClient, form: Form, engine: Engine, became: str
) -> None:
    fields = {**hidden(await client.get(f"/tanda-tangan/{form.token}")), **TYPED}
    with Session(engine) as tx, tx.begin():
        tx.get_one(Assisted, form.id).move(AssistedState(became))
    page = await post(client, form.token, fields)
    assert page.status_code == 410
    assert "memilih Tanda tangan di layar" in page.text
    assert (await client.get(f"/tanda-tangan/{form.token}")).status_code == 410
    with Session(engine) as tx:
        assert tx.scalars(select(Case)).all() == []


async def test_a_form_that_was_changed_since_it_was_shown_is_read_again_first(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    fields = {**hidden(await client.get(f"/tanda-tangan/{form.token}")), **TYPED}
    with Session(engine) as tx, tx.begin():
        row = tx.get_one(Assisted, form.id)
        row.answers = {**(row.answers or {}), "business_name": "Warung Baru"}
        row.move(AssistedState.WAITING)
    page = await post(client, form.token, fields)
    assert page.status_code == 409
    assert "Warung Baru" in page.text and "mengubah isiannya" in page.text
    assert state(engine, form) == ("waiting", None)
    assert (await post(client, form.token, {**hidden(page), **TYPED})).status_code == 303


async def test_the_addresses_that_the_officer_gets_in_chat_open_both_pages(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        (me,) = person.lock(tx, [form.officer])
        act = Act(tx, f"person:{form.officer}", now(), "turn:1:0", Rows(tx), me)
        assisting.ask_for_signature(act, form.id, PUBLIC_URL)
        assisting.offer_code(replace(act, cause="turn:1:1"), form.id, PUBLIC_URL)
        said = str(list(tx.scalars(select(OutboundMessage.message))))
    paths = re.findall(rf"{PUBLIC_URL}(/[\w./-]+)", said)
    assert [path.split("/")[1] for path in paths] == ["tanda-tangan", "k"]
    for path in paths:
        assert (await client.get(path)).status_code == 200


async def test_a_link_expires(client: httpx.AsyncClient, form: Form, engine: Engine) -> None:
    late = token_of(form.id, timedelta(seconds=-1))
    assert (await client.get(f"/tanda-tangan/{late}")).status_code == 410
    fields = {**hidden(await client.get(f"/tanda-tangan/{form.token}")), **TYPED}
    assert (await post(client, late, fields)).status_code == 410


async def test_a_link_of_an_officer_who_has_ended_is_over(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        make.officer_of(tx, form.officer).active = False
    assert (await client.get(f"/tanda-tangan/{form.token}")).status_code == 410


@pytest.mark.parametrize("value", [[1], [1, 2, 3], "x", {"a": 1}, [None, 9e12], ["1", "2"], 7])
async def test_a_token_of_another_shape_or_purpose_is_over(
    client: httpx.AsyncClient, value: object
) -> None:
    for token in (signing.sign(value, assisting.SIGNING), signing.sign([1, 9**12], "other"), "é"):
        assert (await client.get(f"/tanda-tangan/{token}")).status_code == 410


async def test_guessing_is_limited(client: httpx.AsyncClient, form: Form) -> None:
    path = f"/tanda-tangan/{form.token}"
    for _ in range(SIGNATURE_POSTS.at_most):
        assert (await client.post(path, data=TYPED)).status_code == 403
    page = await client.post(path, data=TYPED)
    assert page.status_code == 429 and "retry-after" in page.headers


class Away(Storage):
    """A file store that is away."""

    def write(self, path: str, content: bytes) -> None:
        raise OSError("away")


async def test_while_the_file_store_is_away_the_page_says_so_and_nothing_is_sent(
    db: Database, redis: Redis, engine: Engine, tmp_path: Path, form: Form
) -> None:
    site = build(db, redis, tmp_path, Away(tmp_path.as_uri()))
    transport = httpx.ASGITransport(site.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        page = await sign(client, form.token)
    assert (page.status_code, "retry-after" in page.headers) == (503, True)
    assert "masih ada di bawah" in page.text and "data-anew" not in page.text
    assert state(engine, form) == ("waiting", None)


async def test_words_are_escaped(client: httpx.AsyncClient, form: Form) -> None:
    page = await sign(client, form.token, {"name": '"><script>alert(1)</script>'})
    assert page.status_code == 422 and "<script>alert" not in page.text


async def test_erasing_the_person_erases_the_signature(
    client: httpx.AsyncClient, form: Form, engine: Engine
) -> None:
    await sign(client, form.token)
    with Session(engine) as tx, tx.begin():
        row = tx.get_one(Assisted, form.id)
        kept = tx.get_one(Attachment, row.evidence_id)
        kept.person_id = form.officer  # as a photo of the sheet before it is handed on
        tx.flush()
        theirs = erasure.files(tx, [form.person])
        assert kept in theirs and kept.path in erasure.only_theirs(tx, theirs)
        erasure.rows(tx, [form.person], theirs)
        tx.refresh(kept)
        assert kept.state == AttachmentState.REFUSED
        assert kept.path is None and kept.sha256 is None


def test_a_signature_is_kept_as_long_as_its_case() -> None:
    assert attachment.SIGNATURE not in attachment.EVIDENCE_STORED
