"""Echoing: repeats answers as they were read, and says what follows from one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from conversations.assisting import BY
from conversations.engine.builder import TurnBuilder
from conversations.mending import MENDING, same
from conversations.messages import Json, Say
from conversations.step import Context, Step


def echo(turn: TurnBuilder, context: Context, given: Sequence[Step]) -> None:
    """Repeat answers in one line, if the catalogue has an echo for one of them."""
    has = turn.flows.catalogue.has
    echoed = [step for step in given if has(context.key(step.id, "said"))]
    if len(echoed) > 1:
        lines = (
            Say(
                "common.answer",
                {
                    "label": Say(context.key(step.id, "label")),
                    "answer": step.show(context.answers[step.id], context),
                },
            )
            for step in given
        )
        listed = reduce(lambda said, line: Say("common.list", {"said": said, "next": line}), lines)
        turn.says.append(Say("common.noted", {"answers": listed}))
    for step in echoed if len(echoed) == 1 else ():
        shown = step.show(context.answers[step.id], context)
        turn.says.append(Say(context.key(step.id, "said"), {"answer": shown}))
    turn.lasting = turn.lasting or bool(echoed)


def say_about(turn: TurnBuilder, context: Context, step: Step, answer: Json) -> None:
    """Say what the catalogue has to say about this option, such as a place at the roadside."""
    about = context.key(step.id, str(answer), "said") if isinstance(answer, str) else ""
    if about and " " not in about and turn.flows.catalogue.has(about):
        turn.lasting = True
        turn.says.append(Say(about))


def is_held(turn: TurnBuilder, step: Step, answer: Json) -> bool:
    """Whether an officer who mends a case gives an answer that it has already."""
    draft = turn.open_draft()
    mends = draft.answers.get(BY) == MENDING and step.id in draft.answers
    return mends and step.complete(answer) and same(draft.answers[step.id], answer)


def say_as_it_is(turn: TurnBuilder, step: Step, answer: Json) -> None:
    """Say that an answer is the one that is held already."""
    context = turn.context(turn.open_draft())
    said = {"label": Say(context.key(step.id, "label")), "new": step.show(answer, context)}
    turn.says.append(Say("common.as_it_is", said))
