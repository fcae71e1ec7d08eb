"""Alarms: supervisors are told of an officer's danger again, until one of them takes it."""

from __future__ import annotations

from datetime import datetime, timedelta

from casework.act import Act
from conversations.events import News
from conversations.messages import Say, Value
from models import case as cases
from models import officer as officers
from models import task as tasks
from models import ticket
from models.infrastructure.encryption import readable
from models.person import Person

AGAIN = timedelta(minutes=2)


def plan(act: Act, number: str) -> None:
    """Plan the alarm of the ticket with this number."""
    case = cases.by_number(act.tx, number)
    if case is not None:
        key = f"alarm:{case.id}:{act.cause}"
        tasks.plan(act.tx, "alarm", case.id, key, due_at=act.at + AGAIN)


def tell_again(act: Act, case_id: int) -> datetime | None:
    """Tell the supervisors once more, and return when to do so next; None once it is taken."""
    act.must_be_office()
    case, row = ticket.lock(act.tx, case_id)
    me = officers.of_person(act.tx, case.person_id)
    if row.closed_at is not None or row.taken_by_id is not None or me is None:
        return None
    params: dict[str, Value] = {
        "name": me.name,
        "badge": me.badge,
        "number": case.number,
        "phone": phone_of(act.tx.get_one(Person, case.person_id)),
    }
    said = Say("notices.still_in_danger", params)
    act.tell_supervisors(
        case.area_code, News.TICKET_OPENED, case.id, said, opens="ticket", can_wait=False
    )
    return act.at + AGAIN


def phone_of(person: Person) -> Value:
    """Return the number at which supervisors reach an officer, or that there is none."""
    return readable(person.phone) or Say("supervising.no_phone")
