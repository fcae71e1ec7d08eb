"""Reassuring: answers to people who are afraid or angry, and the step that follows each answer.

An answer depends on where they are: a complaint is being told, a ticket is open, a visit is agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import structs

from conversations.commands import Typed
from conversations.engine import answers, asides, drafts, objecting, orders
from conversations.engine.builder import TurnBuilder, worded
from conversations.engine.meanings import Aside
from conversations.engine.precedence import AFRAID, is_afraid, keeps_away
from conversations.events import Said
from conversations.facts import TicketFact, VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Say
from conversations.phrases import Command, Intent
from conversations.session import Draft
from conversations.ticketing import AddToTicket

LEAST_HINTING = 6  # words of a message in which one word for a person does not ask for one
MY_TICKET = "my_ticket"
CALLS = "may_call"  # the step of a complaint that asks whether the person may be called
_UNDER_WAY = frozenset({VisitState.ON_THE_WAY, VisitState.ARRIVED})


def answer(turn: TurnBuilder, aside: Aside) -> bool:
    """Answer a matter that needs more than its sentence; False for all others."""
    always = _ANSWERS.get(aside.intent)
    if always is not None:
        always(turn)
        return True
    match aside.intent, aside.part:
        case Intent.EMERGENCY, "violence":
            _tell_of_help(turn, aside)
        case Intent.STATUS, "silent":
            turn.says.append(Say("common.intent.status.silent"))
            orders.obey(turn, Typed(Command.STATUS))
        case Intent.RESEND_PERMIT, "unopened" if any(c.documents for c in turn.facts.mine.cases):
            turn.says.append(Say(key_of(turn, aside)))
            orders.obey(turn, Typed(Command.SEND_DOCUMENT))
        case Intent.DOUBT, "door" | "unproved":
            _warn(turn, aside)
        case Intent.NO_PHOTO, "" if _photo_is_needed(turn):
            _say(turn, "common.intent.no_photo.needed")
        case Intent.HUMAN, "" if _hints_at_a_person(turn, aside):
            _say(turn, "common.intent.human")
        case Intent.FEAR, "" if asides.complains(turn) and is_afraid(None, turn.said):
            _reassure(turn)
        case Intent.CANCEL, part if part == AFRAID:
            _cancel(turn, aside)
        case ((Intent.RESCHEDULE | Intent.WHERE_IS_OFFICER), _):
            return _keep_away(turn, aside)
        case ((Intent.VOICE | Intent.ELSEWHERE | Intent.PRIVACY), "") if asides.complains(turn):
            _say(turn, key_of(turn, aside))
        case _:
            return False
    return True


def key_of(turn: TurnBuilder, aside: Aside) -> str:
    """Return the key of a matter's answer, in the open form's own wording if it has one."""
    part = f".{aside.part}" if aside.part else ""
    return worded(turn, f"common.intent.{aside.intent.lower()}{part}")


def _say(turn: TurnBuilder, key: str) -> None:
    drafts.digress(turn, Say(key))


def _photo_is_needed(turn: TurnBuilder) -> bool:
    """Whether a photo is among the answers that a request was sent back for."""
    steps = {step for one in turn.facts.mine.cases for step in one.open_fixes}
    forms = (turn.flows.by_id[one.service] for one in turn.facts.mine.cases)
    return any(step.takes_photos for form in forms for step in form.steps if step.id in steps)


def _hints_at_a_person(turn: TurnBuilder, aside: Aside) -> bool:
    """Whether only a word or two of a long message hint at somebody who is to call."""
    few = aside.sure or len(turn.said.split()) < LEAST_HINTING
    return not few and aside.weight <= 1


def _warn(turn: TurnBuilder, aside: Aside) -> None:
    """Say what to do about somebody at the door, and which officer was sent."""
    sent = next((one for one in turn.facts.mine.visits if one.officer_name), None)
    if sent is not None:
        turn.says.append(Say("common.coming", {"officer": _officer(sent)}))
    _say(turn, key_of(turn, aside))


def _tell_of_help(turn: TurnBuilder, aside: Aside) -> None:
    """Say whom to call first; what happened is a complaint, or part of the one that is told."""
    turn.says.append(Say(key_of(turn, aside)))
    if _takes_story(turn):
        return
    if asides.complains(turn):
        asides.add_to_story(turn)
    else:
        asides.ask_whether_a_complaint(turn)


def _takes_story(turn: TurnBuilder) -> bool:
    """Take the words as the story that the open question asks for; False if it asks for none."""
    step = turn.asked_step()
    told = step is not None and step.story
    if told:
        answers.give(turn, Said(turn.said))
    return told


def _tell_what_a_code_opens(turn: TurnBuilder) -> None:
    """Say what somebody can do with the code, and ask whether it is a complaint."""
    visit = next((one for one in turn.facts.mine.visits if one.code), None)
    key = "common.intent.code_given" if visit is not None else "common.intent.code_given.none"
    if visit is not None and visit.state in _UNDER_WAY:
        key = "common.intent.code_given.on_the_way"
    turn.says.append(Say(key, {"officer": _officer(visit)}))
    if _takes_story(turn):
        return
    if asides.complains(turn) or visit is None:
        drafts.digress(turn)
    else:
        asides.ask_whether_a_complaint(turn)


def _officer(visit: VisitFact | None) -> str:
    return f"{visit.officer_name or '-'} ({visit.officer_badge or '-'})" if visit else "-"


def _tell_what_becomes_of_complaints(turn: TurnBuilder) -> None:
    """Say what happens with every complaint; one that waits is shown, else one is offered."""
    key = worded(turn, "common.intent.hopeless")
    if asides.complains(turn):
        _say(turn, key)
        return
    turn.says.append(Say(key))
    if turn.facts.mine.tickets:
        orders.obey(turn, Typed(Command.STATUS))
    else:
        asides.ask_whether_a_complaint(turn)


def _reassure(turn: TurnBuilder) -> None:
    filed = bool(turn.facts.mine.tickets) and not asides.complains(turn)
    told = "common.intent.retaliation.filed"
    _say(turn, told if filed else worded(turn, "common.intent.retaliation"))


def _put_off(turn: TurnBuilder) -> None:
    """Keep a complaint that is told another time."""
    turn.says.append(Say("common.intent.story_later"))
    drafts.park(turn)
    drafts.go_home(turn)


def _cancel(turn: TurnBuilder, aside: Aside) -> None:
    """Cancel what is asked about, or what was sent, unless its officer has set off."""
    if _under_way(turn) is not None:
        _tell_who_is_on_the_way(turn)
        return
    turn.says.append(Say(key_of(turn, aside)))
    orders.obey(turn, Typed(Command.CANCEL))


def _withdraw(turn: TurnBuilder) -> None:
    """Ask whether a complaint is to be dropped, and say what protects the person meanwhile."""
    if asides.complains(turn):
        turn.says.append(Say("common.intent.withdraws.open"))
        orders.obey(turn, Typed(Command.CANCEL))
        return
    ticket, flow = _open_ticket(turn), turn.flow(turn.session.draft)
    if ticket is None and flow is not None and flow.form:
        turn.says.append(Say("common.intent.cancel.afraid"))
        orders.obey(turn, Typed(Command.CANCEL))  # "ga usah dilanjutin" is about the form
        return
    if ticket is None:
        _say(turn, "common.intent.withdraws")
        return
    turn.says.append(Say("common.intent.withdraws.filed", {"number": ticket.number}))
    _open(turn, ticket, "drop")


def _hear_what_is_missing(turn: TurnBuilder) -> None:
    """Take an objection, or more words to an open ticket; else offer a person."""
    rejected = next((one for one in turn.facts.mine.cases if one.object_until is not None), None)
    ticket = _open_ticket(turn)
    if asides.complains(turn) or (rejected is None and ticket is None):
        _say(turn, worded(turn, "common.intent.dissatisfied"))
    elif rejected is not None:
        objecting.hear(turn, rejected, turn.said)
    elif ticket is not None:
        turn.says.append(Say("common.intent.dissatisfied.filed", {"number": ticket.number}))
        _open(turn, ticket, "add")


def _open_ticket(turn: TurnBuilder) -> TicketFact | None:
    """Return the newest ticket that is not closed."""
    return next((one for one in turn.facts.mine.tickets if not one.closed), None)


def _open(turn: TurnBuilder, ticket: TicketFact, act: str) -> None:
    """Open the page of a ticket with this act chosen."""
    drafts.switch_to(turn, Draft(MY_TICKET, str(ticket.id), {"show": act}))
    drafts.go_on(turn)


def _note_not_to_call(turn: TurnBuilder) -> None:
    """Note that the person is not to be called, where a supervisor reads it."""
    ticket = _open_ticket(turn)
    if asides.complains(turn):
        draft = turn.open_draft()
        noted = {**draft.answers, CALLS: "no"}
        turn.session = structs.replace(turn.session, draft=structs.replace(draft, answers=noted))
        turn.says.append(Say("common.intent.no_call.noted"))
        drafts.go_on(turn)
    elif ticket is not None:
        turn.effects.append(AddToTicket(ticket.id, turn.said))
        drafts.digress(turn, Say("common.intent.no_call.filed", {"number": ticket.number}))
    else:
        _say(turn, "common.intent.no_call")


def _keep_away(turn: TurnBuilder, aside: Aside) -> bool:
    """Say when somebody comes at all to a person who wants nobody to come."""
    away = keeps_away(turn.said)
    visit = next(iter(turn.facts.mine.visits), None)
    if visit is None and (away or aside.intent is Intent.RESCHEDULE):
        _say(turn, "common.intent.reschedule.none")
        return True
    if visit is None or not away:
        return False
    if visit.state in _UNDER_WAY:
        _tell_who_is_on_the_way(turn)
        return True
    turn.says.append(Say("common.stay_away"))
    orders.obey(turn, Typed(Command.STATUS))
    return True


def _under_way(turn: TurnBuilder) -> VisitFact | None:
    """Return the visit whose officer has set off, unless a form is filled in."""
    if turn.session.draft is not None and turn.flows.by_id[turn.session.draft.flow].form:
        return None
    return next((one for one in turn.facts.mine.visits if one.state in _UNDER_WAY), None)


def _tell_who_is_on_the_way(turn: TurnBuilder) -> None:
    visit = next(one for one in turn.facts.mine.visits if one.state in _UNDER_WAY)
    drafts.digress(turn, Say("common.stay_away.on_the_way", {"officer": _officer(visit)}))


_ANSWERS: Mapping[Intent, Callable[[TurnBuilder], None]] = {
    Intent.CODE_GIVEN: _tell_what_a_code_opens,
    Intent.HOPELESS: _tell_what_becomes_of_complaints,
    Intent.WITHDRAWS: _withdraw,
    Intent.RETALIATION: _reassure,
    Intent.STORY_LATER: _put_off,
    Intent.DISSATISFIED: _hear_what_is_missing,
    Intent.NO_CALL: _note_not_to_call,
}
