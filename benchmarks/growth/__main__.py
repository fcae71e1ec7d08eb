"""The command: python -m benchmarks.growth.

Fills a database with a year of a whole city, runs all of the product on it, and reports the plan of
each statement; then compares the cost of a turn there with the cost on a new database. Exits with 1
if a growing table was read as a whole, or a turn costs too much.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import structlog
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from benchmarks import bot_api
from benchmarks.bot_api import BotApi
from benchmarks.growth import claims, samples, turns
from benchmarks.growth.fill import Size, fill
from benchmarks.growth.plans import Seen, Watch
from benchmarks.growth.product import Place, use_keys
from benchmarks.growth.queries import Grown, ask_everything
from benchmarks.growth.tidying import tidy
from benchmarks.growth.turns import Cost
from demo import embedded
from demo.sample_photo import draw
from models import migrations
from models.infrastructure import database

MOST = 1.2  # times the cost of a turn on a new database
SHOWN = 40  # statements
NEW = Size(5_000, 0, 0, 0, 0, 0, 0)  # only the people who will speak


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--scale", type=float, default=1.0, help="1: ten million rows of logs")
    parser.add_argument("--keep", type=Path, help="a folder: fill it once, then reuse it")
    parser.add_argument("--rounds", type=int, default=7, help="of turns; 0: none")
    parser.add_argument("--no-queries", action="store_true", help="compare turns only")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder: Path | None = given.keep
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            stack.callback(embedded.discard, folder)
        servers = stack.enter_context(embedded.servers(folder))
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        use_keys()
        return asyncio.run(_measure(given, Place(servers, folder)))


async def _measure(given: argparse.Namespace, place: Place) -> int:
    photo = draw("Warung", 1)
    broken = False
    async with bot_api.serving(photo) as api:
        new = await _new(place, api)
        grown = await _grown(place, new, given.scale, api)
        if not given.no_queries:
            watch = Watch.over(grown.engine)
            await ask_everything(grown, api, watch)
            broken |= _tell_queries(watch)
            _say(str(await claims.claim(grown.engine, place.database_url)))
            _say(str(await asyncio.to_thread(tidy, grown)))
    if given.rounds:
        costs = await turns.compare({"new": new, "grown": grown}, photo, given.rounds, _say)
        broken |= _tell_turns(costs["new"], costs["grown"])
    return int(broken)


def _say(line: str) -> None:
    print(line, flush=True)


# The databases


async def _new(place: Place, api: BotApi) -> Grown:
    """Create a separate database on the same servers, with only the people who will speak."""
    url = make_url(place.database_url)
    server = create_engine(url.set(database="postgres"), poolclass=NullPool)
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS new WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE new"))
    servers = replace(
        place.servers,
        database_url=url.set(database="new").render_as_string(hide_password=False),
        redis_url=place.servers.redis_url.rpartition("/")[0] + "/1",
    )
    own = Place(servers, place.folder)
    migrations.upgrade(own.database_url)
    learned = await samples.talk(own, api)
    engine = database.connect(own.database_url)
    fill(engine, NEW)
    return Grown(own, engine, learned)


async def _grown(place: Place, new: Grown, scale: float, api: BotApi) -> Grown:
    """Return the filled database: a new one, or an existing one after migrations."""
    migrations.upgrade(place.database_url)
    engine = database.connect(place.database_url)
    filled = place.folder / "filled"
    if filled.exists():
        _say(f"using the database of scale {filled.read_text()} in {place.folder}")
        return Grown(place, engine, new.learned)
    _say(f"filling the database at scale {scale:g}")
    await samples.talk(place, api)
    await asyncio.to_thread(fill, engine, Size.at(scale), _say)
    filled.write_text(f"{scale:g}")
    return Grown(place, engine, new.learned)


# The report


def _tell_queries(watch: Watch) -> bool:
    """Print the slowest statements and all faults; True if there is a fault."""
    seen = sorted(watch.seen.values(), key=lambda one: -one.milliseconds)
    _say(f"\n{len(seen)} statements were watched; the slowest:")
    _say(f"{'ms':>8} {'rows':>7} {'read':>8}  asked by, while, served by")
    for one in seen[:SHOWN]:
        _say(_line(one))
    for one, fault in watch.faults():
        _say(f"\nBROKEN: {fault}\n{_line(one)}\n  {one.sql}")
    unused = watch.unused()
    _say(f"\nindexes that nothing used: {', '.join(sorted(unused)) or 'none'}")
    return bool(watch.faults())


def _line(one: Seen) -> str:
    by = ", ".join(dict.fromkeys(filter(None, (s.index or s.kind for s in one.scans))))
    return (
        f"{one.milliseconds:8.2f} {one.rows:7.0f} {one.read:8.0f}"
        f"  {one.place}, {one.when}: {by or 'no table'}"
    )


def _tell_turns(new: Cost, grown: Cost) -> bool:
    """Print the costs side by side; True if a turn costs too much on the grown database."""
    _say(f"\n{'a line':<28} {'new':>9} {'grown':>9} {'ratio':>7}")
    for name in Cost.__slots__:
        a, b = getattr(new, name), getattr(grown, name)
        _say(f"{name.replace('_', ' '):<28} {a:9.2f} {b:9.2f} {b / a if a else 0:7.2f}")
    before, after = new.bot_ms + new.postgres_ms, grown.bot_ms + grown.postgres_ms
    _say(f"{'CPU ms, both':<28} {before:9.2f} {after:9.2f} {after / before:7.2f}")
    broken = after > MOST * before
    if broken:
        _say(f"BROKEN: a turn costs more than {MOST} times as much on the grown database")
    return broken


if __name__ == "__main__":
    sys.exit(main())
