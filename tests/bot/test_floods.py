"""Nobody waits for a flood: of one person's messages, or of people who write for the first time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot import turns
from bot.channels.base import InboundMessage
from bot.errors import Busy
from bot.limits import Chats, Limits, Place, Rate
from bot.sender import AHEAD
from bot.turns import Turns
from conversations.events import Event, Located, Said, SharedContact, Started, Tapped, Unreadable
from models.outbox import Lane, OutboundMessage
from tests.bot.conftest import Desk
from tests.bot.town import BOSS, OTHER, OWNER, Town, words
from tests.clock import now

Count = Callable[[str], int]

MANY = 25
RECEIVED = words("common.all_received")

NONSENSE = "asdf qwerty uiop zxcv"  # the reply to fewer words would wait for more of them

#: What may be said again and again, and changes nothing.
JUNK: dict[str, Event] = {
    "nonsense": Said(NONSENSE),
    "the menu": Said("menu"),
    "help": Said("bantuan"),
    "how it stands": Said("status"),
    "thanks": Said("terima kasih"),
    "a greeting": Said("assalamualaikum"),
    "one sign": Said("?"),
    "a picture of a smile": Said("😀😀😀"),
    "a number that was not offered": Said("99"),
    "far too many words": Said("x" * 3000),
    "an edited message": Said("asdf", edited=True),
    "the start, again": Started(),
    "a sticker": Unreadable("sticker"),
    "a place that nobody asked for": Located(-6.2, 106.8),
    "an old button": Tapped("welcome", "", "menu", 0, "business_permit"),
    "somebody else's number": SharedContact("+6281234567890", own=False),
}


async def flood(desk: Desk, event: Event, times: int, address: str = OWNER) -> None:
    """Say it so often, before anything is sent."""
    for _ in range(times):
        await desk.turns.take([desk.heard(event, address)])


@pytest.mark.parametrize("what", JUNK)
async def test_replies_to_a_flood_give_way_to_one(desk: Desk, count: Count, what: str) -> None:
    desk.sender.limits = Limits("redis://127.0.0.1:1", {})  # what is leased by a turn goes at once
    await desk.say("halo", OWNER)
    await flood(desk, JUNK[what], MANY)
    assert count("inbox WHERE taken_at IS NOT NULL") == 1 + MANY
    await desk.send_all()
    said = desk.chat.texts(OWNER)
    assert len(said) <= 2 + Chats().waiting
    assert said[-1].startswith(RECEIVED)
    assert len(said[-1]) > len(RECEIVED) + 20, "the open question stands below it"
    await desk.say("menu", OWNER)
    assert not desk.chat.texts(OWNER)[-1].startswith(RECEIVED), "that was for the flood"


@pytest.mark.parametrize("times", [1, 3, 5])
async def test_a_few_replies_that_wait_are_all_sent(desk: Desk, times: int) -> None:
    await desk.say("halo", OWNER)
    await flood(desk, Said(NONSENSE), times)
    await desk.send_all()
    assert len(desk.chat.texts(OWNER)) == 1 + times
    assert not any(text.startswith(RECEIVED) for text in desk.chat.texts(OWNER))


async def test_what_tells_of_a_change_and_what_others_tell_never_gives_way(town: Town) -> None:
    desk = town.desk
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    await town.say("halo")
    said = ("data saya", "cek petugas 999", "bahasa inggris", "stop", "mulai", "cek petugas 998")
    heard = len(desk.chat.texts(OWNER))
    for number, lasting in enumerate(said):
        await flood(desk, Said(NONSENSE), 8)
        await desk.turns.take([desk.heard(lasting, OWNER)])
        town.enqueue(
            OWNER, "notices.window_chosen", params={"window": str(number)}, lane=Lane.NOTICE
        )
    await flood(desk, Said(NONSENSE), 8)
    await desk.send_all()
    texts = desk.chat.texts(OWNER)[heard:]
    for badge in ("998", "999"):
        assert any(badge in text for text in texts)
    noted = [row for row in town.messages(OWNER) if not row.fleeting]
    assert len([row for row in noted if row.lane == Lane.NOTICE]) == len(said)
    assert len([row for row in noted if row.lane == Lane.REPLY]) >= len(said)
    assert all(row.sent_at is not None for row in noted)
    assert len(texts) <= len(noted) + 1 + 2 * Chats().waiting


async def test_answers_to_a_form_are_all_noted_in_a_flood(desk: Desk, count: Count) -> None:
    await desk.say("halo", OWNER)
    for said in ("1", "ya", "Siti Aminah"):
        await desk.turns.take([desk.heard(Said(said), OWNER)])
    await flood(desk, Said("menu"), MANY)
    await desk.send_all()
    assert count("consents") == 1
    assert count("conversations WHERE has_draft") == 1


# The rate of a chat


@pytest.fixture
async def slow(desk: Desk, redis_url: str) -> AsyncIterator[Desk]:
    """A desk whose chats take three messages, and then one in a hundred seconds."""
    rates = {"chat": Rate(per_second=1000, burst=100, alone=1000)}
    desk.sender.limits = Limits(redis_url, rates, Chats(per_second=0.01, burst=3, waiting=5))
    yield desk
    await desk.sender.limits.close()


@pytest.mark.parametrize("said", [Said("menu"), Said("data saya"), Said("cek izin X"), Started()])
async def test_one_chat_is_sent_no_more_than_its_rate(slow: Desk, town: Town, said: Event) -> None:
    for _ in range(12):
        await slow.say(said, OWNER)
        await slow.say(NONSENSE, OTHER)
    for address in (OWNER, OTHER):
        assert len(slow.chat.texts(address)) == 3
        first, *rest = [row for row in town.messages(address) if row.sent_at is None]
        assert first.attempts == 0
        assert timedelta(seconds=50) < first.due_at - now() <= timedelta(seconds=100)
        assert len(rest) < 12
    await slow.say("halo", "neighbour")
    assert len(slow.chat.texts("neighbour")) == 1


async def test_a_chat_that_is_over_its_rate_costs_no_try_for_each_message(
    slow: Desk, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    sound = slow.sender.limits.reserve_each

    async def reserve_each(channel: str, chats: Sequence[str], *, within: float) -> Sequence[Place]:
        nonlocal asked
        asked += len(chats)
        return await sound(channel, chats, within=within)

    monkeypatch.setattr(Limits, "reserve_each", lambda _, *a, **kw: reserve_each(*a, **kw))
    for _ in range(30):
        await slow.say("menu", OWNER)
    assert len(slow.chat.texts(OWNER)) == 3
    assert asked <= 3 + Chats().waiting + 2


# People who write for the first time


@dataclass(slots=True)
class Shares(Limits):
    """An account with so many places for each call, and none for those who may not go far ahead."""

    granted: list[str] = field(default_factory=list)
    ahead: float = 0.5  # seconds up to which all places are taken
    places: int = 1_000

    def __post_init__(self) -> None:
        Limits.__init__(self, "redis://127.0.0.1:1", {"chat": Rate.of(30)})

    async def reserve_each(
        self, channel: str, chats: Sequence[str], *, within: float
    ) -> Sequence[Place]:
        left = self.places if within >= self.ahead else 0
        self.granted += chats[:left]
        return [Place(0.0) if n < left else Place(None, 0.1) for n in range(len(chats))]


@pytest.mark.parametrize("newcomers", [1, 5, 40])
@pytest.mark.parametrize("said", [Said("halo"), Started(), Said("cek petugas 999")])
async def test_people_in_a_conversation_go_before_first_greetings(
    desk: Desk, town: Town, newcomers: int, said: Event
) -> None:
    known = ["k1", "k2", "k3"]
    for who in known:
        await desk.say("halo", who)
    limits = desk.sender.limits = Shares()
    for number in range(newcomers):
        await desk.turns.take([desk.heard(said, f"n{number}")])
    await desk.send_due()
    assert limits.granted == [], "the places that are left belong to replies"
    for who in known:
        await desk.say("menu", who)
    assert limits.granted == known
    limits.ahead = 0.0
    town.write(lambda tx: tx.execute(update(OutboundMessage).values(due_at=now())))
    desk.sender._others_from = 0.0
    await desk.send_due()
    assert limits.granted[len(known)] == "n0", "and the first of them goes first"


def test_who_comes_first_may_go_furthest_ahead() -> None:
    assert AHEAD["reply"] > AHEAD["greeting"] > AHEAD["notice"] > 0
    assert AHEAD["greeting"] <= AHEAD["reply"] / 2


# What waits to be taken


@pytest.fixture
def idle(desk: Desk) -> Turns:
    """Turns that nobody takes."""
    return Turns(desk.turns.db, desk.turns.city, "https://izin.example", desk.sender)


def hear(waiting: Turns, desk: Desk, *addresses: str) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(waiting.take([desk.heard("halo", a)])) for a in addresses]


async def begun(tasks: Sequence[asyncio.Task[None]]) -> int:
    """How many of them wait, and were not refused."""
    await asyncio.sleep(0)
    refused = [t for t in tasks if t.done() and isinstance(t.exception(), Busy)]
    return len(tasks) - len(refused)


def know(waiting: Turns, *addresses: str) -> None:
    for address in addresses:
        waiting._known[f"chat:{address}"] = None


async def end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_strangers_are_refused_before_people_in_a_conversation(
    desk: Desk, idle: Turns
) -> None:
    know(idle, "known", "friend")
    strange = hear(idle, desk, *(f"s{n}" for n in range(turns.BACKLOG)))
    assert await begun(strange) == turns.OF_STRANGERS
    ours = hear(idle, desk, *["known"] * 50, *["friend"] * 50)
    assert await begun(ours) == 100
    batch = idle._next_batch()
    assert len(batch) == 2 + turns.BATCH - 2
    assert {entry.lane for entry in batch[:2]} == {"chat:known", "chat:friend"}
    await end(*strange, *ours)


async def test_one_sender_of_very_many_leaves_room_for_others(desk: Desk, idle: Turns) -> None:
    know(idle, "flooder", "known")
    flooded = hear(idle, desk, *["flooder"] * turns.BACKLOG)
    assert await begun(flooded) == turns.OF_ONE
    others = hear(idle, desk, "known", *(f"s{n}" for n in range(500)))
    assert await begun(others) == 501
    batch = idle._next_batch()
    assert [entry.lane for entry in batch[:3]] == ["chat:flooder", "chat:known", "chat:s0"]
    assert "chat:flooder" not in {entry.lane for entry in idle._next_batch()}
    await end(*flooded, *others)


@pytest.mark.parametrize("known", [turns.BATCH, 200])
async def test_strangers_have_a_share_of_each_batch(desk: Desk, idle: Turns, known: int) -> None:
    people = [f"k{n}" for n in range(known)]
    know(idle, *people)
    waiting = hear(idle, desk, *people, *(f"s{n}" for n in range(30)))
    assert await begun(waiting) == known + 30
    lanes = [entry.lane for entry in idle._next_batch()]
    assert len(lanes) == len(set(lanes)) == turns.BATCH
    assert sum(lane.startswith("chat:s") for lane in lanes) == turns.SPARED
    await end(*waiting)


async def test_a_senders_order_holds_when_they_become_known(desk: Desk, idle: Turns) -> None:
    told: list[InboundMessage] = [desk.heard(f"{n}", "one") for n in range(4)]
    waiting = [asyncio.create_task(idle.take([one])) for one in told[:2]]
    await asyncio.sleep(0)
    taken = [idle._next_batch()]
    know(idle, "one")
    waiting += [asyncio.create_task(idle.take([one])) for one in told[2:]]
    await asyncio.sleep(0)
    for _ in range(3):
        assert idle._next_batch() == [], "one at a time"
        idle._busy.clear()
        idle._ours.release("chat:one")
        idle._strangers.release("chat:one")
        taken.append(idle._next_batch())
    assert [entry.heard for (entry,) in taken] == told
    assert idle._waiting() == 0
    await end(*waiting)
