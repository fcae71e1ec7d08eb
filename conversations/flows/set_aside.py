"""Set aside: a supervisor retries a message that failed, or closes it with words."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Effect
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.messages import Value
from conversations.parsers.note import story
from conversations.step import Context, answered
from conversations.steps import Ask, Choose
from conversations.ticketing import CloseMessage, RetryMessage

LONGEST = 300  # characters


def _summary(context: Context) -> Mapping[str, Value]:
    one = context.facts.desk.the_aside(context.subject)
    return {"number": one.id, "name": one.name, "since": one.since}


def _finish(context: Context) -> Ending:
    row_id, words = int(context.subject), str(context.answers.get("words", ""))
    closes = context.answers["act"] == "close"
    effect: Effect = CloseMessage(row_id, words) if closes else RetryMessage(row_id)
    return Ending((effect,))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.desk.aside(subject) is not None


FLOW = Flow(
    id="set_aside",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "act",
            options=("retry", "close", "later"),
            params=_summary,
            counted=False,
            rests=True,
            ends=("later",),
        ),
        Ask(
            "words",
            parse=story(at_most=LONGEST, at_least=1),
            story=True,
            when=answered("act", "close"),
            counted=False,
        ),
    ),
    finish=_finish,
    alive=_alive,
)
