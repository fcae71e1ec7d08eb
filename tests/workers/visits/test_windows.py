"""The owner is invited to choose a window, as soon as there is one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import case as cases
from models.case import Case
from models.lifecycle import CaseState, VisitState
from tests import world as make
from tests.clock import now
from tests.world import news, staff, work_off


@pytest.fixture
def verified(tx: Session) -> Case:
    """A case that was verified just now."""
    row = make.case(tx, make.person(tx), make.answers(1), state=CaseState.ACCEPTED)
    cases.plan_windows(tx, row)
    tx.commit()
    return row


def test_the_owner_is_invited_once(city: Engine, tx: Session, verified: Case) -> None:
    staff(tx, "101")
    cases.plan_windows(tx, verified)
    tx.commit()
    assert work_off(city) == ["open_windows"]
    assert news(tx, verified.person_id) == [("verified", ["notices.verified"], "visit_window")]


def test_after_a_visit_that_failed_other_words_are_used(
    city: Engine, tx: Session, verified: Case
) -> None:
    staff(tx, "101")
    make.visit(tx, verified, state=VisitState.FAILED)
    verified.state = CaseState.ACCEPTED
    tx.commit()
    work_off(city)
    assert news(tx, verified.person_id) == [("verified", ["notices.new_window"], "visit_window")]


def test_while_nobody_has_room_owner_and_supervisor_hear_of_it_once(
    city: Engine, tx: Session, verified: Case
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    staff(tx, "never joined", joined=False)
    tx.commit()
    work_off(city)
    work_off(city, until=now() + timedelta(days=7))  # it is looked again, some times
    assert news(tx, supervisor.person_id) == [("ticket_opened", ["notices.no_officer"], "ticket")]
    assert news(tx, verified.person_id) == [("finding_officer", ["notices.finding_officer"], "")]

    staff(tx, "101")
    tx.commit()
    work_off(city, until=now() + timedelta(days=30))
    assert news(tx, verified.person_id)[1:] == [("verified", ["notices.verified"], "visit_window")]


def test_nobody_is_invited_to_what_is_chosen_or_withdrawn(
    city: Engine, tx: Session, verified: Case
) -> None:
    staff(tx, "101")
    verified.state = CaseState.CANCELLED
    tx.commit()
    work_off(city)
    assert news(tx, verified.person_id) == []
