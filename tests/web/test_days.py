"""`izin days`: closing and opening days from the command line."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.settings import Settings
from cli import main as cli
from cli.doctor import database as examined
from models import calendar
from models.audit import AuditEntry
from models.calendar import HOLIDAYS
from models.infrastructure import encryption
from models.infrastructure.wib import WIB
from models.lifecycle import VisitState
from models.visit import Visit
from tests import world as make
from tests.clock import now
from tests.world import next_week, staff


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> None:
    for name, value in {
        "DATABASE_URL": database,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STORAGE_URL": tmp_path.as_uri(),
        "PUBLIC_URL": "https://izin.example",
        "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
        "INDEX_KEY": "A" * 43 + "=",
        "METRICS_TOKEN": "a-token-of-the-watchers",
    }.items():
        monkeypatch.setenv(name, value)
    encryption.use(Settings.from_environment(os.environ).key_ring)


def working_day() -> date:
    day = now().astimezone(WIB).date() + timedelta(days=20)
    while not HOLIDAYS.works(day):
        day += timedelta(days=1)
    return day


def izin(*words: str) -> int:
    return cli.main(["days", *words])


def test_a_day_is_closed_listed_and_opened_again(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    day = working_day()
    assert izin("close", str(day), "--reason", "rapat kerja") == 0
    with Session(engine) as tx:
        assert not calendar.load(tx).works(day)
    assert izin("list") == 0
    assert f"{day}\tclosed\trapat kerja" in capsys.readouterr().out
    assert izin("open", str(day), "--reason", "batal") == 0
    with Session(engine) as tx:
        assert calendar.load(tx).works(day)
        noted = tx.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in noted] == ["day.closed", "day.opened"]


@pytest.mark.parametrize(
    ("act", "day", "why"),
    [
        ("close", "2020-01-02", "has passed"),
        ("open", "2020-01-02", "has passed"),
        ("open", "2099-01-03", "open already: officers whose hours it is"),  # a Saturday
        ("open", "2099-01-05", "open already: officers whose hours it is"),
    ],
)
def test_what_makes_no_sense_is_refused(
    act: str, day: str, why: str, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert izin(act, day, "--reason", "x") == 1
    assert why in capsys.readouterr().err


def test_a_weekend_on_which_some_officers_work_is_closed_and_opened_again(engine: Engine) -> None:
    sunday = date(2099, 1, 4)
    assert izin("close", str(sunday), "--reason", "x") == 0
    with Session(engine) as tx:
        assert not calendar.load(tx).is_open(sunday)
    assert izin("open", str(sunday), "--reason", "x") == 0
    with Session(engine) as tx:
        known = calendar.load(tx)
    assert known.is_open(sunday) and known.why_not(sunday) == "weekend"


def test_a_holiday_need_not_be_closed_and_may_be_opened(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert izin("close", "2099-01-01", "--reason", "x") == 1
    assert "public holiday" in capsys.readouterr().err
    assert izin("open", "2099-01-01", "--reason", "x") == 0
    with Session(engine) as tx:
        assert calendar.load(tx).works(date(2099, 1, 1))


def agreed(engine: Engine, state: VisitState) -> tuple[int, date]:
    with Session(engine) as tx, tx.begin():
        officer = staff(tx, "0417")
        case = make.case(tx, make.person(tx), make.answers(1), number="26-000001")
        case.state = "under_way"
        row = make.visit(tx, case, on=next_week())
        row.state, row.officer_id = state, officer.id
        tx.flush()
        return row.id, row.on


def test_visits_that_stand_there_are_moved_only_when_that_is_said(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    visit_id, day = agreed(engine, VisitState.ACCEPTED)
    assert izin("close", str(day), "--reason", "x") == 1
    assert "--move" in capsys.readouterr().err
    with Session(engine) as tx:
        assert calendar.load(tx).works(day)
        assert tx.get_one(Visit, visit_id).state == VisitState.ACCEPTED
    assert izin("close", str(day), "--reason", "x", "--move") == 0
    with Session(engine) as tx:
        assert not calendar.load(tx).works(day)
        assert tx.get_one(Visit, visit_id).state == VisitState.CANCELLED


def test_a_visit_under_way_is_left_and_named(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    visit_id, day = agreed(engine, VisitState.ON_THE_WAY)
    assert izin("close", str(day), "--reason", "x", "--move") == 1
    assert f"visits {visit_id}" in capsys.readouterr().err
    with Session(engine) as tx:
        assert tx.get_one(Visit, visit_id).state == VisitState.ON_THE_WAY


@pytest.mark.parametrize("known", [True, False])
def test_doctor_warns_of_a_year_whose_joint_leave_is_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    monkeypatch.setattr(calendar, "years_to_know", lambda today: [2026, 2026 if known else 2099])
    with Session(engine) as tx:
        (line,) = examined._calendar(tx)
    assert line.state == ("ok" if known else "warn")
    assert known or "2099" in line.told
