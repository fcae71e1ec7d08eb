"""`/metrics` of the real case: who may read it, what it shows, and with servers away."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.settings import Settings
from models import heartbeat
from models.inbox import InboxMessage
from models.infrastructure import encryption
from models.outbox import RANKS, Lane, OutboundMessage
from models.person import Person
from models.task import Task
from tests.clock import now
from tests.processes import KEY, SECRET, free_port
from web import app, metrics
from web.metrics import Watcher
from workers.queue import nudge, queue

TOKEN = "a-token-of-the-watchers"
PROOF = {"Authorization": f"Bearer {TOKEN}"}
NEAR = 40.0  # seconds by which an age may differ: the machine is shared


def environment(database_url: str, redis_url: str, files: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STORAGE_URL": files.as_uri(),
        "PUBLIC_URL": "https://izin.example.go.id",
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
        "METRICS_TOKEN": TOKEN,
    }


@pytest.fixture
def settings(database: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    found = environment(database, redis_url, tmp_path)
    encryption.use(Settings.from_environment(found).key_ring)
    return found


@asynccontextmanager
async def browser(given: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """The real case without its bot: nobody takes what waits."""
    site = app.build(Settings.from_environment(given))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site), base_url="http://izin.test"
    ) as client:
        yield client


async def scrape(given: dict[str, str]) -> dict[tuple[str, str], float]:
    """(name, the values of its labels) -> value."""
    async with browser(given) as client:
        answer = await client.get("/metrics", headers=PROOF)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
async def test_who_does_not_show_the_token_sees_nothing(
    settings: dict[str, str], headers: dict[str, str]
) -> None:
    async with browser(settings) as client:
        answer = await client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.text) == (401, "")
        answer = await client.get("/metrics", params={"token": TOKEN}, headers=headers)
        assert answer.status_code == 401


async def test_without_a_token_in_the_settings_there_is_no_page(settings: dict[str, str]) -> None:
    async with browser(settings | {"METRICS_TOKEN": ""}) as client:
        for headers in ({}, PROOF, {"Authorization": "Bearer "}):
            assert (await client.get("/metrics", headers=headers)).status_code == 404


async def test_an_idle_product_shows_every_gauge_at_rest(settings: dict[str, str]) -> None:
    found = await scrape(settings)
    for name in (
        "izin_inbox_waiting",
        "izin_inbox_lag_seconds",
        "izin_files_waiting",
        "izin_files_lag_seconds",
        "izin_turns_set_aside",
        "izin_offers_open",
        "izin_offers_oldest_seconds",
        "izin_news_untold",
        "izin_drafts_open",
        "izin_tickets_open",
        "izin_tickets_oldest_seconds",
        "izin_queue_workers",
    ):
        assert found[name, ""] == 0, name
    for turn in ("applicant", "supervisor", "office"):
        assert found["izin_cases_overdue", turn] == 0
    for deadline in ("answer", "close"):
        assert found["izin_tickets_overdue", deadline] == 0
    for lane in RANKS:
        for name in ("open", "due", "lag_seconds", "oldest_seconds"):
            assert found[f"izin_outbox_{name}", lane] == 0
    for state in ("waiting", "started", "failed"):
        assert found["izin_queue_jobs", state] == 0
    assert found["izin_up", "database"] == found["izin_up", "redis"] == 1
    assert found["izin_database_connections", ""] <= found["izin_database_connections_limit", ""]
    assert found["process_resident_memory_bytes", ""] > 1_000_000
    assert any(name == "izin_build_info" for name, _ in found)
    assert not any(name.endswith("_created") for name, _ in found)


async def test_the_figures_follow_the_record(
    settings: dict[str, str], engine: Engine, redis_url: str
) -> None:
    def ago(minutes: float) -> timedelta:
        return timedelta(minutes=minutes)

    moment = now()
    with Session(engine) as tx, tx.begin():
        tx.add(Person(id=1))
        tx.flush()
        tx.add_all(
            [
                InboxMessage(
                    channel="telegram",
                    provider_id="1",
                    person_id=1,
                    event={},
                    heard_at=moment - ago(10),
                ),
                OutboundMessage(
                    person_id=1,
                    dedupe_key="1",
                    message={},
                    lane=Lane.NOTICE,
                    created_at=moment - ago(20),
                    due_at=moment - ago(20),
                ),
                Task(kind="verify", subject_id=1, run_key="1", due_at=moment - ago(30)),
                Task(kind="permit", subject_id=1, run_key="2", failed_at=moment),
            ]
        )
        heartbeat.beat(tx, "worker")
    with Redis.from_url(redis_url) as redis:
        nudge(queue(redis), 1)
    found = await scrape(settings)
    assert found["izin_inbox_waiting", ""] == 1
    assert 0 <= found["izin_inbox_lag_seconds", ""] - 600 < NEAR
    assert found["izin_outbox_due", "notice"] == found["izin_outbox_open", "notice"] == 1
    assert 0 <= found["izin_outbox_lag_seconds", "notice"] - 1200 < NEAR
    assert found["izin_outbox_due", "reply"] == 0
    assert found["izin_tasks_due", "verify"] == 1
    assert 0 <= found["izin_tasks_lag_seconds", "verify"] - 1800 < NEAR
    assert found["izin_tasks_failed", "permit"] == 1
    assert 0 <= found["izin_heartbeat_age_seconds", "worker"] < NEAR
    assert found["izin_queue_jobs", "waiting"] == 1


async def test_servers_that_are_away_do_not_keep_the_page_from_answering(
    settings: dict[str, str],
) -> None:
    nowhere = free_port()
    found = await scrape(
        settings
        | {
            "DATABASE_URL": f"postgresql://izin:sesame@127.0.0.1:{nowhere}/izin",
            "REDIS_URL": f"redis://127.0.0.1:{nowhere}/0",
        }
    )
    assert found["izin_up", "database"] == found["izin_up", "redis"] == 0
    assert ("izin_inbox_waiting", "") not in found
    assert ("izin_turns_waiting", "") in found


async def test_redis_away_does_not_hide_the_record(settings: dict[str, str]) -> None:
    found = await scrape(settings | {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})
    assert (found["izin_up", "database"], found["izin_up", "redis"]) == (1, 0)
    assert found["izin_inbox_waiting", ""] == 0


@pytest.fixture
def mute() -> Iterator[str]:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def test_servers_that_say_nothing_are_not_waited_for(
    settings: dict[str, str], mute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "PATIENCE", 0.2)
    found = await scrape(
        settings
        | {"DATABASE_URL": f"postgresql://izin@{mute}/izin", "REDIS_URL": f"redis://{mute}/0"}
    )
    assert found["izin_up", "database"] == found["izin_up", "redis"] == 0


async def test_the_record_is_asked_once_however_often_the_page_is(
    database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def ask(tx: Session) -> list[Metric]:
        nonlocal asked
        asked += 1
        return []

    monkeypatch.setattr(metrics, "RECORD", (ask,))
    watcher = Watcher(database, redis_url)
    for _ in range(3):
        await watcher.look()
    assert asked == 1
    monkeypatch.setattr(metrics, "KEPT", 0.0)
    await watcher.look()
    assert asked == 2


async def test_a_delivery_is_counted_under_its_route(settings: dict[str, str]) -> None:
    telegram = {
        "TELEGRAM_BOT_TOKEN": "123456:AA-fake",
        "TELEGRAM_BOT_USERNAME": "izin_bot",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
    }
    async with browser(settings | telegram) as client:
        refused = await client.post("/webhooks/telegram", content=b"{}")
    assert refused.status_code == 403
    assert len(refused.headers["X-Request-Id"]) == 16
    found = await scrape(settings)
    assert found["izin_requests_total", "/webhooks/telegram,403"] >= 1
