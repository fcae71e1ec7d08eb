"""Decides whether an event answers the open question or the one that news interrupted. Pure.

The person may not have seen the news when they wrote.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from conversations.engine.builder import TurnBuilder, same
from conversations.engine.meanings import BeforeNews, MovedOn, Whose
from conversations.engine.reading import answers, bare_number, choice_named, may_answer
from conversations.events import Located, Said, Tapped, Uploaded
from conversations.messages import Question
from conversations.parsers import Refused
from conversations.parsers.choice import pick as pick_label
from conversations.session import ChatSession, Interrupted
from conversations.step import Stay

DOUBT = timedelta(minutes=10)  # within which words may have been written before news arrived


def meant_before(
    turn: TurnBuilder, event: Said | Located | Uploaded
) -> BeforeNews | Whose | MovedOn | None:
    """Return the meaning of an event that concerns the interrupted question; None for others."""
    held = turn.session.interrupted
    if held is None or (isinstance(event, Said) and not may_answer(turn, event.text)):
        return None
    before = before_news(turn, held)
    if asks_whose(turn):
        settles = before is not None and not _fit(turn, event) and _fit(turn.at(before), event)
        return BeforeNews(before) if before is not None and settles else None
    if before is None:
        return MovedOn() if _comes_late(turn, held, event) else None
    then, now = _fit(turn.at(before), event), _fit(turn, event)
    if then > now:
        return BeforeNews(before)
    if then == now > 0 and isinstance(event, Said) and in_doubt(turn, held):
        text = event.text
        return Whose(held, text, choice_named(turn.at(before), text), choice_named(turn, text))
    return None


def tapped_before(turn: TurnBuilder, tap: Tapped) -> BeforeNews | None:
    """Return the meaning of a tap on the question that news interrupted; None for other taps."""
    held = turn.session.interrupted
    before = before_news(turn, held) if held is not None else None
    if held is None or before is None or not is_on(tap, held.asked, held.since):
        return None
    return BeforeNews(before) if any(c.value == tap.value for c in held.shown) else None


def asks_whose(turn: TurnBuilder) -> bool:
    """Whether the open question asks which of two questions the words answer."""
    return any(choice.act == "before" for choice in turn.session.shown)


def is_on(tap: Tapped, asked: Question, since: int) -> bool:
    """Whether a tap is on a message that asked this question."""
    same_one = (asked.flow, asked.subject, asked.step) == (tap.flow, tap.subject, tap.step)
    return same_one and tap.version >= since


def before_news(turn: TurnBuilder, held: Interrupted) -> ChatSession | None:
    """Return the session as if the news had not come; None if that question is settled by now."""
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
    """Whether words may still answer the interrupted question: always in a form, else for `DOUBT`.

    A menu or a page may have been shown days ago.
    """
    flow = turn.flows.by_id.get(held.flow)
    step = flow.step(held.asked.step) if flow is not None else None
    resting = (flow is not None and flow.home is not None) or (step is not None and step.rests)
    return not resting or turn.facts.now - held.at <= DOUBT


def _comes_late(turn: TurnBuilder, held: Interrupted, event: Said | Located | Uploaded) -> bool:
    """Whether words pick from a list that the news has settled."""
    if not isinstance(event, Said) or turn.facts.now - held.at > DOUBT:
        return False
    labels = (turn.flows.catalogue.say(c.label, turn.facts.me.locale) for c in held.shown)
    return pick_label(event.text, tuple(labels)) is not None and _fit(turn, event) != 0


def _fit(turn: TurnBuilder, event: Said | Located | Uploaded) -> int:
    """Rate how well an event fits the open question: 0 not at all, 1 possibly, 2 certainly."""
    if isinstance(event, Said):
        if choice_named(turn, event.text) is not None:
            return 2
        return (2 if bare_number(event.text) else 1) if answers(turn, event) else 0
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return 0
    if isinstance(event, Uploaded) and turn.photo_step(event.attachment_id) is not None:
        return 1
    try:
        step.hear(event, turn.context(draft))
    except Stay:
        return 1
    except Refused as refusal:
        return int(bool(refusal.readings))
    return 1
