"""Memory: does a bot process grow with the number of open conversations in the database?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import psycopg

from benchmarks.bot_api import BotApi
from benchmarks.load import Chat, Load
from benchmarks.owner import Owner
from benchmarks.processes import Meter
from benchmarks.results import Results
from benchmarks.script import SCRIPT, Step
from benchmarks.speed import Measured, counted, loaded
from benchmarks.systems import Running, product
from models.consent import CURRENT_VERSION
from models.conversation import SESSION
from models.infrastructure import encryption
from models.infrastructure.encryption import seal, seal_json
from models.infrastructure.key_ring import KeyRing
from models.person import encrypted

SIZES: Final = (2_000, 20_000, 100_000)  # conversations
SPEAKING: Final = 64  # at once
FIRST: Final = 50_000_000  # first chat id of the people in the filled database
#: The next line of all conversations.
OPEN_AT: Final = SCRIPT.index(Step("say", "Jalan Damai 12, RT 005/003"))
UNTIL: Final = len(SCRIPT) - 1  # nobody sends the form: the conversations stay open
_NAME: Final = "people.name"


def size(conversations: int) -> str:
    """Return the name of a size."""
    return f"{conversations:,} conversations"


async def measure(
    api: BotApi, tell: Callable[[str], None], sizes: Sequence[int] = SIZES, seconds: float = 4.0
) -> Results:
    """Load one process with random people, from a growing number of conversations."""
    results = Results()
    system = product()
    async with loaded(system, api, {}) as (running, load):
        held = 0
        silent: list[int] = []
        for wanted in sizes:
            await asyncio.to_thread(fill, running, held, wanted)
            silent += range(held, wanted)
            held = wanted
            Random(held).shuffle(silent)
            found = await _speak(load, running.meter, silent, seconds)
            results.add(system.name, size(held), found.figures())
            tell(f"{size(held)}: {found.told()}")
    return results


def fill(running: Running, held: int, wanted: int) -> None:
    """Open conversations until there are `wanted` of them, each in the middle of its form."""
    db = running.db
    encryption.use(KeyRing.parse(db["ENCRYPTION_KEYS"], db["INDEX_KEY"]))
    session = Owner.new().play(OPEN_AT).to_json()
    with psycopg.connect(db["DATABASE_URL"].replace("+psycopg", "")) as wire:
        wire.execute("CREATE TEMP TABLE opened (chat text, name bytea, session bytea)")
        with wire.cursor().copy("COPY opened FROM STDIN") as copy:
            for number in range(held, wanted):
                name = seal(b"Siti Aminah", _NAME)
                chat = encrypted("telegram", str(FIRST + number))
                copy.write_row((chat, name, seal_json(session, SESSION)))
        wire.execute(_FILL, {"version": CURRENT_VERSION})
        wire.commit()
        wire.autocommit = True
        wire.execute("VACUUM ANALYZE")
        wire.execute("CHECKPOINT")  # now, not during the measurement


_FILL: Final = """
    WITH new AS MATERIALIZED (
      SELECT nextval('people_id_seq') AS id, chat, name, session FROM opened
    ), met AS (
      INSERT INTO people (id, locale, name, created_at)
      SELECT id, 'id', name, now() FROM new
    ), reached AS (
      INSERT INTO addresses (person_id, channel, address, heard_at)
      SELECT id, 'telegram', chat, now() FROM new
    ), agreed AS (
      INSERT INTO consents (person_id, purpose, version, given_at)
      SELECT id, 'applying', %(version)s, now() FROM new
    )
    INSERT INTO conversations (person_id, session, has_draft, spoke_at, reminded)
    SELECT id, session, true, now(), 0 FROM new
"""


async def _speak(load: Load, meter: Meter, silent: list[int], seconds: float) -> Measured:
    """Keep SPEAKING owners busy; a silent owner replaces each who has finished."""

    def another() -> None:
        if silent:
            load.say(load.meet(Chat(FIRST + silent.pop(), OPEN_AT, UNTIL)))

    def go_on(chat: Chat) -> None:
        if chat.finished:
            another()
        else:
            load.say(chat)

    load.ready, load.failed = go_on, lambda _: another()
    for _ in range(SPEAKING):
        another()
    return await counted(load, meter, seconds)
