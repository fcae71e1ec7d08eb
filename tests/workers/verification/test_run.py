"""From a case just sent to what its findings lead to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from casework import cases as acts
from casework.act import Act, Rows, by_office
from models import base, finding, identity
from models import case as cases
from models import person as people
from models.attachment import AttachmentState
from models.case import Case
from models.finding import Finding, FindingRow, Outcome
from models.inbox import InboxMessage
from models.infrastructure.storage import Storage
from models.lifecycle import CaseState, VisitState
from models.task import MAX_FAILURES, Task
from tests.clock import now
from tests.workers.verification.samples import encoded, scene
from tests.world import (
    answers,
    case,
    news,
    person,
    staff,
    stored_photo,
    visit,
    work_off,
)

LEFT = {"left": True}
SITI = {"name": "Siti Aminah", "nik": "3174015203870001", "born_on": date(1987, 3, 12)}


def sent(tx: Session, storage: Storage, *, owner_id: int | None = None, **changed: Any) -> Case:
    """A sound case but for what is changed, just sent, with its task."""
    owner = owner_id or person(tx)
    row = case(tx, owner, answers(stored_photo(tx, storage, owner).id, **changed))
    cases.plan_verification(tx, row)
    tx.commit()
    return row


def correct(tx: Session, row: Case, fixed: Mapping[str, Any]) -> None:
    """The owner answers again, as the bot writes it."""
    owner = people.lock(tx, [row.person_id])[0]
    act = Act(
        tx, f"person:{owner.id}", base.now(tx), f"turn:{row.answers_version}", Rows(tx), owner
    )
    acts.correct(act, row.id, fixed)
    tx.commit()


def give_identity(tx: Session, person_id: int, **changed: Any) -> None:
    token = identity.link(tx, person_id=person_id, holder_id=person_id)
    tx.flush()
    link = identity.open_link(tx, token)
    assert link is not None
    given = {**SITI, "address": "Jl. Damai 3", "ktp_attachment_id": None, **changed}
    identity.give(tx, link, **given)


def judged(tx: Session, row: Case) -> dict[str, tuple[int, str, str]]:
    """The latest finding of each check: (version of the answers, outcome, reason)."""
    return {
        one.check: (one.answers_version, one.outcome, one.reason)
        for one in finding.latest(tx, [row.id])
    }


@pytest.mark.parametrize(
    ("changed", "state", "reason"),
    [
        ({}, "accepted", None),
        ({"capital": LEFT, "turnover": LEFT, "workers": LEFT}, "accepted", None),
        ({"identity": "page"}, "accepted", None),  # the page is not filled in: seen at the door
        ({"place_photo": LEFT}, "accepted", None),  # nobody has to send one
        ({"trade": LEFT}, "in_review", "kind_not_chosen"),
        ({"trade": {"code": "56101", "version": "2020"}}, "needs_fix", "kind_unknown"),
        ({"turnover": 500_000_000, "capital": 4_000_000_000}, "in_review", "above_micro"),
        ({"turnover": 1_000}, "needs_fix", "turnover_too_small"),
        (
            {"place": {"kelurahan": "31.74.07.1010", "pin": [-6.914744, 107.60981]}},
            "needs_fix",
            "pin_outside_jakarta",
        ),
        # Something for the owner to mend goes before something for a person to decide.
        ({"trade": LEFT, "turnover": 1_000}, "needs_fix", "turnover_too_small"),
    ],
)
def test_the_findings_decide_where_a_case_goes(
    city: Engine,
    tx: Session,
    storage: Storage,
    changed: dict[str, Any],
    state: str,
    reason: str | None,
) -> None:
    row = sent(tx, storage, **changed)
    work_off(city)
    tx.refresh(row)
    assert row.state == state
    reasons = {why for _, outcome, why in judged(tx, row).values() if outcome != "ok"}
    assert reason in reasons or not reasons


def test_whoever_sent_something_to_mend_is_asked_for_just_that(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row = sent(tx, storage, turnover=1_000)
    work_off(city)
    ((what, parts, opens),) = news(tx, row.person_id)
    assert (what, opens) == ("fix_needed", "business_permit")
    assert parts == ["findings.turnover_too_small"]


def test_kilometres_reach_the_owner_as_words_do(
    city: Engine, tx: Session, storage: Storage
) -> None:
    bandung = {"kelurahan": "31.74.07.1010", "pin": [-6.914744, 107.60981]}
    row = sent(tx, storage, place=bandung)
    work_off(city)
    event = tx.scalars(select(InboxMessage).where(InboxMessage.person_id == row.person_id)).one()
    (_, params), *_ = event.event["params"]["parts"]
    assert isinstance(params["km"], str)
    assert "," in params["km"] or params["km"].isdigit()


def test_a_supervisor_of_the_area_and_the_owner_hear_of_a_review(
    city: Engine, tx: Session, storage: Storage
) -> None:
    here = staff(tx, "S1", role="supervisor", areas=("31.74.07",))
    elsewhere = staff(tx, "S2", role="supervisor", areas=("31.71",))
    row = sent(tx, storage, trade=LEFT)
    work_off(city)
    assert news(tx, here.person_id) == [("review_needed", ["notices.review_needed"], "review")]
    assert news(tx, elsewhere.person_id) == []
    assert news(tx, row.person_id) == [("in_review", ["notices.in_review"], "")]


def test_an_area_without_a_supervisor_is_everybodys(
    city: Engine, tx: Session, storage: Storage
) -> None:
    elsewhere = staff(tx, "S2", role="supervisor", areas=("31.71",))
    sent(tx, storage, trade=LEFT)
    work_off(city)
    assert [what for what, _, _ in news(tx, elsewhere.person_id)] == ["review_needed"]


def test_a_correction_runs_only_the_checks_that_rest_on_it(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row = sent(tx, storage, turnover=1_000)
    work_off(city)
    tx.refresh(row)
    correct(tx, row, {"turnover": 6_000_000})
    work_off(city)
    tx.refresh(row)
    assert row.state == CaseState.ACCEPTED
    assert {check: version for check, (version, _, _) in judged(tx, row).items()} == {
        "identity": 1,
        "duplicates": 1,
        "place": 1,
        "business_type": 1,
        "photo": 1,
        "scale": 2,
    }


def test_what_is_not_mended_at_the_third_time_goes_to_a_person(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row = sent(tx, storage, turnover=1_000)
    states = []
    for _ in range(3):
        work_off(city)
        tx.refresh(row)
        states.append(row.state)
        if row.state == CaseState.NEEDS_FIX:
            correct(tx, row, {"turnover": 2_000})
    assert states == ["needs_fix", "needs_fix", "in_review"]


def test_a_supervisor_who_returned_an_item_sees_the_answer(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row = sent(tx, storage, trade=LEFT)
    work_off(city)
    tx.refresh(row)
    finding.write(
        tx,
        row.id,
        row.answers_version,
        [Finding("supervisor", Outcome("fix_by_owner"), "returned", step="trade")],
    )
    row.state = CaseState.NEEDS_FIX
    correct(tx, row, {"trade": {"code": "56101", "version": "2025", "words": "nasi uduk"}})
    work_off(city)
    tx.refresh(row)
    assert row.state == CaseState.IN_REVIEW
    assert judged(tx, row)["second_look"] == (2, "needs_a_person", "returned_item_answered")


def test_what_a_supervisor_has_approved_is_not_brought_up_again(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row = sent(tx, storage, trade=LEFT, identity="page")
    work_off(city)
    tx.refresh(row)
    finding.write(tx, row.id, row.answers_version, [Finding("approval", Outcome("ok"), "")])
    row.state = CaseState.ACCEPTED
    give_identity(tx, row.person_id)
    acts.identity_given(by_office(tx, "person:1", "page"), row.person_id)
    tx.commit()
    work_off(city)
    tx.refresh(row)
    assert row.answers_version == 2
    # The kind of business that was left open is approved already.
    assert row.state == CaseState.ACCEPTED


def test_the_same_person_is_known_by_their_nik_whatever_phone_they_use(
    city: Engine, tx: Session, storage: Storage
) -> None:
    first = sent(tx, storage, identity="page")
    give_identity(tx, first.person_id)
    other_phone = person(tx)
    give_identity(tx, other_phone)
    twin = case(
        tx,
        other_phone,
        answers(stored_photo(tx, storage, other_phone, encoded(scene(900, 700))).id),
        number="26-000002",
    )
    cases.plan_verification(tx, twin)
    tx.commit()
    work_off(city)
    tx.refresh(first)
    tx.refresh(twin)
    assert first.state == CaseState.ACCEPTED
    assert judged(tx, twin)["duplicates"][1:] == ("needs_a_person", "same_business_asked")


def test_an_identity_given_on_the_page_is_judged(
    city: Engine, tx: Session, storage: Storage
) -> None:
    owner = person(tx)
    give_identity(tx, owner, born_on=date(1988, 3, 12))  # not what the NIK says
    row = sent(tx, storage, owner_id=owner, identity="page")
    work_off(city)
    tx.refresh(row)
    assert row.state == CaseState.IN_REVIEW
    assert judged(tx, row)["identity"] == (1, "needs_a_person", "nik_date_differs")


#: What may be amiss with an identity that is given while a visit is on its way.
GIVEN_LATE: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, ""),
    "another day": ({"born_on": date(1987, 3, 13)}, "nik_date_differs"),
    "another month": ({"born_on": date(1987, 4, 12)}, "nik_date_differs"),
    "another year": ({"born_on": date(1988, 3, 12)}, "nik_date_differs"),
    "too young": ({"nik": "3174015203150001", "born_on": date(2015, 3, 12)}, "under_age"),
    "too old": ({"born_on": date(1887, 3, 12)}, "birth_date_implausible"),
    "no such day": ({"nik": "3174013202870001"}, "nik_date_impossible"),
    "no such month": ({"nik": "3174015213870001"}, "nik_date_impossible"),
    "no serial": ({"nik": "3174015203870000"}, "nik_serial_zero"),
    "no such province": ({"nik": "0074015203870001"}, "nik_area_unknown"),
    "no such city": ({"nik": "3100015203870001"}, "nik_area_unknown"),
}


@pytest.mark.parametrize("what", GIVEN_LATE)
@pytest.mark.parametrize("rests_on", ["page", "door"])
def test_an_identity_given_while_a_visit_is_on_its_way_is_judged_and_moves_nothing(
    city: Engine, tx: Session, storage: Storage, what: str, rests_on: str
) -> None:
    given, reason = GIVEN_LATE[what]
    row = sent(tx, storage, identity=rests_on)
    officer = staff(tx, "0417")
    work_off(city)
    visit(tx, row, state=VisitState.ACCEPTED, officer_id=officer.id)
    row.state = CaseState.UNDER_WAY
    tx.commit()
    give_identity(tx, row.person_id, **given)
    acts.identity_given(by_office(tx, "person:1", "page"), row.person_id)
    tx.commit()
    work_off(city)
    tx.refresh(row)
    assert row.state == CaseState.UNDER_WAY
    outcome = "needs_a_person" if reason else "ok"
    assert judged(tx, row)["identity"] == (2, outcome, reason)
    rows = tx.scalars(select(InboxMessage)).all()
    shown = [one.person_id for one in rows if "identity_given" in str(one.event)]
    assert shown == ([officer.person_id] if reason else [])


def test_a_twin_is_found_even_while_a_visit_is_on_its_way(
    city: Engine, tx: Session, storage: Storage
) -> None:
    first = sent(tx, storage, identity="page")
    give_identity(tx, first.person_id)
    tx.commit()
    other_phone = person(tx)
    photo_id = stored_photo(tx, storage, other_phone, encoded(scene(900, 700))).id
    twin = case(tx, other_phone, answers(photo_id, identity="door"), number="26-000002")
    cases.plan_verification(tx, twin)
    tx.commit()
    work_off(city)
    visit(tx, twin, state=VisitState.ACCEPTED)
    twin.state = CaseState.UNDER_WAY
    give_identity(tx, other_phone)
    acts.identity_given(by_office(tx, "person:1", "page"), other_phone)
    tx.commit()
    work_off(city)
    tx.refresh(twin)
    assert twin.state == CaseState.UNDER_WAY
    assert judged(tx, twin)["duplicates"] == (2, "needs_a_person", "same_business_asked")


def test_a_photo_that_somebody_else_has_sent_goes_to_a_person(
    city: Engine, tx: Session, storage: Storage
) -> None:
    stored_photo(tx, storage, person(tx))
    row = sent(tx, storage)
    work_off(city)
    assert judged(tx, row)["photo"] == (1, "needs_a_person", "photo_seen_elsewhere")


def test_somebody_elses_photo_is_no_photo_of_ones_own(
    city: Engine, tx: Session, storage: Storage
) -> None:
    theirs = stored_photo(tx, storage, person(tx))
    row = case(tx, person(tx), answers(theirs.id))
    cases.plan_verification(tx, row)
    tx.commit()
    work_off(city)
    assert judged(tx, row)["photo"][1] == "ok", "it is no evidence, and none is needed"


def test_photos_still_with_the_provider_are_waited_for(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row, photo = pending(tx, storage)
    work_off(city)
    task = tx.scalars(select(Task).where(Task.kind == "verify")).one()
    assert (task.done_at, task.failures) == (None, 0)
    assert task.due_at > now()
    assert judged(tx, row) == {}

    photo.state = AttachmentState.STORED
    tx.commit()
    work_off(city, until=now() + timedelta(seconds=10))
    tx.refresh(row)
    assert row.state == CaseState.ACCEPTED


def test_photos_that_never_come_are_for_a_person(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row, _ = pending(tx, storage)
    row.moved_at = now() - timedelta(minutes=3)
    tx.commit()
    work_off(city)
    tx.refresh(row)
    assert row.state == CaseState.IN_REVIEW
    assert judged(tx, row)["photo"] == (1, "needs_a_person", "photo_not_fetched")


def pending(tx: Session, storage: Storage) -> tuple[Case, Any]:
    owner = person(tx)
    photo = stored_photo(tx, storage, owner)
    photo.state = AttachmentState.PENDING
    row = case(tx, owner, answers(photo.id))
    cases.plan_verification(tx, row)
    tx.commit()
    return row, photo


def test_with_the_file_store_away_the_task_is_tried_again_and_a_person_looks_at_last(
    city: Engine, tx: Session, storage: Storage, tmp_path: Path
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    row = sent(tx, storage)
    tmp_path.joinpath("files").rename(tmp_path / "away")
    for _ in range(MAX_FAILURES):
        work_off(city, until=now() + timedelta(hours=1))
    tx.refresh(row)
    task = tx.scalars(select(Task).where(Task.kind == "verify")).one()
    assert task.failures == MAX_FAILURES
    assert task.last_error is not None
    assert task.last_error.startswith("FileNotFoundError at ")
    assert row.state == CaseState.IN_REVIEW
    assert judged(tx, row) == {"verification": (1, "needs_a_person", "checks_failed")}
    assert [what for what, _, _ in news(tx, supervisor.person_id)] == ["review_needed"]


def test_verifying_twice_says_everything_once(city: Engine, tx: Session, storage: Storage) -> None:
    row = sent(tx, storage, turnover=1_000)
    work_off(city)
    before = len(tx.scalars(select(FindingRow)).all())
    tx.scalars(select(Task).where(Task.kind == "verify")).one().done_at = None
    tx.commit()
    work_off(city)
    assert len(tx.scalars(select(FindingRow)).all()) == before
    assert len(news(tx, row.person_id)) == 1


def test_a_case_withdrawn_meanwhile_is_left_alone(
    city: Engine, tx: Session, storage: Storage
) -> None:
    row = sent(tx, storage)
    row.state = CaseState.CANCELLED
    tx.commit()
    work_off(city)
    assert judged(tx, row) == {}
    assert news(tx, row.person_id) == []
