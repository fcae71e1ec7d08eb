"""What is owed goes out once, in order, whatever the provider says; nobody waits for another."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.channels.base import Channel, OutgoingMessage, Sent
from bot.errors import (
    ChannelError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    Unreachable,
    WindowClosed,
)
from bot.limits import Limits
from bot.outcomes import DOUBTFUL, LONGEST_OF_OURS
from bot.sender import Sender
from conversations import events, messages
from conversations.events import News
from conversations.messages import Message, Say
from models import inbox, outbox, sending
from models.infrastructure.database import pipeline
from models.infrastructure.storage import Storage
from models.outbox import Lane, OutboundMessage, SendOutcome
from models.person import Address, Person
from tests import hostile_pictures as hostile
from tests.bot.conftest import Chat, send_due
from tests.bot.town import OTHER, OWNER, Town, words
from tests.clock import now
from tests.workers.verification.samples import encoded, scene

WAIT = timedelta(seconds=30)


class NoRoom(Limits):
    """A rate of the second channel that is used up."""

    def __init__(self) -> None:
        super().__init__("redis://localhost:1", {})

    async def reserve(self, channel: str, wanted: int, *, within: float) -> list[float]:
        return []


def say(town: Town, *texts: str, to: str = OWNER, **how: Any) -> list[int]:
    """Owe sentences that carry these texts."""
    return [town.enqueue(to, "notices.window_chosen", params={"window": t}, **how) for t in texts]


def said(town: Town, *texts: str) -> list[str]:
    return [words("notices.window_chosen", window=text) for text in texts]


def row(town: Town, message_id: int) -> OutboundMessage:
    return town.read(lambda tx: tx.get_one(OutboundMessage, message_id))


def blocked(town: Town) -> list[datetime | None]:
    """Since when the owner's addresses can't be reached."""
    theirs = select(Address.unreachable_at).filter_by(person_id=town.meet(OWNER))
    return town.read(lambda tx: list(tx.scalars(theirs.order_by(Address.id))))


def second_phone(town: Town, *, heard_at: datetime | None = None) -> Chat:
    """Let the owner have another address, on a channel of its own."""
    person_id = town.meet(OWNER)
    other = Address(person_id=person_id, channel="second", address="9", heard_at=heard_at)
    town.write(lambda tx: tx.add(other))
    second = Chat("second")
    town.desk.sender.channels = {"chat": town.desk.chat, "second": second}
    return second


def due_again(town: Town, *ids: int) -> None:
    """Let the pause be over."""
    for message_id in ids:
        town.change(OutboundMessage, message_id, due_at=now(), leased_until=None)


async def test_each_person_hears_in_order_one_message_at_a_time(town: Town) -> None:
    for number in ("1", "2", "3"):
        say(town, number, to=OWNER)
        say(town, number, to=OTHER)
    assert await town.desk.send_due() == 2
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == town.desk.chat.texts(OTHER) == said(town, "1", "2", "3")


async def test_replies_go_before_notices(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import sender

    monkeypatch.setattr(sender, "AT_ONCE", 1)
    say(town, "notice", to=OWNER, lane=Lane.NOTICE)
    say(town, "reply", to=OTHER)
    await town.desk.send_due()
    assert town.desk.chat.texts(OTHER) and not town.desk.chat.texts(OWNER)
    say(town, "second", to=OWNER)
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == said(town, "notice", "second"), "a person's order holds"


async def test_too_many_requests_hold_up_one_person_and_in_order(town: Town) -> None:
    first, _ = say(town, "1", "2")
    town.desk.chat.fails = [TryLater("429", after=WAIT)]
    assert await town.desk.send_due() == 1
    say(town, "other", to=OTHER)
    await town.desk.send_all()
    assert town.desk.chat.texts(OTHER) == said(town, "other")
    assert town.desk.chat.texts(OWNER) == [], "the second message does not overtake the first"
    waits = row(town, first)
    assert waits.outcome == "try_later" and waits.leased_until is None
    assert timedelta(seconds=25) < waits.due_at - now() <= WAIT
    due_again(town, first)
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == said(town, "1", "2")


async def test_a_provider_that_is_away_for_hours_costs_nobody_a_message(town: Town) -> None:
    (waiting,) = say(town, "1")
    pauses = []
    for _ in range(20):
        town.desk.chat.fails = [TryLater("away", after=timedelta(seconds=5))]
        await town.desk.send_due()
        pauses.append((row(town, waiting).due_at - now()).total_seconds())
        due_again(town, waiting)
    assert pauses == sorted(pauses, key=round) and round(pauses[0]) == 5
    assert round(pauses[-1]) == LONGEST_OF_OURS.total_seconds()
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == said(town, "1")


async def test_who_blocked_the_bot_is_marked_and_the_message_closed(town: Town) -> None:
    (lost,) = say(town, "1")
    town.desk.chat.fails = [Unreachable("blocked")]
    await town.desk.send_all()
    closed = row(town, lost)
    assert closed.failed_at is not None and closed.outcome == "unreachable"
    assert [at is not None for at in blocked(town)] == [True]
    await town.say("halo")
    assert blocked(town) == [None], "who writes can be reached again"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Rejected("bad request"), "rejected"), (Unreachable("blocked"), "unreachable")],
)
async def test_what_the_provider_never_takes_is_given_up_and_the_next_goes_out(
    town: Town, error: ChannelError, outcome: str
) -> None:
    lost, _ = say(town, "1", "2")
    town.desk.chat.fails = [error]
    await town.desk.send_all()
    assert (row(town, lost).outcome, row(town, lost).attempts) == (outcome, 1)
    assert town.desk.chat.texts(OWNER) == said(town, "2")


@pytest.mark.parametrize("error", [OutcomeUnknown("silence"), ZeroDivisionError("a mistake")])
async def test_an_unknown_outcome_is_repeated_but_not_for_ever(
    town: Town, error: Exception
) -> None:
    (waiting,) = say(town, "1")
    for tried in range(1, len(DOUBTFUL) + 2):
        assert row(town, waiting).failed_at is None
        town.desk.chat.fails = [error]
        await town.desk.send_all()
        assert row(town, waiting).attempts == tried
        due_again(town, waiting)
    assert row(town, waiting).failed_at is not None
    assert await town.desk.send_due() == 0


async def test_who_opted_out_gets_answers_and_no_notices(town: Town) -> None:
    await town.say("stop")
    (notice,) = say(town, "notice", lane=Lane.NOTICE)
    before = town.heard()
    await town.desk.send_all()
    assert town.heard() == before
    assert row(town, notice).outcome == "opted_out"
    assert await town.say("bantuan")
    await town.say("mulai")
    (notice,) = say(town, "notice", lane=Lane.NOTICE)
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER)[-1:] == said(town, "notice")


async def test_a_message_whose_sender_died_is_sent_again_when_the_lease_is_over(
    town: Town,
) -> None:
    (orphan,) = say(town, "1")

    def claim(tx: Session) -> None:
        with pipeline(tx) as execute:
            sending.claim(execute, lease=outbox.LEASE, limit=5)

    town.write(claim)
    assert await town.desk.send_due() == 0
    town.change(OutboundMessage, orphan, leased_until=now())
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == said(town, "1")
    assert row(town, orphan).attempts == 2


async def test_the_channel_is_told_what_may_have_come_through(town: Town) -> None:
    (waiting,) = say(town, "1")
    later = TryLater("later", after=WAIT)
    town.desk.chat.fails = [later, OutcomeUnknown("silence"), OutcomeUnknown("silence"), later]
    for _ in range(5):
        await town.desk.send_all()
        due_again(town, waiting)
    tries = [(one.id, one.attempts, one.unsure) for one in town.desk.chat.tries]
    assert tries == [
        (waiting, 1, False),
        (waiting, 2, False),
        (waiting, 3, True),
        (waiting, 4, True),
        (waiting, 5, False),  # the provider has said no since then
    ]


def turn_away(tx: Session, message_id: int) -> None:
    with pipeline(tx) as execute:
        sending.turn_away(execute, {message_id: timedelta(0)}, SendOutcome.NO_PLACE)


async def test_what_a_dead_sender_had_in_hand_may_have_come_through(town: Town) -> None:
    (orphan,) = say(town, "1")
    town.change(OutboundMessage, orphan, leased_until=now() - WAIT, attempts=1)
    town.desk.chat.fails = [ZeroDivisionError("before it was tried")]
    await town.desk.send_all()
    due_again(town, orphan)
    town.write(lambda tx: turn_away(tx, orphan))
    await town.desk.send_all()
    assert [one.unsure for one in town.desk.chat.tries] == [True, True]


async def test_a_late_failure_does_not_reopen_what_was_sent_meanwhile(town: Town) -> None:
    (sent,) = say(town, "1")
    await town.desk.send_all()
    town.write(lambda tx: outbox.postpone(tx, sent, WAIT, SendOutcome.UNKNOWN))
    town.write(lambda tx: outbox.give_up(tx, sent, SendOutcome.UNKNOWN))
    assert (row(town, sent).outcome, row(town, sent).failed_at) == ("sent", None)


async def test_several_senders_send_each_message_once_and_in_order(town: Town) -> None:
    people = [f"p{number}" for number in range(12)]
    for number in range(5):
        for address in people:
            say(town, str(number), to=address)
    slow = Slow()
    senders = [other_sender(town, {"chat": slow}) for _ in range(3)]

    async def drain(sender: Sender) -> None:
        idle = 0
        while idle < 5:
            idle = 0 if await send_due(sender) else idle + 1
            await asyncio.sleep(0)

    await asyncio.gather(*map(drain, senders))
    while await send_due(senders[0]):
        pass
    assert all(slow.texts(who) == said(town, *"01234") for who in people)


def other_sender(town: Town, channels: Mapping[str, Channel]) -> Sender:
    """The sender of another process on the same database."""
    mine = town.desk.sender
    return Sender(mine.db, channels, mine.storage, mine.limits)


class Slow(Chat):
    """Gives way in the middle of a send."""

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        await asyncio.sleep(0.002 * (hash(outgoing.address) % 3))
        return await super().send(outgoing)


async def test_nobody_waits_for_somebody_elses_slow_send(town: Town) -> None:
    go_on = asyncio.Event()

    class Stuck(Chat):
        async def send(self, outgoing: OutgoingMessage) -> Sent:
            if outgoing.address == OWNER:
                await go_on.wait()
            return await super().send(outgoing)

    chat = Stuck()
    say(town, "slow")
    sender = other_sender(town, {"chat": chat})
    running = asyncio.create_task(sender.run())
    say(town, "1", "2", to=OTHER)
    sender.look()
    await until(lambda: len(chat.texts(OTHER)) == 2)
    assert chat.texts(OWNER) == []
    go_on.set()
    await until(lambda: len(chat.texts(OWNER)) == 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_lease_that_runs_out_while_its_message_is_sent_is_not_taken_again(
    town: Town,
) -> None:
    """As it would if the database's clock jumped ahead."""
    go_on = asyncio.Event()
    tries: list[str] = []

    class Slow(Chat):
        async def send(self, outgoing: OutgoingMessage) -> Sent:
            tries.append(outgoing.address)
            await go_on.wait()
            return await super().send(outgoing)

    (slow,) = say(town, "slow")
    sender = other_sender(town, {"chat": Slow()})
    sender.look()
    assert await sender.round() == 1
    await until(lambda: bool(tries))
    town.change(OutboundMessage, slow, leased_until=now() - timedelta(hours=1))
    sender.look()
    assert await sender.round() == 0
    go_on.set()
    await sender.finish()
    assert tries == [OWNER]
    assert row(town, slow).sent_at is not None


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_provisional_message_gives_way_to_the_reply_after_it(town: Town) -> None:
    later = timedelta(seconds=2)
    (dropped,) = say(town, "one photo", after=later, provisional=True)
    (kept,) = say(town, "two photos", after=later, provisional=True)
    assert town.read(lambda tx: tx.get(OutboundMessage, dropped)) is None
    assert await town.desk.send_due() == 0
    say(town, "news", lane=Lane.NOTICE)
    assert await town.desk.send_due() == 0, "the open question stands before the notice"
    due_again(town, kept)
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == said(town, "two photos", "news")


async def test_a_permit_whose_file_is_not_there_yet_is_sent_when_it_is(town: Town) -> None:
    path = "permits/2026/IUMK-1.pdf"
    permit = Message((Say("common.again"),), document=path, filename="IUMK-1.pdf")
    waiting = town.enqueue(OWNER, message=messages.to_json(permit))
    await town.desk.send_all()
    assert row(town, waiting).outcome == "file_missing"
    town.desk.sender.storage.write(path, b"%PDF")
    due_again(town, waiting)
    await town.desk.send_all()
    assert row(town, waiting).outcome == "sent"


async def test_a_file_store_that_is_away_stops_only_who_waits_for_a_file(town: Town) -> None:
    class Away(Storage):
        def read(self, path: str) -> bytes:
            raise ConnectionRefusedError(path)

    permit = Message((Say("common.again"),), document="permits/1.pdf")
    waiting = town.enqueue(OWNER, message=messages.to_json(permit))
    say(town, "1", to=OTHER)
    town.desk.sender.storage = Away("memory://")
    await town.desk.send_all()
    assert row(town, waiting).outcome == "storage_away" and row(town, waiting).failed_at is None
    assert town.desk.chat.texts(OTHER) == said(town, "1")


PORTRAIT = "portraits/1.jpg"


def with_picture(town: Town, path: str = PORTRAIT) -> int:
    message = Message((Say("common.again"),), picture=path)
    return town.enqueue(OWNER, message=messages.to_json(message))


async def test_a_picture_is_sent_small_with_its_words(town: Town) -> None:
    town.desk.sender.storage.write(PORTRAIT, encoded(scene(2000, 1500)))
    with_picture(town)
    await town.desk.send_all()
    [sent] = town.desk.chat.tries
    assert sent.file is not None and sent.message.picture == PORTRAIT
    with Image.open(io.BytesIO(sent.file.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1280, 960))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (PORTRAIT, None),
        (PORTRAIT, b"no picture"),
        (PORTRAIT, hostile.png(12_000, 12_000)),
        ("../1.jpg", None),
    ],
    ids=["missing", "no picture", "too large", "a wrong path"],
)
async def test_words_are_sent_without_a_picture_that_cannot_be_shown(
    town: Town, path: str, content: bytes | None
) -> None:
    if content is not None:
        town.desk.sender.storage.write(path, content)
    waiting = with_picture(town, path)
    await town.desk.send_all()
    [sent] = town.desk.chat.tries
    assert (sent.file, sent.message.picture) == (None, None)
    assert row(town, waiting).outcome == "sent"


async def test_words_do_not_wait_for_a_file_store_that_is_away(town: Town) -> None:
    class Away(Storage):
        def read(self, path: str) -> bytes:
            raise ConnectionRefusedError(path)

    town.desk.sender.storage = Away("memory://")
    waiting = with_picture(town)
    await town.desk.send_all()
    assert row(town, waiting).outcome == "sent"


async def test_after_a_try_without_an_answer_the_words_go_alone(town: Town) -> None:
    town.desk.sender.storage.write(PORTRAIT, encoded(scene(640, 480)))
    waiting = with_picture(town)
    town.desk.chat.fails.append(OutcomeUnknown("silent"))
    await town.desk.send_all()
    due_again(town, waiting)
    await town.desk.send_all()
    assert [bool(one.file) for one in town.desk.chat.tries] == [True, False]
    assert row(town, waiting).outcome == "sent"


async def test_who_has_no_address_is_given_up_at_once(town: Town) -> None:
    (lost,) = say(town, "1")
    town.write(lambda tx: tx.query(Address).delete())
    await town.desk.send_all()
    assert (row(town, lost).outcome, row(town, lost).failed_at is None) == ("no_address", False)


async def test_a_channel_of_another_process_is_left_to_it(town: Town) -> None:
    (waiting,) = say(town, "1")
    none: dict[str, Channel] = {}
    await send_due(other_sender(town, none))
    assert row(town, waiting).failed_at is None
    due_again(town, waiting)
    await town.desk.send_all()
    assert town.desk.chat.texts(OWNER) == said(town, "1")


async def test_a_notice_goes_where_the_person_spoke_last(town: Town) -> None:
    await town.say("halo")
    second = second_phone(town)
    say(town, "1")
    await town.desk.send_all()
    assert not second.sent and town.desk.chat.texts(OWNER)[-1:] == said(town, "1")
    town.write(
        lambda tx: tx.execute(update(Address).filter_by(channel="second").values(heard_at=now()))
    )
    say(town, "2")
    await town.desk.send_all()
    assert second.texts("9") == said(town, "2")


async def test_an_answer_goes_to_the_phone_that_asked(town: Town) -> None:
    await town.say("halo")
    second = second_phone(town, heard_at=now() + timedelta(hours=1))
    before = len(town.desk.chat.texts(OWNER))
    await town.say("status")
    assert len(town.desk.chat.texts(OWNER)) == before + 1 and not second.sent


async def test_a_channel_learns_when_they_last_wrote(town: Town) -> None:
    await town.say("halo")
    (answer,) = town.desk.chat.tries
    assert answer.heard_at == answer.at is not None
    town.write(lambda tx: tx.execute(update(Address).values(heard_at=now() - timedelta(days=2))))
    say(town, "1")
    await town.desk.send_all()
    notice = town.desk.chat.tries[-1]
    assert notice.heard_at and notice.at and notice.at - notice.heard_at > timedelta(days=1)


@pytest.mark.parametrize(
    ("error", "is_marked"), [(Unreachable("blocked"), True), (WindowClosed("24 h"), False)]
)
async def test_what_one_phone_does_not_take_goes_to_the_other_at_once(
    town: Town, error: ChannelError, is_marked: bool
) -> None:
    await town.say("halo")
    second = second_phone(town)
    (message,) = say(town, "1")
    town.desk.chat.fails = [error]
    await town.desk.send_due()
    assert second.texts("9") == said(town, "1")
    assert (row(town, message).outcome, row(town, message).attempts) == ("sent", 1)
    assert [at is not None for at in blocked(town)] == [is_marked, False]


async def test_an_answer_that_its_phone_does_not_take_goes_to_the_other(town: Town) -> None:
    """It was leased as it was owed: where else they could be reached is looked up now."""
    await town.say("halo")
    second = second_phone(town)
    town.desk.chat.fails = [Unreachable("blocked")]
    await town.say("status")
    assert len(second.texts("9")) == 1


async def test_with_no_phone_left_the_message_is_closed_with_what_may_still_change(
    town: Town,
) -> None:
    second = second_phone(town)
    (message,) = say(town, "1")
    town.desk.chat.fails, second.fails = [WindowClosed("24 h")], [Unreachable("blocked")]
    await town.desk.send_all()
    assert row(town, message).outcome == "window_closed"
    assert [at is not None for at in blocked(town)] == [False, True]


async def test_the_other_phone_has_a_rate_of_its_own(town: Town) -> None:
    second = second_phone(town)
    (message,) = say(town, "1")
    town.desk.chat.fails = [Unreachable("blocked")]
    town.desk.sender.limits = NoRoom()
    await town.desk.send_due()
    assert not second.sent
    waits = row(town, message)
    assert (waits.outcome, waits.attempts, waits.failed_at) == ("rate", 0, None)
    assert [at is not None for at in blocked(town)] == [True, False]


async def test_words_that_are_missing_are_our_mistake_and_stop_nobody(town: Town) -> None:
    lost = town.enqueue(OWNER, "no.such_line")
    say(town, "1")
    await town.desk.send_all()
    assert row(town, lost).outcome == "unreadable"
    assert town.desk.chat.texts(OWNER) == said(town, "1")


async def test_who_opted_out_hears_answers_but_no_news(town: Town) -> None:
    """What the city has to tell waits; what they ask for is answered."""
    await town.desk.say("Halo")
    await town.desk.say("berhenti")
    before = len(town.desk.chat.texts("1"))

    def tell(tx: Session) -> None:
        (who,) = tx.scalars(select(Person.id).order_by(Person.id.desc()).limit(1))
        for unasked in (True, False):
            news = events.news(News.IN_REVIEW, 1, Say("notices.document_soon"), unasked=unasked)
            inbox.tell(tx, who, f"test:{unasked}", news)

    town.write(tell)
    await town.quiet()
    assert len(town.desk.chat.texts("1")) == before + 1
    assert len(await town.desk.say("bantuan")) == before + 2
