"""The lender's page: eight buttons and a letter behind six digits, and nothing else of the case."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from casework import waiting
from conversations import catalogue
from conversations.dossiers import AT_DESK, NO_ANSWER, OPEN, REOPENS
from conversations.masking import initials
from models import task
from models.audit import AuditEntry
from models.case import Case
from models.dossier import PIN_TRIES, Dossier, LenderAnswer
from models.infrastructure.quotas import DESK_POSTS, DESK_VISITS
from models.lifecycle import CaseState
from models.task import Task
from tests import letters
from tests import world as make
from tests.clock import now
from tests.letters import PDF, Letter, leaks
from tests.web.site import Site

ENDS = [one for one in AT_DESK if one not in OPEN]


@pytest.fixture
def letter(engine: Engine, site: Site) -> Letter:
    with Session(engine) as tx, tx.begin():
        return letters.letter(tx, site.storage)


def change(engine: Engine, kind: type[Case | Dossier], row_id: int, **columns: object) -> None:
    with Session(engine) as tx, tx.begin():
        row = tx.get_one(kind, row_id)
        for name, value in columns.items():
            setattr(row, name, value)


def hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


async def opened(client: httpx.AsyncClient, one: Letter) -> dict[str, str]:
    """Open the page; the hidden fields of its forms."""
    page = await client.get(f"/kreditur/{one.code}")
    assert page.status_code == 200, page.text
    return hidden(page)


async def press(
    client: httpx.AsyncClient, one: Letter, outcome: str, fields: Mapping[str, str] | None = None
) -> httpx.Response:
    """Press a button on the page, and again where the page asks whether it was meant."""
    given = dict(fields or await opened(client, one)) | {"answer": outcome}
    page = await client.post(f"/kreditur/{one.code}", data=given)
    if page.status_code == 200 and "sure" in hidden(page):
        given = hidden(page) | {"answer": outcome}
        page = await client.post(f"/kreditur/{one.code}", data=given)
    return page


async def fetch(client: httpx.AsyncClient, one: Letter, pin: str) -> httpx.Response:
    fields = await opened(client, one)
    return await client.post(f"/kreditur/{one.code}/surat", data=fields | {"pin": pin})


def wrong(one: Letter) -> str:
    return f"{(int(one.pin) + 1) % 10**6:06d}"


def told(engine: Engine) -> list[tuple[str, str]]:
    with Session(engine) as tx:
        rows = tx.scalars(select(LenderAnswer).order_by(LenderAnswer.id))
        return [(row.by, row.outcome) for row in rows]


def noted(engine: Engine) -> list[tuple[str, str]]:
    with Session(engine) as tx:
        rows = select(AuditEntry).where(AuditEntry.actor == "lender").order_by(AuditEntry.id)
        return [(row.action, row.subject) for row in tx.scalars(rows)]


def dump(engine: Engine) -> list[str]:
    tables = ("dossiers", "lender_answers", "cases", "documents", "inbox", "outbox", "audit")
    with engine.connect() as tx:
        return [
            str(row)
            for table in (*tables, "tasks")
            for row in tx.execute(text(f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608
        ]


# -- what it shows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_it_shows_number_initials_date_and_eight_buttons_and_nothing_else(
    client: httpx.AsyncClient, letter: Letter, lang: str
) -> None:
    page = await client.get(f"/kreditur/{letter.code}", params={"lang": lang})
    assert page.status_code == 200
    assert letter.number in page.text and "S. A. N." in page.text
    assert re.findall(r'name="answer" value="(\w+)"', page.text) == list(AT_DESK)
    assert letter.pin not in page.text and not leaks(page.text)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "<script" not in page.text


async def test_looking_changes_nothing_whoever_opens_the_link(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    before = dump(engine)
    for query in ({}, {"lang": "en"}, {"answer": "refused", "sure": "x", "seen": "0"}):
        await client.get(f"/kreditur/{letter.code}", params=query)
        await client.head(f"/kreditur/{letter.code}", params=query)
    assert (await client.get(f"/kreditur/{letter.code}/surat")).status_code == 404
    assert dump(engine) == before


@pytest.mark.parametrize("spell", [str.lower, lambda code: f"{code[:3]}-{code[3:]}", " {} ".format])
async def test_the_code_is_read_as_people_type_it(
    client: httpx.AsyncClient, letter: Letter, spell: Callable[[str], str]
) -> None:
    page = await client.get(f"/kreditur/{spell(letter.code)}")
    assert page.status_code == 200 and f'action="/kreditur/{letter.code}"' in page.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Siti Aminah", "S. A."),
        ("suharto", "S."),
        ("H. Ahmad (alm.)", "H. A. A."),
        ("- -", ""),
        ("", ""),
    ],
)
def test_initials(name: str, shown: str) -> None:
    assert initials(name) == shown


# -- the answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", OPEN)
async def test_an_answer_after_which_the_lender_goes_on_is_sent_at_once(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, outcome: str
) -> None:
    fields = await opened(client, letter)
    answer = await client.post(f"/kreditur/{letter.code}", data=fields | {"answer": outcome})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/kreditur/{letter.code}")
    assert told(engine) == [("lender", outcome)]
    page = await client.get(answer.headers["location"])
    assert "Jawaban sudah kami terima" in page.text and 'value="refused"' in page.text
    assert (await press(client, letter, "longer")).status_code == 303
    assert told(engine) == [("lender", outcome), ("lender", "longer")]


@pytest.mark.parametrize("outcome", ENDS)
async def test_an_answer_that_ends_the_matter_is_asked_for_twice_and_taken_once(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, outcome: str
) -> None:
    fields = await opened(client, letter)
    before = dump(engine)
    page = await client.post(f"/kreditur/{letter.code}", data=fields | {"answer": outcome})
    assert page.status_code == 200 and "Anda menekan:" in page.text and not leaks(page.text)
    assert dump(engine) == before
    sure = hidden(page)
    for other in ("longer", "refused"):
        if other != outcome:
            forged = await client.post(
                f"/kreditur/{letter.code}", data=sure | {"answer": other}
            )  # the question is asked anew
            assert forged.status_code == 200 and told(engine) == []
    answer = await client.post(f"/kreditur/{letter.code}", data=sure | {"answer": outcome})
    assert answer.status_code == 303
    again = await client.post(f"/kreditur/{letter.code}", data=sure | {"answer": outcome})
    assert again.status_code == 303
    assert told(engine) == [("lender", outcome)]
    assert noted(engine)[0] == ("lender.answered", f"case:{letter.case}")
    with Session(engine) as tx:
        assert [what for what, _, _ in make.news(tx, letter.owner)] == ["lender_answered"]
    page = await client.get(f"/kreditur/{letter.code}")
    assert page.status_code == 200 and "Jawaban sudah kami terima" in page.text
    assert 'name="answer"' not in page.text and not leaks(page.text)


async def test_of_two_buttons_pressed_at_once_one_counts(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    fields = await opened(client, letter)
    pressed = [press(client, letter, outcome, fields) for outcome in ("longer", "refused") * 4]
    answers = await asyncio.gather(*pressed)
    assert {answer.status_code for answer in answers} == {303}
    assert len(told(engine)) == 1
    with Session(engine) as tx:
        assert len(make.news(tx, letter.owner)) == 1


async def test_a_page_that_is_out_of_date_sends_nothing(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    fields = await opened(client, letter)
    for _ in range(2):
        assert (await press(client, letter, "must_come", fields)).status_code == 303
    assert (await press(client, letter, "refused", fields)).status_code == 303
    assert told(engine) == [("lender", "must_come")]


@pytest.mark.parametrize(
    "given",
    [
        {"answer": "paid_off"},
        {"answer": "no_answer"},
        {"answer": ""},
        {"answer": "longer", "seen": "x"},
        {"answer": "longer", "seen": "99999999999"},
        {"answer": "longer", "seen": "-1"},
    ],
)
async def test_what_the_page_has_no_button_for_is_refused(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, given: dict[str, str]
) -> None:
    fields = await opened(client, letter)
    page = await client.post(f"/kreditur/{letter.code}", data=fields | given)
    assert page.status_code == 400 and told(engine) == []


async def test_a_lender_who_answers_has_the_letter(
    client: httpx.AsyncClient, engine: Engine, site: Site
) -> None:
    with Session(engine) as tx, tx.begin():
        letter = letters.letter(tx, site.storage, stage="delivery")
    page = await client.get(f"/kreditur/{letter.code}")
    assert "belum dicatat" in page.text
    assert (await press(client, letter, "more_papers")).status_code == 303
    with Session(engine) as tx:
        assert letters.case_of(tx, letter).stage == "awaiting"
        assert tx.get_one(Dossier, letter.case).delivered_at is not None
    assert "belum dicatat" not in (await client.get(f"/kreditur/{letter.code}")).text


# -- the letter ------------------------------------------------------------------------------------


async def test_the_six_digits_of_the_slip_give_the_letter(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    for pin in (letter.pin, f" {letter.pin[:3]} {letter.pin[3:]}"):
        page = await fetch(client, letter, pin)
        assert (page.status_code, page.content) == (200, PDF)
    assert page.headers["content-type"] == "application/pdf"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-disposition"] == f'attachment; filename="{letter.number}.pdf"'
    assert noted(engine) == [("letter.downloaded", f"case:{letter.case}")] * 2


async def test_after_five_wrong_tries_not_even_the_right_digits_open_it(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    for left in range(PIN_TRIES - 1, 0, -1):
        page = await fetch(client, letter, wrong(letter))
        assert page.status_code == 422 and f"Sisa kesempatan: {left}." in page.text
    page = await fetch(client, letter, wrong(letter))
    assert page.status_code == 403 and "lima kali salah" in page.text
    page = await fetch(client, letter, letter.pin)
    assert page.status_code == 403 and page.content != PDF
    page = await client.get(f"/kreditur/{letter.code}")
    assert 'name="pin"' not in page.text and page.text.count("Telepon pemohon") == 1
    assert noted(engine) == [("letter.pin_wrong", f"case:{letter.case}")] * PIN_TRIES
    assert (await press(client, letter, "longer")).status_code == 303  # an answer is taken yet


async def test_wrong_tries_at_once_are_all_counted(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    fields = await opened(client, letter)
    tried = [
        client.post(f"/kreditur/{letter.code}/surat", data=fields | {"pin": wrong(letter)})
        for _ in range(PIN_TRIES + 3)
    ]
    pages = await asyncio.gather(*tried)
    assert [page.status_code for page in pages].count(422) == PIN_TRIES - 1
    with Session(engine) as tx:
        assert tx.get_one(Dossier, letter.case).pin_tries == PIN_TRIES


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "１２３４５６", "\x00", "é" * 6])
async def test_what_is_not_six_digits_costs_no_try(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, pin: str
) -> None:
    page = await fetch(client, letter, pin)
    assert page.status_code == 422 and "Tulis enam angka" in page.text
    assert 'aria-invalid="true"' in page.text
    with Session(engine) as tx:
        assert tx.get_one(Dossier, letter.case).pin_tries == 0


async def test_until_it_is_typeset_as_it_was_signed_the_letter_is_not_given(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        issued = waiting.of_case(tx, letter.case)
        task.plan(tx, "document", issued.id, waiting.signed_key(issued.id))
    page = await fetch(client, letter, letter.pin)
    assert page.status_code == 503 and page.headers["retry-after"] == "60"
    with Session(engine) as tx, tx.begin():
        tx.scalars(select(Task)).one().done_at = now()
    assert (await fetch(client, letter, letter.pin)).content == PDF


# -- closed, withdrawn, unknown --------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "office"])
async def test_a_withdrawn_letter_says_so_and_gives_nothing(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, who: str
) -> None:
    fields = await opened(client, letter)
    if who == "owner":
        change(engine, Dossier, letter.case, withdrawn_at=now())
    else:
        with Session(engine) as tx, tx.begin():
            waiting.of_case(tx, letter.case).revoked_at = now()
    page = await client.get(f"/kreditur/{letter.code}")
    assert page.status_code == 200 and "Surat ini ditarik" in page.text
    assert "<form" not in page.text and "S. A. N." not in page.text and not leaks(page.text)
    for outcome in ("must_come", "refused"):
        assert (await press(client, letter, outcome, fields)).status_code == 303
    page = await client.post(f"/kreditur/{letter.code}/surat", data=fields | {"pin": letter.pin})
    assert page.status_code == 404 and page.content != PDF
    assert told(engine) == []


CLOSED = [
    {"state": CaseState.DONE},
    {"state": CaseState.CANCELLED},
    {"state": CaseState.WAITING, "stage": "reading"},
]


@pytest.mark.parametrize("lang", catalogue.LOCALES)
@pytest.mark.parametrize("closed", CLOSED)
async def test_a_closed_case_and_an_unknown_code_have_the_same_page(
    client: httpx.AsyncClient,
    letter: Letter,
    engine: Engine,
    closed: Mapping[str, object],
    lang: str,
) -> None:
    fields = await opened(client, letter)
    change(engine, Case, letter.case, **closed)
    pages = [
        await client.get(f"/kreditur/{code}", params={"lang": lang})
        for code in (letter.code, "BCD234" if letter.code != "BCD234" else "BCD235", "x", "AEI234")
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1 and not leaks(pages[0].text)
    assert len({str(sorted(page.headers.items())) for page in pages}) == 1
    page = await client.post(f"/kreditur/{letter.code}/surat", data=fields | {"pin": letter.pin})
    assert page.status_code == 404 and page.content != PDF
    assert (await press(client, letter, "longer", fields)).status_code == 404
    assert told(engine) == []


async def test_a_closed_case_asks_the_database_for_no_more_than_an_unknown_code(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    asked: list[str] = []

    def count(_: object, __: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    async def statements(code: str) -> list[str]:
        asked.clear()
        assert (await client.get(f"/kreditur/{code}")).status_code == 404
        return list(asked)

    change(engine, Case, letter.case, state=CaseState.DONE)
    other = "BCD234" if letter.code != "BCD234" else "BCD235"
    event.listen(Engine, "before_cursor_execute", count)
    try:
        await statements(other)  # the connection is new
        assert await statements(letter.code) == await statements(other) != []
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def test_a_letter_that_is_not_signed_has_no_page(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    change(engine, Dossier, letter.case, signed_at=None)
    assert (await client.get(f"/kreditur/{letter.code}")).status_code == 404


@pytest.mark.parametrize("late", [False, True])
async def test_who_did_not_answer_may_answer_later_for_half_a_year(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, late: bool
) -> None:
    closed = now() - REOPENS + timedelta(days=-1 if late else 1)
    change(engine, Case, letter.case, state=CaseState.DONE)
    change(engine, Dossier, letter.case, outcome=NO_ANSWER, answered_at=closed)
    page = await client.get(f"/kreditur/{letter.code}")
    assert page.status_code == (404 if late else 200)
    if not late:
        assert (await press(client, letter, "longer")).status_code == 303
        with Session(engine) as tx:
            assert letters.case_of(tx, letter).stage == "trust"


async def test_what_the_owner_told_before_is_not_told_to_them_again(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    change(engine, Case, letter.case, stage="trust")
    change(engine, Dossier, letter.case, outcome="longer", answered_by="owner", answered_at=now())
    assert (await press(client, letter, "longer")).status_code == 303
    assert told(engine) == [("lender", "longer")]
    with Session(engine) as tx:
        assert make.news(tx, letter.owner) == []
        assert tx.get_one(Dossier, letter.case).answered_by == "owner"


# -- who must not get in ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%3Cscript%3E",
        "' OR 1=1",
        "B" * 3000,
        "../BCD234",
        "BCD234/../..",
        "%00",
        "%FF",
        "é",
        "..%2F",
    ],
)
async def test_hostile_codes_get_the_page_of_an_unknown_one(
    client: httpx.AsyncClient, letter: Letter, code: str
) -> None:
    usual = await client.get("/kreditur/x")
    page = await client.get(f"/kreditur/{code}")
    if str(page.url.path).startswith("/kreditur/"):
        assert (page.status_code, page.text) == (404, usual.text)
    else:
        assert page.status_code in (404, 200) and not leaks(page.text)


@pytest.mark.parametrize("path", ["", "/surat"])
async def test_only_our_own_page_may_post(
    client: httpx.AsyncClient, letter: Letter, engine: Engine, path: str
) -> None:
    fields = await opened(client, letter) | {"answer": "must_come", "pin": letter.pin}
    to = f"/kreditur/{letter.code}{path}"
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await client.post(to, data=fields, headers=headers)).status_code == 403
    for csrf in ("", "x", fields["csrf"][::-1], "é"):
        assert (await client.post(to, data=fields | {"csrf": csrf})).status_code == 403
    assert (await client.post(to, data={})).status_code == 403
    assert (await client.post(to, content=b"\xff" * 10)).status_code == 403
    big = await client.post(to, data=fields | {"more": "x" * 20_000})
    assert big.status_code == 413
    with Session(engine) as tx, tx.begin():
        other = letters.letter(tx, number=2)
    assert (await client.post(f"/kreditur/{other.code}{path}", data=fields)).status_code == 403
    assert told(engine) == [] and noted(engine) == []


async def test_opening_pages_is_limited_for_each_visitor(client: httpx.AsyncClient) -> None:
    for _ in range(DESK_VISITS.at_most):
        assert (await client.get("/kreditur/BCD234")).status_code == 404
    page = await client.get("/kreditur/BCD234")
    assert page.status_code == 429 and "retry-after" in page.headers


async def test_posts_are_limited_for_each_code(client: httpx.AsyncClient, letter: Letter) -> None:
    fields = await opened(client, letter)
    for _ in range(DESK_POSTS.at_most):
        await client.post(f"/kreditur/{letter.code}", data=fields | {"answer": "x"})
    page = await client.post(f"/kreditur/{letter.code}", data=fields | {"answer": "must_come"})
    assert page.status_code == 429 and "retry-after" in page.headers


async def test_the_audit_names_nobody(
    client: httpx.AsyncClient, letter: Letter, engine: Engine
) -> None:
    await fetch(client, letter, wrong(letter))
    await fetch(client, letter, letter.pin)
    await press(client, letter, "refused")
    with Session(engine) as tx:
        rows = tx.scalars(select(AuditEntry).where(AuditEntry.actor == "lender")).all()
        said = str([(row.action, row.subject, row.details) for row in rows])
    assert len(rows) >= 3 and not leaks(said)
    assert letter.pin not in said and wrong(letter) not in said and letter.code not in said
