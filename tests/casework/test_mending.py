"""What differs at the door: corrected by the officer, confirmed by the owner, verified again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from casework import assisting, cases, handing_on, mending, people, visits
from casework.act import Act, Rows, by_office
from models import assisted, identity, person
from models import case as case_rows
from models.assisted import Assisted, AssistedState, Way
from models.attachment import Attachment
from models.base import now
from models.case import Case
from models.document import Document
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.person import Address
from models.task import Task
from models.visit import Visit
from tests import world as make
from workers.verification.run import gave_up

CAUSES = itertools.count()
STREET = "Jalan Melati nomor 5"
BAKSO = {"code": "56102", "version": "2025", "words": "bakso"}
PETROL = {"code": "47301", "version": "2025", "words": "bensin"}
UNKNOWN = {"code": "56102", "version": "2020", "words": "bakso"}


@dataclass(frozen=True, slots=True)
class Door:
    """An officer at the door of an owner, whose code has matched."""

    tx: Session
    city: Engine
    owner: int
    officer: Officer
    case: Case
    visit: Visit

    def by(self, person_id: int | None) -> Act:
        assert person_id is not None
        (speaker,) = person.lock(self.tx, [person_id])
        cause = f"mend:{next(CAUSES)}"
        return Act(self.tx, f"person:{person_id}", now(self.tx), cause, Rows(self.tx), speaker)

    @property
    def at_work(self) -> Act:
        return self.by(self.officer.person_id)

    def propose(self, **new: Any) -> Assisted:
        """The officer corrects answers, and asks the owner."""
        mending.begin(self.at_work, self.visit.id)
        form = assisted.mending(self.tx, self.case.id)
        assert form is not None
        assisting.propose(self.at_work, form.id, {**self.case.answers, **new})
        self.tx.flush()
        return form

    def agree(self, **new: Any) -> Assisted:
        form = self.propose(**new)
        mending.confirm(self.by(self.owner), form.id)
        self.tx.commit()
        return form

    def verify(self) -> None:
        """The workers take what is due."""
        self.tx.commit()
        make.work_off(self.city)
        self.tx.expire_all()

    def finish(self) -> None:
        given = {"ktp": "seen", "place": "mended", "photo": "none", "hand_over": "yes"}
        visits.finish(self.at_work, self.visit.id, "hand_over", "handed_over", given)
        self.tx.flush()

    def permits(self) -> int:
        of = select(Document).where(Document.case_id == self.case.id)
        return len(self.tx.scalars(of).all())

    def told(self, person_id: int | None) -> list[tuple[str, str]]:
        """What somebody is told, oldest first: (the first sentence, the flow that it opens)."""
        return [
            (parts[0] if parts else "", opens) for _, parts, opens in make.news(self.tx, person_id)
        ]


@pytest.fixture
def door(city: Engine, tx: Session) -> Door:
    owner = make.person(tx)
    officer = make.staff(tx, "0417", areas=("31.74",))
    make.staff(tx, "S1", role="supervisor", areas=("31.74",))
    case = make.case(tx, owner, make.answers(1))
    case.state, case.stage = CaseState.UNDER_WAY, "hand_over"
    visit = make.visit(tx, case, officer_id=officer.id, state=VisitState.ARRIVED)
    visit.host_id, visit.code_proved_at = owner, now(tx)
    tx.commit()
    return Door(tx, city, owner, officer, case, visit)


def test_what_the_owner_agrees_to_is_verified_and_printed(door: Door) -> None:
    form = door.propose(street=STREET, trade=BAKSO)
    assert door.case.answers["street"] != STREET, "nothing changes before the owner answers"
    assert door.told(door.owner)[-1][1] == "mended"
    mending.confirm(door.by(door.owner), form.id)
    assert form.state == AssistedState.CHECKING and form.answers is not None
    assert (door.case.answers["street"], door.case.answers_version) == (STREET, 2)
    assert door.case.changed == ["street", "trade"]
    assert door.case.answered_by == dict.fromkeys(("street", "trade"), f"officer:{door.officer.id}")
    assert door.visit.site is not None and STREET in door.visit.site["address"]
    with pytest.raises(NotAllowed):
        door.finish()  # not before it is verified
    door.verify()
    assert (form.state, form.way, form.answers) == (AssistedState.SENT, Way.OWN_PHONE, None)
    assert door.case.state == CaseState.UNDER_WAY
    assert door.told(door.officer.person_id)[-1] == ("mending.passed", "visit")
    door.finish()
    assert (door.case.state, door.permits()) == (CaseState.DONE, 1)


def test_only_what_the_service_lets_mend_is_mended(door: Door) -> None:
    door.agree(street=STREET, papers="nib", identity="page")
    assert door.case.answers["papers"] != "nib" and door.case.changed == ["street"]


def test_the_owner_says_that_it_is_wrong(door: Door) -> None:
    form = door.propose(street=STREET)
    mending.refuse(door.by(door.owner), form.id)
    assert form.state == AssistedState.WRITING and door.case.answers_version == 1
    assert door.told(door.officer.person_id)[-1] == ("mending.refused", "business_permit")
    with pytest.raises(NotAllowed):
        mending.confirm(door.by(door.owner), form.id)  # an old message
    assisting.propose(door.at_work, form.id, {**door.case.answers, "street": "Gang Kenanga 2"})
    mending.confirm(door.by(door.owner), form.id)
    door.verify()
    assert door.case.answers["street"] == "Gang Kenanga 2"


def test_the_officer_gives_up(door: Door) -> None:
    form = door.propose(street=STREET)
    assisting.drop(door.at_work, form.id)
    assert form.state == AssistedState.OVER and form.answers is None
    with pytest.raises(NotAllowed):
        mending.confirm(door.by(door.owner), form.id)
    door.finish()
    assert door.permits() == 1 and door.case.answers_version == 1


def test_nothing_that_differs_is_no_question_for_the_owner(door: Door) -> None:
    form = door.propose()
    assert form.state == AssistedState.OVER
    assert door.told(door.owner) == []


@pytest.mark.parametrize(
    ("new", "state", "flow"),
    [
        ({"trade": UNKNOWN}, CaseState.NEEDS_FIX, "business_permit"),
        ({"trade": PETROL}, CaseState.IN_REVIEW, ""),
        ({"capital": 4_000_000_000, "turnover": 500_000_000}, CaseState.IN_REVIEW, ""),
    ],
)
def test_what_needs_the_owner_or_a_supervisor_ends_the_visit(
    door: Door, new: Mapping[str, Any], state: CaseState, flow: str
) -> None:
    form = door.agree(**new)
    door.verify()
    assert (door.case.state, door.visit.state) == (state, VisitState.FAILED)
    assert form.state == AssistedState.SENT and door.case.failed_visits == 0
    assert door.told(door.officer.person_id)[-1][0] == "mending.stopped"
    assert door.told(door.owner)[-1][1] == flow
    with pytest.raises(NotAllowed):
        door.finish()
    assert door.permits() == 0


def test_a_case_that_the_owner_fixes_afterwards_is_visited_again(door: Door) -> None:
    door.agree(trade=UNKNOWN)
    door.verify()
    cases.correct(door.by(door.owner), door.case.id, {"trade": BAKSO})
    door.verify()
    assert door.case.state == CaseState.ACCEPTED
    assert door.told(door.owner)[-1][1] == "visit_window"


def test_a_case_that_a_supervisor_approves_afterwards_is_visited_again(door: Door) -> None:
    door.agree(trade=PETROL)
    door.verify()
    cases.accept(by_office(door.tx, "operator", "approve"), door.case.id)
    door.verify()
    assert door.case.state == CaseState.ACCEPTED


def known_as(door: Door, name: str) -> None:
    """The owner's KTP was filled in on the page."""
    token = identity.link(door.tx, person_id=door.owner, holder_id=door.owner)
    door.tx.flush()
    link = identity.open_link(door.tx, token)
    assert link is not None
    identity.give(
        door.tx,
        link,
        name=name,
        nik="3174015203870001",
        born_on=date(1987, 3, 12),
        address="Jl. Damai 3",
        ktp_attachment_id=None,
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("Siti Amina", CaseState.UNDER_WAY),  # a slip
        ("Siti", CaseState.UNDER_WAY),  # a part
        ("Budi Santoso", CaseState.IN_REVIEW),
        ("Siti Rahmawati", CaseState.IN_REVIEW),
    ],
)
def test_another_name_than_the_verified_one_is_not_printed(
    door: Door, name: str, state: CaseState
) -> None:
    known_as(door, "SITI AMINAH")
    door.agree(owner_name=name)
    door.verify()
    assert door.case.state == state


def test_a_finding_on_the_identity_ends_no_visit(door: Door) -> None:
    """It was not mended: the officer sees it on the card, as before."""
    known_as(door, "Siti Aminah")
    door.case.changed = ["identity"]
    door.agree(street=STREET)
    assert door.case.changed == ["identity", "street"]
    door.verify()
    assert door.case.state == CaseState.UNDER_WAY


def test_two_mends_after_another(door: Door) -> None:
    door.agree(street=STREET)
    door.verify()
    door.agree(business_name="Bakso Siti")
    door.verify()
    states = [one.state for one in door.tx.scalars(select(Assisted).order_by(Assisted.id))]
    assert states == [AssistedState.SENT, AssistedState.SENT]
    assert door.case.answers["street"] == STREET
    assert door.case.answered_by is not None and len(door.case.answered_by) == 2
    door.finish()
    assert door.permits() == 1


def test_what_is_verified_twice_goes_on_once(door: Door) -> None:
    """The worker was killed after it had written: the task is offered once more."""
    form = door.agree(trade=BAKSO)
    door.verify()
    before = door.told(door.officer.person_id)
    case_rows.plan_verification(door.tx, door.case)
    door.tx.add(Task(kind="verify", subject_id=door.case.id, run_key="verify:again"))
    door.verify()
    assert form.state == AssistedState.SENT
    assert door.told(door.officer.person_id) == before


def test_a_visit_that_failed_is_answered_no_more(door: Door) -> None:
    form = door.propose(street=STREET)
    visits.fail(door.at_work, door.visit.id, "data_wrong")
    with pytest.raises(NotAllowed):
        mending.confirm(door.by(door.owner), form.id)
    assert door.case.answers_version == 1


def test_a_visit_that_fails_while_it_is_verified_is_verified_all_the_same(door: Door) -> None:
    form = door.agree(trade=UNKNOWN)
    visits.fail(door.at_work, door.visit.id, "weather")
    assert door.case.state == CaseState.ACCEPTED
    door.verify()
    assert (door.case.state, form.state) == (CaseState.NEEDS_FIX, AssistedState.SENT)


def test_an_officer_who_is_dismissed_mends_nothing(door: Door) -> None:
    form = door.propose(street=STREET)
    boss = make.staff(door.tx, "S2", role="head", areas=("31",)).person_id
    handing_on.end(door.by(boss), door.officer.id)
    with pytest.raises(NotAllowed):
        mending.confirm(door.by(door.owner), form.id)
    with pytest.raises(NotAllowed):
        mending.begin(door.at_work, door.visit.id)


def test_the_next_officer_begins_anew(door: Door) -> None:
    form = door.propose(street=STREET)
    other = make.staff(door.tx, "0418", areas=("31.74",))
    door.visit.officer_id = other.id
    mending.begin(door.by(other.person_id), door.visit.id)
    assert form.state == AssistedState.OVER
    following = assisted.mending(door.tx, door.case.id)
    assert following is not None and following.officer_id == other.id


def test_a_form_that_was_opened_twice_is_one(door: Door) -> None:
    mending.begin(door.at_work, door.visit.id)
    mending.begin(door.at_work, door.visit.id, "trade")
    door.tx.flush()
    assert len(door.tx.scalars(select(Assisted)).all()) == 1


def test_an_owner_who_wants_no_messages_signs(door: Door) -> None:
    people.opt_out(door.by(door.owner))
    door.tx.flush()
    form = door.propose(street=STREET)
    assert door.told(door.owner) == []
    assert door.told(door.officer.person_id)[-1][1] == "mending"
    assert assisting.confirm_by_signature(office(door), form, photo(door, door.owner))
    door.verify()
    assert (form.way, door.case.answers["street"]) == (Way.SIGNATURE, STREET)
    assert not assisting.confirm_by_signature(office(door), form, photo(door, door.owner))


def test_nobody_signs_for_a_visit_that_is_over(door: Door) -> None:
    form = door.propose(street=STREET)
    visits.fail(door.at_work, door.visit.id, "weather")
    assert not assisting.confirm_by_signature(office(door), form, photo(door, door.owner))
    assert door.case.answers_version == 1


def test_the_identity_that_is_given_meanwhile_changes_nothing(door: Door) -> None:
    """The page is saved while what was mended is verified: both are judged, once."""
    form = door.agree(trade=UNKNOWN)
    known_as(door, "Siti Aminah")
    cases.identity_given(office(door), door.owner)
    assert (door.case.answers_version, door.case.changed) == (3, ["identity", "trade"])
    door.verify()
    assert (form.state, door.case.state) == (AssistedState.SENT, CaseState.NEEDS_FIX)


def test_verification_that_fails_for_good_is_for_a_person(door: Door) -> None:
    form = door.agree(street=STREET)
    (task,) = door.tx.scalars(select(Task).where(Task.kind == "verify"))
    gave_up(door.tx, task)
    assert (door.case.state, form.state) == (CaseState.IN_REVIEW, AssistedState.SENT)
    assert door.visit.state == VisitState.FAILED


def test_a_sheet_that_was_signed_is_enough(door: Door) -> None:
    door.visit.host_id = None
    door.tx.execute(delete(Address).where(Address.person_id == door.owner))
    form = door.propose(street=STREET)
    sheet = photo(door, door.officer.person_id or 0)
    assisting.confirm_on_paper(door.at_work, form.id, sheet)
    door.verify()
    assert (form.way, form.evidence_id) == (Way.PAPER, sheet)
    assert door.case.answers["street"] == STREET


def test_a_form_for_a_new_permit_is_another_matter(door: Door) -> None:
    """A person may have both: each has its own row."""
    door.propose(street=STREET)
    assert assisted.open_of_person(door.tx, door.owner) is None


def office(door: Door) -> Act:
    return by_office(door.tx, "web", f"sign:{next(CAUSES)}")


def photo(door: Door, person_id: int) -> int:
    row = Attachment(person_id=person_id, channel="chat", kind="photo")
    door.tx.add(row)
    door.tx.flush()
    return row.id
