"""`izin aside`: what was set aside is listed, tried again when it can be read, or closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cli.main import main
from conversations.events import Uploaded
from models.audit import AuditEntry
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from tests.bot.conftest import KEY
from tests.bot.conftest import Desk as Desk
from tests.bot.conftest import count as count
from tests.bot.conftest import desk as desk
from tests.bot.conftest import hours as hours
from tests.bot.conftest import town as town
from tests.bot.conftest import within as within
from tests.bot.test_unreadable import NEWER, rows, sealed, spoil
from tests.bot.town import OWNER, Town, words
from tests.days import let_pass
from tests.workers.verification.samples import encoded, scene

BOTH = f"k1:{KEY},k2:{NEWER}"


@pytest.fixture(autouse=True)
def _environment(database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    for name, value in {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "STORAGE_URL": "file:///tmp",
        "PUBLIC_URL": "https://izin.example",
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
    }.items():
        monkeypatch.setenv(name, value)


def stolen(town: Town, table: str, column: str, where: str) -> None:
    """Write a row's value anew under a key that is not there."""
    statement = text(f"SELECT {column} FROM {table} WHERE {where}")  # noqa: S608
    stored = bytes(town.read(lambda tx: tx.execute(statement).scalar_one()))
    bound = f"{table}.{column}"
    plain = encryption.unseal(stored, bound)
    encryption.use(KeyRing.parse(f"k2:{NEWER}", KEY))
    spoil(town, table, column, encryption.seal(plain, bound), where)
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))


async def pass_time(town: Town) -> None:
    for _ in range(4):
        await town.quiet()
        await town.desk.media.fetch_due()
        with town.engine.begin() as tx:
            let_pass(tx, timedelta(minutes=1))
            tx.execute(text("UPDATE outbox SET due_at = now() WHERE failed_at IS NULL"))
            tx.execute(text("UPDATE attachments SET due_at = now() WHERE state = 'pending'"))
        town.desk.turns._resting.clear()
    await town.quiet()


async def everything_aside(town: Town) -> None:
    """One row of each kind."""
    for said in ("Halo", "1", "ya", "Siti Aminah"):
        await town.say(said)
    await town.say("Halo", "filer")
    town.desk.chat.files["file-filer"] = encoded(scene(64, 48))
    await town.say(Uploaded(0, "photo"), "filer")
    stolen(town, "attachments", "reference", "true")
    queued = town.enqueue("owed", key="common.again")
    stolen(town, "outbox", "message", f"id = {queued}")
    await town.desk.turns.take([town.desk.heard("Halo", "turner")])
    await town.quiet()
    person = town.person("turner")
    with town.engine.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures)"
                " VALUES ('news', 'spoilt', :person, :event, now(), 0)"
            ),
            {
                "person": person,
                "event": sealed(
                    {"event": "Said", "text": "menu"}, "inbox.event", keys=f"k2:{NEWER}"
                ),
            },
        )
    stolen(town, "conversations", "session", f"person_id = {town.person(OWNER)}")
    await town.desk.turns.take([town.desk.heard("menu", OWNER)])
    await pass_time(town)


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    assert main(["aside", "list"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line]
    assert all(len(line) == 5 for line in lines)
    return {kind: number for kind, number, *_ in lines}


async def test_everything_is_listed_refused_without_the_key_and_tried_again_with_it(
    town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await everything_aside(town)
    found = listed(capsys)
    assert set(found) == {"turn", "message", "file", "session"}
    for kind, number in found.items():
        assert main(["aside", "retry", kind, number]) == 1
        assert "still can't be read: no key 'k2'" in capsys.readouterr().err
    monkeypatch.setenv("ENCRYPTION_KEYS", BOTH)
    for kind, number in found.items():
        assert main(["aside", "retry", kind, number]) == 0
    assert listed(capsys) == {}
    await pass_time(town)
    assert rows(town, "outbox WHERE failed_at IS NOT NULL OR sent_at IS NULL") == 0
    assert rows(town, "inbox WHERE taken_at IS NULL") == 0
    assert rows(town, "attachments WHERE state <> 'stored'") == 0
    assert words("common.again") in town.heard("owed")
    assert "Siti Aminah" in str(
        town.read(
            lambda tx: encryption.unseal_json(
                bytes(
                    tx.execute(
                        text("SELECT session FROM conversations WHERE person_id = :id"),
                        {"id": town.person(OWNER)},
                    ).scalar_one()
                ),
                "conversations.session",
            )
        )
    ), "the draft is back"


async def test_what_is_closed_is_not_listed_and_the_audit_knows_why(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    await everything_aside(town)
    found = listed(capsys)
    for kind, number in found.items():
        assert main(["aside", "close", kind, number, "--reason", "called on Monday"]) == 0
    assert listed(capsys) == {}
    for kind, number in found.items():
        assert main(["aside", "retry", kind, number]) == 1
    with Session(town.engine) as tx:
        entries = tx.query(AuditEntry).filter_by(action="aside.closed").all()
    assert {one.subject for one in entries} == {f"{kind}:{n}" for kind, n in found.items()}
    assert all(one.details == {"reason": "called on Monday"} for one in entries)


@pytest.mark.parametrize("kind", ["turn", "message", "file", "session"])
@pytest.mark.parametrize("act", [["retry"], ["close", "--reason", "x"]])
def test_what_is_not_set_aside_is_refused_with_a_sentence(
    town: Town, capsys: pytest.CaptureFixture[str], kind: str, act: list[str]
) -> None:
    for number in ("0", "1", "999999"):
        assert main(["aside", act[0], kind, number, *act[1:]]) == 1
        told = capsys.readouterr().err
        assert "is set aside" in told and "Traceback" not in told


async def test_a_new_form_is_not_lost_to_an_old_one(
    town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await everything_aside(town)
    for said in ("1", "isi sendiri", "Siti Aminah"):
        await town.say(said)
    assert rows(town, f"conversations WHERE has_draft AND person_id = {town.person(OWNER)}") == 1
    monkeypatch.setenv("ENCRYPTION_KEYS", BOTH)
    number = listed(capsys)["session"]
    assert main(["aside", "retry", "session", number]) == 1
    assert "begun a new form" in capsys.readouterr().err
