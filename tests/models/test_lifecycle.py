"""Only the moves of the table happen, and each leaves its trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.audit import AuditEntry
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.lifecycle import (
    CASE_MOVES,
    OPEN_CASES,
    OPEN_VISITS,
    VISIT_MOVES,
    CaseState,
    NotAllowed,
    VisitState,
    move,
)
from tests import world
from tests.clock import now


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as session:
        yield session


def test_every_pair_of_states_is_either_allowed_or_refused(tx: Session) -> None:
    case = world.case(tx, world.person(tx), world.answers(1))
    visit = world.visit(tx, case)
    for one, other in product(CaseState, CaseState):
        case.state = one.value
        if other in CASE_MOVES[one]:
            move(tx, case, other, actor="test")
            assert case.state == other
        else:
            with pytest.raises(NotAllowed, match=f"from {one} to {other}"):
                move(tx, case, other, actor="test")
            assert case.state == one
    for here, there in product(VisitState, VisitState):
        visit.state = here.value
        if there in VISIT_MOVES[here]:
            move(tx, visit, there, actor="test")
            assert visit.state == there
        else:
            with pytest.raises(NotAllowed):
                move(tx, visit, there, actor="test")
            assert visit.state == here


def test_a_move_is_dated_and_in_the_audit(tx: Session) -> None:
    before = now() - timedelta(minutes=1)
    case = world.case(tx, world.person(tx), world.answers(1), moved_at=before)
    move(tx, case, CaseState.ACCEPTED, actor="person:7", reason="why")
    tx.flush()
    row = tx.query(AuditEntry).one()
    assert (row.actor, row.action, row.subject) == (
        "person:7",
        "case.moved",
        f"case:{case.id}",
    )
    assert row.details == {"from": "submitted", "to": "accepted", "reason": "why"}
    assert case.moved_at > before


def test_what_is_over_stays_over() -> None:
    ended = {CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED}
    assert set(CaseState) - OPEN_CASES == ended
    done = {VisitState.DONE, VisitState.FAILED, VisitState.CANCELLED}
    assert set(VisitState) - OPEN_VISITS == done


def test_every_open_state_leads_to_an_end() -> None:
    """Nobody is caught in a circle."""
    for moves in (CASE_MOVES, VISIT_MOVES):
        ends = {state for state, onward in moves.items() if not onward}
        for start in moves:
            ahead, before = {start}, set[str]()
            while ahead != before:
                before = set(ahead)
                ahead = ahead.union(*(onward for state, onward in moves.items() if state in ahead))
            assert ahead & ends, f"{start} leads nowhere"


def test_a_case_is_done_after_a_visit_or_after_somebody_outside_acted() -> None:
    before = {s for s, onward in CASE_MOVES.items() if CaseState.DONE in onward}
    assert before == {CaseState.UNDER_WAY, CaseState.WAITING}
    before_hand_over = {s for s, onward in VISIT_MOVES.items() if VisitState.DONE in onward}
    assert before_hand_over == {VisitState.ARRIVED}
