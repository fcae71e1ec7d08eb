"""Letter: the owner reads the draft of a letter, and lets it go on or changes an answer."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.dossiers import ApproveLetter, ChangeLetter
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.loans import hints, tenors
from conversations.long_numbers import guarded
from conversations.messages import Lines, Rupiah, Say, Value
from conversations.session import Choice
from conversations.step import Context, answered
from conversations.steps import Choose

STAGE = "reading"


def _case(context: Context) -> CaseFact:
    return context.facts.the_case(context.subject)


def _hints(context: Context) -> Mapping[str, Value]:
    """Return hints on what is usual, and an example of three terms; neither is a promise."""
    case = _case(context)
    today = context.facts.today
    lines = [Say(f"{case.service}.hint.{one.id}") for one in hints(case.answers, today)]
    lines += [
        Say("letter.example", {"months": months, "sum": Rupiah(sum_)})
        for months, sum_ in tenors(case.answers)
    ]
    said = Say("letter.usual", {"lines": Lines(tuple(lines))}) if lines else ""
    return {"number": case.number, "hints": said}


def _steps(context: Context) -> tuple[Choice, ...]:
    case = _case(context)
    asked = (step for step in case.changeable if step in case.answers)
    return tuple(Choice(one, Say(f"{case.service}.{one}.label"), one) for one in asked)


def _finish(context: Context) -> Ending:
    case = _case(context)
    if context.answers["read"] == "right":
        return Ending((ApproveLetter(case.id),))
    return Ending((ChangeLetter(case.id, str(context.answers["which"])),))


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    return case is not None and case.state == CaseState.WAITING and case.stage == STAGE


_FLOW = Flow(
    id="letter",
    form=False,
    steps=(
        Choose(
            "read",
            options=("right", "change"),
            means={"right": "yes", "change": "no"},
            params=_hints,
            counted=False,
            rests=True,
        ),
        Choose("which", options=_steps, when=answered("read", "change"), counted=False),
    ),
    finish=_finish,
    alive=_alive,
)
FLOW = guarded(_FLOW)
