"""The database or Redis goes away: `/readyz` says which, nothing is lost, and it all comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from tests.processes import SECRET, Product
from tests.providers.bot_api import FakeBotApi
from tests.wire import Wire

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Stage:
    product: Product
    telegram: FakeBotApi
    database: Wire
    redis: Wire


@pytest.fixture
def stage(database: str, redis_url: str, tmp_path: Path) -> Iterator[Stage]:
    """The product with a wire to each server that can be cut."""
    there, redis = make_url(database), make_url(redis_url)
    with ExitStack() as stack:
        telegram = stack.enter_context(FakeBotApi())
        to_database = stack.enter_context(Wire(there.host or "", there.port or 5432))
        to_redis = stack.enter_context(Wire(redis.host or "", redis.port or 6379))
        product = stack.enter_context(
            Product(
                there.set(port=to_database.port).render_as_string(hide_password=False),
                redis.set(port=to_redis.port).render_as_string(hide_password=False),
                tmp_path,
                telegram,
            )
        )
        product.start("serve")
        until(lambda: telegram.called("setWebhook"), "the webhook to be set")
        yield Stage(product, telegram, to_database, to_redis)


def test_a_message_that_comes_while_the_database_is_away_is_answered_afterwards(
    stage: Stage,
) -> None:
    siti = stage.telegram.user(1001, "Siti")
    siti.start().result()
    siti.wait_for("").result()
    stage.database.cut()
    until(lambda: ready(stage) == (503, "away", "ok"), "/readyz to say the database is away")
    page = httpx.get(f"{stage.product.url}/izin/IUMK-2026-3174-000001")
    assert page.status_code == 503 and "Retry-After" in page.headers
    refused = deliver(stage)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert httpx.get(f"{stage.product.url}/healthz").status_code == 200
    said = siti.say("bantuan")  # Telegram repeats it until it is accepted
    stage.database.mend()
    until(lambda: ready(stage) == (200, "ok", "ok"), "/readyz to say all is well")
    said.result(PATIENCE)
    siti.wait_for("", PATIENCE).result()
    assert len(siti.bubbles) == 2


def test_replies_go_on_while_redis_is_away(stage: Stage) -> None:
    siti = stage.telegram.user(1001, "Siti")
    stage.redis.cut()
    until(lambda: ready(stage) == (503, "ok", "away"), "/readyz to say Redis is away")
    siti.start().result()
    siti.wait_for("").result()
    stage.redis.mend()
    until(lambda: ready(stage) == (200, "ok", "ok"), "/readyz to say all is well")


def ready(stage: Stage) -> tuple[int, str, str]:
    answer = httpx.get(f"{stage.product.url}/readyz", timeout=10)
    parts = answer.json()
    return answer.status_code, parts["database"], parts["redis"]


def deliver(stage: Stage) -> httpx.Response:
    """A delivery as Telegram makes it, from somebody else."""
    who = {"id": 7, "is_bot": False, "first_name": "Budi"}
    message = {
        "message_id": 1,
        "date": 1,
        "chat": {"id": 7, "type": "private"},
        "from": who,
        "text": "Halo",
    }
    return httpx.post(
        f"{stage.product.url}/webhooks/telegram",
        json={"update_id": 999_999, "message": message},
        headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
        timeout=PATIENCE,
    )


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.05)
