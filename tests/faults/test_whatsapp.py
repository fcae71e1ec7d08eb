"""WhatsApp while we or Twilio fail: on real processes, nothing is lost and nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.processes import Product
from tests.providers.bot_api import CLOSE, HANG, FakeBotApi, Fault
from tests.providers.twilio_api import FakeTwilio, Person, too_many
from tests.test_journey import hear, until, words


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as api:
        yield api


@pytest.fixture
def product(database: str, redis_url: str, twilio: FakeTwilio, tmp_path: Path) -> Iterator[Product]:
    with (
        FakeBotApi() as telegram,
        Product(database, redis_url, tmp_path, telegram, twilio) as running,
    ):
        running.start("serve")
        yield running


@pytest.fixture
def owner(product: Product, twilio: FakeTwilio) -> Person:
    owner = twilio.user("+6281200000001", "Siti")
    owner.say("halo").result()
    hear(owner, "welcome.hello")
    return owner


def sent(engine: Engine) -> bool:
    with engine.connect() as connection:
        return not connection.execute(text("SELECT 1 FROM outbox WHERE sent_at IS NULL")).first()


def times(owner: Person, key: str) -> int:
    return sum(words(key) in said for said in owner.texts)


def test_killed_after_twilios_yes_the_bot_says_nothing_twice(
    product: Product, twilio: FakeTwilio, owner: Person, engine: Engine
) -> None:
    twilio.fail(HANG)
    owner.say("bantuan").result()
    hear(owner, "common.help.owner")
    assert not sent(engine)
    product.stop("serve", kill=True)
    product.start("serve")
    until(lambda: sent(engine), "the message to be found at Twilio")
    assert times(owner, "common.help.owner") == 1


def test_killed_before_twilio_was_asked_the_bot_says_it(
    product: Product, twilio: FakeTwilio, owner: Person, engine: Engine
) -> None:
    twilio.fail(*[Fault(503, "")] * 3)
    owner.say("bantuan").result()
    until(lambda: len(twilio.called("POST", "Messages.json")) >= 2, "the first try")
    product.stop("serve", kill=True)
    twilio.forgive()
    product.start("serve")
    hear(owner, "common.help.owner")
    until(lambda: sent(engine), "the message to be settled")
    assert times(owner, "common.help.owner") == 1


@pytest.mark.parametrize(
    "faults",
    [
        [CLOSE, CLOSE],
        [Fault(500, "")],
        [too_many(1), too_many(1)],
    ],
    ids=["cut off after yes", "broken", "too many"],
)
def test_whatever_twilio_does_a_message_arrives_once(
    product: Product, twilio: FakeTwilio, owner: Person, engine: Engine, faults: list[Fault]
) -> None:
    twilio.fail(*faults)
    owner.say("bantuan").result()
    hear(owner, "common.help.owner")
    until(lambda: sent(engine), "the message to be settled")
    assert times(owner, "common.help.owner") == 1
