"""Cases on a real record."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from models import case as cases
from models import person
from models.case import Case, NewCase
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.lifecycle import CaseState
from models.task import Task

ANSWERS = {"owner_name": "Siti Aminah", "capital": 5_000_000}


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    """A session on the database, with keys."""
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as tx:
        yield tx


def owner(tx: Session) -> int:
    (who,) = person.meet(tx, "chat", [("1", "id")]).values()
    return who


def test_a_new_case_is_verified_once_and_numbered_by_year_and_id(tx: Session) -> None:
    who = owner(tx)
    codes = {"same_as": "56102/31.74.07.1001", "area_code": "31.74.07.1001"}
    (sent,) = cases.submit(tx, [NewCase(who, "business_permit", ANSWERS, **codes)])
    found, number = sent.id, sent.number
    assert re.fullmatch(r"\d\d-\d{6}", number)
    assert number.endswith(f"{found:06d}")
    row = tx.get_one(Case, found)
    assert (row.number, row.person_id, row.service, row.answers) == (
        number,
        who,
        "business_permit",
        ANSWERS,
    )
    assert (row.state, row.answers_version, row.changed, row.failed_visits) == (
        CaseState.SUBMITTED,
        1,
        None,
        0,
    )
    assert (row.same_as, row.area_code) == ("56102/31.74.07.1001", "31.74.07.1001")
    planned = tx.scalars(select(Task)).one()
    assert (planned.kind, planned.subject_id) == ("verify", found)
    cases.plan_verification(tx, row)  # of the same answers: planned already
    assert len(tx.scalars(select(Task)).all()) == 1


def test_numbers_grow_beyond_six_digits(tx: Session) -> None:
    tx.execute(text("SELECT setval(pg_get_serial_sequence('cases', 'id'), 1234567, false)"))
    (sent,) = cases.submit(tx, [NewCase(owner(tx), "business_permit", {})])
    assert sent.number.endswith("-1234567")


def test_cases_that_are_inserted_together_keep_their_order(tx: Session) -> None:
    who = owner(tx)
    sent = cases.submit(tx, [NewCase(who, "business_permit", {"n": n}) for n in range(20)])
    stored = [tx.get_one(Case, one.id) for one in sent]
    assert [row.answers["n"] for row in stored] == list(range(20))
    assert [row.number for row in stored] == [one.number for one in sent]
    assert [row.id for row in stored] == sorted(row.id for row in stored)
