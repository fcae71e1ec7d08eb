"""Fuzz the real product: `python -m tests.fuzz --seconds 600 --seed 7`.

`serve`, a worker and a dispatcher run on real servers with stand-ins for the providers. All routes
get requests, most of them let in, acts of every kind are forged, and conversations are driven on
all the while; a few owners apply in good order, and must hear every answer. It fails when an answer
is a 5xx, a process ends, a turn fails, an error is logged, a chat stays mute afterwards, the memory
of `serve` grows, or too few requests were let in.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import httpx
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bot.settings import Settings
from casework import assisting, badges
from conversations import flows
from demo import embedded
from models import identity, migrations, person
from models.assisted import Assisted, AssistedState
from models.infrastructure import database, encryption, signing
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.storage import Storage
from models.officer import Officer
from tests import world
from tests.clock import now
from tests.fuzz.applicants import Applicants
from tests.fuzz.attack import IDENTITY, METRICS, SIGNATURE, Attack, Links, Shot
from tests.fuzz.tally import Left, Tally, errors, lines, wrong
from tests.processes import KEY, Product, address
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import FakeTwilio
from tests.test_journey import journey
from web import app

CHATS: Final = range(1001, 1041)
OFFICER: Final = 1001
INVITED: Final = {1002: ("officer", "0418"), 1003: ("supervisor", "S1")}
BEARER: Final = 4001  # of a permit
PHONES: Final = [f"+62812000{number:04d}" for number in range(1, 11)]
PROCESSES: Final = ("serve", "worker", "dispatch")
AT_ONCE: Final = 6  # requests under way
DRAINED: Final = 180.0  # seconds in which all that is owed must have been sent
MUTE: Final = 90.0  # seconds in which every chat must answer once more

#: What is still to be done; a message that its provider refused for now is not.
OPEN: Final = {
    "deliveries that nobody took": "inbox WHERE taken_at IS NULL AND due_at <= now()",
    "messages that nobody sent": "outbox WHERE sent_at IS NULL AND failed_at IS NULL"
    " AND due_at <= now() + interval '10 seconds'",
    "files that nobody fetched": "attachments WHERE state = 'pending' AND due_at <= now()",
}
#: What must not have happened.
FAILED: Final = {
    "turns that failed": "inbox WHERE failures > 0",
    "turns set aside": "inbox WHERE set_aside_at IS NOT NULL",
    "tasks given up": "tasks WHERE failed_at IS NOT NULL",
}
#: How deep the fuzz came.
REACHED: Final = ("cases", "visits", "visit_reports", "documents", "identities", "receipts")


@dataclass(slots=True)
class City:
    """The product that is attacked, and its people."""

    product: Product
    engine: Engine
    telegram: FakeBotApi
    twilio: FakeTwilio
    chats: list[int] = field(default_factory=lambda: list(CHATS))

    def link(self) -> str:
        """An identity link of somebody: their own, or one that an officer holds."""
        owner, officer = address(self.chats[-1]), address(CHATS[0])
        with Session(self.engine) as tx, tx.begin():
            met = person.meet(tx, "telegram", [(owner, "id"), (officer, "id")])
            holder = officer if len(self.chats) % 2 else owner
            return identity.link(tx, person_id=met[owner], holder_id=met[holder])

    def form(self) -> str:
        """The signature page of a form that an officer has filled in with somebody."""
        storage = Storage(self.product.environment["STORAGE_URL"])
        with Session(self.engine) as tx, tx.begin():
            officer = tx.scalars(select(Officer).where(Officer.role == "officer")).first()
            assert officer is not None
            owner = person.Person()
            tx.add(owner)
            tx.flush()
            photo = world.stored_photo(tx, storage, owner.id)
            form = Assisted(
                service="business_permit",
                officer_id=officer.id,
                person_id=owner.id,
                state=AssistedState.WAITING,
                answers=world.answers(photo.id),
            )
            tx.add(form)
            tx.flush()
            ends = (now() + assisting.SIGNING_LIFE).timestamp()
            return signing.sign([form.id, int(ends)], assisting.SIGNING)

    def count(self, rows: str) -> int:
        """How many rows there are."""
        with self.engine.connect() as tx:
            return int(tx.execute(text(f"SELECT count(*) FROM {rows}")).scalar_one())  # noqa: S608

    def settled(self) -> bool:
        """Whether nothing is left to be done."""
        return not any(map(self.count, OPEN.values()))

    def drain(self) -> None:
        """Let everything be sent that is owed, as if all pauses of refused messages were over.

        A chat is sent a message a second, and what its provider refused waits for minutes, with all
        that is said after it: a chat that was asked something before then would only seem mute.
        """
        until = time.monotonic() + DRAINED
        while time.monotonic() < until:
            with self.engine.begin() as tx:
                waits = "sent_at IS NULL AND failed_at IS NULL AND leased_until IS NULL"
                waits += " AND outcome <> 'rate' AND due_at > now()"
                tx.execute(text(f"UPDATE outbox SET due_at = now() WHERE {waits}"))  # noqa: S608
            time.sleep(1)
            if self.settled():
                return

    def outcomes(self) -> list[tuple[str, int]]:
        """How the last tries of messages ended that were not sent."""
        asked = "SELECT coalesce(outcome, 'not tried'), count(*) FROM outbox WHERE sent_at IS NULL"
        with self.engine.connect() as tx:
            return [(str(how), int(n)) for how, n in tx.execute(text(f"{asked} GROUP BY 1"))]


@contextmanager
def running(folder: Path) -> Iterator[City]:
    """Run everything while the block runs."""
    with ExitStack() as stack:
        stack.callback(embedded.discard, folder)
        servers = stack.enter_context(embedded.servers(folder))
        migrations.upgrade(servers.database_url)
        encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
        telegram = stack.enter_context(FakeBotApi())
        twilio = stack.enter_context(FakeTwilio())
        product = Product(servers.database_url, servers.redis_url, folder, telegram, twilio)
        product.environment |= {
            "LOG_LEVEL": "WARNING",
            "METRICS_TOKEN": METRICS,
            "TELEGRAM_RATE": "1000",  # the stand-ins take it: answers must not queue up
            "WHATSAPP_RATE": "1000",
        }
        stack.enter_context(product)
        product.start(*PROCESSES)
        engine = database.connect(servers.database_url)
        stack.callback(engine.dispose)
        yield City(product, engine, telegram, twilio)


def made(city: City, seed: int) -> Attack:
    """What makes the requests of this run."""
    settings = Settings.from_environment(city.product.environment)
    return Attack(
        Random(seed),
        app.build(settings).routes,
        flows.load(),
        city.telegram,
        city.twilio,
        city.product.url,
        Links(city.link),
        city.chats,
        [OFFICER, *INVITED],
        PHONES,
        badges=[badges.token(number, 1) for number in range(1, len(INVITED) + 2)],
        forms=Links(city.form),
    )


async def throw(city: City, attack: Attack, seconds: float, tally: Tally) -> None:
    """Send requests for so long, several at once."""
    shots = attack.shots()
    began = time.monotonic()
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=city.product.url, timeout=60, limits=limits) as http:

        async def shoot() -> None:
            while time.monotonic() - began < seconds:
                await _one(http, next(shots), attack, tally)

        async def watch() -> None:
            while time.monotonic() - began < seconds:
                tally.memory.append((time.monotonic() - began, city.product.memory("serve")))
                tally.load = max(tally.load, os.getloadavg()[0] / (os.cpu_count() or 1))
                await asyncio.sleep(1)

        await asyncio.gather(watch(), *(shoot() for _ in range(AT_ONCE)))


async def _one(http: httpx.AsyncClient, shot: Shot, attack: Attack, tally: Tally) -> None:
    what = f"{shot.method} {shot.path[:60]}"
    headers = [(name.encode(), value.encode()) for name, value in shot.headers.items()]
    began = time.monotonic()
    try:
        answer = await http.request(shot.method, shot.path, content=shot.content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        tally.broken.append(f"{what}: {error!r}")
        return
    took = time.monotonic() - began
    tally.note(what, shot.route, answer.status_code, took, right=shot.right)
    links = {IDENTITY: attack.links, SIGNATURE: attack.forms}.get(shot.route)
    if links is not None:
        links.seen(shot.path, answer.status_code, answer.text)


def mute(city: City) -> list[str]:
    """Chats that do not answer a plain word any more."""
    chats = [city.telegram.user(chat) for chat in city.chats]
    people = [*chats, *(city.twilio.user(phone) for phone in PHONES)]
    before = [len(one.bubbles) for one in people]
    for one in people:
        one.say("menu")
    silent: list[str] = []
    until = time.monotonic() + MUTE
    while time.monotonic() < until:
        time.sleep(0.5)
        silent = [
            f"{one.id} ({one.phone})"
            for one, heard in zip(people, before, strict=True)
            if len(one.bubbles) <= heard
        ]
        if not silent:
            break
    return silent


def left(city: City, waited: Sequence[str], silent: Sequence[str]) -> Left:
    """See what the run left behind."""
    counted = [(what, city.count(rows)) for what, rows in (OPEN | FAILED).items()]
    ended = [name for name in PROCESSES if not city.product.runs(name)]
    return Left([*waited, *silent], ended, counted, errors(city.product.logs()))


def settle_in(city: City, applicants: Applicants) -> None:
    """Let one permit be handed over, invite the others of the staff, and let an owner apply."""
    journey(city.telegram.user(BEARER), city.telegram.user(OFFICER), city.product, city.engine)
    city.chats.append(BEARER)
    for chat, (role, badge) in INVITED.items():
        payload = city.product.invite(f"Petugas {badge}", badge, "31.71,31.74", role)
        city.telegram.user(chat).start(payload).result()
    applicants.go_first()


def fuzz(city: City, seconds: float, seed: int) -> list[str]:
    """Throw requests for so long, and print what came of it; gives what is wrong."""
    began = time.monotonic()
    applicants = Applicants(city.telegram, city.chats.append)
    settle_in(city, applicants)
    attack, tally = made(city, seed), Tally()
    acts = len(attack.acts)
    print(f"all are settled in after {time.monotonic() - began:.0f} s", flush=True)
    applicants.start()
    asyncio.run(throw(city, attack, seconds, tally))
    waited = applicants.finish()
    city.drain()
    print(f"all is sent after {time.monotonic() - began:.0f} s", flush=True)
    silent = mute(city)
    city.drain()
    print(f"all have answered after {time.monotonic() - began:.0f} s", flush=True)
    found = left(city, waited, silent)
    for line in lines(tally, found):
        print(line)
    print(f"acts forged: {len(attack.tapped)} of {acts}; chats: {len(city.chats) + len(PHONES)}")
    print("reached: " + ", ".join(f"{city.count(table)} {table}" for table in REACHED))
    print("not sent: " + (", ".join(f"{n} {how}" for how, n in city.outcomes()) or "none"))
    return wrong(tally, found)


def main() -> int:
    """Fuzz, and give 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--logs", type=Path, help="keep the processes' logs in this folder")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.seconds:g} s", flush=True)
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as city:
        found = fuzz(city, given.seconds, given.seed)
        if found:
            print(city.product.logs()[-4000:], file=sys.stderr)
        if given.logs:
            given.logs.mkdir(parents=True, exist_ok=True)
            (given.logs / "fuzz.log").write_text(city.product.logs())
    for one in found:
        print(f"WRONG: {one}", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
