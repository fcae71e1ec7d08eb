"""Chats of Telegram's: found again and written to, and in no table to be read."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from starlette.applications import Starlette

from bot.channels.telegram.addresses import chat, heard
from bot.errors import Malformed
from bot.webhooks import telegram
from models import migrations, person
from models.base import Base
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.person import encrypt_addresses, encrypted
from tests.bot.conftest import KEY, Desk

SECRET = "s3cret_of-ours"
BEFORE = "fce8ac283789"  # the migration before the numbers were encrypted
NUMBERS = [1, 7, 1001, 99_999, 123_456_789, 5_001_234_567, 2**52 - 1, 2**63 - 1]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_chat_is_written_to_by_its_address(number: int) -> None:
    address = encrypted("telegram", str(number))
    assert str(number) not in address or number < 100
    assert address == encrypted("telegram", str(number)), "it is found again"
    assert address != encrypted("whatsapp", str(number))
    assert chat(address) == number
    assert chat(str(number)) == number, "one from before is still its own number"


@pytest.mark.parametrize(
    "address", ["", "x", "-1", "1" * 20, "١٢٣", "brW5n571wQAft1bEqZUst1YaPZEO"]
)
def test_what_is_no_address_is_written_to_nobody(address: str) -> None:
    with pytest.raises(ValueError, match="not encrypted for"):
        chat(address)


def test_an_address_under_another_key_is_written_to_nobody() -> None:
    address = encrypted("telegram", "1001")
    encryption.use(KeyRing.parse(f"k1:{KEY}", b64encode(bytes(32)).decode()))
    assert encrypted("telegram", "1001") != address
    with pytest.raises(ValueError, match="not encrypted for"):
        chat(address)


async def test_no_table_tells_a_chats_number(
    desk: Desk, engine: Engine, count: Callable[[str], int]
) -> None:
    app = Starlette(routes=telegram(secret=SECRET, take=desk.turns.take))
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://izin.example"
    ) as client:
        for number, words in enumerate(("/start", "1", "ya", "Siti Aminah", "nasi uduk", "status")):
            sender = {"id": 5_001_234_567, "is_bot": False, "first_name": "Siti"}
            message = {"message_id": number, "from": sender, "date": 0, "text": words}
            message["chat"] = {"id": 5_001_234_567, "type": "private"}
            update = {"update_id": 700 + number, "message": message}
            answer = await client.post("/webhooks/telegram", json=update, headers=headers)
            assert answer.status_code == 200
    assert count("inbox WHERE taken_at IS NOT NULL") == 6
    assert count("people") == count("addresses") == 1, "known by the same address each time"
    with engine.connect() as connection:
        for table in Base.metadata.tables:
            rows = connection.execute(text(f"SELECT to_json(t)::text FROM {table} AS t"))  # noqa: S608
            assert "5001234567" not in json.dumps(list(rows.scalars())), table


# Numbers from before


def addresses(engine: Engine) -> dict[int, tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT person_id, channel, address FROM addresses"))
        return {person_id: (channel, address) for person_id, channel, address in rows}


def test_numbers_from_before_are_encrypted_by_the_migration(empty_database: str) -> None:
    migrations.upgrade(empty_database, BEFORE)
    engine = create_engine(empty_database, poolclass=NullPool)
    old = [("telegram", str(number)) for number in NUMBERS]
    others = [("whatsapp", "brW5n571wQAft1bEqZUst1YaPZEO"), ("browser", "81"), ("browser", "demo")]
    with Session(engine) as tx, tx.begin():
        for channel, address in (*old, *others):
            person.meet(tx, channel, [(address, "id")])
    migrations.upgrade(empty_database)
    wanted = [("telegram", encrypted("telegram", address)) for _, address in old] + others
    assert sorted(addresses(engine).values()) == sorted(wanted)
    with Session(engine) as tx, tx.begin():
        for number in NUMBERS:  # who writes again is who they were
            person.meet(tx, "telegram", [(encrypted("telegram", str(number)), "id")])
    assert sorted(addresses(engine).values()) == sorted(wanted)
    with engine.begin() as tx2:
        assert encrypt_addresses(tx2, "telegram") == 0, "again it changes nothing"
    migrations.downgrade(empty_database, BEFORE)
    migrations.upgrade(empty_database)
    assert sorted(addresses(engine).values()) == sorted(wanted)


def test_many_numbers_and_one_that_an_old_process_met_once_more(engine: Engine) -> None:
    many = 12_000
    with engine.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO people (id, locale, created_at)"
                " SELECT i, 'id', now() FROM generate_series(1, :many) AS i"
            ),
            {"many": many},
        )
        tx.execute(
            text(
                "INSERT INTO addresses (person_id, channel, address)"
                " SELECT i, 'telegram', (5000000000 + i)::text FROM generate_series(1, :many) AS i"
            ),
            {"many": many},
        )
        twin = {"address": encrypted("telegram", "5000000007")}
        tx.execute(
            text(
                "INSERT INTO addresses (person_id, channel, address)"
                " VALUES (1, 'telegram', :address)"
            ),
            twin,
        )
        assert encrypt_addresses(tx, "telegram") == many - 1
        assert encrypt_addresses(tx, "telegram") == 0
    found = addresses(engine)
    assert found[7] == ("telegram", "5000000007"), "left alone"
    assert {chat(address) for who, (_, address) in found.items() if who > 1} == {
        5_000_000_000 + who for who in range(2, many + 1)
    }


def test_without_keys_nothing_is_changed(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations.upgrade(empty_database, BEFORE)
    engine = create_engine(empty_database, poolclass=NullPool)
    with Session(engine) as tx, tx.begin():
        person.meet(tx, "telegram", [("1001", "id")])
    monkeypatch.setattr(encryption, "_ring", None)
    with pytest.raises(encryption.NoKeys):
        migrations.upgrade(empty_database)
    assert list(addresses(engine).values()) == [("telegram", "1001")]


def test_a_delivery_that_cannot_be_read_is_still_refused() -> None:
    with pytest.raises(Malformed):
        heard({"update_id": 1, "message": {"chat": {"id": 10**30, "type": "private"}}})
