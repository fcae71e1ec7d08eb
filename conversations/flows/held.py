"""Held: a supervisor decides whether an officer goes to a place that somebody told us of."""

from __future__ import annotations

from collections.abc import Mapping

from conversations import lexicon
from conversations.facts import CaseFact, Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers import Refused
from conversations.referrals import REASONS, AboutReferral, DecideReferral, SendToAll, ShowReporters
from conversations.step import Context, Stay, answered
from conversations.steps import Choose


def _case(context: Context) -> CaseFact:
    return context.facts.desk.the_case(context.subject)


def _summary(context: Context) -> Mapping[str, Value]:
    case = _case(context)
    reasons = [Say(f"findings.{reason}.short") for reason in case.reasons]
    return {
        "number": case.number,
        "brief": Lines(case.brief),
        "by": case.decide_by or context.facts.today,
        "reasons": Lines(tuple(reasons or [Say("supervisor_desk.no_reason")])),
    }


def _is_head(context: Context) -> bool:
    return "head" in context.facts.me.roles


def _several(context: Context) -> bool:
    return sum(case.told for case in context.facts.desk.cases) > 1


def _secret(text: str, context: Context) -> Json:
    """Say to a supervisor who is no head that only a head may see who told us."""
    listed = lexicon.options(FLOW.id, "decision")
    ranked = listed.rank(text) if listed is not None else []
    if ranked and ranked[0].name == "who":
        raise Stay(say=Say("held.secret"), asks=True)
    raise Refused("pick_one")


def _finish(context: Context) -> Ending:
    case_id, decision = int(context.subject), str(context.answers["decision"])
    effect: AboutReferral
    match decision:
        case "who":
            return Ending((ShowReporters(case_id, str(context.answers["why"])),))
        case "all":
            effect = SendToAll(case_id)
        case _:
            effect = DecideReferral(case_id, go=decision == "go")
    return Ending((effect,), (Say(f"held.done.{decision}", {"number": _case(context).number}),))


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.desk.case(subject)
    return case is not None and case.told and case.state == CaseState.IN_REVIEW


FLOW = Flow(
    id="held",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "decision",
            options=("go", "all", "no", "who"),
            params=_summary,
            counted=False,
            rests=True,
            offers={"all": _several, "who": _is_head},
            means={"go": "yes", "no": "no"},
            reads=_secret,
        ),
        Choose(
            "why",
            options=(*REASONS, "none"),
            when=answered("decision", "who"),
            counted=False,
            ends=("none",),
        ),
    ),
    finish=_finish,
    alive=_alive,
)
