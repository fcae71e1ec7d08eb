"""Erasing: says what is erased and what is kept, and asks twice."""

from __future__ import annotations

from conversations.effects import EraseMyData
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.lifecycle import CaseState, VisitState
from conversations.messages import Say
from conversations.session import ChatSession, Choice

# The engine's own questions: shall it be erased, and is that sure?
FIRST, SECOND = "erase", "erase_sure"
GO_ON, YES, KEEP = "erase:go_on", "erase:yes", "erase:keep"

_UNDER_WAY = frozenset({VisitState.ON_THE_WAY, VisitState.ARRIVED})
_OVER = frozenset({CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED})


def ask(turn: TurnBuilder) -> None:
    """Say what is erased, what is kept, why and for how long; ask whether to go on."""
    hindered = _hindrance(turn)
    if hindered is not None:
        drafts.digress(turn, hindered)
        return
    turn.lasting = True
    turn.says.append(Say("common.erase.what"))
    turn.says += _withdrawn(turn)
    turn.says += _kept(turn)
    turn.ask_own(
        FIRST,
        (
            Choice("go_on", Say("common.erase.go_on"), GO_ON, means="yes"),
            Choice("keep", Say("common.erase.keep"), KEEP, means="no"),
        ),
    )


def settle(turn: TurnBuilder, answer: str) -> bool:
    """Carry out the answer to a question of this module; False if it is another question's."""
    if answer not in (GO_ON, YES, KEEP):
        return False
    hindered = _hindrance(turn)
    turn.lasting = True
    if answer == KEEP:
        keep(turn)
    elif hindered is not None:
        turn.says.append(hindered)
        drafts.go_on(turn)
    elif answer == GO_ON:
        turn.ask_own(
            SECOND,
            (
                Choice("yes", Say("common.erase_sure.yes"), YES, means="yes"),
                Choice("keep", Say("common.erase_sure.keep"), KEEP, means="no"),
            ),
        )
    else:
        turn.effects.append(EraseMyData())  # its act replies
        known = turn.session
        turn.session = ChatSession(
            greeted=True, version=known.version, tongue_known=known.tongue_known
        )
    return True


def is_open(turn: TurnBuilder) -> bool:
    """Whether one of the two questions is open."""
    asked = turn.session.asked
    return asked is not None and asked.flow == "common" and asked.step in (FIRST, SECOND)


def keep(turn: TurnBuilder) -> None:
    """Erase nothing, and go back to the question before."""
    turn.says.append(Say("common.erase.not_done"))
    drafts.go_on(turn)


def _hindrance(turn: TurnBuilder) -> Say | None:
    """Return why nothing can be erased now: staff's work is on record, or an officer is coming."""
    if turn.facts.me.desk != "owner":
        return Say("common.erase.staff")
    if any(visit.state in _UNDER_WAY for visit in turn.facts.mine.visits):
        return Say("common.erase.visit")
    return None


def _withdrawn(turn: TurnBuilder) -> list[Say]:
    """Say which open requests are withdrawn, with their visits, and what waits for an answer."""
    visited = {visit.case_id for visit in turn.facts.mine.visits}
    return [
        Say(f"common.erase.{'visited' if case.id in visited else 'open'}", {"number": case.number})
        for case in turn.facts.mine.cases
        if case.state not in _OVER
    ] + [
        Say("common.erase.ticket", {"number": one.number})
        for one in turn.facts.mine.tickets
        if not one.closed
    ]


def _kept(turn: TurnBuilder) -> list[Say]:
    """Say which documents stay on record."""
    numbers = [one.number for case in turn.facts.mine.cases for one in case.documents]
    return [Say("common.erase.kept", {"number": ", ".join(numbers)})] if numbers else []
