"""Canaries: a process does not begin with keys that can't read what others wrote."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import keys, person
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.keys import WrongKeys
from models.person import Person
from tests.processes import ROOT

K1, K2, K3, OTHER = (b64encode(bytes(range(n, n + 32))).decode() for n in (0, 1, 2, 3))
RIGHT = f"k1:{K1}"


@pytest.fixture(autouse=True)
def _ring() -> Iterator[None]:
    yield
    encryption.use(KeyRing.parse(RIGHT, K1))


def use(ring: str, index: str = K1) -> None:
    encryption.use(KeyRing.parse(ring, index))


def start(engine: Engine, ring: str = RIGHT, index: str = K1) -> None:
    """As a process with these keys starts."""
    use(ring, index)
    with Session(engine) as tx, tx.begin():
        keys.enter(tx)


def problem(engine: Engine) -> str | None:
    with Session(engine) as tx:
        return keys.problem(tx)


def entered(engine: Engine) -> list[str]:
    with engine.connect() as tx:
        return list(tx.execute(text("SELECT name FROM keys ORDER BY name")).scalars())


def people(engine: Engine, number: int) -> None:
    with Session(engine) as tx, tx.begin():
        tx.add_all(Person(name=f"Siti {place}") for place in range(number))


#: Keys after k1 has written: (ENCRYPTION_KEYS, INDEX_KEY, what is said; None if they are right)
ROTATIONS = [
    (RIGHT, K1, None),
    (f"k1:{K1},k2:{K2}", K1, None),
    (f"k2:{K2},k1:{K1}", K1, None),
    (f"k3:{K3},k2:{K2},k1:{K1}", K1, None),
    (f"k2:{K2}", K1, "no key 'k1'"),
    (f"k2:{K1}", K1, "no key 'k1'"),
    (f"K1:{K1}", K1, "no key 'k1'"),
    (f"k2:{K2},k3:{K3}", K1, "no key 'k1'"),
    (f"k1:{OTHER}", K1, "'k1'"),
    (f"k2:{K2},k1:{OTHER}", K1, "does not open"),
    (f"k1:{K2},k2:{K1}", K1, "does not open"),
    (RIGHT, OTHER, "INDEX_KEY"),
    (f"k2:{K2},k1:{K1}", OTHER, "INDEX_KEY"),
]


@pytest.mark.parametrize(("ring", "index", "told"), ROTATIONS)
@pytest.mark.parametrize("with_canaries", [True, False])
def test_keys_are_compared_with_those_that_wrote(
    engine: Engine, ring: str, index: str, told: str | None, with_canaries: bool
) -> None:
    use(RIGHT)
    people(engine, 3)
    with Session(engine) as tx, tx.begin():
        encrypted = person.encrypted("whatsapp", "+6281234567890")
        person.meet(tx, "whatsapp", [(encrypted, "id")])
    if with_canaries:
        start(engine)
    if told is None:
        start(engine, ring, index)
        assert problem(engine) is None
        assert {"k1", "INDEX_KEY", ring.partition(":")[0]} == set(entered(engine))
        return
    before = entered(engine)
    with pytest.raises(WrongKeys, match=told):
        start(engine, ring, index)
    assert entered(engine) == before, "nothing of it is entered"
    with Session(engine) as tx:
        assert told in (keys.examine(tx) or "")


def test_a_key_that_never_wrote_may_be_taken_away(engine: Engine) -> None:
    start(engine, f"k1:{K1},k2:{K2}")
    start(engine, RIGHT)
    assert entered(engine) == ["INDEX_KEY", "k1"]


def test_a_running_process_finds_that_another_writes_with_a_key_it_lacks(engine: Engine) -> None:
    start(engine)
    start(engine, f"k2:{K2},k1:{K1}")
    use(RIGHT)
    assert "no key 'k2'" in (problem(engine) or "")
    use(f"k1:{K1},k2:{K2}")
    assert problem(engine) is None


@pytest.mark.parametrize("spoilt", [b"", b"\x02k9" + bytes(60), bytes(50), b"Siti Aminah" * 20])
def test_one_damaged_row_keeps_no_process_from_starting(engine: Engine, spoilt: bytes) -> None:
    use(RIGHT)
    people(engine, 30)
    with engine.begin() as tx:
        tx.execute(text("UPDATE people SET name = :spoilt WHERE id = 7"), {"spoilt": spoilt})
    start(engine)
    assert entered(engine) == ["INDEX_KEY", "k1"]


@pytest.mark.processes
@pytest.mark.parametrize("command", ["serve", "worker", "dispatch", "poll"])
@pytest.mark.parametrize(
    ("changed", "told"),
    [({"ENCRYPTION_KEYS": f"k2:{K2}"}, "no key 'k1'"), ({"INDEX_KEY": OTHER}, "INDEX_KEY is not")],
)
def test_no_process_starts_with_wrong_keys(
    engine: Engine,
    database: str,
    redis_url: str,
    tmp_path: Path,
    command: str,
    changed: dict[str, str],
    told: str,
) -> None:
    start(engine)
    environment = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "STORAGE_URL": tmp_path.as_uri(),
        "PUBLIC_URL": "http://127.0.0.1:1",
        "HOST": "127.0.0.1",
        "PORT": "1",
        "TELEGRAM_BOT_TOKEN": "123456:AA-fake",
        "TELEGRAM_BOT_USERNAME": "izin_bot",
        "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-telegram",
        "TELEGRAM_API_URL": "http://127.0.0.1:1",
        "ENCRYPTION_KEYS": RIGHT,
        "INDEX_KEY": K1,
    }
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", command],
        env=environment | changed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert told in done.stderr and "Traceback" not in done.stderr
