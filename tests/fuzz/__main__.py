"""Fuzz the real product: `python -m tests.fuzz --seconds 600 --seed 7`.

`serve`, a worker and a dispatcher run on real servers with stand-ins for the providers. All routes
get requests, most of them let in, and conversations are driven on all the while. It fails when an
answer is a 5xx, a process ends, a turn is set aside, a chat stays mute afterwards, the memory of
`serve` grows, or too few requests were let in.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import httpx
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bot import embedded
from bot.settings import Settings
from conversations import flows
from models import database, encryption, identity, migrations, person
from models.encryption import KeyRing
from tests.fuzz import attack
from tests.fuzz.attack import Attack, Links, Shot
from tests.processes import KEY, Product
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import FakeTwilio
from web import app

CHATS: Final = range(1001, 1041)
STAFF: Final = {1001: ("officer", "0417"), 1002: ("officer", "0418"), 1003: ("supervisor", "S1")}
PHONES: Final = [f"+62812000{number:04d}" for number in range(1, 11)]
AT_ONCE: Final = 6  # requests under way
SLOW: Final = 5.0  # seconds
LET_IN: Final = 2 / 3
SHUT: Final = {401, 403, 404, 405, 410, 413, 429}  # answers to requests that were not let in
MOST_MEMORY: Final = 400.0  # MB
GROWTH: Final = 1.2  # of memory, from the end of the second minute to the end
MUTE: Final = 90.0  # seconds in which every chat must answer once more


@dataclass(slots=True)
class Tally:
    """What came back."""

    requests: int = 0
    let_in: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)  # answers of 5xx, and requests without one
    slow: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)  # (seconds, MB) of serve


@dataclass(slots=True)
class City:
    """The product that is attacked, and its people."""

    product: Product
    engine: Engine
    telegram: FakeBotApi
    twilio: FakeTwilio

    def link(self) -> str:
        """An identity link of somebody."""
        with Session(self.engine) as tx, tx.begin():
            met = person.meet(tx, "telegram", [(str(CHATS[-1]), "id")])
            (someone,) = met.values()
            return identity.link(tx, person_id=someone, holder_id=someone)

    def count(self, rows: str) -> int:
        """How many rows there are."""
        with self.engine.connect() as tx:
            return int(tx.execute(text(f"SELECT count(*) FROM {rows}")).scalar_one())  # noqa: S608

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
            "METRICS_TOKEN": attack.METRICS,
            "TELEGRAM_RATE": "1000",  # the stand-ins take it: answers must not queue up
            "WHATSAPP_RATE": "1000",
        }
        stack.enter_context(product)
        product.start("serve", "worker", "dispatch")
        engine = database.connect(servers.database_url)
        stack.callback(engine.dispose)
        yield City(product, engine, telegram, twilio)


async def throw(city: City, seconds: float, seed: int, tally: Tally) -> None:
    """Send requests for so long, several at once."""
    settings = Settings.from_environment(city.product.environment)
    chance = Random(seed)
    links = Links(city.link)
    routes = app.build(settings).routes
    made = Attack(
        chance,
        routes,
        flows.load(),
        city.telegram,
        city.twilio,
        city.product.url,
        links,
        list(CHATS),
        PHONES,
    )
    shots = made.shots()
    began = time.monotonic()
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=city.product.url, timeout=60, limits=limits) as http:

        async def shoot() -> None:
            while time.monotonic() - began < seconds:
                await _one(http, next(shots), links, tally)

        async def watch() -> None:
            while time.monotonic() - began < seconds:
                tally.memory.append((time.monotonic() - began, city.product.memory("serve")))
                await asyncio.sleep(1)

        await asyncio.gather(watch(), *(shoot() for _ in range(AT_ONCE)))


async def _one(http: httpx.AsyncClient, shot: Shot, links: Links, tally: Tally) -> None:
    headers = [(name.encode(), value.encode()) for name, value in shot.headers.items()]
    began = time.monotonic()
    try:
        answer = await http.request(shot.method, shot.path, content=shot.content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        tally.broken.append(f"{shot.method} {shot.path[:60]}: {error!r}")
        return
    took = time.monotonic() - began
    tally.requests += 1
    tally.answers[answer.status_code] += 1
    tally.routes[shot.route] += 1
    tally.let_in += shot.right and answer.status_code not in SHUT
    if answer.status_code >= 500:
        tally.broken.append(f"{shot.method} {shot.path[:60]}: {answer.status_code}")
    if took > SLOW:
        tally.slow.append(f"{shot.method} {shot.path[:60]}: {took:.1f} s")
    if shot.path.startswith("/identitas/"):
        links.seen(shot.path, answer.status_code, answer.text)


def mute(city: City) -> list[str]:
    """Chats that do not answer a plain word any more."""
    before = {chat: len(city.telegram.user(chat).bubbles) for chat in CHATS}
    said = Counter(message.to for message in city.twilio.made())
    for chat in CHATS:
        city.telegram.user(chat).say("menu")
    for phone in PHONES:
        city.twilio.user(phone).say("menu")
    until = time.monotonic() + MUTE
    silent: list[str] = ["?"]
    while silent and time.monotonic() < until:
        time.sleep(0.5)
        told = Counter(message.to for message in city.twilio.made())
        silent = [
            *(str(chat) for chat in CHATS if len(city.telegram.user(chat).bubbles) <= before[chat]),
            *(phone for phone in PHONES if told[f"whatsapp:{phone}"] <= said[f"whatsapp:{phone}"]),
        ]
    return silent


def report(city: City, tally: Tally, silent: list[str]) -> list[str]:
    """Print what was counted; gives what is not as it must be."""
    second = [mb for at, mb in tally.memory if at <= 120] or [0.0]
    last, most = tally.memory[-1][1], max(mb for _, mb in tally.memory)
    share = tally.let_in / max(tally.requests, 1)
    aside = city.count("inbox WHERE set_aside_at IS NOT NULL")
    failed = city.count("tasks WHERE failed_at IS NOT NULL")
    dead = [name for name in ("serve", "worker", "dispatch") if not city.product.runs(name)]
    print(f"{tally.requests} requests, {share:.0%} let in; answers {dict(tally.answers)}")
    print(f"routes: {dict(tally.routes.most_common(40))}")
    print(f"5xx or none: {len(tally.broken)}; over {SLOW:g} s: {len(tally.slow)}")
    print(f"serve: {second[-1]:.0f} MB after 2 minutes, {last:.0f} at the end, {most:.0f} at most")
    print(f"turns set aside: {aside}; tasks given up: {failed}; processes that ended: {dead}")
    for rows in ("inbox WHERE taken_at IS NULL", "outbox WHERE sent_at IS NULL"):
        print(f"{rows}: {city.count(rows)}")
    for outcome, number in city.outcomes():
        print(f"messages not sent, {outcome}: {number}")
    print(f"chats that do not answer: {len(silent)} of {len(CHATS) + len(PHONES)}")
    wrong = [*tally.broken[:20], *tally.slow[:20]]
    wrong += [f"{aside} turns set aside"] * bool(aside) + [f"{failed} tasks given up"] * bool(
        failed
    )
    wrong += [f"{name} ended" for name in dead] + [f"{chat} is mute" for chat in silent]
    wrong += [f"only {share:.0%} were let in"] * (share < LET_IN)
    wrong += [f"{most:.0f} MB"] * (most >= MOST_MEMORY)
    wrong += [f"memory grew from {second[-1]:.0f} to {last:.0f} MB"] * (last > GROWTH * second[-1])
    return wrong


def main() -> int:
    """Fuzz, and give 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--logs", type=Path, help="keep the processes' logs in this folder")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.seconds:g} s", flush=True)
    tally = Tally()
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as city:
        for chat, (role, badge) in STAFF.items():
            payload = city.product.invite(f"Petugas {badge}", badge, "31.71,31.74", role)
            city.telegram.user(chat).start(payload)
        asyncio.run(throw(city, given.seconds, given.seed, tally))
        silent = mute(city)
        wrong = report(city, tally, silent)
        if wrong:
            print(city.product.logs()[-4000:], file=sys.stderr)
        if given.logs:
            given.logs.mkdir(parents=True, exist_ok=True)
            (given.logs / "fuzz.log").write_text(city.product.logs())
    for one in wrong:
        print(f"WRONG: {one}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
