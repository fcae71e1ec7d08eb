"""No statement of the product reads a growing table as a whole, however large it has become.

A small record is filled as the benchmark fills a large one, and the product does all it does. On
a small table PostgreSQL rightly reads it all; here it may not, so a statement that still does so
has no index that serves it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from benchmarks import bot_api
from benchmarks.bot_api import BotApi
from benchmarks.growth import samples
from benchmarks.growth.fill import Size, fill
from benchmarks.growth.plans import Watch
from benchmarks.growth.product import Place, use_keys
from benchmarks.growth.queries import Grown, ask_everything
from casework import cases as acts
from casework.act import by_office
from demo.embedded import Servers
from demo.sample_photo import draw
from models import migrations, watch
from models.infrastructure import database
from models.task import Task
from workers import drafts, housekeeping

SCALE = 0.005  # of a million people and ten million rows of logs
#: Settings by which a plan that reads few rows is the best one, as it is on a large record.
AS_IF_LARGE = {"enable_seqscan": "off", "cpu_tuple_cost": "100", "cpu_index_tuple_cost": "100"}


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A Bot API that takes everything."""
    async with bot_api.serving(draw("Warung", 1)) as api:
        yield api


@pytest.fixture
async def grown(
    empty_database: str, redis_url: str, tmp_path: Path, api: BotApi
) -> AsyncIterator[Grown]:
    """A small record that is filled, and read as a large one is."""
    use_keys()
    migrations.upgrade(empty_database)
    place = Place(Servers(empty_database, redis_url), tmp_path)
    learned = await samples.talk(place, api)
    engine = database.connect(empty_database)
    fill(engine, Size.at(SCALE))
    as_if_large(engine)
    yield Grown(place, engine, learned)
    engine.dispose()


def as_if_large(engine: Engine) -> None:
    """Let connections that are made from now on plan so."""
    engine.dispose()
    with create_engine(engine.url, poolclass=NullPool).begin() as tx:
        for name, value in AS_IF_LARGE.items():
            tx.execute(text(f"ALTER DATABASE {engine.url.database} SET {name} = {value}"))


async def test_an_index_serves_every_statement_of_the_product(grown: Grown, api: BotApi) -> None:
    seen = Watch.over(grown.engine)
    await ask_everything(grown, api, seen)
    told = (f"{fault}: {one.place}, {one.when}\n{one.sql}" for one, fault in seen.faults())
    assert not seen.faults(), "\n\n".join(told)
    asked = {one.place for one in seen.seen.values()}
    assert len(asked) > 50, asked  # bot, pages, workers and doctor were all at work


RUN = Task(kind="any", subject_id=0, run_key="any")


@pytest.mark.parametrize(
    ("index", "ask"),
    [
        ("ix_tasks_failed", watch.tasks_failed),
        ("ix_inbox_set_aside", watch.turns_set_aside),
        ("ix_documents_unwritten", lambda tx: housekeeping.sweep(tx, RUN)),
        ("ix_conversations_drafts", lambda tx: drafts.erase(tx, RUN)),
        ("ix_cases_person_id", lambda tx: acts.identity_given(by_office(tx, "-", "-"), 1)),
    ],
)
def test_a_statement_that_lost_its_index_is_found(
    engine: Engine, index: str, ask: Callable[[Session], object]
) -> None:
    seen = Watch.over(engine)
    with Session(engine) as tx, seen:
        for name, value in AS_IF_LARGE.items():
            tx.execute(text(f"SET LOCAL {name} = {value}"))
        with seen.during("with it"):
            ask(tx)
        assert not seen.faults()
        tx.execute(text(f"DROP INDEX {index}"))
        with seen.during("without it"):
            ask(tx)
        tx.rollback()
    assert seen.faults()
