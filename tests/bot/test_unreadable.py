"""Stored values that can't be read: each is set aside alone, and everybody else is served."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text

from bot.errors import Busy
from conversations.events import News, Said, Uploaded
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.officer import StaffRole
from tests.bot.conftest import KEY, Desk
from tests.bot.test_media import into_the_form
from tests.bot.town import BOSS, OTHER, OWNER, Town, words
from tests.days import let_pass
from tests.workers.verification.samples import encoded, scene

NEWER = b64encode(bytes(range(1, 33))).decode()
SESSION: dict[str, object] = {
    "draft": None,
    "parked": [],
    "asked": None,
    "shown": [],
    "clarifying": False,
    "version": 0,
    "since": 0,
    "refusals": 0,
    "greeted": True,
}

Spoil = Callable[[str], bytes]


def sealed(value: object, column: str, *, keys: str = f"k1:{KEY}") -> bytes:
    """A value as a process with these keys writes it."""
    encryption.use(KeyRing.parse(keys, KEY))
    try:
        return encryption.seal_json(value, column)
    finally:
        encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))


def under_another_key(column: str) -> bytes:
    return sealed({"a": 1}, column, keys=f"k9:{NEWER}")


def with_a_wrong_tag(column: str) -> bytes:
    stored = bytearray(sealed({"a": 1}, column))
    stored[-1] ^= 1
    return bytes(stored)


#: What can stand in a column that nobody can read.
DAMAGED: dict[str, Spoil] = {
    "wrong tag": with_a_wrong_tag,
    "another key of the same name": lambda column: sealed({}, column, keys=f"k1:{NEWER}"),
    "another column's": lambda column: sealed({"a": 1}, "visits.code"),
    "empty": lambda column: b"",
    "one byte": lambda column: b"\x02",
    "zeros": lambda column: bytes(64),
    "high bytes": lambda column: b"\xff" * 300,
    "words in clear": lambda column: b"Siti Aminah, " * 20,
    "JSON in clear": lambda column: b'{"event": "Said", "text": "Siti Aminah"}' * 4,
    "cut off": lambda column: sealed({"a": 1}, column)[:9],
    "cut off in the nonce": lambda column: sealed({"a": 1}, column)[:20],
    "no JSON": lambda column: encryption.seal(b"{", column),
    "no text": lambda column: encryption.seal(b"\xff\xfe", column),
}
TEXTS = [how for how in DAMAGED if how != "no JSON"]  # which is text
#: JSON of another shape, which only who reads it can tell.
SHAPES: dict[str, object] = {
    "a list": [],
    "a number": 7,
    "a word": "halo",
    "nothing": None,
    "no fields": {},
    "a list of lists": [[1], [2]],
    "other fields": {"of": "another age"},
    "a session whose version is a word": SESSION | {"version": "dua"},
    "a session whose draft is a word": SESSION | {"draft": "izin"},
    "a session whose draft has no answers": SESSION | {"draft": ["business_permit", "", None]},
    "a session that asks a number": SESSION | {"asked": 5},
    "a session that shows words": SESSION | {"shown": ["satu", "dua"]},
    "a session that greeted a list": SESSION | {"greeted": []},
    "a session with a label of numbers": SESSION | {"shown": [["1", [1, {}], None, "answer", ""]]},
}


@pytest.fixture(autouse=True)
def _own_keys() -> Iterator[None]:
    yield
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))


def spoil(town: Town, table: str, column: str, stored: bytes, where: str = "true") -> None:
    statement = text(f"UPDATE {table} SET {column} = :stored WHERE {where}")  # noqa: S608
    with town.engine.begin() as tx:
        assert tx.execute(statement, {"stored": stored}).rowcount


def rows(town: Town, what: str) -> int:
    with town.engine.connect() as tx:
        return int(tx.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())  # noqa: S608


async def supervised(town: Town) -> None:
    role: StaffRole = "supervisor"
    await town.staff(BOSS, "900", role=role)


async def served(town: Town, *others: str) -> None:
    """Everybody else is answered, together with whoever can't be."""
    for address in others:
        assert await town.say("menu", address), f"{address} was not answered"


@pytest.mark.parametrize("how", [*DAMAGED, *(how for how in SHAPES if how != "nothing")])
async def test_a_session_that_cannot_be_read_begins_anew_and_is_kept(town: Town, how: str) -> None:
    await supervised(town)
    await town.say("Halo")
    await town.say("Halo", OTHER)
    column = "conversations.session"
    stored = DAMAGED[how](column) if how in DAMAGED else sealed(SHAPES[how], column)
    whose = f"person_id = {town.person(OWNER)}"
    spoil(town, "conversations", "session", stored, whose)
    spoil(town, "conversations", "has_draft", "true", whose)  # type: ignore[arg-type]
    await town.at_once(("menu", OTHER), ("menu", OWNER), ("menu", OTHER))
    assert words("common.begun_anew") in town.heard(OWNER)
    assert "step='menu'" in str(town.desk.chat.sent[OWNER][-1])
    assert len(town.desk.chat.sent[OTHER]) == 3
    assert rows(town, f"sessions_aside WHERE {whose} AND session IS NOT NULL") == 1
    assert words("notices.session_set_aside", number=1) in town.heard(BOSS)
    with town.engine.connect() as tx:
        (kept,) = tx.execute(text("SELECT session FROM sessions_aside")).scalars()
        assert bytes(kept) == stored
    before = len(town.desk.chat.sent[OWNER])
    await served(town, OWNER)
    assert len(town.desk.chat.sent[OWNER]) > before
    assert rows(town, "inbox WHERE taken_at IS NULL") == 0


@pytest.mark.parametrize("how", DAMAGED)
async def test_news_that_cannot_be_read_is_set_aside_and_what_follows_is_taken(
    town: Town, how: str
) -> None:
    await supervised(town)
    await town.say("Halo")
    with town.engine.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures)"
                " VALUES ('news', 'spoilt', :person, :event, now(), 0)"
            ),
            {"person": town.person(OWNER), "event": DAMAGED[how]("inbox.event")},
        )
    await town.at_once(("menu", OTHER), ("menu", OWNER))
    await town.quiet()
    assert rows(town, "inbox WHERE set_aside_at IS NOT NULL") == 1
    assert rows(town, "inbox WHERE taken_at IS NULL AND set_aside_at IS NULL") == 0
    assert len(town.desk.chat.sent[OTHER]) == 1
    assert words("common.trouble") in town.heard(OWNER)
    assert town.heard(OWNER).count(words("common.trouble")) == 1
    assert "catatan" in town.heard(BOSS)


@pytest.mark.parametrize("how", [*DAMAGED, *SHAPES])
async def test_a_message_that_cannot_be_read_is_set_aside_and_its_neighbours_are_sent(
    town: Town, how: str
) -> None:
    ids = [town.enqueue(address) for address in ("n1", "n2", OWNER, "n3")]
    column = "outbox.message"
    stored = DAMAGED[how](column) if how in DAMAGED else sealed(SHAPES[how], column)
    spoil(town, "outbox", "message", stored, f"id = {ids[2]}")
    later = town.enqueue(OWNER)
    await town.desk.send_all()
    assert rows(town, "outbox WHERE failed_at IS NOT NULL AND outcome = 'unreadable'") == 1
    assert rows(town, f"outbox WHERE sent_at IS NOT NULL AND id <> {ids[2]}") == 4
    assert rows(town, f"outbox WHERE sent_at IS NOT NULL AND id = {later}") == 1


@pytest.mark.parametrize("how", TEXTS)
async def test_a_file_whose_reference_cannot_be_read_is_asked_for_again(
    town: Town, how: str
) -> None:
    photo = encoded(scene(64, 48))
    await into_the_form(town)
    for address in (OWNER, OTHER):
        town.desk.chat.files[f"file-{address}"] = photo
        await town.say(Uploaded(0, "photo"), address)
    stored = DAMAGED[how]("attachments.reference")
    spoil(town, "attachments", "reference", stored, f"person_id = {town.person(OWNER)}")
    await town.desk.media.fetch_due()
    await town.quiet()
    assert rows(town, "attachments WHERE state = 'refused' AND refusal = 'unreadable'") == 1
    assert rows(town, "attachments WHERE state = 'stored'") == 1
    assert rows(town, "attachments WHERE state = 'refused' AND reference IS NULL") == 0
    assert words("refusals.file_gone") in "\n".join(town.desk.chat.texts(OWNER))


@pytest.mark.parametrize("how", TEXTS)
@pytest.mark.parametrize("column", ["name", "phone"])
async def test_a_person_whose_name_cannot_be_read_is_served_and_it_is_not_written_over(
    town: Town, how: str, column: str
) -> None:
    await town.say("Halo")
    stored = DAMAGED[how](f"people.{column}")
    spoil(town, "people", column, stored, f"id = {town.person(OWNER)}")
    for said in ("menu", "berhenti", "english", "menu"):
        before = len(town.desk.chat.sent[OWNER])
        await town.at_once((said, OWNER), ("menu", OTHER))
        assert len(town.desk.chat.sent[OWNER]) > before
    assert rows(town, "inbox WHERE taken_at IS NULL") == 0
    with town.engine.connect() as tx:
        kept = tx.execute(
            text(f"SELECT {column} FROM people WHERE {column} IS NOT NULL")  # noqa: S608
        ).scalar_one()
        assert bytes(kept) == stored


@pytest.mark.parametrize("locale", ["", "fr", "ID", "x" * 300, "🙂"])
async def test_a_person_of_an_unknown_language_is_answered(town: Town, locale: str) -> None:
    await town.say("Halo")
    spoil(town, "people", "locale", locale)  # type: ignore[arg-type]
    assert await town.say("menu")


@pytest.mark.parametrize("how", DAMAGED)
async def test_staff_are_served_while_an_owners_rows_cannot_be_read(town: Town, how: str) -> None:
    await supervised(town)
    await town.staff("officer", "417")
    from models.lifecycle import CaseState

    reviewed = town.apply("o1", state=CaseState.IN_REVIEW, number="26-000011")
    visited = town.apply("o2", number="26-000012")
    town.want(visited)
    await town.work()
    for table, column in (
        ("cases", "answers"),
        ("visits", "code"),
        ("people", "name"),
        ("people", "phone"),
    ):
        spoil(town, table, column, DAMAGED[how](f"{table}.{column}"))
    del reviewed
    for address in (BOSS, "officer", OTHER):
        assert await town.say("menu", address), address
    assert rows(town, "inbox WHERE set_aside_at IS NOT NULL") == 0


async def test_a_draft_under_a_missing_key_waits_for_a_process_that_has_it(town: Town) -> None:
    """As in a rotation done in one step: nothing is lost, and nobody is asked anew."""
    desk = town.desk
    for said in ("Halo", "1", "ya", "isi sendiri", "Siti Aminah"):
        await town.say(said)
    session = town.read(lambda tx: tx.execute(text("SELECT session FROM conversations")).scalar())
    plain = encryption.unseal_json(bytes(session or b""), "conversations.session")
    spoil(
        town,
        "conversations",
        "session",
        sealed(plain, "conversations.session", keys=f"k2:{NEWER},k1:{KEY}"),
    )
    before = len(desk.chat.texts(OWNER))
    await asyncio.gather(
        desk.turns.take([desk.heard("nasi uduk", OWNER)]),
        desk.turns.take([desk.heard("Halo", OTHER)]),
    )
    assert await desk.turns.take_news() == 0, "it is not tried in a circle"
    await desk.send_all()
    assert len(desk.chat.texts(OTHER)) == 1
    assert len(desk.chat.texts(OWNER)) == before
    assert rows(town, "inbox WHERE taken_at IS NULL AND set_aside_at IS NULL") == 1
    assert rows(town, "sessions_aside") == 0
    encryption.use(KeyRing.parse(f"k2:{NEWER},k1:{KEY}", KEY))  # another process
    desk.turns._resting.clear()
    await town.quiet()
    assert len(desk.chat.texts(OWNER)) == before + 1
    assert rows(town, "inbox WHERE taken_at IS NULL") == 0
    assert words("common.begun_anew") not in town.heard(OWNER)


@pytest.mark.parametrize("table", ["conversations", "inbox"])
async def test_nobody_waits_for_ever_for_a_key_that_does_not_come(town: Town, table: str) -> None:
    desk = town.desk
    await town.say("Halo")
    spoil(town, "conversations", "session", under_another_key("conversations.session"))
    await desk.turns.take([desk.heard("menu", OWNER)])
    if table == "inbox":
        stored = under_another_key("inbox.event")
        spoil(town, "inbox", "event", stored, "taken_at IS NULL")
    assert rows(town, "inbox WHERE taken_at IS NULL AND set_aside_at IS NULL") == 1
    with town.engine.begin() as tx:
        let_pass(tx, timedelta(minutes=1))
    desk.turns._resting.clear()
    await town.quiet()
    assert rows(town, "inbox WHERE taken_at IS NULL AND set_aside_at IS NULL") == 0
    assert len(desk.chat.texts(OWNER)) == 2
    if table == "conversations":
        assert await town.say("menu"), "and the menu works again"


async def test_many_who_wait_for_a_key_keep_nobody_from_the_news(town: Town) -> None:
    desk = town.desk
    crowd = [f"c{number}" for number in range(70)]
    await desk.turns.take([desk.heard("Halo", who) for who in crowd])
    await desk.send_all()
    spoil(town, "conversations", "session", under_another_key("conversations.session"))
    await desk.turns.take([desk.heard("menu", who) for who in crowd])
    from conversations import events
    from conversations.messages import Say
    from models import inbox

    news = events.news(News.VERIFIED, 1, Say("notices.verified", {"number": "26-000001"}))
    other = town.meet(OTHER)
    town.write(lambda tx: inbox.tell(tx, other, "news", news))
    await town.quiet()
    assert words("notices.verified", number="26-000001") in town.heard(OTHER)


async def test_a_message_under_a_missing_key_is_left_to_others_for_a_while(town: Town) -> None:
    queued = town.enqueue(OWNER)
    spoil(town, "outbox", "message", under_another_key("outbox.message"), f"id = {queued}")
    states = []
    for _ in range(3):
        await town.desk.send_all()
        states.append(rows(town, "outbox WHERE failed_at IS NOT NULL"))
        with town.engine.begin() as tx:
            tx.execute(text("UPDATE outbox SET due_at = now()"))
    assert states == [0, 0, 1]


async def test_a_failure_that_cannot_be_counted_ends_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot import batch, turns

    def broken(*_: object, **__: object) -> None:
        raise LookupError("no such thing")

    monkeypatch.setattr(batch, "event_of", broken)
    monkeypatch.setattr(turns, "_count_failure", broken)
    for number in range(3):
        with pytest.raises(Busy):
            await desk.turns.take([desk.heard(Said("Halo"), f"x{number}")])
    monkeypatch.undo()
    assert await desk.say("Halo", "fine")


def test_what_is_logged_of_rubbish_quotes_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    for spoilt in DAMAGED.values():
        encryption.open_text(spoilt("people.name"), "people.name")
    told = "".join(capsys.readouterr())
    assert "Siti" not in told and "Aminah" not in told


def test_a_marker_can_be_passed_on_but_not_be_used() -> None:
    marker = encryption.open_json(b"", "people.name")
    assert isinstance(marker, encryption.Unreadable) and encryption.readable(marker) is None
    uses: list[Callable[[], object]] = [
        lambda: str(marker),
        lambda: f"{marker}",
        lambda: bool(marker),
        lambda: marker["a"],
        lambda: marker.get("a"),
        lambda: len(marker),
        lambda: list(marker),
        lambda: "a" in marker,
    ]
    for use in uses:
        with pytest.raises(encryption.UnreadableValue):
            use()
    with pytest.raises(TypeError):
        msgspec.json.encode(marker)
