"""Portrait: a supervisor agrees that owners see a photo of an officer."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.desk_facts import PortraitFact
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.messages import Say, Value
from conversations.step import Context
from conversations.steps import Choose
from conversations.supervision import DecidePortrait


def _portrait(context: Context) -> PortraitFact:
    return context.facts.desk.the_portrait(context.subject)


def _named(context: Context) -> Mapping[str, Value]:
    waits = _portrait(context)
    return {"name": waits.name, "badge": waits.badge}


def _finish(context: Context) -> Ending:
    agreed = context.answers["portrait"] == "agree"
    done = Say("portrait.done.agree" if agreed else "portrait.done.refuse", _named(context))
    return Ending((DecidePortrait(int(context.subject), agreed),), (done,))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.desk.portrait(subject) is not None


FLOW = Flow(
    id="portrait",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "portrait",
            options=("agree", "refuse", "later"),
            params=_named,
            picture=lambda context: _portrait(context).photo,
            counted=False,
            rests=True,
            ends=("later",),
            means={"agree": "yes", "refuse": "no"},
        ),
    ),
    finish=_finish,
    alive=_alive,
)
