"""The page on which a letter is signed: what it tells, who may sign, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from casework import assisting, waiting
from conversations import catalogue
from models.attachment import Attachment
from models.audit import AuditEntry
from models.case import Case
from models.dossier import Dossier
from models.infrastructure import signing
from models.infrastructure.quotas import SIGNATURE_POSTS
from models.lifecycle import VisitState
from models.person import Person
from models.visit import Visit
from tests import letters
from tests import world as make
from tests.clock import now
from tests.letters import LENDER, SUMS, Signing, token_of
from tests.web.site import Site
from tests.web.test_signature import blank, data, drawn, hidden

PATH = "/tanda-tangan-surat"


@pytest.fixture
def visit(engine: Engine, site: Site) -> Signing:
    with Session(engine) as tx, tx.begin():
        return letters.signing(tx, site.storage)


async def sign(
    client: httpx.AsyncClient, token: str, given: Mapping[str, str] | None = None
) -> httpx.Response:
    page = await client.get(f"{PATH}/{token}")
    return await post(client, token, hidden(page) | dict(given or {"drawing": data(drawn())}))


async def post(client: httpx.AsyncClient, token: str, fields: Mapping[str, str]) -> httpx.Response:
    parts = {name: (None, value) for name, value in fields.items()}
    return await client.post(f"{PATH}/{token}", files=parts)


def kept(engine: Engine) -> list[Attachment]:
    with Session(engine) as tx:
        of = select(Attachment).where(Attachment.kind == "signature").order_by(Attachment.id)
        return list(tx.scalars(of))


def signed_with(engine: Engine, visit: Signing) -> int | None:
    with Session(engine) as tx:
        return tx.get_one(Dossier, visit.letter.case).signature_id


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_it_tells_what_is_signed_for_whom_and_no_sum(
    client: httpx.AsyncClient, visit: Signing, lang: str
) -> None:
    page = await client.get(f"{PATH}/{visit.token}", params={"lang": lang})
    assert page.status_code == 200
    both = {"id": "dua-duanya", "en": "for both"}
    for words in (visit.letter.number, LENDER, "Blok A", "Petugas 0417", "0417", both[lang]):
        assert words in page.text
    for value in SUMS.values():
        assert str(value) not in page.text and f"{value:,}".replace(",", ".") not in page.text
    assert 'name="name"' not in page.text and 'name="agree"' not in page.text
    assert "<noscript>" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_it_speaks_the_owner_s_language(
    client: httpx.AsyncClient, visit: Signing, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        tx.get_one(Person, visit.letter.owner).locale = "en"
    assert "I agree" in (await client.get(f"{PATH}/{visit.token}")).text


async def test_a_drawing_is_kept_as_the_owner_s_and_the_officer_hears_at_once(
    client: httpx.AsyncClient, visit: Signing, engine: Engine, site: Site
) -> None:
    answer = await sign(client, visit.token)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{PATH}/selesai")
    assert "Tanda tangan sudah kami terima" in (await client.get(answer.headers["location"])).text
    (row,) = kept(engine)
    assert (row.person_id, row.content_type) == (visit.letter.owner, "image/png")
    assert site.storage.read(row.path or "").startswith(b"\x89PNG")
    assert signed_with(engine, visit) == row.id
    with Session(engine) as tx:
        assert make.news(tx, visit.officer) == [("visit_goes_on", ["signing.drawn"], "visit")]
        assert make.news(tx, visit.letter.owner) == []
        noted = tx.scalars(select(AuditEntry).where(AuditEntry.action == "letter.drawn")).one()
        assert (noted.actor, noted.details) == (f"person:{visit.officer}", {})


async def test_the_same_drawing_posted_again_leaves_one_file_and_a_later_one_replaces_it(
    client: httpx.AsyncClient, visit: Signing, engine: Engine, tmp_path: Path
) -> None:
    fields = hidden(await client.get(f"{PATH}/{visit.token}")) | {"drawing": data(drawn())}
    answers = await asyncio.gather(*(post(client, visit.token, fields) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    (row,) = kept(engine)
    assert [file.name for file in (tmp_path / "signatures").iterdir()] == [
        Path(row.path or "").name
    ]
    with Session(engine) as tx:
        assert len(make.news(tx, visit.officer)) == 1
    assert (
        await sign(client, visit.token, {"drawing": data(drawn((700, 440)))})
    ).status_code == 303
    assert signed_with(engine, visit) == kept(engine)[-1].id != row.id


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"drawing": ""}, "Belum ada tanda tangan"),
        ({"drawing": data(blank())}, "Belum ada tanda tangan"),
        ({"drawing": data(blank(dot=6))}, "Belum ada tanda tangan"),
        ({"name": "Siti Aminah", "agree": "yes"}, "Belum ada tanda tangan"),
        ({"drawing": "data:image/png;base64,???"}, "belum bisa kami baca"),
        ({"drawing": data(drawn(kind="JPEG"))}, "belum bisa kami baca"),
    ],
)
async def test_a_name_or_an_empty_box_is_no_signature(
    client: httpx.AsyncClient, visit: Signing, engine: Engine, given: dict[str, str], said: str
) -> None:
    page = await sign(client, visit.token, given)
    assert (page.status_code, said in page.text) == (422, True)
    assert "ketik nama" not in page.text
    assert kept(engine) == [] and signed_with(engine, visit) is None


@pytest.mark.parametrize("became", [VisitState.DONE, VisitState.FAILED, VisitState.ON_THE_WAY])
async def test_nobody_signs_while_the_officer_is_not_there(
    client: httpx.AsyncClient, visit: Signing, engine: Engine, tmp_path: Path, became: VisitState
) -> None:
    fields = hidden(await client.get(f"{PATH}/{visit.token}")) | {"drawing": data(drawn())}
    with Session(engine) as tx, tx.begin():
        tx.get_one(Visit, visit.visit).state = became
    for page in (
        await client.get(f"{PATH}/{visit.token}"),
        await post(client, visit.token, fields),
    ):
        assert (page.status_code, "selama petugas ada di tempat" in page.text) == (410, True)
    assert kept(engine) == [] and not any((tmp_path / "signatures").glob("*"))


@pytest.mark.parametrize("what", ["revoked", "another purpose", "officer ended", "late"])
async def test_a_link_is_over_once_nothing_is_signed_there(
    client: httpx.AsyncClient, visit: Signing, engine: Engine, what: str
) -> None:
    token = token_of(visit.visit, timedelta(seconds=-1)) if what == "late" else visit.token
    with Session(engine) as tx, tx.begin():
        match what:
            case "revoked":
                waiting.of_case(tx, visit.letter.case).revoked_at = now()
            case "another purpose":
                tx.get_one(Visit, visit.visit).purpose = "hand_over"
            case "officer ended":
                make.officer_of(tx, visit.officer).active = False
    assert (await client.get(f"{PATH}/{token}")).status_code == 410


async def test_a_letter_that_was_changed_since_it_was_shown_is_read_again_first(
    client: httpx.AsyncClient, visit: Signing, engine: Engine
) -> None:
    fields = hidden(await client.get(f"{PATH}/{visit.token}")) | {"drawing": data(drawn())}
    with Session(engine) as tx, tx.begin():
        case = tx.get_one(Case, visit.letter.case)
        case.answers = case.answers | {"lender": {"name": "Bank Kenanga"}}
        case.answers_version += 1
    page = await post(client, visit.token, fields)
    assert page.status_code == 409 and "Bank Kenanga" in page.text and kept(engine) == []
    fields = hidden(page) | {"drawing": data(drawn())}
    assert (await post(client, visit.token, fields)).status_code == 303


async def test_another_site_cannot_post_and_another_link_s_form_does_not_count(
    client: httpx.AsyncClient, visit: Signing, engine: Engine
) -> None:
    fields = hidden(await client.get(f"{PATH}/{visit.token}")) | {"drawing": data(drawn())}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        to = f"{PATH}/{visit.token}"
        assert (await client.post(to, data=fields, headers=headers)).status_code == 403
    other = token_of(visit.visit, timedelta(minutes=9))
    assert (await post(client, other, fields)).status_code == 403
    assert kept(engine) == []


async def test_a_token_for_a_form_opens_no_letter_and_the_other_way_round(
    client: httpx.AsyncClient, visit: Signing
) -> None:
    ends = int((now() + timedelta(minutes=5)).timestamp())
    of_form = signing.sign([visit.visit, ends], assisting.SIGNING)
    assert (await client.get(f"{PATH}/{of_form}")).status_code == 410
    assert (await client.get(f"/tanda-tangan/{visit.token}")).status_code == 410
    for token in ("unknown", "é", "%00", "x" * 2000):
        assert (await client.get(f"{PATH}/{token}")).status_code == 410


async def test_looking_changes_nothing(
    client: httpx.AsyncClient, visit: Signing, engine: Engine
) -> None:
    for lang in catalogue.LOCALES:
        await client.get(f"{PATH}/{visit.token}", params={"lang": lang})
        await client.head(f"{PATH}/{visit.token}")
    assert kept(engine) == [] and signed_with(engine, visit) is None
    with Session(engine) as tx:
        assert make.news(tx, visit.officer) == []


async def test_posts_of_one_link_are_limited(client: httpx.AsyncClient, visit: Signing) -> None:
    for _ in range(SIGNATURE_POSTS.at_most):
        await post(client, visit.token, {"csrf": "x"})
    page = await post(client, visit.token, {"csrf": "x"})
    assert page.status_code == 429 and "retry-after" in page.headers
