"""The clocks of a letter to a lender: no stage is without a deadline, and nobody is asked twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from casework import course, dossiers, lender_answers, reminding, tickets, waiting
from conversations import services
from conversations.dossiers import NO_ANSWER, REOPENS
from conversations.messages import Json
from conversations.service import Waiting
from models import calendar
from models.case import Case
from models.inbox import InboxMessage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed
from tests import world as make
from tests.clock import ALWAYS_NIGHT, now
from tests.letters_at import (
    DAY,
    SERVICE,
    by,
    by_office,
    letter,
    letter_of,
    morning,
    open_tickets,
    planned,
    stage_of,
    told,
)

ASKED = (("reading", (1, 3), 5), ("delivery", (2, 3, 4), 5), ("awaiting", (5, 10, 20), 30))
ASK = "notices.about_letter"


def test_every_stage_has_an_owner_and_a_deadline(tx: Session) -> None:
    stages = [one for one in services.load()[SERVICE].course if isinstance(one, Waiting)]
    assert stages
    for at, stage in enumerate(stages):
        if stage.signed:
            continue  # it begins with a visit: `test_courses`
        case = letter(tx, stage.id, number=f"26-00001{at}")
        assert case.due_at == morning(tx, case, stage.within.days)
        assert stage.asks and stage.opens
        assert morning(tx, case, stage.asks[0]) in planned(tx, "follow_up")


@pytest.mark.parametrize(("stage", "days", "last"), ASKED)
def test_an_owner_is_asked_again_and_then_somebody_acts(
    tx: Session, stage: str, days: tuple[int, ...], last: int
) -> None:
    make.staff(tx, "S1", role="supervisor")
    case = letter(tx, stage)
    for at, day in enumerate(days, start=1):
        following = dossiers.follow_up(by_office(tx, morning(tx, case, day)), case, stage_of(case))
        assert told(tx, case.person_id).count(ASK) == at
        assert following == morning(tx, case, (*days, last)[at])
        assert open_tickets(tx) == []
    assert following is not None
    assert dossiers.follow_up(by_office(tx, following), case, stage_of(case)) is None
    if stage == "awaiting":
        assert (case.state, letter_of(tx, case).outcome) == (CaseState.DONE, NO_ANSWER)
        assert case.due_at is None
    else:
        assert open_tickets(tx) == ["letter_silent"]
        assert case.state == CaseState.WAITING


@pytest.mark.parametrize(("kind", "path"), [("bank", "ojk"), ("cooperative", "kemenkop")])
def test_after_twenty_days_the_owner_hears_where_to_complain(
    tx: Session, kind: str, path: str
) -> None:
    case = letter(tx, "awaiting", lender_kind=kind)
    for day in (5, 10):
        dossiers.follow_up(by_office(tx, morning(tx, case, day)), case, stage_of(case))
    assert "lender_answer.silent" not in told(tx, case.person_id)
    dossiers.follow_up(by_office(tx, morning(tx, case, 20)), case, stage_of(case))
    assert "lender_answer.silent" in told(tx, case.person_id)
    said = str(_news(tx, case.person_id))
    assert f"lender_answer.complaint.{path}" in said


def _news(tx: Session, person_id: int) -> list[object]:
    return list(tx.scalars(select(InboxMessage.event).where(InboxMessage.person_id == person_id)))


def test_workers_that_were_down_ask_once(tx: Session) -> None:
    """And the owner has a day after the last question before the letter is closed."""
    case = letter(tx, "awaiting")
    late = morning(tx, case, 31)
    following = dossiers.follow_up(by_office(tx, late), case, stage_of(case))
    assert told(tx, case.person_id).count(ASK) == 1
    assert following is not None
    assert "lender_answer.silent" in told(tx, case.person_id)
    assert case.state == CaseState.WAITING
    assert following == waiting.morning(calendar.load(tx), late, 1)
    dossiers.follow_up(by_office(tx, following), case, stage_of(case))
    assert case.state == CaseState.DONE


def test_two_letters_of_one_owner_have_a_ticket_each(tx: Session) -> None:
    make.staff(tx, "S1", role="supervisor")
    first = letter(tx, "reading")
    second = letter(tx, "reading", number="26-000002", owner=first.person_id)
    for case in (first, second):
        letter_of(tx, case).asked = 2
        dossiers.follow_up(by_office(tx, morning(tx, case, 5)), case, stage_of(case))
    assert open_tickets(tx) == ["letter_silent", "letter_silent"]
    course.wait_at(by_office(tx), first, "awaiting")
    tickets.goes_on(by_office(tx), first, "letter_silent")
    assert open_tickets(tx) == ["letter_silent"]


def test_the_deadline_of_a_stage_ends_with_it(tx: Session) -> None:
    case = letter(tx, "reading")
    dossiers.approve(by(tx, case.person_id), case.id)
    assert (case.stage, case.due_at) == ("signing", None)
    other = letter(tx, "reading", number="26-000002")
    dossiers.change(by(tx, other.person_id), other.id, "lender")
    assert (other.state, other.due_at) == (CaseState.NEEDS_FIX, None)


def test_no_working_day_is_a_weekend_or_a_holiday() -> None:
    days = calendar.Calendar({date(2026, 12, 28): False})
    thursday = datetime(2026, 12, 24, 20, 0, tzinfo=UTC)  # a Friday already in Jakarta
    found = [waiting.morning(days, thursday, n).astimezone(WIB) for n in (1, 2)]
    assert [one.isoformat() for one in found] == [
        "2026-12-29T09:00:00+07:00",
        "2026-12-30T09:00:00+07:00",
    ]


@pytest.mark.parametrize("active", [True, False])
def test_the_officer_who_carries_a_letter_is_asked_while_in_office(
    tx: Session, active: bool
) -> None:
    officer = make.staff(tx, "0417")
    case = letter(tx, "delivery")
    letter_of(tx, case).carrier_id, officer.active = officer.id, active
    dossiers.follow_up(by_office(tx, morning(tx, case, 2)), case, stage_of(case))
    opened = [opens for _, _, opens in make.news(tx, officer.person_id)]
    assert opened == (["delivery"] if active else [])
    assert told(tx, case.person_id) == [ASK], "the owner is asked in either case"


def test_nobody_is_asked_at_night(tx: Session, city: Engine) -> None:
    case = letter(tx, "awaiting")
    tx.commit()
    with Session(city, info=ALWAYS_NIGHT.info) as night:
        mine = night.get_one(Case, case.id)
        dossiers.follow_up(by_office(night, morning(night, mine, 5)), mine, stage_of(mine))
        (waits,) = night.scalars(select(InboxMessage))
        assert waits.due_at is not None and waits.due_at > now()


# -- closed without an answer, and opened again ----------------------------------------------------


def silent(tx: Session) -> tuple[Case, datetime]:
    case = letter(tx, "awaiting")
    letter_of(tx, case).asked = 3
    dossiers.follow_up(by_office(tx, morning(tx, case, 30)), case, stage_of(case))
    closed = letter_of(tx, case).answered_at
    assert closed is not None
    tx.commit()  # what comes later is another transaction
    return case, closed


@pytest.mark.parametrize("who", ["owner", "lender"])
def test_an_answer_that_comes_late_opens_the_letter_again(tx: Session, who: str) -> None:
    case, closed = silent(tx)
    before = len(planned(tx, "follow_up"))
    at = closed + REOPENS - DAY
    if who == "owner":
        lender_answers.tell(by(tx, case.person_id, at), case.id, "must_come")
    else:
        code = letter_of(tx, case).desk_code
        assert lender_answers.at_desk(by_office(tx, at), code, "must_come")
    assert (case.state, case.stage) == (CaseState.WAITING, "awaiting")
    assert letter_of(tx, case).outcome is None
    assert case.due_at is not None and case.due_at > at
    assert len(planned(tx, "follow_up")) == before + 1


@pytest.mark.parametrize("who", ["owner", "lender"])
def test_half_a_year_later_nothing_opens_a_letter(tx: Session, who: str) -> None:
    case, closed = silent(tx)
    at = closed + REOPENS + DAY
    if who == "owner":
        with pytest.raises(NotAllowed):
            lender_answers.tell(by(tx, case.person_id, at), case.id, "longer")
    else:
        code = letter_of(tx, case).desk_code
        assert not lender_answers.at_desk(by_office(tx, at), code, "longer")
    assert case.state == CaseState.DONE


# -- reminders -------------------------------------------------------------------------------------

ALL = [
    "contract",
    *(f"{when}_{n}" for n in (1, 2, 3) for when in ("before", "after")),
    "record",
]


def granted(tx: Session, first_due: date | None, at: datetime) -> Case:
    """A letter whose owner was granted more time and wants to be reminded."""
    case = letter(tx, "awaiting")
    terms: dict[str, Json] = {"instalment": 551_207, "months": 24}
    if first_due is not None:
        terms["first_due"] = first_due.isoformat()
    act = by(tx, case.person_id, at)
    lender_answers.tell(act, case.id, "longer", terms=terms, reminds=True)
    return case


def reminded(tx: Session, case: Case) -> list[str]:
    start = "notices.reminder."
    return [k.removeprefix(start) for k in told(tx, case.person_id) if k.startswith(start)]


def remind(tx: Session, case: Case, at: datetime) -> datetime | None:
    return reminding.remind(by_office(tx, at), case, letter_of(tx, case))


NOON = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


def test_eight_reminders_come_on_their_days(tx: Session) -> None:
    case = granted(tx, date(2027, 1, 5), NOON)
    (due,) = planned(tx, reminding.REMIND)
    days = []
    following: datetime | None = due
    while following is not None:
        assert following.astimezone(WIB).hour == 9
        days.append(following.astimezone(WIB).date().isoformat())
        assert case.due_at is not None and case.due_at > following
        following = remind(tx, case, following)
    assert reminded(tx, case) == ALL
    assert days[:7] == [
        "2026-12-01",
        "2027-01-02",
        "2027-01-06",
        "2027-02-02",
        "2027-02-06",
        "2027-03-02",
        "2027-03-06",
    ]
    assert case.state == CaseState.DONE


def test_without_a_due_date_there_are_two(tx: Session) -> None:
    case = granted(tx, None, NOON)
    (due,) = planned(tx, reminding.REMIND)
    following: datetime | None = due
    while following is not None:
        following = remind(tx, case, following)
    assert reminded(tx, case) == ["contract", "record"]


def test_an_instalment_that_is_due_tomorrow_is_told_of_at_once(tx: Session) -> None:
    case = granted(tx, date(2026, 12, 1), NOON)
    (due,) = planned(tx, reminding.REMIND)
    assert due <= NOON
    following = remind(tx, case, NOON)
    assert reminded(tx, case) == ["before_1"]
    assert following is not None and following.astimezone(WIB).date() == date(2026, 12, 1)


def test_workers_that_were_down_send_one_a_day_and_nothing_that_is_past(tx: Session) -> None:
    case = granted(tx, date(2027, 1, 5), NOON)
    at = datetime(2027, 2, 3, 5, 0, tzinfo=UTC)  # the first is paid long ago, the second is near
    days = set()
    while (following := remind(tx, case, at)) is not None and following < at + 3 * DAY:
        days.add(at.date())
        at = following
    assert reminded(tx, case)[:2] == ["contract", "before_2"]
    assert "before_1" not in reminded(tx, case) and "after_1" not in reminded(tx, case)
    assert len(days) == len(reminded(tx, case)) - 1


def test_stop_ends_the_reminders(tx: Session) -> None:
    case = granted(tx, date(2027, 1, 5), NOON)
    (due,) = planned(tx, reminding.REMIND)
    remind(tx, case, due)
    reminding.answer(by(tx, case.person_id, due), case.id, "stop")
    assert case.state == CaseState.DONE
    assert remind(tx, case, due + 60 * DAY) is None
    assert reminded(tx, case) == ["contract"]
    with pytest.raises(NotAllowed):
        reminding.answer(by(tx, case.person_id, due), case.id, "yes")


def test_terms_that_nobody_tells_are_asked_for_and_then_left(tx: Session) -> None:
    case = letter(tx, "awaiting")
    assert lender_answers.at_desk(by_office(tx), letter_of(tx, case).desk_code, "longer")
    assert case.stage == "trust"
    for day in (3, 10):
        dossiers.follow_up(by_office(tx, morning(tx, case, day)), case, stage_of(case))
    opened = [opens for _, _, opens in make.news(tx, case.person_id)]
    assert opened == ["lender_answer"] * 3
    dossiers.follow_up(by_office(tx, morning(tx, case, 150)), case, stage_of(case))
    assert case.state == CaseState.DONE


def test_after_a_refusal_a_second_letter_is_offered_in_thirty_days(tx: Session) -> None:
    case = letter(tx, "awaiting")
    act = by(tx, case.person_id)
    lender_answers.tell(act, case.id, "refused", "papers")
    (due,) = planned(tx, reminding.SECOND)
    assert due == act.at + 30 * DAY
    reminding.say_second(by_office(tx, due), case, letter_of(tx, case))
    assert told(tx, case.person_id)[-1] == "notices.letter_second"
