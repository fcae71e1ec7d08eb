"""Flag: a supervisor looks at what is unusual of an officer's forms. It accuses nobody."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.desk_facts import FlagFact
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.messages import Say, Value
from conversations.parsers.note import note
from conversations.step import Context, answered
from conversations.steps import Ask, Choose
from conversations.supervision import SeeFlag

NUMBERS = 8  # of cases on the page, the newest


def _flag(context: Context) -> FlagFact:
    return context.facts.desk.the_flag(context.subject)


def cause(one: FlagFact) -> Say:
    """Return what is unusual, in words."""
    kind = "quick_one" if one.kind == "quick" and one.count == 1 else one.kind
    return Say(f"flag.cause.{kind}", {"n": one.count, "measure": one.measure})


def _summary(context: Context) -> Mapping[str, Value]:
    one = _flag(context)
    return {
        "name": one.name,
        "badge": one.badge,
        "cause": cause(one),
        "numbers": ", ".join(one.numbers[-NUMBERS:]) or "-",
    }


def _finish(context: Context) -> Ending:
    one, remark = _flag(context), str(context.answers.get("remark", ""))
    done = Say("flag.done", {"name": one.name, "badge": one.badge})
    return Ending((SeeFlag(one.id, remark),), (done,))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.desk.flag(subject) is not None


FLOW = Flow(
    id="flag",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "look",
            options=("seen", "note", "later"),
            params=_summary,
            counted=False,
            rests=True,
            ends=("later",),
            means={"seen": "yes", "later": "no"},
        ),
        Ask("remark", parse=note(at_most=200), when=answered("look", "note"), counted=False),
    ),
    finish=_finish,
    alive=_alive,
)
