"""Acts on the door code: typed by the officer; asked of the owner after too many wrong ones."""

from __future__ import annotations

from casework import course, tickets
from casework.act import Act, by_office
from casework.visits import fail, of_officer, who_comes
from conversations.events import News
from conversations.messages import Say, Value
from models import lifecycle, portrait
from models import visit as visits
from models.case import Case
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.visit import Visit

WRONG_CODE = "wrong_code"  # the matter of the owner's ticket, and a reason why a visit failed
NOT_THERE = "not_there"  # why a visit failed: its owner saw no officer


# -- the officer -----------------------------------------------------------------------------------


def mistype_code(act: Act, visit_id: int) -> None:
    """Count a wrong code at the door."""
    _, visit = of_officer(act, visit_id)
    visit.code_tries += 1
    act.note("visit.code_mistyped", f"visit:{visit_id}")


def spend_code(act: Act, visit_id: int) -> None:
    """Count the last wrong try, ask the owner whether the officer is there, and tell supervisors.

    The second code that is wrong so often ends the visit: nobody is asked twice.
    """
    me, visit = of_officer(act, visit_id)
    mistype_code(act, visit_id)
    again = visit.code_renewals > 0
    key = "notices.code_spent_again" if again else "notices.code_spent"
    case = act.tx.get_one(Case, visit.case_id)
    tickets.wait(_office(act), case, WRONG_CODE, Say(key, _of(case, me)), at_once=True)
    if again:
        fail(act, visit_id, WRONG_CODE)
    else:
        act.tell(visit.host_id, News.CODE_SPENT, visit.id, opens="officer_there", can_wait=False)


def prove_code(act: Act, visit_id: int) -> None:
    """Record that the officer typed the owner's door code."""
    _, visit = of_officer(act, visit_id)
    visit.code_proved_at = act.at
    act.note("visit.code_proved", f"visit:{visit_id}")
    if visit.code_renewals > 0:
        tickets.goes_on(_office(act).about(visit), act.tx.get_one(Case, visit.case_id), WRONG_CODE)


# -- the owner -------------------------------------------------------------------------------------


def confirm_officer(act: Act, visit_id: int) -> None:
    """Give the owner, who sees the officer, a new code; the old one is worth nothing."""
    case, visit, comes = _asked(act, visit_id)
    visit.code, visit.code_renewals = visits.new_code(), visit.code_renewals + 1
    act.note("visit.officer_confirmed", f"visit:{visit.id}")
    act.reply(
        "notices.code_renewed", portrait.shown_for(act.tx, comes.id), **who_comes(comes, visit)
    )
    act.notify(comes.person_id, "notices.owner_confirms", number=case.number)
    seen = Say("notices.officer_confirmed", _of(case, comes))
    tickets.tell_again(act, WRONG_CODE, seen, can_wait=False)


def deny_officer(act: Act, visit_id: int) -> None:
    """End a visit whose owner sees no officer; the owner chooses another window.

    It does not count as a failed visit of the case, and another officer is asked next time.
    """
    case, visit, absent = _asked(act, visit_id)
    visit.failure = NOT_THERE
    lifecycle.move(act.tx, visit, VisitState.FAILED, actor=act.actor, reason=NOT_THERE)
    act.reply("notices.officer_denied_owner", number=case.number)
    act.notify(absent.person_id, "notices.owner_denies", number=case.number)
    denied = Say("notices.officer_denied", _of(case, absent))
    waits = tickets.tell_again(act, WRONG_CODE, denied, can_wait=False)
    if waits is not None:
        waits.officer_id = absent.id
    course.accept(act, case)


def _asked(act: Act, visit_id: int) -> tuple[Case, Visit, Officer]:
    """Return the case, the visit and its officer, if the owner who acts is asked about it.

    Raises:
        NotAllowed: it is a visit to another person, or its code can still be typed.
    """
    visit = act.tx.get_one(Visit, visit_id)
    if visit.host_id is None or not act.is_of(visit.host_id):
        raise NotAllowed(f"visit {visit_id} is not to {act.actor}")
    spent = visit.state == VisitState.ARRIVED and visit.code_tries_left <= 0
    if not spent or visit.code_proved_at is not None or visit.officer_id is None:
        raise NotAllowed(f"nobody is asked about visit {visit_id}")
    return act.tx.get_one(Case, visit.case_id), visit, act.tx.get_one(Officer, visit.officer_id)


def _of(case: Case, officer: Officer) -> dict[str, Value]:
    return {"number": case.number, "name": officer.name, "badge": officer.badge}


def _office(act: Act) -> Act:
    """Return an act of the office with the same actor and cause: the ticket is the owner's."""
    return by_office(act.tx, act.actor, act.cause)
