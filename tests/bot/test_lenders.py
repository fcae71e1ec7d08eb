"""The register of lenders: imported by an operator, and read by running bots."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot import lender_watch, service
from bot.lender_watch import LenderWatch
from bot.limits import Limits
from casework import lenders
from casework.act import by_office
from models import lender
from models.audit import AuditEntry
from models.infrastructure.database import Database
from models.infrastructure.storage import Storage
from models.reference.lender import COLUMNS, LenderRow, read, shipped, written
from tests.bot.conftest import Chat, Izin
from tests.clock import now

OURS = LenderRow(
    "bpr-tebet", "bpr", "BPR Tebet", ("bpr tbt",), "ojk", "Direksi BPR Tebet", False, "", "", None
)


def put(engine: Engine, *rows: LenderRow, replace: bool = False) -> lenders.Changes:
    with Session(engine) as tx, tx.begin():
        return lenders.put(by_office(tx, "command", "lenders"), rows, replace=replace)


def stored(engine: Engine) -> tuple[LenderRow, ...]:
    with Session(engine) as tx:
        return lender.load(tx)


def audited(engine: Engine) -> Sequence[AuditEntry]:
    with Session(engine) as tx:
        return tx.scalars(select(AuditEntry).filter_by(action="lenders.imported")).all()


def test_a_row_takes_the_place_of_the_shipped_one_and_others_stay(engine: Engine) -> None:
    bri = replace(next(row for row in shipped() if row.id == "bri"), phone="1500", on_board=True)
    changes = put(engine, OURS, bri)
    assert (changes.added, changes.changed, changes.removed) == ([OURS], [bri], [])
    assert changes.same == len(shipped()) - 1
    assert {row.id: row for row in stored(engine)} == {row.id: row for row in shipped()} | {
        "bri": bri,
        "bpr-tebet": OURS,
    }
    (entry,) = audited(engine)
    assert (entry.actor, entry.subject) == ("command", "lenders")
    assert entry.details == {"added": ["bpr-tebet"], "changed": ["bri"], "removed": []}


def test_the_same_file_again_changes_nothing(engine: Engine) -> None:
    put(engine, OURS)
    with Session(engine) as tx:
        before = lender.stamp(tx)
    changes = put(engine, OURS)
    assert not changes.added and not changes.changed and not changes.removed
    with Session(engine) as tx:
        assert lender.stamp(tx) == before
    assert len(audited(engine)) == 1


def test_replacing_takes_out_the_others_until_they_are_imported_again(engine: Engine) -> None:
    put(engine, OURS)
    bri = next(row for row in shipped() if row.id == "bri")
    changes = put(engine, bri, replace=True)
    assert {row.id for row in changes.removed} == {
        "bpr-tebet", *(row.id for row in shipped() if row.id != "bri")
    }  # fmt: skip
    assert stored(engine) == (bri,)
    put(engine, *shipped())
    assert set(stored(engine)) == set(shipped())


async def test_the_command_writes_a_file_that_it_reads(
    izin: Izin, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "lenders.csv"
    file.write_text(written([OURS]), encoding="utf-8")
    status, out, _ = await izin("lenders", "import", str(file))
    assert status == 0
    assert out.splitlines() == [
        "added\tbpr-tebet\tBPR Tebet",
        f"1 added, 0 changed, 0 removed, {len(shipped())} as before",
    ]
    status, out, _ = await izin("lenders", "export")
    assert status == 0
    assert read(out, now().date()) == stored(engine)
    file.write_text(out, encoding="utf-8")
    status, out, _ = await izin("lenders", "import", str(file), "--replace")
    assert out == f"0 added, 0 changed, 0 removed, {len(shipped()) + 1} as before\n"
    status, out, _ = await izin("lenders", "list")
    assert "bpr-tebet\tbpr\tBPR Tebet\tnever checked" in out.splitlines()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"{','.join(COLUMNS)}\nx,bank\nBU,private,B,,,,,,,\n".encode(), "line 3: id: 'BU' is not"),
        (",".join(COLUMNS).encode(), "holds no lender"),
        (b"\xff\xfe", "not in UTF-8"),
        (None, "can't be read"),
    ],
)
async def test_a_wrong_file_changes_nothing(
    izin: Izin, engine: Engine, tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "lenders.csv"
    if content is not None:
        file.write_bytes(content)
    status, out, told = await izin("lenders", "import", str(file), "--replace")
    assert status == 1 and why in told and not out
    assert stored(engine) == shipped() and not audited(engine)


async def test_a_running_bot_sees_a_change_without_a_restart(engine: Engine, db: Database) -> None:
    assert lender_watch.EVERY < 60
    watch = LenderWatch(db)
    await watch.look()
    assert watch.current.find("bpr tbt") == ()
    put(engine, OURS)
    await watch.look()
    (found,) = watch.current.find("bpr tbt")
    assert found.id == "bpr-tebet"
    same = watch.current
    await watch.look()
    assert watch.current is same, "nothing was changed, so nothing is read"
    put(engine, *shipped(), replace=True)
    await watch.look()
    assert watch.current.get("bpr-tebet") is None


async def test_turns_of_a_running_bot_find_a_new_lender(
    database: str,
    redis_url: str,
    tmp_path: Path,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lender_watch, "EVERY", 0.05)
    channels, storage = {"chat": Chat()}, Storage(tmp_path.as_uri())
    limits = Limits(redis_url, {})
    async with service.running(
        Database(database), channels, storage, limits, "https://izin.example", directory={}
    ) as bot:
        assert bot.turns.city.lenders().get("bri")
        put(engine, OURS)
        async with asyncio.timeout(20):
            while not bot.turns.city.lenders().find("bpr tebet"):
                await asyncio.sleep(0.05)


@pytest.mark.servers
async def test_a_bot_keeps_its_lenders_while_the_database_is_away() -> None:
    db = Database("postgresql://izin@127.0.0.1:9/izin")
    kept = lenders.shipped_register(now().date())
    watch = LenderWatch(db, kept)
    await watch.look()
    assert watch.current is kept
    await db.close()
