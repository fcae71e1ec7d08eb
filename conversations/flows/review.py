"""Review: a supervisor decides on a case that the checks could not settle."""

from __future__ import annotations

import re
from collections.abc import Mapping

from conversations import letters
from conversations.effects import Decide
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers import Refused
from conversations.parsers.note import reason
from conversations.session import Choice
from conversations.step import Context, answered
from conversations.steps import Ask, Choose

_NUMBERS = re.compile(r"\s*\d(?:\s*(?:,|&|\+|dan|sama|and|\s)\s*\d)+\s*", re.I)


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


def _numbered(text: str, context: Context) -> Json:
    """Return the items that several numbers of the list name: "3 dan 4".

    Raises:
        Refused: ``pick_one`` for other words, and for a number that is not on the list.
    """
    items = _items(context)
    picked = [int(digit) for digit in re.findall(r"\d", text)] if _NUMBERS.fullmatch(text) else []
    if not picked or not all(1 <= number <= len(items) for number in picked):
        raise Refused("pick_one")
    return [items[number - 1].answer for number in dict.fromkeys(picked)]


def _reasons(context: Context) -> tuple[Choice, ...]:
    case = _case(context)
    return tuple(
        Choice(one, Say(f"{case.service}.refused.{one}.label"), one) for one in case.refusals
    )


def _example(context: Context) -> Mapping[str, Value]:
    return {"example": Say(f"review.reason.example.{context.answers['decision']}")}


def _letter(context: Context) -> Mapping[str, Value]:
    """Return the case, and what its owner will read."""
    case, answers = _case(context), context.answers
    decision, note = str(answers["decision"]), str(answers.get("reason", "-"))
    about = {"number": case.number, "owner": case.holder}
    if decision == "reject":
        until = letters.object_until(context.facts.today, context.facts.calendar)
        letter = letters.refused(case.service, case.number, str(answers["why"]), note, until)
    elif decision == "return":
        letter = letters.returned(case.service, case.number, letters.steps_of(answers), note)
    else:
        again = "visits_failed" in case.reasons
        key = "notices.new_window" if again else "notices.verified"
        letter = Say(key, {"number": case.number})
    return {"about": Say(f"review.about.{decision}", about), "letter": letter}


def _sends(context: Context) -> tuple[Choice, ...]:
    """Offer to send the letter, to change what a supervisor wrote of it, and to send nothing."""
    decision = context.answers["decision"]
    change = Choice(
        "change",
        Say(f"review.letter.change.{decision}"),
        ["change_letter", context.subject, None],
        "desk",
    )
    return (
        Choice("yes", Say("review.letter.yes"), "yes", means="yes"),
        *([change] if decision != "approve" else []),
        Choice("no", Say("review.letter.no"), "no", means="no"),
    )


def _finish(context: Context) -> Ending:
    answers = context.answers
    decision = answers["decision"]
    effect = Decide(
        int(context.subject),
        decision,
        steps=letters.steps_of(answers),
        why=answers.get("why"),
        reason=answers.get("reason"),
    )
    return Ending((effect,), (Say(f"review.done.{decision}", {"number": _number(context)}),))


def _number(context: Context) -> str:
    return _case(context).number


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.desk.case(subject)
    return case is not None and not case.told and case.state == CaseState.IN_REVIEW


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
            reads=_numbered,
        ),
        Choose(
            "why",
            options=_reasons,
            when=answered("decision", "reject"),
            counted=False,
            shows=_shown,
        ),
        Ask(
            "reason",
            parse=reason(at_most=300),
            params=_example,
            when=answered("decision", "return", "reject"),
            counted=False,
        ),
        Choose(
            "letter",
            options=_sends,
            params=_letter,
            counted=False,
            ends=("no",),
            confirms=True,
        ),
    ),
    finish=_finish,
    alive=_alive,
)
