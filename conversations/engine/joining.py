"""Joining: reads one message as the answers to several steps that are asked together. Pure."""

from __future__ import annotations

from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import Parts
from conversations.events import Said
from conversations.messages import Json
from conversations.parsers import Refused
from conversations.step import Stay, Step
from conversations.words import bare


def parts(turn: TurnBuilder, text: str) -> Parts | None:
    """Return the answers that the words hold beside the one to the open step; None without any.

    None as well if no part can be read: then the words are no such message.
    """
    step = turn.asked_step()
    if step is None:
        return None
    found: Parts | None = turn.once((step.id, text), lambda: _parts(turn, step, text))
    return found


def _parts(turn: TurnBuilder, step: Step, text: str) -> Parts | None:
    draft = turn.session.draft
    flow = turn.flow(draft)
    if draft is None or flow is None:
        return None
    joined, context = flow.joined(step.id), turn.context(draft)
    steps = flow.answerable(step, context)
    if joined is None or len(steps) < 2:
        return None
    split = joined.split(bare(text), turn.facts, steps)
    if split.keys() <= {step.id}:
        return None
    answers: dict[str, Json] = {}
    refused: list[tuple[str, Refused]] = []
    for one in flow.steps:
        if one.id not in split:
            continue
        try:
            answers[one.id] = one.hear(Said(split[one.id]), context)
        except Refused as refusal:
            refused.append((one.id, refusal))
        except Stay:
            continue
    refused.sort(key=lambda one: not one[1].readings)
    return Parts(answers, refused[0] if refused else None) if answers else None
