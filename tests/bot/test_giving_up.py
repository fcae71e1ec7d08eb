"""A provider that lies, is silent or asks for odd things: how often a message is tried, and who is
told when it is given up. Hours pass by moving the database's times, not by waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from bot.breaker import Breakers
from bot.channels.base import OutgoingMessage, Sent
from bot.channels.telegram.channel import Telegram
from bot.errors import TryLater, Unlisted
from bot.limits import Limits, Place
from bot.sender import Sender
from conversations import catalogue
from models.outbox import OutboundMessage
from models.person import Address
from models.unreached import Unreached
from tests.bot.conftest import Chat, send_due
from tests.bot.town import BOSS, OTHER, OWNER, Town, words
from tests.clock import now
from tests.providers.bot_api import (
    CLOSE,
    CUT,
    HANG,
    TOKEN,
    FakeBotApi,
    Fault,
    Person,
    broken,
    lie,
    refused,
    too_many,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAGE = lie("<html><body>OK</body></html>")


class Days:
    """Time that passes when it is told to: in the database, and for the circuit breakers."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._seconds = 0.0
        town.desk.sender.breakers = Breakers(lambda: self._seconds)

    async def go_by(self, time: timedelta, *, step: timedelta) -> None:
        """Let time pass, and let the sender send what is due at each step."""
        await self._town.quiet()
        passed = timedelta(0)
        while passed < time:
            passed += step
            self._seconds += step.total_seconds()
            self._town.write(lambda tx: _earlier(tx, step))
            await self._town.quiet()


def _earlier(tx: Session, by: timedelta) -> None:
    tx.execute(
        update(OutboundMessage).values(
            {
                name: getattr(OutboundMessage, name) - by
                for name in ("due_at", "first_due_at", "created_at")
            }
        )
    )


@pytest.fixture
def days(town: Town) -> Days:
    return Days(town)


@pytest.fixture
async def api(town: Town) -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as api:
        telegram = Telegram(TOKEN, catalogue.load(), api_url=api.url, patience=0.2)
        town.desk.sender.channels = {"chat": town.desk.chat, "telegram": telegram}
        yield api
        await telegram.close()


def owner(town: Town, api: FakeBotApi, number: int) -> Person:
    """Somebody on Telegram who has a case."""
    person = api.user(number, f"Siti {number}")
    person.started = True
    town.apply(f"{number}", number=f"26-{number:06d}")
    there = update(Address).filter_by(address=f"{number}").values(channel="telegram")
    town.write(lambda tx: tx.execute(there))
    return person


def enqueue(town: Town, person: Person, *texts: str) -> None:
    """Owe somebody on Telegram sentences that carry these texts."""
    mine = select(Address.person_id).filter_by(channel="telegram", address=str(person.id))
    for one in texts:
        row = town.enqueue(OTHER, "notices.window_chosen", params={"window": one})
        to = town.read(lambda tx: tx.scalars(mine).one())
        town.change(OutboundMessage, row, person_id=to)


def rows(town: Town) -> list[OutboundMessage]:
    asked = select(OutboundMessage).filter(OutboundMessage.dedupe_key.startswith("test:"))
    return town.read(lambda tx: list(tx.scalars(asked.order_by(OutboundMessage.id))))


def calls(api: FakeBotApi) -> Counter[int]:
    """How often each person was written to."""
    return Counter(int(call["chat_id"]) for call in api.called("sendMessage"))


def copies(api: FakeBotApi) -> int:
    """How often the message was tried that was tried most."""
    tried = Counter((call["chat_id"], call["text"]) for call in api.called("sendMessage"))
    return max(tried.values())


def ill(api: FakeBotApi, fault: Fault | None, *methods: str) -> None:
    """Let calls of these methods go wrong, or of all."""
    api.weather = lambda method: fault if not methods or method in methods else None


def listed(town: Town) -> list[str]:
    return town.read(lambda tx: sorted(tx.scalars(select(Unreached.reason))))


def told(town: Town) -> list[str]:
    return [said for said in town.desk.chat.texts(BOSS) if said.startswith("Perlu ditelepon")]


LIES: dict[str, Fault] = {
    "a page": PAGE,
    "nothing": lie(""),
    "no message": lie('{"ok":true,"result":true}'),
    "an empty message": lie('{"ok":true,"result":{}}'),
    "a number that is none": lie('{"ok":true,"result":{"message_id":"x"}}'),
    "a list": lie("[1]"),
    "null": lie("null"),
    "half of JSON": lie('{"ok":true,"resul'),
    "not UTF-8": lie("\udcff".encode("utf-8", "surrogateescape").decode("latin-1")),
    "hung up": CLOSE,
    "cut off in the middle": CUT,
    "no answer": HANG,
    "a gateway that gave up": broken(504),
}


@pytest.mark.parametrize("label", LIES)
async def test_a_message_whose_outcome_stays_unknown_is_tried_six_times_and_then_called_about(
    label: str, town: Town, api: FakeBotApi, days: Days
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    siti, budi = owner(town, api, 1001), owner(town, api, 1002)
    api.fail(*[LIES[label]] * 50, chat=siti.id)
    enqueue(town, siti, "besok")
    for hour in range(25):
        enqueue(town, budi, str(hour))
        await days.go_by(HOUR, step=HOUR)
        if hour == 1:
            assert calls(api)[siti.id] > 2, "the first tries are not far from each other"
            assert not told(town), "nor is anybody called so soon"
    assert calls(api)[siti.id] == 6
    assert len(budi.texts) == 25, "nobody else waits for it"
    assert [row.outcome for row in rows(town) if row.failed_at] == ["unknown"]
    (asked,) = told(town)
    assert words("call.reason.unknown") in asked and "26-001001" in asked


async def test_a_chat_is_not_dead_for_as_long_as_a_message_waits_for_its_last_tries(
    town: Town, api: FakeBotApi, days: Days
) -> None:
    siti = owner(town, api, 1001)
    api.weather = lambda method: None
    api.fail(*[PAGE] * 4, chat=siti.id)
    enqueue(town, siti, "1", "2")
    await days.go_by(HOUR, step=2 * MINUTE)
    first, second = (words("notices.window_chosen", window=one) for one in "12")
    assert set(siti.texts) == {first}, "for an hour the order holds"
    await days.go_by(10 * MINUTE, step=2 * MINUTE)
    assert siti.texts == [first] * 4 + [second]
    enqueue(town, siti, "3")
    await town.quiet()
    await days.go_by(5 * HOUR, step=20 * MINUTE)
    assert Counter(siti.texts)[first] == 5 and all(row.sent_at for row in rows(town))


@pytest.mark.parametrize("methods", [("sendMessage",), ()], ids=["lies", "is ill"])
async def test_while_a_provider_answers_nobody_one_message_at_a_time_asks_it(
    methods: tuple[str, ...], town: Town, api: FakeBotApi, days: Days
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    people = [owner(town, api, number) for number in range(1001, 1013)]
    ill(api, PAGE, *methods)
    for person in people:
        enqueue(town, person, "1", "2")
    await town.quiet()
    assert sum(calls(api).values()) == 12, "what was in hand when it fell ill"
    await days.go_by(HOUR, step=10 * MINUTE)
    assert sum(calls(api).values()) <= 12 + (6 if methods else 0), "one in each step"
    assert all(len(set(person.texts)) == 1 for person in people), "what is behind waits"
    await days.go_by(27 * HOUR, step=30 * MINUTE)
    assert copies(api) <= (6 if methods else 1)
    assert all(row.failed_at for row in rows(town))
    assert len(told(town)) == len(set(told(town))) >= 12
    assert set(listed(town)) <= {"unknown", "disturbed"}


@pytest.mark.parametrize("label", ["a page", "no answer", "away"])
async def test_when_the_provider_is_back_all_is_delivered_in_order(
    label: str, town: Town, api: FakeBotApi, days: Days
) -> None:
    people = [owner(town, api, number) for number in range(1001, 1007)]
    fault = LIES.get(label, broken(502))
    ill(api, fault)
    for person in people:
        enqueue(town, person, "1", "2", "3")
    await days.go_by(40 * MINUTE, step=MINUTE)
    tried = calls(api)
    assert max(tried.values()) <= 2, "as long as it answers nothing at all nobody is tried"
    ill(api, None)
    await days.go_by(2 * MINUTE, step=20 * timedelta(seconds=1))
    said = [words("notices.window_chosen", window=one) for one in "123"]
    late = [p for p in people if [t for t, _ in groupby(p.texts)] != said]
    assert not late, "within two minutes"
    for person in people:
        assert len(person.texts) == 3 + (tried[person.id] if fault.takes else 0)
        assert len(person.texts) <= calls(api)[person.id]
    assert all(row.sent_at for row in rows(town))
    assert listed(town) == []


async def test_when_a_provider_stops_to_lie_all_is_delivered_in_order(
    town: Town, api: FakeBotApi, days: Days
) -> None:
    """It answers what costs nobody anything, so that only messages can find out."""
    people = [owner(town, api, number) for number in range(1001, 1007)]
    ill(api, PAGE, "sendMessage")
    for person in people:
        enqueue(town, person, "1", "2", "3")
    await days.go_by(40 * MINUTE, step=2 * MINUTE)
    ill(api, None)
    await days.go_by(2 * HOUR, step=5 * MINUTE)
    said = [words("notices.window_chosen", window=one) for one in "123"]
    assert [[t for t, _ in groupby(p.texts)] for p in people] == [said] * 6
    assert copies(api) <= 6
    assert all(row.sent_at for row in rows(town))


async def test_a_process_finds_out_by_itself_and_what_waited_for_another_goes_too(
    town: Town, api: FakeBotApi, days: Days
) -> None:
    people = [owner(town, api, number) for number in range(1001, 1009)]
    mine = town.desk.sender
    second = Sender(mine.db, mine.channels, mine.storage, mine.limits)
    second.breakers = Breakers(mine.breakers.clock)
    ill(api, PAGE)
    for person in people:
        enqueue(town, person, "1")
    await send_due(mine)
    for person in people:
        enqueue(town, person, "2")
    town.write(lambda tx: tx.execute(update(OutboundMessage).values(due_at=now())))
    await send_due(second)
    assert max(calls(api).values()) == 2
    ill(api, None)
    for _ in range(6):
        await days.go_by(MINUTE, step=20 * timedelta(seconds=1))
        await send_due(second)
    assert all(row.sent_at for row in rows(town))


ODD: list[Any] = [10**13, 10**18, 10**400, 0, -1, -(10**13), "x", "", "10000000000000", 1.5]
ODD += [True, False, None, [5], {"a": 5}, 0.0]


@pytest.mark.parametrize("given", ODD, ids=lambda one: repr(one)[:20])
async def test_whatever_pause_is_asked_for_the_message_goes_out_and_nobody_waits(
    given: Any, town: Town, api: FakeBotApi, days: Days
) -> None:
    siti, budi = owner(town, api, 1001), owner(town, api, 1002)
    api.fail(*[too_many(given)] * 3, chat=siti.id)
    enqueue(town, siti, "1")
    pauses = []
    for _ in range(3):
        await town.quiet()
        (row,) = (row for row in rows(town) if row.sent_at is None)
        pauses.append(row.due_at - now())
        town.change(OutboundMessage, row.id, due_at=now())
    least = timedelta(seconds=1) if given == 1.5 else timedelta(seconds=4)
    assert least < min(pauses) and max(pauses) <= HOUR
    assert pauses[2] > timedelta(seconds=15), "each is longer"
    enqueue(town, budi, "1")
    await town.quiet()
    assert len(siti.texts) == len(budi.texts) == 1


@pytest.mark.parametrize("seconds", [0, -3, 1, 40, 10**13])
async def test_a_provider_that_asks_to_wait_all_day_is_asked_for_a_day(
    seconds: int, town: Town, api: FakeBotApi, days: Days
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    siti = owner(town, api, 1001)
    ill(api, too_many(seconds))
    enqueue(town, siti, "1")
    await days.go_by(23 * HOUR, step=30 * MINUTE)
    assert not told(town) and 20 <= calls(api)[siti.id] <= 200
    await days.go_by(3 * HOUR, step=30 * MINUTE)
    (asked,) = told(town)
    assert words("call.reason.disturbed") in asked
    assert [row.outcome for row in rows(town)] == ["try_later"]


async def test_a_long_text_of_which_the_second_part_is_refused_all_day_comes_six_times_at_most(
    town: Town, api: FakeBotApi, days: Days
) -> None:
    siti = owner(town, api, 1001)
    parts = iter(range(10**6))
    api.weather = lambda method: too_many(5) if next(parts) % 2 else None
    enqueue(town, siti, " ".join(f"kata{number}" for number in range(900)))
    await days.go_by(25 * HOUR, step=20 * MINUTE)
    assert len(siti.texts) == 6


@pytest.mark.parametrize(
    "error", [Unlisted("new"), ZeroDivisionError("ours"), TryLater("no", after=timedelta.max)]
)
async def test_whatever_is_given_up_is_called_about_once(
    error: Exception, town: Town, days: Days
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(OWNER)
    person_id = town.meet(OWNER)

    class Ill(Chat):
        async def send(self, outgoing: OutgoingMessage) -> Sent:
            if outgoing.address == OWNER:
                raise error
            return await super().send(outgoing)

    ill = Ill()
    town.desk.sender.channels = {"chat": ill}
    lost = [town.enqueue(OWNER, "notices.window_chosen", params={"window": t}) for t in "12"]
    await days.go_by(49 * HOUR, step=HOUR)
    gone = [town.read(lambda tx, i=i: tx.get_one(OutboundMessage, i).failed_at) for i in lost]  # type: ignore[misc]
    assert all(gone)
    told = [said for said in ill.texts(BOSS) if said.startswith("Perlu ditelepon")]
    assert len(told) == 1
    asked = select(Unreached.person_id)
    assert town.read(lambda tx: list(tx.scalars(asked))) == [person_id]


UNDUE = [
    "\x00",
    "a\x00b",
    "\x00" * 99,
    "\ud800",
    "x\udfff",
    "\ud800\x00",
    "\udc80",
    "1\x00",
    "\x00 ",
]


@pytest.mark.parametrize("given", UNDUE, ids=lambda one: ascii(one)[:20])
async def test_a_value_that_the_record_refuses_costs_one_message(given: str, town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(OWNER)

    class Odd(Chat):
        async def send(self, outgoing: OutgoingMessage) -> Sent:
            sent = await super().send(outgoing)
            return Sent(given) if outgoing.address == OWNER else sent

    odd = Odd()
    town.desk.sender.channels = {"chat": odd}
    for address in ("p1", OWNER, "p2", "p3"):
        town.enqueue(address)
    await town.quiet()
    town.enqueue("p1")
    town.enqueue(OWNER)
    await town.quiet()
    outcomes = Counter(row.outcome for row in rows(town))
    assert outcomes == {"sent": 4, "unwritable": 2}
    assert len(odd.texts(OWNER)) == 2, "each was tried once"
    assert [r for r in listed(town)] == ["ours"]
    assert sum(said.startswith("Perlu ditelepon") for said in odd.texts(BOSS)) == 1


class Raising(Limits):
    """A rate that can't be asked for a while."""

    def __init__(self, error: Exception) -> None:
        super().__init__("redis://localhost:1", {})
        self.error: Exception | None = error

    def limited(self, channel: str) -> bool:
        return True

    async def reserve_each(
        self, channel: str, chats: Sequence[str], *, within: float
    ) -> Sequence[Place]:
        if self.error is not None:
            raise self.error
        return [Place(0.0)] * len(chats)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        ZeroDivisionError(),
        OverflowError(),
        RuntimeError(),
        AssertionError(),
        TypeError(),
        OSError(),
        UnicodeError(),
        LookupError(),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_an_error_before_a_send_leaves_nothing_in_hand(error: Exception, town: Town) -> None:
    limits = Raising(error)
    town.desk.sender.limits = limits
    for address in (OWNER, OTHER, "p1"):
        town.enqueue(address)
    await town.quiet()
    waiting = rows(town)
    assert {(row.outcome, row.leased_until) for row in waiting} == {("failed", None)}
    assert town.desk.sender.has_room() and not town.desk.sender._leased
    limits.error = None
    town.write(lambda tx: tx.execute(update(OutboundMessage).values(due_at=now())))
    await town.quiet()
    assert all(row.sent_at for row in rows(town))


async def test_hours_in_which_no_sender_ran_are_no_failure_of_the_message(
    town: Town, days: Days
) -> None:
    row = town.enqueue(OWNER)
    town.write(lambda tx: _earlier(tx, 50 * HOUR))
    town.desk.chat.fails = [TryLater("away", after=MINUTE)]
    await town.quiet()
    await days.go_by(2 * MINUTE, step=MINUTE)
    assert town.read(lambda tx: tx.get_one(OutboundMessage, row)).sent_at is not None


async def test_a_refusal_that_nobody_knows_is_given_up_within_two_hours(
    town: Town, api: FakeBotApi, days: Days
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    siti = owner(town, api, 1001)
    api.fail(*[refused("the stars are wrong")] * 9, chat=siti.id)
    enqueue(town, siti, "1", "2")
    await days.go_by(2 * HOUR, step=5 * MINUTE)
    assert calls(api)[siti.id] >= 4
    assert rows(town)[0].outcome == "refused" and rows(town)[0].failed_at
    blocked = text("SELECT count(*) FROM addresses WHERE unreachable_at IS NOT NULL")
    assert town.read(lambda tx: tx.execute(blocked).scalar_one()) == 0
    assert len(told(town)) == 1
