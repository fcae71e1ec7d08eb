"""Reads words against the open question and the choices shown with it. Pure."""

from __future__ import annotations

import re

from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.engine.builder import TurnBuilder
from conversations.events import Located, Said, Uploaded
from conversations.parsers import Refused
from conversations.parsers.choice import pick as pick_label
from conversations.phrases import Command, Intent, intent
from conversations.session import Choice
from conversations.step import Stay
from conversations.words import standardised, tidy

#: Words that ask or accuse rather than answer, in their usual spelling.
_NO_ANSWER = re.compile(r"\?|\b(?:berapa|apakah|apa|kapan|gimana|tidak|petugas|pungli)\b")


def command_is_answer(turn: TurnBuilder, typed: Typed, text: str) -> bool:
    """Whether a command's word is an answer here: "0" for a sum, a label that was shown."""
    step = turn.asked_step()
    if typed.command is Command.BACK and tidy(text) == "0" and step is not None:
        return step.numeric
    return pick_label(text, turn.labels()) is not None


def choice_named(turn: TurnBuilder, text: str) -> Choice | None:
    """Return the shown choice that the words pick, if any."""
    shown = turn.session.shown
    step = turn.asked_step()
    if not shown:
        return None
    numeric = bare_number(text) and step is not None and step.numeric
    if numeric and not turn.session.clarifying and answers(turn, Said(text), outright=True):
        return None
    index = pick_label(text, turn.labels())
    if index is not None:
        return shown[index]
    meant = {Intent.YES: "yes", Intent.NO: "no"}.get(intent(text) or Intent.THANKS)
    return next((o for o in shown if meant and o.means == meant), None)


def answers(turn: TurnBuilder, said: Said, *, outright: bool = False) -> bool:
    """Whether words that also mean another matter answer the open question: "jual sembako".

    False if they ask or accuse. With `outright`, an answer that needs confirmation is none.
    """
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None or _NO_ANSWER.search(standardised(said.text)):
        return False
    try:
        step.read(said, turn.context(draft))
    except Stay:
        return True
    except Refused as refusal:
        return bool(refusal.readings) and not outright
    return True


def may_be_a_name(turn: TurnBuilder, said: Said) -> bool:
    """Whether a name is asked for, and the words may be one: "Terima Kasih Zega"."""
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        step.read(said, turn.context(draft))
    except Refused as refusal:
        return step.asks_whether_a_name(refusal)
    return False


def may_answer(turn: TurnBuilder, text: str) -> bool:
    """Whether words are no command; "0" may be a sum."""
    return read_command(text) is None or bare_number(text)


def fit(turn: TurnBuilder, event: Said | Located | Uploaded) -> int:
    """Rate how well an event fits the open question: 0 not at all, 1 possibly, 2 certainly."""
    if isinstance(event, Said):
        if choice_named(turn, event.text) is not None:
            return 2
        return (2 if bare_number(event.text) else 1) if answers(turn, event) else 0
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return 0
    try:
        step.read(event, turn.context(draft))
    except Stay:
        return 1
    except Refused as refusal:
        return int(bool(refusal.readings))
    return 1


def bare_number(text: str) -> bool:
    """Whether words are only a number."""
    return text.strip().rstrip(".").isdecimal()
