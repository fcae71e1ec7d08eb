"""Every declared service: its course leads from submit to done, and nothing waits for nobody."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import cases, course, door, tickets, visits
from casework.act import Act, Rows, by_office
from conversations import lifecycle as told
from conversations import services
from conversations import visits as scripts
from conversations.service import Service, Visit, Waiting
from conversations.steps import Choose
from models import lifecycle, person, window
from models.base import now
from models.case import Case
from models.document import Document
from models.lifecycle import CASE_MOVES, OPEN_CASES, WAITS, CaseState, VisitState
from models.visit import OPEN
from models.visit import Visit as VisitRow
from tests import world as make

CAUSES = itertools.count()
DECLARED = tuple(services.load().values())


def by(tx: Session, person_id: int) -> Act:
    """An act of a person, without a chat."""
    (speaker,) = person.lock(tx, [person_id])
    return Act(tx, f"person:{person_id}", now(tx), f"law:{next(CAUSES)}", Rows(tx), speaker)


def office(tx: Session) -> Act:
    return by_office(tx, "worker", f"law:{next(CAUSES)}")


@pytest.mark.parametrize("service", DECLARED, ids=lambda service: service.id)
def test_a_course_leads_from_submit_to_done_by_acts_of_those_who_may(
    tx: Session, service: Service
) -> None:
    owner = make.person(tx)
    officer = make.staff(tx, "0417", areas=("31",)).person_id
    assert officer is not None
    cases.submit(by(tx, owner), service.id, make.answers(1))
    (case,) = tx.scalars(select(Case).where(Case.person_id == owner))
    if service.checks:
        assert case.state == CaseState.SUBMITTED
        course.accept(office(tx), case)
    if service.answered:
        supervisor = make.staff(tx, "S1", role="supervisor", areas=("31",)).person_id
        assert supervisor is not None and case.state == CaseState.UNDER_WAY
        tickets.close(by(tx, supervisor), case.id, "Sudah kami periksa.")
    for stage in service.course:
        if isinstance(stage, Waiting):
            assert (case.state, case.stage) == (CaseState.WAITING, stage.id)
            assert case.due_at is not None
            course.advance(office(tx), case)
        if not isinstance(stage, Visit):
            continue
        assert (case.state, case.stage) == (CaseState.ACCEPTED, stage.id)
        make_visit(tx, case, owner, officer, stage)
    tx.flush()
    assert case.state == CaseState.DONE
    issued = set(tx.scalars(select(Document.kind).where(Document.case_id == case.id)))
    assert issued == {stage.issues for stage in service.course if stage.issues}


def make_visit(tx: Session, case: Case, owner: int, officer: int, stage: Visit) -> None:
    """One visit of a course, from its window to its end."""
    free = window.free(tx, case.area_code or "", now(tx))[0]
    visits.book(by(tx, owner), case.id, free.on, free.part)
    visit = tx.scalars(select(VisitRow).where(VisitRow.case_id == case.id, OPEN)).one()
    assert visit.purpose == stage.purpose and visit.site is not None
    chosen = make.officer_of(tx, officer)
    visits.offer_to(office(tx), visit, chosen)
    visits.accept(by(tx, officer), visit.id)
    visits.depart(by(tx, officer), visit.id)
    visits.arrive(by(tx, officer), visit.id, 0.1)
    door.prove_code(by(tx, officer), visit.id)
    script = scripts.load()[stage.purpose]
    given = {
        step.id: step.options[0]
        if isinstance(step, Choose) and isinstance(step.options, tuple)
        else {"ids": []}
        for step in script.steps
    }
    visits.finish(by(tx, officer), visit.id, stage.purpose, script.outcome(given), given)
    assert visit.state == VisitState.DONE


@pytest.mark.parametrize("service", DECLARED, ids=lambda service: service.id)
def test_a_declaration_is_sound(service: Service) -> None:
    assert service.problems() == []


def test_every_open_state_has_somebody_whose_turn_it_is_and_a_time() -> None:
    assert (
        set(WAITS)
        == OPEN_CASES
        == {*CaseState} - {CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED}
    )
    assert all(wait.within.total_seconds() > 0 for wait in WAITS.values())


def test_every_state_can_be_reached_and_every_open_one_leads_to_done() -> None:
    reached = {CaseState.SUBMITTED}
    for _ in CaseState:
        reached |= {to for state in reached for to in CASE_MOVES[state]}
    assert reached == set(CaseState)
    for state in OPEN_CASES:
        ahead = {state}
        for _ in CaseState:
            ahead |= {to for one in ahead for to in CASE_MOVES[one]}
        assert CaseState.DONE in ahead, state


def test_conversations_know_the_states_of_the_tables() -> None:
    assert [*map(str, told.CaseState)] == [*map(str, lifecycle.CaseState)]
    assert [*map(str, told.VisitState)] == [*map(str, lifecycle.VisitState)]
