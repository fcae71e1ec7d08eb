"""No log line tells who anybody is, whatever goes wrong: real processes at LOG_LEVEL=DEBUG."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.orm import Session

from demo.sample_photo import draw
from models import inbox, outbox, personal, task
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.outbox import NewMessage
from tests.processes import KEY, SECRET, Product, address
from tests.providers.bot_api import BLOCKED, CLOSE, FakeBotApi, Person, broken, refused, too_many
from tests.test_journey import NIK, apply, identify

PATIENCE = 40.0  # seconds
CHAT = 7_391_846_250
PHONE = "6281299887766"
METRICS = "metrics-token-of-this-test"

#: What owners and officers said, showed and are called; all in small letters.
PERSONAL = (
    "zulaikha",
    "siti aminah",
    "aminah",
    "nasi uduk",
    "warung bu siti",
    "jalan damai",
    "musala",
    "rahmat",
    "keluhan",
    "106.802",
    NIK,
    PHONE,
    PHONE.removeprefix("62"),
    str(CHAT),
)


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as api:
        yield api


@pytest.fixture
def product(
    database: str, redis_url: str, telegram: FakeBotApi, tmp_path: Path
) -> Iterator[Product]:
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    with Product(database, redis_url, tmp_path, telegram) as running:
        running.environment |= {"LOG_LEVEL": "DEBUG", "METRICS_TOKEN": METRICS}
        running.start("serve", "worker", "dispatch")
        until(lambda: telegram.called("setWebhook"), "the webhook to be set")
        yield running


def test_no_log_line_and_no_metric_tells_who_anybody_is(
    product: Product, telegram: FakeBotApi, engine: Engine
) -> None:
    invitation = product.invite("Rahmat Hidayat", "0417", "31.74")
    officer = telegram.user(CHAT + 1, "Rahmat")
    officer.start(invitation)
    officer.wait_for("0417", PATIENCE).result()
    owner = telegram.user(CHAT, "Zulaikha", phone=PHONE)
    apply(owner)
    identify(owner, product)
    say_more(owner)
    deliver_what_cannot_be_read(product)
    let_telegram_fail(telegram, owner)
    person_id = id_of(engine, CHAT)
    poison(engine, person_id)
    until(lambda: all_settled(engine), "everything to be settled")
    scraped = httpx.get(
        f"{product.url}/metrics", headers={"Authorization": f"Bearer {METRICS}"}, timeout=PATIENCE
    )
    assert scraped.status_code == 200
    product.stop("serve")
    product.stop("worker")
    product.stop("dispatch")
    written = product.logs()
    lines = [json.loads(line) for line in written.splitlines() if line]

    links = {m for t in owner.texts for m in re.findall(r"/identitas/(\S+)", t)}
    assert links
    kept = what_is_personal(engine)
    assert len(kept) > 20, kept
    secrets = [*PERSONAL, *kept, *links, *secrets_of(product), invitation.removeprefix("join-")]
    for where in (written, scraped.text):
        found = [secret for secret in secrets if secret.lower() in where.lower()]
        assert not found, [line for line in where.splitlines() if found[0] in line.lower()][:3]

    events = {line["event"] for line in lines}
    assert {"delivery_taken", "delivery_refused", "turns.failed", "task_failed"} <= events
    assert {"sender.rejected", "sender.unreadable", "sender.gave_up"} <= events
    assert all({"level", "logger", "timestamp"} <= line.keys() for line in lines)
    the_lines_of_a_request_belong_together(lines)
    assert person_id in {line.get("person") for line in lines if line["event"] == "turns.failed"}


def what_is_personal(engine: Engine) -> set[str]:
    """Every text in a column that is declared as personal, but for single words of ours."""
    found: set[str] = set()
    with Session(engine) as tx:
        for column in personal.columns(personal.every_table()).values():
            for value in tx.scalars(select(column).where(column.is_not(None))):
                found |= {text for text in texts(value) if telling(text)}
    return found


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (one for part in value.values() for one in texts(part))
        case list() | tuple():
            yield from (one for part in value for one in texts(part))


def telling(text: str) -> bool:
    """Whether a text could tell who somebody is: several words, or a long number.

    The code of a kelurahan, where 30,000 people live, does not.
    """
    if re.fullmatch(r"\d\d(\.\d\d){2}\.\d{4}", text):
        return False
    return len(text) >= 6 and (" " in text.strip() or sum(c.isdigit() for c in text) >= 8)


def say_more(owner: Person) -> None:
    """What owners do besides: words of all kinds, a number that is to be withheld, a card."""
    for words in (f"NIK saya {NIK}", "keluhan: petugas tidak datang", "nama saya Zulaikha binti X"):
        owner.say(words).result()
    owner.send_contact(PHONE).result()
    owner.send_photo(draw("Zulaikha", 5), caption="warung Zulaikha").result()
    owner.send_document(b"not a picture of Zulaikha", "zulaikha.pdf").result()
    owner.edit("Zulaikha, diralat").result()


def deliver_what_cannot_be_read(product: Product) -> None:
    def post(content: bytes, secret: str = SECRET) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        answer = httpx.post(
            f"{product.url}/webhooks/telegram", content=content, headers=headers, timeout=PATIENCE
        )
        return answer.status_code

    whose = {"id": CHAT, "first_name": "Zulaikha"}
    message = {"message_id": 1, "from": whose, "chat": {**whose, "type": "private"}, "date": 1}
    for broken_part in ({"text": ["Zulaikha"]}, {"location": "Zulaikha"}, {"photo": "Zulaikha"}):
        update = {"update_id": 1, "message": {**message, **broken_part}}
        assert post(json.dumps(update).encode()) == 400
    assert post(b'{"text": "Zulaikha') == 400
    assert post(b'{"message": "Zulaikha"}', secret="zulaikha-guesses") == 403
    assert httpx.get(f"{product.url}/identitas/zulaikha-guesses").status_code == 410
    assert httpx.get(f"{product.url}/izin/zulaikha?nik={NIK}").status_code == 404


def let_telegram_fail(telegram: FakeBotApi, owner: Person) -> None:
    """Each failure meets somebody else, so that nobody waits for the pauses of the others."""
    for number, fault in enumerate((broken(500), CLOSE, too_many(1), BLOCKED)):
        telegram.fail(fault)
        telegram.user(CHAT + 10 + number, "Zulaikha").start().result()
        until(lambda: not telegram._faults, "Telegram to fail")
    telegram.fail(refused("message is too long"))
    owner.say("bantuan Zulaikha").result()
    until(lambda: not telegram._faults, "Telegram to refuse a message")


def poison(engine: Engine, person_id: int) -> None:
    """Cut connections, and write rows that can't be read and a task that nobody can do."""
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()  # ours among them
    unreadable = {
        "parts": [["common.trouble", {"name": [1.5, "Zulaikha"]}]],
        "choices": [],
        "question": None,
        "wish": None,
        "document": None,
        "filename": None,
    }
    with Session(engine) as tx, tx.begin():
        inbox.tell(tx, person_id, "poison", {"event": "Zulaikha asks"})
        outbox.enqueue(tx, [NewMessage(person_id, "poison", unreadable)])
        task.plan(tx, "nobody_knows_how", person_id, "poison")


def id_of(engine: Engine, chat: int) -> int:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT person_id FROM addresses WHERE address = :chat"), {"chat": address(chat)}
        )
        return int(found.scalar_one())


def all_settled(engine: Engine) -> bool:
    """The poisoned turn is set aside, its message given up, and its task has failed once."""
    with engine.connect() as connection:
        left = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM inbox WHERE provider_id LIKE 'poison:%'"
                "         AND set_aside_at IS NULL)"
                "     + (SELECT count(*) FROM outbox WHERE dedupe_key = 'poison'"
                "         AND failed_at IS NULL)"
                "     + (SELECT count(*) FROM tasks WHERE run_key = 'poison' AND failures = 0)"
            )
        )
        return int(left.scalar_one()) == 0


def secrets_of(product: Product) -> list[str]:
    given = product.environment
    passwords = [make_url(given[name]).password for name in ("DATABASE_URL", "REDIS_URL")]
    names = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "INDEX_KEY", "METRICS_TOKEN")
    return [*(given[name] for name in names), *(word for word in passwords if word)]


def the_lines_of_a_request_belong_together(lines: list[dict[str, Any]]) -> None:
    """A refused delivery and the end of its request carry the same id."""
    refused = next(line for line in lines if line["event"] == "delivery_refused")
    same = [line for line in lines if line.get("request") == refused["request"]]
    assert [line["event"] for line in same] == ["delivery_refused", "request"]
    assert same[-1]["route"] == "/webhooks/telegram"
    taken = [line for line in lines if line["event"] == "delivery_taken"]
    assert all(line["deliveries"] and line["request"] for line in taken)


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.05)
