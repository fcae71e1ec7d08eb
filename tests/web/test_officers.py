"""The public check of an officer: whose badge it is, and yes or no for one kelurahan today."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from casework import badges, portraits, staff
from casework.act import Act, by_office
from conversations.catalogue import day
from conversations.facts import WIB
from models import person as people
from models.base import Base
from models.infrastructure import signing
from models.infrastructure.quotas import CHECKS
from models.lifecycle import VisitState
from models.officer import Officer
from models.visit import Visit
from tests import world
from tests.web.site import Site
from tests.workers.verification.samples import encoded, scene

THERE, CODE = "Cipete Utara", "31.74.07.1010"


@dataclass(frozen=True, slots=True)
class Badge:
    """The printed badge of an officer."""

    officer_id: int
    path: str


TODAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, tzinfo=WIB)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the page's clock on TODAY, in Jakarta; at noon unless a test says otherwise."""

    def set_to(hour: str) -> None:
        at = datetime.combine(TODAY, time.fromisoformat(hour), WIB)
        monkeypatch.setattr("web.officers.now", lambda tx: at)

    monkeypatch.setattr("web.officers.now", lambda tx: NOON)
    return set_to


def office(tx: Session) -> Act:
    return by_office(tx, "command", "test")


def card(engine: Engine, site: Site | None = None, *, badge: str = "0417") -> Badge:
    """A badge of an officer who has joined; with a portrait, if there is a store for it."""
    with Session(engine) as tx, tx.begin():
        row = world.staff(tx, badge)
        if site is not None:
            path = portraits.put(office(tx), row).path or ""
            site.storage.write(path, encoded(scene(600, 800)))
        return Badge(row.id, badges.printed(office(tx), row, lost=False))


def visit(engine: Engine, badge: Badge, state: VisitState, *, on: date | None = None) -> None:
    """A visit of Siti Aminah's, Jl. Rahasia 5, in Cipete Utara."""
    with Session(engine) as tx, tx.begin():
        owner = people.meet(tx, "telegram", [("1", "id")])["1"]
        place = {"kelurahan": CODE, "pin": None}
        case = world.case(tx, owner, world.answers(1, street="Jl. Rahasia 5", place=place))
        row = world.visit(tx, case, officer_id=badge.officer_id, state=state)
        row.on, row.area_code = on or TODAY, CODE
        assert tx.get(Visit, row.id) is row


def end(engine: Engine, badge: Badge) -> None:
    with Session(engine) as tx, tx.begin():
        staff.end(office(tx), tx.get_one(Officer, badge.officer_id))


def rows(engine: Engine) -> dict[str, int]:
    with Session(engine) as tx:
        return {
            name: tx.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


async def test_the_page_shows_whose_badge_it_is(
    client: httpx.AsyncClient, engine: Engine, site: Site
) -> None:
    badge = card(engine, site)
    page = await client.get(badge.path)
    assert page.status_code == 200
    for shown in ("Petugas kami", "Petugas 0417", ">0417<", day(TODAY, "id"), "bisa ditiru"):
        assert shown in page.text
    assert "OTP" in page.text and "cek petugas 0417" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "ada kunjungan</h2>" not in page.text


async def test_the_portrait_is_shown_by_a_link_that_ends(
    client: httpx.AsyncClient, engine: Engine, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    badge = card(engine, site)
    source = re.search(
        r'<img class="portrait" src="(/berkas/[^"]+)"', (await client.get(badge.path)).text
    )
    assert source is not None
    picture = await client.get(source[1])
    assert picture.status_code == 200 and picture.headers["content-type"] == "image/jpeg"
    monkeypatch.setattr("web.officers.PICTURE_LIFE", timedelta(seconds=-1))
    late = re.search(r'src="(/berkas/[^"]+)"', (await client.get(badge.path)).text)
    assert late is not None
    assert (await client.get(late[1])).status_code == 404


async def test_without_a_portrait_it_says_so(client: httpx.AsyncClient, engine: Engine) -> None:
    page = await client.get(card(engine).path)
    assert "Fotonya sedang tidak ada" in page.text and "portrait" not in page.text


@pytest.mark.parametrize(
    ("state", "comes"),
    [
        (VisitState.WANTED, False),
        (VisitState.OFFERED, False),
        (VisitState.ACCEPTED, True),
        (VisitState.ON_THE_WAY, True),
        (VisitState.ARRIVED, True),
        (VisitState.DONE, True),
        (VisitState.FAILED, False),
        (VisitState.CANCELLED, False),
    ],
)
async def test_the_answer_for_a_kelurahan_is_yes_or_no(
    client: httpx.AsyncClient, engine: Engine, state: VisitState, comes: bool
) -> None:
    badge = card(engine)
    visit(engine, badge, state)
    page = await client.get(badge.path, params={"kelurahan": "kel cipete utara"})
    assert ("Ya, ada kunjungan" in page.text) == comes
    assert ("Tidak ada kunjungan" in page.text) == (not comes)
    assert "Kel. Cipete Utara, Kec. Kebayoran Baru" in page.text
    assert not re.search(r"Siti|Rahasia|WIB|\d\d\.\d\d-", page.text)
    elsewhere = await client.get(badge.path, params={"kelurahan": "Cipete Selatan"})
    assert "Tidak ada kunjungan" in elsewhere.text


@pytest.mark.parametrize("days", [-1, 1])
async def test_only_today_counts(client: httpx.AsyncClient, engine: Engine, days: int) -> None:
    badge = card(engine)
    visit(engine, badge, VisitState.ACCEPTED, on=TODAY + timedelta(days=days))
    page = await client.get(badge.path, params={"kelurahan": THERE})
    assert "Tidak ada kunjungan" in page.text


@pytest.mark.parametrize("hour", ["00:01", "06:59", "07:01", "23:59"])
async def test_the_day_is_jakartas(
    client: httpx.AsyncClient, engine: Engine, clock: Callable[[str], None], hour: str
) -> None:
    clock(hour)
    badge = card(engine)
    visit(engine, badge, VisitState.ACCEPTED)
    page = await client.get(badge.path, params={"kelurahan": THERE})
    assert "Ya, ada kunjungan" in page.text


async def test_another_officers_visit_does_not_count(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    visit(engine, card(engine), VisitState.ACCEPTED)
    page = await client.get(card(engine, badge="0418").path, params={"kelurahan": THERE})
    assert "Tidak ada kunjungan" in page.text


@pytest.mark.parametrize(
    ("typed", "choices"),
    [("cipete", {"31.74.06.1005", CODE}), ("Menteng", 5), ("kec kebayoran baru", 10)],
)
async def test_a_name_of_several_kelurahan_is_asked_back(
    client: httpx.AsyncClient, engine: Engine, typed: str, choices: set[str] | int
) -> None:
    badge = card(engine)
    visit(engine, badge, VisitState.ACCEPTED)
    page = await client.get(badge.path, params={"kelurahan": typed})
    offered = re.findall(rf'href="({re.escape(badge.path)}\?kelurahan=([\d.]+))"', page.text)
    codes = {code for _, code in offered}
    assert codes == choices if isinstance(choices, set) else len(codes) == choices
    assert "ada kunjungan</h2>" not in page.text
    if isinstance(choices, set):
        chosen = await client.get(next(path for path, code in offered if code == CODE))
        assert "Ya, ada kunjungan" in chosen.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Bekasi", "di luar Jakarta"),
        ("nggak tahu", "tidak menemukan kelurahan"),
        ("31.74", "tidak menemukan kelurahan"),
        ("<script>alert(1)</script>", "tidak menemukan kelurahan"),
        ("' OR 1=1 --", "tidak menemukan kelurahan"),
        ('"><img src=x onerror=y>', "tidak menemukan kelurahan"),
        ("{{ 7*7 }}", "tidak menemukan kelurahan"),
        ("{place} %s \x00\r\nSet-Cookie: a=b", "tidak menemukan kelurahan"),
        ("a" * 5000, "tidak menemukan kelurahan"),
        ("张" * 300, "tidak menemukan kelurahan"),
    ],
)
async def test_what_is_no_kelurahan_is_said_and_stays_harmless(
    client: httpx.AsyncClient, engine: Engine, typed: str, said: str
) -> None:
    page = await client.get(f"{card(engine).path}?kelurahan={quote(typed)}")
    assert page.status_code == 200 and said in page.text
    assert not re.search(r"<script|<img src=x|OR 1=1 --[^&]*'", page.text)
    if len(typed) < 60 and typed.isprintable():
        assert (
            f'value="{escape(typed).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")}"'
            in page.text
        )


@pytest.mark.parametrize("typed", ["", "   ", "\u200b"])
async def test_an_empty_form_is_only_the_form(
    client: httpx.AsyncClient, engine: Engine, typed: str
) -> None:
    page = await client.get(card(engine).path, params={"kelurahan": typed})
    assert page.status_code == 200
    assert "belum jelas" not in page.text and "ada kunjungan</h2>" not in page.text


async def test_a_dismissed_officer_is_warned_of_and_not_shown(
    client: httpx.AsyncClient, engine: Engine, site: Site
) -> None:
    badge = card(engine, site)
    visit(engine, badge, VisitState.DONE)
    end(engine, badge)
    page = await client.get(badge.path, params={"kelurahan": THERE})
    assert page.status_code == 200
    assert "Bukan petugas lagi" in page.text and "lapor pungli" in page.text
    assert "Petugas 0417" not in page.text and "<img class" not in page.text
    assert "ada kunjungan</h2>" not in page.text and "<form" not in page.text
    english = await client.get(badge.path, params={"lang": "en"})
    assert "No longer an officer" in english.text


async def test_a_card_that_was_lost_is_no_longer_valid(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    lost = card(engine)
    with Session(engine) as tx, tx.begin():
        row = tx.get_one(Officer, lost.officer_id)
        again = badges.printed(office(tx), row, lost=False)
        new = badges.printed(office(tx), row, lost=True)
    assert again == lost.path != new
    assert "tidak berlaku lagi" in (await client.get(lost.path)).text
    assert "Petugas kami" in (await client.get(new)).text


async def test_whoever_comes_back_needs_a_new_card(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    old = card(engine)
    end(engine, old)
    with Session(engine) as tx, tx.begin():
        row = world.staff(tx, "0417", joined=False)
        new = badges.printed(office(tx), row, lost=False)
    assert "Bukan petugas lagi" in (await client.get(new)).text  # the invitation waits
    with Session(engine) as tx, tx.begin():
        world.staff(tx, "0417")
    assert "tidak berlaku lagi" in (await client.get(old.path)).text
    assert "Petugas kami" in (await client.get(new)).text


async def test_an_officer_who_became_a_supervisor_visits_nobody(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    badge = card(engine)
    with Session(engine) as tx, tx.begin():
        staff.promote(office(tx), tx.get_one(Officer, badge.officer_id), "supervisor")
    assert "Bukan petugas lagi" in (await client.get(badge.path)).text


@pytest.mark.parametrize(
    "token", ["0417", "1", "x.y", "%00", "a" * 2000, "..%2F..%2Fetc", "%3Cscript%3E", "WzEsMV0"]
)
async def test_an_unknown_code_is_not_found(
    client: httpx.AsyncClient, engine: Engine, token: str
) -> None:
    card(engine)
    page = await client.get(f"/petugas/{token}")
    assert page.status_code == 404
    assert "Petugas 0417" not in page.text and "<script" not in page.text


async def test_tokens_cannot_be_counted_or_taken_from_elsewhere(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    badge = card(engine)
    value = [badge.officer_id, 1]
    token = badge.path.rpartition("/")[2]
    head, _, tail = token.partition(".")
    for forged in (
        signing.sign(value, "links"),
        f"{signing.sign([badge.officer_id + 1, 1], 'links').partition('.')[0]}.{tail}",
        f"{head}.{tail[:-2]}AA",
        head,
    ):
        page = await client.get(f"/petugas/{forged}")
        assert page.status_code == 404 and "bukan dari kami" in page.text
    gone = await client.get(f"/petugas/{badges.token(9_999, 1)}")
    assert gone.status_code == 404


async def test_it_speaks_english_too(client: httpx.AsyncClient, engine: Engine) -> None:
    badge = card(engine)
    visit(engine, badge, VisitState.ARRIVED)
    page = await client.get(badge.path, params={"kelurahan": THERE, "lang": "en"})
    assert "Yes, there is a visit" in page.text and "A badge can be copied" in page.text
    assert day(TODAY, "en") in page.text
    assert '<input type="hidden" name="lang" value="en">' in page.text
    assert f'href="?lang=id&amp;kelurahan={CODE}"' in page.text
    which = await client.get(badge.path, params={"kelurahan": "cipete", "lang": "en"})
    assert f"?kelurahan={CODE}&amp;lang=en" in which.text


async def test_opening_the_page_changes_nothing(
    client: httpx.AsyncClient, engine: Engine, site: Site
) -> None:
    badge = card(engine, site)
    visit(engine, badge, VisitState.ACCEPTED)
    before = rows(engine)
    for query in ("", "?kelurahan=cipete+utara", "?kelurahan=x", "?lang=en"):
        assert (await client.get(badge.path + query)).status_code == 200
        assert (await client.head(badge.path + query)).status_code == 200
    assert rows(engine) == before
    assert (await client.post(badge.path)).status_code == 405


async def test_kelurahan_cannot_be_tried_one_after_the_other(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    badge = card(engine)
    pages = [
        await client.get(badge.path, params={"kelurahan": THERE, "lang": "en"})
        for _ in range(2 * CHECKS.at_most)
    ]
    codes = [page.status_code for page in pages]
    assert codes[: CHECKS.at_most] == [200] * CHECKS.at_most and set(codes) == {200, 429}
    refused = next(page for page in pages if page.status_code == 429)
    assert refused.headers["retry-after"] == f"{CHECKS.interval:.0f}"
    assert refused.headers["cache-control"] == "no-store"
    assert "visit</h2>" not in refused.text
