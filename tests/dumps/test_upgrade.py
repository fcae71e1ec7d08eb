"""The database of an earlier version is upgraded: its rows and open conversations are kept."""

from __future__ import annotations

import json
import string
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, select
from sqlalchemy.orm import Session

from conversations import catalogue, events, flows, messages
from conversations.messages import Say, say_from_json
from conversations.services import business_permit
from conversations.session import Session as Talk
from models import database, encryption, migrations
from models.case import Case
from models.conversation import Conversation
from models.encryption import KeyRing
from models.inbox import InboundMessage
from models.lifecycle import CaseState, VisitState
from models.outbox import OutboundMessage
from models.visit import Visit
from tests.bot.conftest import KEY

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
        assert {one.state for one in cases} == set(CaseState)
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
            if (talk := Talk.from_json(row.session)).asked is not None
        }
        assert asked >= {step.id for step in business_permit.FORM.steps}
    engine.dispose()


def test_whatever_waits_in_the_queues_can_be_put_into_words(upgraded: str) -> None:
    words, engine = catalogue.load(), create_engine(database.driver_url(upgraded))
    with Session(engine) as tx:
        waiting = tx.scalars(select(InboundMessage).where(InboundMessage.taken_at.is_(None))).all()
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
