"""Lender's answer: the owner tells what the lender answered, and wants to be reminded or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from conversations import lexicon
from conversations.dossiers import OUTCOMES, REFUSED_FOR, RELIEF, TellAnswer
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.long_numbers import guarded, refuse_long_sums
from conversations.messages import Json, Rupiah, Say, Value
from conversations.parsers.dates import day
from conversations.parsers.loan import months, months_within
from conversations.parsers.money import money
from conversations.session import Answers
from conversations.step import Context, answered
from conversations.steps import Ask, Choose

STAGE = "awaiting"
TERMS = ("instalment", "months", "first_due")


def _case(context: Context) -> CaseFact:
    return context.facts.the_case(context.subject)


def _told(context: Context) -> Mapping[str, Value]:
    case = _case(context)
    lender = case.answers.get("lender")
    return {"number": case.number, "lender": lender["name"] if isinstance(lender, dict) else "-"}


def _relief(answers: Answers, facts: Facts) -> bool:
    """The lender granted relief."""
    return answers.get("outcome") in RELIEF


def _shown(answer: Json, facts: Facts) -> Value:
    return Rupiah(answer)


def _day_shown(answer: Json, facts: Facts) -> Value:
    return Say("common.day", {"day": date.fromisoformat(answer)})


def _also(context: Context, outcome: Json, said: str) -> Answers:
    """Return the reason or the months that the same words tell: "ditolak, katanya kurang surat"."""
    if outcome == "refused":
        listed = lexicon.options("lender_answer", "reason")
        ranked = listed.rank(said) if listed is not None else []
        named = [one.name for one in ranked if one.name != "unsaid"]
        return {"reason": named[0]} if named else {}
    length = months_within(said) if outcome in RELIEF else None
    return {"months": length} if length is not None else {}


def _prefill(subject: str, facts: Facts) -> Answers:
    """Return the outcome that somebody else told; its terms are the owner's to tell."""
    case = facts.case(subject)
    dossier = case.dossier if case is not None else None
    if dossier is None or dossier.by in ("", "owner") or dossier.outcome not in RELIEF:
        return {}
    if case is not None and case.state == CaseState.DONE:
        return {}
    return {"outcome": dossier.outcome}


def _finish(context: Context) -> Ending:
    answers = context.answers
    outcome = str(answers["outcome"])
    terms = {one: answers[one] for one in TERMS if answers.get(one) is not None}
    told = TellAnswer(
        int(context.subject),
        outcome,
        str(answers.get("reason") or ""),
        terms if outcome in RELIEF else None,
        answers.get("reminds") == "yes",
    )
    return Ending((told,))


def _alive(subject: str, facts: Facts) -> bool:
    """Whether the lender's answer is awaited, or its terms, or it comes late."""
    case = facts.case(subject)
    if case is None or case.dossier is None:
        return False
    if case.state == CaseState.DONE:
        return case.dossier.comes_late(facts.today)
    return case.state == CaseState.WAITING and (
        case.stage == STAGE or (case.stage == "trust" and not case.dossier.asked_for_reminders)
    )


_FLOW = Flow(
    id="lender_answer",
    form=False,
    steps=(
        Choose(
            "outcome",
            options=("none_yet", *OUTCOMES),
            params=_told,
            counted=False,
            rests=True,
            ends=("none_yet",),
            tells=_also,
        ),
        Choose("reason", options=REFUSED_FOR, when=answered("outcome", "refused"), counted=False),
        Ask(
            "instalment",
            parse=money(at_least=0, period="month"),
            options={"unknown": None},
            when=_relief,
            numeric=True,
            shows=_shown,
            counted=False,
            heeds=refuse_long_sums,
        ),
        Ask(
            "months",
            parse=months(),
            options={"unknown": None},
            when=_relief,
            numeric=True,
            counted=False,
        ),
        Ask(
            "first_due",
            parse=day(at_most=366),
            options={"unknown": None},
            when=_relief,
            shows=_day_shown,
            counted=False,
        ),
        Choose("reminds", options=("yes", "no"), when=_relief, counted=False),
    ),
    finish=_finish,
    prefill=_prefill,
    alive=_alive,
)
FLOW = guarded(_FLOW)
