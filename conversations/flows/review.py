"""Review: a supervisor decides on a case that the checks could not settle."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Decide
from conversations.facts import CaseFact, Facts
from conversations.flow import Ask, Choose, Context, Ending, Flow, answered, place_name
from conversations.messages import Json, Lines, Rupiah, Say, Value
from conversations.parsers.note import note
from conversations.session import Answers, Offer

IN_REVIEW = "in_review"  # of models.lifecycle

#: What may be asked again of the owner: steps that every place-bound service has.
RETURNABLE = ("trade", "place", "street", "place_photo", "capital", "turnover", "identity")


def _case(context: Context) -> CaseFact:
    return context.facts.the_case(context.subject)


def _summary(context: Context) -> Mapping[str, Value]:
    case = _case(context)
    answers, facts = case.answers, context.facts
    reasons = [Say(f"findings.{reason}.short") for reason in case.reasons]
    return {
        "number": case.number,
        "owner": str(answers.get("owner_name", "-")),
        "trade": _trade(answers, facts),
        "place": _place(answers, facts),
        "capital": _sum(answers.get("capital")),
        "turnover": _sum(answers.get("turnover")),
        "reasons": Lines(tuple(reasons or [Say("supervisor_desk.no_reason")])),
    }


def _trade(answers: Answers, facts: Facts) -> Value:
    answer = answers.get("trade")
    trade = facts.trades.get(answer.get("code", "")) if isinstance(answer, dict) else None
    if trade is None:
        return Say("common.left")
    return Say("common.named", {"id": trade.label, "en": trade.label_en})


def _place(answers: Answers, facts: Facts) -> Value:
    answer = answers.get("place")
    return place_name(answer["kelurahan"], facts) if isinstance(answer, dict) else "-"


def _sum(answer: Json) -> Value:
    return Rupiah(answer) if isinstance(answer, int) else Say("common.left")


def _items(context: Context) -> tuple[Offer, ...]:
    case = _case(context)
    return tuple(
        Offer(step, Say(f"{case.service}.{step}.label"), step)
        for step in RETURNABLE
        if step in case.answers
    )


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
    case = facts.case(subject)
    return case is not None and case.state == IN_REVIEW


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
            parse=note(at_most=300),
            when=answered("decision", "return", "reject"),
            counted=False,
        ),
        Choose("sure", options=("yes", "no"), counted=False, ends=("no",)),
    ),
    finish=_finish,
    alive=_alive,
)
