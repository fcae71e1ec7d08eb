"""Reporters: the people who told us of a place. No message to officers is made from their rows.

A reporter hears the same sentence whatever happened at a place that was found.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from casework.act import Act
from casework.likeness import signs, spot_of
from conversations import services
from conversations.events import News
from conversations.flows import lost_place
from conversations.messages import Lines, Say
from conversations.referrals import REASONS
from models import erasure, participant, referrals
from models.case import Case
from models.infrastructure import guards
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed
from models.participant import ParticipantRole
from models.person import Person
from models.visit import Visit

#: Sentences about a visit's end, in place of the ordinary one.
_OF_OUTCOME = {
    "moved": "notices.told_moved",
    "not_found": "notices.told_not_found",
    "helped": "notices.told_helped",  # only if its owner allowed it
}
_VISITED = "notices.told_visited"
DAY = timedelta(days=1)  # the last day for an answer ends at midnight
GRACE = timedelta(minutes=1)  # for the last messages about the place to be sent


def add(act: Act, case_id: int) -> None:
    """Note that the person who acts told us of a case's place."""
    participant.add(act.tx, case_id, ParticipantRole.REPORTER, act.who().id)


def hear(act: Act, case: Case, outcome: str) -> None:
    """Tell those who told us of a place once that we were there, without what happened there."""
    key = _OF_OUTCOME.get(outcome, _VISITED)
    asks = outcome == "not_found" and _looked_for_first(act, case)
    for person_id in referrals.tell(act.tx, case):
        if asks:
            subject = lost_place.subject_of(case.id, act.at.astimezone(WIB).date())
            act.tell(person_id, News.PLACE_NOT_FOUND, subject, opens=lost_place.ID)
        else:
            act.notify(person_id, key)


def _looked_for_first(act: Act, case: Case) -> bool:
    """Whether a place was looked for as often as any, and not once more after an answer."""
    tries = select(func.count()).where(Visit.case_id == case.id, Visit.failure.is_not(None))
    return int(act.tx.scalar(tries) or 0) >= services.load()[case.service].attempts


def may_add(act: Act, case: Case) -> bool:
    """Whether the person who acts told of a place, and heard lately that it was not found.

    Raises:
        NotAllowed: a job or an operator acts.
    """
    told = referrals.heard_lately(act.tx, case, act.who().id, lost_place.OPEN_FOR + DAY)
    return told and case.state == CaseState.CANCELLED and _looked_for_first(act, case)


def keep_quiet(act: Act, case: Case) -> None:
    """Erase a (locked) place that wants no help; only its fingerprints are kept for a time."""
    told = referrals.told_of(act.tx, case)
    found = [one for number in told for one in _signs(act.tx.get_one(Case, number))]
    referrals.keep_quiet(act.tx, found, guards.of(act.tx).quiet)
    erasure.ask(act.tx, case.person_id, f"erase:{case.person_id}:{act.cause}", after=GRACE)


def _signs(case: Case) -> list[str]:
    return [*signs(spot_of(readable(case.answers) or {}, case.area_code or ""))]


def show(act: Act, case_id: int, why: str) -> None:
    """Show a head who told us of a place; that they looked, and why, stands in the audit.

    Raises:
        NotAllowed: no head acts, or `why` is no reason.
    """
    me = act.supervisor()
    if me.role != "head" or why not in REASONS:
        raise NotAllowed(f"{act.actor} may not read who told us of case {case_id}")
    case = act.tx.get_one(Case, case_id)
    act.note("reporters.shown", f"case:{case.id}", why=why)
    told = [act.tx.get_one(Person, one) for one in referrals.told_by(act.tx, case)]
    lines = tuple(
        Say(
            "held.reporter",
            {
                "name": readable(one.name) or Say("assisted.somebody"),
                "phone": readable(one.phone) or "-",
            },
        )
        for one in told
    )
    act.reply("held.reporters", number=case.number, lines=Lines(lines or (Say("held.nobody"),)))
