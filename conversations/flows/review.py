"""Review: a supervisor decides on a case that the checks could not settle."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Decide
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers.note import reason
from conversations.session import Choice
from conversations.step import Context, answered
from conversations.steps import Ask, Choose


def _case(context: Context) -> CaseFact:
    return context.facts.desk.the_case(context.subject)


def _summary(context: Context) -> Mapping[str, Value]:
    case = _case(context)
    reasons = [Say(f"findings.{reason}.short") for reason in case.reasons]
    return {
        "number": case.number,
        "owner": case.holder,
        "brief": Lines(case.brief),
        "reasons": Lines(tuple(reasons or [Say("supervisor_desk.no_reason")])),
    }


def _items(context: Context) -> tuple[Choice, ...]:
    case = _case(context)
    return tuple(
        Choice(step, Say(f"{case.service}.{step}.label"), step)
        for step in case.returnable
        if step in case.answers
    )


def _letter(context: Context) -> Mapping[str, Value]:
    """Return the case, and what its owner will read."""
    case, answers = _case(context), context.answers
    decision, reason = str(answers["decision"]), str(answers.get("reason", "-"))
    number = {"number": case.number}
    again = "visits_failed" in case.reasons
    letters = {
        "approve": Say("notices.new_window" if again else "notices.verified", number),
        "return": Say("findings.returned", {"reason": reason}),
        "reject": Say("notices.rejected", {**number, "reason": reason}),
    }
    item = Say(f"{case.service}.{answers['item']}.label") if "item" in answers else ""
    about = {**number, "owner": case.holder, "item": item}
    return {"about": Say(f"review.about.{decision}", about), "letter": letters[decision]}


def _finish(context: Context) -> Ending:
    answers = context.answers
    decision = answers["decision"]
    effect = Decide(
        int(context.subject),
        decision,
        step=answers.get("item"),
        reason=answers.get("reason"),
    )
    return Ending((effect,), (Say(f"review.done.{decision}", {"number": _number(context)}),))


def _number(context: Context) -> str:
    return _case(context).number


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.desk.case(subject)
    return case is not None and case.state == CaseState.IN_REVIEW


def _shown(answer: Json, facts: Facts) -> Value:
    return str(answer)


FLOW = Flow(
    id="review",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "decision",
            options=("approve", "return", "reject"),
            params=_summary,
            picture=lambda context: _case(context).photo,
            counted=False,
            rests=True,
        ),
        Choose(
            "item",
            options=_items,
            when=answered("decision", "return"),
            counted=False,
            shows=_shown,
        ),
        Ask(
            "reason",
            parse=reason(at_most=300),
            when=answered("decision", "return", "reject"),
            counted=False,
        ),
        Choose("sure", options=("yes", "no"), params=_letter, counted=False, ends=("no",)),
    ),
    finish=_finish,
    alive=_alive,
)
