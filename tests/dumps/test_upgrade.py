"""The database of an earlier version is upgraded: its rows and open conversations are kept."""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import Session

from conversations import catalogue, events, flows, messages
from conversations.messages import Say, say_from_json
from conversations.services import business_permit
from conversations.session import ChatSession
from models import migrations
from models.attachment import Attachment
from models.case import Case
from models.conversation import Conversation
from models.document import Document
from models.inbox import InboxMessage
from models.infrastructure import database, encryption
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.quiet import OFF
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.outbox import OutboundMessage
from models.visit import OPEN, Visit
from models.working_hours import Part
from tests.bot.conftest import KEY, desk_at
from tests.bot.town import Town
from tests.days import let_pass
from tests.dumps.make import answer, open_step
from tests.workers.verification.samples import encoded, scene
from workers import jobs
from workers.context import Context

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/record.sql"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def upgraded(request: pytest.FixtureRequest, empty_database: str) -> str:
    """A database as the earlier version left it, brought to the present tables."""
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    plain = make_url(empty_database).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        connection.execute((request.param / "record.sql").read_bytes())
    migrations.upgrade(empty_database)
    migrations.check(empty_database)
    return empty_database


def test_every_row_is_there_and_can_be_read(upgraded: str) -> None:
    engine = create_engine(database.driver_url(upgraded))
    with Session(engine) as tx:
        cases, visits = tx.scalars(select(Case)).all(), tx.scalars(select(Visit)).all()
        assert {one.state for one in cases} == set(CaseState) - {CaseState.WAITING}  # came later
        assert {one.state for one in visits} >= {
            VisitState.WANTED,
            VisitState.OFFERED,
            VisitState.ACCEPTED,
            VisitState.ON_THE_WAY,
            VisitState.ARRIVED,
            VisitState.DONE,
            VisitState.FAILED,
        }
        assert all(one.answers["owner_name"] == "Siti Aminah" for one in cases)
        asked = {
            talk.asked.step
            for row in tx.scalars(select(Conversation))
            if (talk := ChatSession.from_json(row.session)).asked is not None
        }
        since_then = {"differs", "read_out", "scale", "way", "whose"}
        assert asked >= {step.id for step in business_permit.FORM.steps} - since_then
    engine.dispose()


def test_whatever_waits_in_the_queues_can_be_put_into_words(upgraded: str) -> None:
    words, engine = catalogue.load(), create_engine(database.driver_url(upgraded))
    with Session(engine) as tx:
        waiting = tx.scalars(select(InboxMessage).where(InboxMessage.taken_at.is_(None))).all()
        unsent = tx.scalars(select(OutboundMessage).where(OutboundMessage.sent_at.is_(None))).all()
        assert len(waiting) >= 2 and len(unsent) >= 2
        heard = [events.from_json(row.event) for row in waiting]
        for locale in catalogue.LOCALES:
            for event in heard:
                if isinstance(event, events.Happened):
                    for part in event.params.get("parts", ()):
                        assert words.say(say_from_json(part), locale)
            for row in unsent:
                message = messages.from_json(row.message)
                assert words.text(message, locale)
                assert all(words.say(choice.label, locale) for choice in message.choices)
    engine.dispose()


def test_every_sentence_of_the_earlier_version_can_still_be_said() -> None:
    """In both languages, and there is none of the same key that asks for no more."""
    words = catalogue.load()
    for key, lines in words.earlier.items():
        assert set(lines) == set(catalogue.LOCALES)
        for locale, line in lines.items():
            named = {name for _, name, _, _ in string.Formatter().parse(line) if name}
            assert words.say(Say(key, dict.fromkeys(named, "x")), locale) == line.format_map(
                dict.fromkeys(named, "x")
            )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_buttons_in_the_chats_belong_to_questions_that_there_are(folder: Path) -> None:
    """Or they are answered as stale: then name the question here, with the reason."""
    by_id = flows.load().by_id
    chats = json.loads((folder / "chats.json").read_text())
    asked = {
        (message["question"][0], message["question"][2])
        for said in chats.values()
        for message in said
        if message["question"] and message["choices"]
    }
    assert len(chats) == 40 and len(asked) > 10
    known = {(flow.id, step.id) for flow in by_id.values() for step in flow.steps}
    assert asked - known == set()


# -- everybody is brought to the end, by the chat and real jobs -----------------------------------

STAFF = ("officer-1", "officer-2", "supervisor", "head")
OWNERS = sorted(
    address
    for folder in FOLDERS
    for address in json.loads((folder / "chats.json").read_text())
    if address not in STAFF
)
#: What an officer taps at each question, once the visit is open.
AT_THE_VISIT = {
    "offer": "accept",
    "depart": "go",
    "early": "yes",
    "arrive": "here",
    "far": "signal",
    "ktp": "seen",
    "place": "as_described",
    "hand_over": "yes",
}


@pytest.fixture
async def town(upgraded: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """The upgraded town, as if it had been left a moment ago."""
    engine = create_engine(database.driver_url(upgraded))
    with engine.begin() as connection:
        ago = connection.execute(text("SELECT now() - max(at) FROM audit")).scalar_one()
        let_pass(connection, -ago)
        # Its visits are on any day of the week now.
        every_day = f"mon-sun {','.join(Part)}"
        connection.execute(text("UPDATE officers SET hours = :hours"), {"hours": every_day})
    async with desk_at(upgraded, redis_url, tmp_path, OFF) as desk:
        with Session(engine) as tx:
            for path in tx.scalars(select(Attachment.path).where(Attachment.path.is_not(None))):
                desk.media.storage.write(str(path), encoded(scene()))
        jobs.use(Context(engine, desk.media.storage, "https://izin.example", quiet=OFF))
        desk.ids = itertools.count(1_000_000)  # none that the dump has heard
        yield Town(desk, engine, OFF)
    engine.dispose()


async def test_everybody_is_brought_to_the_end_on_the_new_code(town: Town) -> None:
    await town.work()
    for address in OWNERS:
        await to_the_end(town, address)
    ended = {address: newest_case(town, address).state for address in OWNERS}
    over = {"rejected": CaseState.REJECTED, "cancelled": CaseState.CANCELLED}
    assert ended == {address: over.get(address, CaseState.DONE) for address in OWNERS}
    with Session(town.engine) as tx:
        done = tx.scalars(select(Document).order_by(Document.number)).all()
        assert all(row.path is not None for row in done)
        serials = [int(row.number.rsplit("-", 1)[1]) for row in done]
        assert serials == list(range(1, len(OWNERS) - len(over) + 1)), "no gap, and no number twice"


async def to_the_end(town: Town, address: str) -> None:
    """Let one owner go on from where the dump left them, until nothing is left to do."""
    for _ in range(8):
        case = newest_case(town, address, missing=True)
        if case is None:
            await fill_in_the_rest(town, address)
        elif case.state == CaseState.NEEDS_FIX:
            await town.say("status", address)
            await town.tap(f"fix-{case.id}", address)
            await answer(town, address, asked(town, address))
        elif case.state == CaseState.IN_REVIEW:
            await town.say("menu", "supervisor")
            await town.tap(f"review-{case.id}", "supervisor")
            await town.tap("approve", "supervisor")
            await town.tap("yes", "supervisor")
        elif case.state == CaseState.ACCEPTED:
            await town.say("status", address)
            await town.tap(f"window-{case.id}", address)
            await town.say("1", address)
        elif case.state == CaseState.UNDER_WAY:
            await make_the_visit(town, case)
        elif case.state != CaseState.SUBMITTED:
            return
        await town.work()


async def fill_in_the_rest(town: Town, address: str) -> None:
    await town.say("izin usaha" if asked(town, address) in {"", "menu"} else "lanjut", address)
    if asked(town, address) == "resume":
        await town.tap("continue", address)
    steps = {one.id for one in business_permit.FORM.steps}
    for _ in steps:
        step = asked(town, address)
        if step not in steps:
            return
        await answer(town, address, step)
        if step == "confirm":
            return
        assert asked(town, address) != step, (
            f"{address} is asked {step} again: {town.heard(address)}"
        )


async def make_the_visit(town: Town, case: Case) -> None:
    """The officer who is asked, or comes, makes the visit."""
    visit = town.read(
        lambda tx: tx.scalars(select(Visit).where(Visit.case_id == case.id, OPEN)).one()
    )
    assert visit.officer_id is not None
    badge = town.read(lambda tx: tx.get_one(Officer, visit.officer_id).badge)
    officer = "officer-1" if badge == "0417" else "officer-2"
    town.identify(case.person_id)
    await town.say("menu", officer)
    await town.tap(f"visit-{visit.id}", officer)
    for _ in range(2 * len(AT_THE_VISIT)):
        step = asked(town, officer)
        if step == "menu":
            return
        if step == "code":
            await town.say(town.visit(visit.id).code or "", officer)
        elif step == "photo":
            await town.photo_from(officer)
        elif step == "far" and "tidak punya titik" in town.desk.chat.texts(officer)[-1]:
            await town.tap("no_pin", officer, step=step)
        else:
            await town.tap(AT_THE_VISIT[step], officer, step=step)
            if step == "offer":
                await town.tap(f"visit-{visit.id}", officer)
    raise AssertionError(f"the visit does not end: {town.heard(officer)}")


def newest_case(town: Town, address: str, *, missing: bool = False) -> Case:
    person_id = town.person(address)
    rows = select(Case).filter_by(person_id=person_id).order_by(Case.id.desc()).limit(1)
    found = town.read(lambda tx: tx.scalars(rows).one_or_none())
    if not missing:
        assert found is not None, town.heard(address)
    return found  # type: ignore[return-value]


def asked(town: Town, address: str) -> str:
    return open_step(town, address) or ""
