"""Floods: how long people in a conversation wait while others flood the bot.

Telegram's limits of 30 messages a second and for one chat are in force: this measures which
messages go first. A wait is from the start of a delivery to the arrival of its answer.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any, Final

from benchmarks.bot_api import BotApi
from benchmarks.results import Results
from benchmarks.systems import limited
from benchmarks.webhook import Webhook

PEOPLE: Final = 20  # in a conversation; each writes once a second
REST: Final = 12.0  # seconds between floods, for the pending messages to be sent
MOST: Final = {"one person": 0.5, "first greetings": 1.0, "half-open": 1.0}  # seconds, p95
FLOOD, FLOOD_SECONDS = 2_000, 24.0
GREETINGS, GREETINGS_SECONDS = 5_000, 27.0
HALF_OPEN, HALF_OPEN_SECONDS = 200, 12.0
NOTHING_SECONDS: Final = 8.0
_FIRST: Final = 7_000_000  # a chat id


@dataclass(slots=True)
class Street:
    """The people in conversations, their waiting times, and the flood's counters."""

    api: BotApi
    webhook: Webhook
    flood: Webhook  # with its own connections, so that people wait only for the bot
    updates: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    chats: itertools.count[int] = field(default_factory=lambda: itertools.count(_FIRST))
    asked: dict[int, float] = field(default_factory=dict)  # chat -> when they wrote
    waits: list[float] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)  # chat -> number of answers
    posted: int = 0
    taken: int = 0
    refused: int = 0

    def hear(self, chat: int, text: str, keyboard: Any, at: float) -> None:
        self.answers[chat] = self.answers.get(chat, 0) + 1
        began = self.asked.pop(chat, None)
        if began is not None:
            self.waits.append(at - began)

    def ask(self, chat: int) -> None:
        """Send a message of a person in conversation, unless they wait for an answer."""
        if chat not in self.asked:
            self.asked[chat] = time.monotonic()
            self.webhook.post(self._update(chat, "menu"), lambda status, _: None)

    def say(self, chat: int, words: str) -> None:
        """Send a message of the flood; retry until it is accepted."""
        update = self._update(chat, words)

        def done(status: int, retry_after: float) -> None:
            if status == 200:
                self.taken += 1
                return
            self.refused += 1
            loop = asyncio.get_running_loop()
            loop.call_later(retry_after or 0.2, self.flood.post, update, done)

        self.posted += 1
        self.flood.post(update, done)

    def _update(self, chat: int, words: str) -> bytes:
        number = next(self.updates)
        who = {"id": chat, "is_bot": False, "first_name": "Siti", "language_code": "id"}
        home = {"id": chat, "type": "private", "first_name": "Siti"}
        message = {"message_id": number, "date": int(time.time()), "chat": home, "from": who}
        return json.dumps({"update_id": number, "message": {**message, "text": words}}).encode()


async def measure(api: BotApi, tell: Callable[[str], None]) -> Results:
    """Run each kind of flood on the product, one after another."""
    results = Results()
    async with limited(f"http://127.0.0.1:{api.port}") as running:
        port = running.bots[0].port
        street = Street(api, Webhook(port, running.path), Webhook(port, running.path))
        api.listener = street.hear
        people = [next(street.chats) for _ in range(PEOPLE)]
        try:
            for chat in people:
                street.ask(chat)
            await asyncio.sleep(5.0)
            for name, flood, seconds in (
                ("nothing else", _nothing, NOTHING_SECONDS),
                ("one person", _one_person, FLOOD_SECONDS),
                ("half-open", _half_open, HALF_OPEN_SECONDS),
                ("first greetings", _first_greetings, GREETINGS_SECONDS),
            ):
                await asyncio.sleep(REST)
                figures = await _during(street, people, flood(street, port), seconds)
                figures["memory_mb"] = running.meter.memory()["bot"]
                results.add("product", name, figures)
                tell(
                    f"{name}: " + ", ".join(f"{key} {value:.2f}" for key, value in figures.items())
                )
        finally:
            api.listener = None
            street.webhook.close()
            street.flood.close()
    return results


async def _during(
    street: Street, people: Sequence[int], flood: Any, seconds: float
) -> dict[str, float]:
    """Let people write once a second until the flood is accepted; return their waiting times."""
    street.waits.clear()
    street.posted = street.taken = street.refused = 0
    flooding = asyncio.create_task(flood)
    end = time.monotonic() + seconds
    while time.monotonic() < end or not flooding.done() or street.taken < street.posted:
        for chat in people:
            street.ask(chat)
            await asyncio.sleep(1 / len(people))
    await flooding
    now = time.monotonic()
    still = [now - began for began in street.asked.values() if now - began > 1.0]
    waits = sorted([*street.waits, *still])
    cuts = quantiles(waits, n=20, method="inclusive") if len(waits) > 1 else [0.0] * 19
    return {
        "n": float(len(waits)),
        "p50_s": cuts[9],
        "p95_s": cuts[18],
        "max_s": waits[-1] if waits else 0.0,
        "taken": float(street.taken),
        "refused": float(street.refused),
    }


async def _nothing(street: Street, port: int) -> None:
    """Do nothing: the baseline without a flood."""


async def _one_person(street: Street, port: int) -> None:
    """Flood with messages of one person in a conversation."""
    chat = next(street.chats)
    street.say(chat, "halo")
    for number in range(FLOOD):
        street.say(chat, f"pesan {number}")
        await asyncio.sleep(FLOOD_SECONDS / FLOOD)


async def _first_greetings(street: Street, port: int) -> None:
    """Flood with people who write for the first time."""
    for _ in range(GREETINGS):
        street.say(next(street.chats), "/start")
        await asyncio.sleep(GREETINGS_SECONDS / GREETINGS)


async def _half_open(street: Street, port: int) -> None:
    """Hold connections open, each with an incomplete request."""
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(HALF_OPEN)]
    for _, writer in held:
        writer.write(b"POST /webhooks/telegram HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999")
    await asyncio.sleep(HALF_OPEN_SECONDS)
    for _, writer in held:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def table(found: Results) -> str:
    """Return the waiting times as a table; too long ones are marked."""
    lines = [
        "| while there is | n | p50 s | p95 s | max s | at most | memory MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in found.figures["product"]:
        values = [
            found.values("product", name, key)[-1]
            for key in ("n", "p50_s", "p95_s", "max_s", "memory_mb")
        ]
        n, p50, p95, longest, memory = values
        most = MOST.get(name)
        limit = "" if most is None else f"{most:g}" + ("" if p95 <= most else ", **missed**")
        lines.append(
            f"| {name} | {n:.0f} | {p50:.2f} | {p95:.2f} | {longest:.2f} | {limit} | {memory:.0f} |"
        )
    return f"{PEOPLE} people who write once a second wait for their answers:\n\n" + "\n".join(lines)
