"""Understanding: what an utterance is, read against what was shown. Pure: it changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from msgspec import structs

from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.engine.builder import TurnBuilder, same
from conversations.events import (
    Located,
    Said,
    Uploaded,
)
from conversations.parsers import Refused
from conversations.parsers.choice import pick as pick_label
from conversations.phrases import Command, Intent, intent
from conversations.session import ChatSession, Choice, Interrupted
from conversations.step import Stay
from conversations.words import standardised, tidy

DOUBT = timedelta(minutes=10)  # within which words may have been written before news arrived


@dataclass(frozen=True, slots=True)
class Order:
    """A command, such as "batal"."""

    typed: Typed


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the things that were shown."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class Aside:
    """Something else that is answered at once; the open question stays."""

    meant: Intent


@dataclass(frozen=True, slots=True)
class Remark:
    """Words where no question waits for them: a greeting, the name of a service."""

    meant: Intent | None


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer to a question of the engine's own, which has choices alone."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A greeting in the middle of a form: whether to go on is asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Words for the open step, which reads or refuses them."""


Understood: TypeAlias = Order | Pick | Aside | Remark | Unclear | Resume | Answer


def read(turn: TurnBuilder, said: Said) -> Understood:
    """Say what words are, read against the open question and what was shown with it."""
    typed = read_command(said.text)
    if typed is not None and not _is_answer(turn, typed, said.text):
        return Order(typed)
    choice = choice_named(turn, said.text)
    if choice is not None:
        return Pick(choice)
    meant = intent(said.text)
    if meant is not None and not answers(turn, said) and (meant in DIGRESSIONS or meant in ORDERS):
        return Aside(meant)
    return _otherwise(turn, said, meant)


def _otherwise(turn: TurnBuilder, said: Said, meant: Intent | None) -> Understood:
    """What words are that are neither an order nor a pick nor about something else."""
    asked = turn.session.asked
    if asked is None:
        return Remark(meant)
    if asked.flow == "common":
        return Unclear()
    if meant in _COURTEOUS and _may_be_a_name(turn, said):
        return Answer()
    if meant is Intent.GREETING and turn.worth_resuming(turn.session.draft):
        return Resume()
    if meant is Intent.THANKS:
        return Aside(meant)
    return Remark(meant) if turn.at_home() else Answer()


def _is_answer(turn: TurnBuilder, typed: Typed, text: str) -> bool:
    """Whether a command's word is, here, an answer: "0" for a sum, a label that was shown."""
    step = turn.asked_step()
    if typed.command is Command.BACK and tidy(text) == "0" and step is not None:
        return step.numeric
    return pick_label(text, turn.labels()) is not None


def _may_be_a_name(turn: TurnBuilder, said: Said) -> bool:
    """Whether a name is asked for, and the words may be one: "Terima Kasih Zega"."""
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        step.read(said, turn.context(draft))
    except Refused as refusal:
        return step.asks_whether_a_name(refusal)
    return False


def answers(turn: TurnBuilder, said: Said, *, outright: bool = False) -> bool:
    """Whether words that touch on something else are an answer all the same: "jual sembako".

    Not if they ask or accuse; `outright` if the answer must not need to be asked back.
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


def choice_named(turn: TurnBuilder, text: str) -> Choice | None:
    """What the words pick of what was shown."""
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


def may_answer(turn: TurnBuilder, text: str) -> bool:
    """Whether words are no command; "0" may be a sum."""
    return read_command(text) is None or bare_number(text)


def fit(turn: TurnBuilder, event: Said | Located | Uploaded) -> int:
    """How well an event fits the question in sight: 0 not at all, 2 without a doubt."""
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


def before_news(turn: TurnBuilder, held: Interrupted) -> ChatSession | None:
    """The session as if the news had not come; None if that question is settled by now."""
    flow = turn.flows.by_id.get(held.flow)
    if flow is None or not flow.open_to(held.subject, turn.facts):
        return None
    draft = turn.draft_of(flow, held.subject)
    step_id = held.asked.step
    if held.asked.flow != "common":
        applying = [step.id for step in flow.applying(turn.context(draft))]
        if step_id not in applying or step_id in flow.prefill(held.subject, turn.facts):
            return None
        step = flow.step(step_id)
        if step is not None and step_id in draft.answers:
            changed = step.complete(draft.answers[step_id])
            draft = structs.replace(draft, editing=step_id if changed else draft.editing)
    return structs.replace(
        turn.session,
        draft=draft,
        parked=tuple(d for d in turn.session.parked if not same(d, draft)),
        asked=held.asked,
        shown=held.shown,
        clarifying=held.clarifying,
        since=held.since,
        refusals=0,
    )


def in_doubt(turn: TurnBuilder, held: Interrupted) -> bool:
    """Whether words may still be for the question before: in a form always, else for a while.

    A menu or a page of one's own may have stood there for days.
    """
    flow = turn.flows.by_id.get(held.flow)
    step = flow.step(held.asked.step) if flow is not None else None
    resting = (flow is not None and flow.home is not None) or (step is not None and step.rests)
    return not resting or turn.facts.now - held.at <= DOUBT


def bare_number(text: str) -> bool:
    """Whether words are nothing but a number."""
    return text.strip().rstrip(".").isdecimal()


def means(text: str) -> bool:
    """Whether words that somebody begins with ask for something that can be answered at once."""
    typed, meant = read_command(text), intent(text)
    return typed is not None or meant in DIGRESSIONS or meant in ORDERS


#: Meant by words that want no more than a kind word back.
_COURTEOUS = frozenset({Intent.GREETING, Intent.THANKS})


#: Words that ask or accuse rather than answer, in their usual spelling.
_NO_ANSWER = re.compile(r"\?|\b(?:berapa|apakah|apa|kapan|gimana|tidak|petugas|pungli)\b")


#: What is meant by words that are no answer, as a command.
ORDERS = {
    Intent.STATUS: Command.STATUS,
    Intent.HUMAN: Command.HUMAN,
    Intent.HELP: Command.HELP,
    Intent.STOP: Command.STOP,
    Intent.CANCEL: Command.CANCEL,
    Intent.BACK: Command.BACK,
    Intent.RESTART: Command.RESTART,
}


#: Asked in the middle of anything: answered, and the open question follows.
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
