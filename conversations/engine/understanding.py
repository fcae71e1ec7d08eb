"""Understanding: finds the meaning of an event for a session and facts. Pure: changes no turn.

Words are read against what was *shown*, so that a late tap or a "2" never answers another question.
"""

from __future__ import annotations

import re

from conversations.commands import read as read_command
from conversations.engine.builder import TurnBuilder, same
from conversations.engine.interruption import is_on, meant_before, tapped_before
from conversations.engine.meanings import (
    Answer,
    Aside,
    Heard,
    Meaning,
    Order,
    OwnNumber,
    Pick,
    PickElsewhere,
    Remark,
    Resume,
    Stale,
    Unclear,
    Unread,
)
from conversations.engine.reading import answers, choice_named, command_is_answer, may_be_a_name
from conversations.events import Said, Tapped
from conversations.flow import Flow
from conversations.messages import Say
from conversations.parsers import phone
from conversations.phrases import Command, Intent, intent

MAX_SAID = 1500  # characters; no question needs a longer answer

#: Intents that are carried out as commands.
ORDERS = {
    Intent.STATUS: Command.STATUS,
    Intent.HUMAN: Command.HUMAN,
    Intent.HELP: Command.HELP,
    Intent.STOP: Command.STOP,
    Intent.CANCEL: Command.CANCEL,
    Intent.BACK: Command.BACK,
    Intent.RESTART: Command.RESTART,
}


#: Intents that are answered at any point; the open question follows.
DIGRESSIONS = frozenset(
    {
        Intent.COST,
        Intent.FEAR,
        Intent.DOUBT,
        Intent.COMPLAINT,
        Intent.BANTUAN_MONEY,
        Intent.RESCHEDULE,
    }
)


#: Intents that need only a polite reply.
_COURTEOUS = frozenset({Intent.GREETING, Intent.THANKS})


def understand(turn: TurnBuilder, event: Heard) -> Meaning:
    """Return the meaning of an event for the session of this turn."""
    match event:
        case Said():
            return _unread(turn, event) or meant_before(turn, event) or read(turn, event)
        case Tapped():
            return _tapped(turn, event)
        case _:
            return meant_before(turn, event) or Answer()


def read(
    turn: TurnBuilder, said: Said
) -> Order | Pick | Aside | Remark | Unclear | Resume | Answer:
    """Return the meaning of words for the open question."""
    typed = read_command(said.text)
    if typed is not None and not command_is_answer(turn, typed, said.text):
        return Order(typed)
    choice = choice_named(turn, said.text)
    if choice is not None:
        return Pick(choice)
    meant = intent(said.text)
    if meant is not None and not answers(turn, said) and (meant in DIGRESSIONS or meant in ORDERS):
        return Aside(meant)
    return _otherwise(turn, said, meant)


def _otherwise(
    turn: TurnBuilder, said: Said, meant: Intent | None
) -> Remark | Unclear | Resume | Answer | Aside:
    """Return the meaning of words that are no order, no pick and about no other matter."""
    asked = turn.session.asked
    if asked is None:
        return Remark(meant)
    if asked.flow == "common":
        return Unclear()
    if meant in _COURTEOUS and may_be_a_name(turn, said):
        return Answer()
    if meant is Intent.GREETING and turn.worth_resuming(turn.session.draft):
        return Resume()
    if meant is Intent.THANKS:
        return Aside(meant)
    return Remark(meant) if turn.at_home() else Answer()


def _unread(turn: TurnBuilder, said: Said) -> Unread | OwnNumber | None:
    """Return the meaning of words that answer no question; None for all others."""
    if said.edited and (not said.message or said.message != turn.session.refused):
        return Unread(Say("common.edited"))
    if len(said.text) > MAX_SAID:
        return Unread(Say("common.too_long"), correctable=True)
    return _number(turn, said.text)


def _number(turn: TurnBuilder, text: str) -> Unread | OwnNumber | None:
    """Return the number to call the person at, if the message is one."""
    listens = turn.session.calling or turn.session.asked is None or turn.at_home()
    step = turn.asked_step()
    if turn.facts.me.desk != "owner" or not listens or not phone.is_one(text):
        return None
    if step is not None and step.numeric and not re.search(r"\+|\b0", text):
        return None  # a sum of nine digits
    number = phone.read(text)
    if number:
        return OwnNumber(number)
    mistyped = turn.session.calling and (step is None or not step.numeric)
    return Unread(Say("refusals.not_a_phone")) if mistyped else None


def _tapped(turn: TurnBuilder, tap: Tapped) -> Meaning:
    asked = turn.session.asked
    if asked is not None and is_on(tap, asked, turn.session.since):
        choice = next((c for c in turn.session.shown if c.value == tap.value), None)
        if choice is not None:
            return Pick(choice)
    before = tapped_before(turn, tap)
    if before is not None:
        return before
    flow = turn.flows.by_id.get(tap.flow)
    if flow is None:
        return Stale()
    offered = tap.flow in turn.facts.mine.services
    begins = offered and not turn.draft_of(flow, tap.subject).answers
    listens = flow.home in turn.facts.me.roles or tap.subject or begins
    return _tapped_elsewhere(turn, flow, tap) if listens else Stale()


def _tapped_elsewhere(turn: TurnBuilder, flow: Flow, tap: Tapped) -> PickElsewhere | Stale:
    """Return the pick of a tap on a question that is not open, if it may still be answered.

    That is a menu, a form's first question before it has an answer, or another matter's open
    question; any other tap is stale.
    """
    if not flow.open_to(tap.subject, turn.facts):
        return Stale()
    draft = turn.draft_of(flow, tap.subject)
    context = turn.context(draft)
    step = flow.open_step(context)
    if step is None or step.id != tap.step:
        return Stale()
    choices = step.prompt(context).choices
    choice = next((c for c in choices if c.value == tap.value), None)
    current = turn.session.draft
    if choice is None or (current is not None and same(current, draft) and flow.form):
        return Stale()
    return PickElsewhere(draft, step.id, choices, choice)


def asks_something(text: str) -> bool:
    """Whether the first words of a person ask for something that can be answered at once."""
    typed, meant = read_command(text), intent(text)
    return typed is not None or meant in DIGRESSIONS or meant in ORDERS
