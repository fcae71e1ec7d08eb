"""An objection that is upheld opens the rejected case again, for somebody else to decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import cases, erasing, objections
from casework.act import Act, Rows
from conversations import catalogue, messages
from models import finding
from models import person as people
from models.case import Case
from models.finding import FindingRow
from models.lifecycle import CaseState, NotAllowed
from models.officer import Officer
from models.outbox import OutboundMessage
from models.ticket import Ticket
from tests import world as make
from tests.clock import now

HERE = "31.74"
WHY = "kios saya di tanah sendiri"


@dataclass(slots=True)
class Office:
    """A rejected case of an owner, who rejected it, and who else may read the objection."""

    tx: Session
    owner: int
    case: Case
    rejecter: Officer
    acts: int = 0

    def by(self, person_id: int | None) -> Act:
        self.acts += 1
        (speaker,) = people.lock(self.tx, [person_id or 0])
        cause, actor = f"test:{self.acts}", f"person:{person_id}"
        return Act(self.tx, actor, now(), cause, Rows(self.tx), speaker)

    def object(self) -> Case:
        """Let the owner object; gives the objection."""
        objections.object_to(self.by(self.owner), self.case.id, WHY)
        found = select(Case).where(Case.same_as == self.case.number).order_by(Case.id.desc())
        return self.tx.scalars(found).first() or self.case

    def decide(self, who: Officer, objection: Case, *, upheld: bool) -> str:
        """Close the objection; gives what the supervisor reads."""
        objections.decide(self.by(who.person_id), objection.id, "Kami lihat lagi.", upheld=upheld)
        self.tx.flush()
        of = select(OutboundMessage).where(OutboundMessage.person_id == who.person_id)
        row = self.tx.scalars(of.order_by(OutboundMessage.id.desc())).first()
        assert row is not None
        return catalogue.load().text(messages.from_json(row.message), "id")

    def told(self, person_id: int | None) -> list[tuple[list[str], str]]:
        assert person_id is not None
        return [(keys, opens) for _, keys, opens in make.news(self.tx, person_id)]


@pytest.fixture
def office(tx: Session) -> Iterator[Office]:
    owner = make.person(tx)
    case = make.case(tx, owner, make.answers(1), state=CaseState.IN_REVIEW)
    rejecter = make.staff(tx, "S1", role="supervisor", areas=(HERE,))
    made = Office(tx, owner, case, rejecter)
    cases.reject(made.by(rejecter.person_id), case.id, "place", "Di atas trotoar")
    yield made


def colleague(office: Office) -> Officer:
    return make.staff(office.tx, "S2", role="supervisor", areas=(HERE,))


def test_an_upheld_objection_waits_for_another_decision(office: Office) -> None:
    other, head = colleague(office), make.staff(office.tx, "H1", role="head", areas=("31",))
    objection = office.object()
    said = office.decide(head, objection, upheld=True)
    assert "dikabulkan" in said and office.case.number in said
    assert (office.case.state, objection.state) == (CaseState.IN_REVIEW, CaseState.DONE)
    ticket = office.tx.get_one(Ticket, objection.id)
    assert ticket.founded is True and ticket.closed_at is not None
    assert (["notices.objection_upheld"], "my_ticket") in office.told(office.owner)
    assert office.told(other.person_id)[-1] == (["notices.case_reopened"], "review")
    again = (["notices.case_reopened"], "review")
    assert again not in office.told(office.rejecter.person_id)


def test_who_rejected_does_not_decide_again_and_another_does(office: Office) -> None:
    other = colleague(office)
    office.decide(other, office.object(), upheld=True)
    mine = office.by(office.rejecter.person_id)
    with pytest.raises(NotAllowed, match="was rejected by"):
        cases.accept(mine, office.case.id)
    with pytest.raises(NotAllowed):
        cases.reject(mine, office.case.id, "place", "tetap")
    cases.accept(office.by(other.person_id), office.case.id)
    assert office.case.state == CaseState.ACCEPTED


def test_who_rejected_decides_again_if_there_is_nobody_else(office: Office) -> None:
    office.decide(office.rejecter, office.object(), upheld=True)
    assert office.case.state == CaseState.IN_REVIEW
    cases.accept(office.by(office.rejecter.person_id), office.case.id)
    assert office.case.state == CaseState.ACCEPTED


def test_a_rejection_stands_if_the_objection_is_dismissed(office: Office) -> None:
    other = colleague(office)
    objection = office.object()
    office.decide(other, objection, upheld=False)
    assert office.case.state == CaseState.REJECTED
    assert office.tx.get_one(Ticket, objection.id).founded is False
    assert (["notices.objection_dismissed"], "my_ticket") in office.told(office.owner)
    assert (["notices.officer_cleared"], "") not in office.told(office.rejecter.person_id)


def test_it_is_decided_once(office: Office) -> None:
    other, objection = colleague(office), office.object()
    office.decide(other, objection, upheld=True)
    with pytest.raises(NotAllowed):
        office.decide(other, objection, upheld=True)
    assert office.case.state == CaseState.IN_REVIEW


def test_a_second_rejection_has_an_author_and_a_day_of_its_own(office: Office) -> None:
    other = colleague(office)
    office.decide(other, office.object(), upheld=True)
    cases.reject(office.by(other.person_id), office.case.id, "other", "Lain lagi")
    refused = select(FindingRow).where(FindingRow.check == finding.REFUSAL)
    row = office.tx.scalars(refused.execution_options(populate_existing=True)).one()
    assert (row.reason, row.params["by"]) == ("other", other.id)
    office.decide(office.rejecter, office.object(), upheld=True)
    assert office.case.state == CaseState.IN_REVIEW
    cases.accept(office.by(office.rejecter.person_id), office.case.id)


def test_a_case_that_was_asked_for_again_stays_closed(office: Office) -> None:
    other, objection = colleague(office), office.object()
    newer = make.case(office.tx, office.owner, make.answers(1), number="26-000077")
    said = office.decide(other, objection, upheld=True)
    assert newer.number in said and "tidak dibuka lagi" in said
    assert office.case.state == CaseState.REJECTED
    assert (["notices.objection_renewed"], "my_ticket") in office.told(office.owner)


@pytest.mark.parametrize("how", ["rejected", "elsewhere"])
def test_another_case_of_the_owner_does_not_keep_it_closed(office: Office, how: str) -> None:
    other, objection = colleague(office), office.object()
    newer = make.case(office.tx, office.owner, make.answers(1), number="26-000077")
    if how == "rejected":
        newer.state = CaseState.REJECTED
    else:
        newer.same_as = "10720/31.71.01.1001"
    office.decide(other, objection, upheld=True)
    assert office.case.state == CaseState.IN_REVIEW


def test_nothing_is_opened_of_an_owner_who_was_erased(office: Office) -> None:
    other, objection = colleague(office), office.object()
    erasing.ask(office.by(office.owner))
    office.tx.flush()
    with pytest.raises(NotAllowed):
        office.decide(other, objection, upheld=True)
    assert office.case.state == CaseState.REJECTED


def test_a_complaint_is_no_objection(office: Office) -> None:
    other, objection = colleague(office), office.object()
    office.tx.get_one(Ticket, objection.id).about = "talk"
    with pytest.raises(NotAllowed):
        office.decide(other, objection, upheld=True)
