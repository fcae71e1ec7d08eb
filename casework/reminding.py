"""Reminders after relief was granted: opt-in, at most eight, and stopped at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from casework import course
from casework.act import Act
from casework.documents import day
from conversations.dossiers import Reminder, Terms, reminders
from conversations.events import News
from conversations.messages import Rupiah, Say, Value
from models import task
from models.case import Case
from models.dossier import Dossier
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed

REMIND, SECOND = "remind_instalment", "second_letter"  # kinds of tasks
AT = time(9, 0)  # WIB; within the hours in which nobody sleeps
_OF_INSTALMENT = "before_"
STAGE = "trust"
LATE = timedelta(days=7)  # after which a remark on an instalment is not sent any more
GRACE = timedelta(days=7)  # after the last reminder, for the stage's deadline


def begin(act: Act, case: Case, row: Dossier, *, wanted: bool) -> None:
    """Begin the reminders of a (locked) case, or end it if none are wanted."""
    if not wanted:
        end(act, case)
        return
    row.reminders, row.stopped_at = 0, None
    following = next_at(row, act.at)
    if following is None:
        end(act, case)
        return
    case.due_at = _at(_all(row)[-1]) + GRACE
    key = f"{REMIND}:{case.id}:{int(act.at.timestamp())}"
    task.plan(act.tx, REMIND, case.id, key, due_at=following)


def next_at(row: Dossier, at: datetime) -> datetime | None:
    """Return when the next reminder is sent; None after the last."""
    following = _next(row, at)
    return _at(following) if following is not None else None


def remind(act: Act, case: Case, row: Dossier) -> datetime | None:
    """Send the next reminder of a (locked) case; return when the one after it is due.

    One is sent a day, however many are late. Its first line is neutral, for phones that several
    people see.
    """
    act.must_be_office()
    waits = case.state == CaseState.WAITING and case.stage == STAGE
    due = _next(row, act.at)
    if not waits or row.stopped_at is not None or due is None:
        return None
    if _at(due) > act.at:
        return _at(due)
    row.reminders = _all(row).index(due) + 1
    act = replace(act, cause=f"{REMIND}:{case.id}:{due.key}")  # each is sent once
    opens = "instalment" if _asks(due) else ""
    act.tell(case.person_id, News.LETTER_REMINDER, case.id, _words(case, row, due), opens=opens)
    following = next_at(row, act.at)
    if following is None:
        end(act, case)
        return None
    return max(following, datetime.combine(day(act.at) + timedelta(days=1), AT, WIB))


def answer(act: Act, case_id: int, said: str) -> None:
    """Take the owner's answer to a reminder; "stop" ends them.

    Raises:
        NotAllowed: it is another person's case, or nobody is reminded.
    """
    case = act.my_case(case_id)
    row = act.tx.get(Dossier, case.id)
    if row is None or case.state != CaseState.WAITING or case.stage != STAGE:
        raise NotAllowed(f"nobody is reminded of case {case.id}")
    act.note("reminder.answered", f"case:{case.id}", said=said)
    if said == "stop":
        row.stopped_at = act.at
        end(act, case)


def plan_second(act: Act, case: Case, due_at: datetime) -> None:
    """Plan to say when a second letter may be written after a refusal."""
    task.plan(act.tx, SECOND, case.id, f"{SECOND}:{case.id}", due_at=due_at)


def say_second(act: Act, case: Case, row: Dossier) -> None:
    """Say that a second letter may be written now."""
    act.must_be_office()
    if row.outcome == "refused" and row.withdrawn_at is None:
        said = Say("notices.letter_second", {"number": case.number})
        act.tell(case.person_id, News.LETTER_REMINDER, case.id, said)


def end(act: Act, case: Case) -> None:
    """End the stage of a (locked) case at which its owner is reminded, and so the case."""
    if case.state == CaseState.WAITING and case.stage == STAGE:
        course.advance(act, case)


def terms_of(row: Dossier) -> Terms | None:
    """Return the terms of the new contract, as far as they are known."""
    held = readable(row.terms)
    if not isinstance(held, dict):
        return None
    due = held.get("first_due")
    return Terms(
        held.get("instalment"), held.get("months"), date.fromisoformat(due) if due else None
    )


def _all(row: Dossier) -> list[Reminder]:
    answered = row.answered_at
    return list(reminders(day(answered), terms_of(row))) if answered is not None else []


def _next(row: Dossier, at: datetime) -> Reminder | None:
    """Return the first reminder that was not sent and is not out of date."""
    left = _all(row)[row.reminders or 0 :]
    return next((one for one in left if not _is_past(one, day(at))), None)


def _is_past(one: Reminder, today: date) -> bool:
    """Whether it is before an instalment that is past, or a remark on one of long ago."""
    if one.due is None:
        return False
    return one.due < today if _asks(one) else one.on < today - LATE


def _asks(reminder: Reminder) -> bool:
    return reminder.key.startswith(_OF_INSTALMENT)


def _at(reminder: Reminder) -> datetime:
    return datetime.combine(reminder.on, AT, WIB)


def _words(case: Case, row: Dossier, due: Reminder) -> Say:
    """Return the reminder; its first line is neutral, since others may see the phone."""
    terms = terms_of(row)
    params: dict[str, Value] = {"number": case.number}
    if due.due is not None:
        params["day"] = Say("common.day", {"day": due.due})
        known = terms.instalment if terms is not None else None
        params["sum"] = Rupiah(known) if known is not None else Say("notices.reminder.unknown_sum")
    return Say(f"notices.reminder.{due.key}", params)
