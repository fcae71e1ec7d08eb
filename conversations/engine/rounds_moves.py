"""Moves of a visit that an officer words freely: taken, begun, late, given back, failed.

A move that a flow makes is asked for by that flow, with the answer of the words filled in.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from conversations import lexicon
from conversations.effects import TellLate
from conversations.engine import confirming, drafts, questions
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Json, Say, Value
from conversations.parsers import duration
from conversations.script import FAILED
from conversations.session import Choice, Draft
from conversations.step import Prompt

FLOW = "visit"
DECLINED, FAILURE = "declined", "failure"  # steps that ask for a reason
OFFERED_MINUTES = (15, 30, 60)  # where an officer does not tell how late
#: Matter -> the reason for which a visit fails.
FAILS = {
    "nobody": "nobody",
    "not_found": "wrong_place",
    "refused": "refused",
    "weather": "weather",
    "breakdown": "vehicle",
}


def open_visit(turn: TurnBuilder, visit: VisitFact) -> None:
    """Show the visit's open question."""
    drafts.open_flow(turn, FLOW, str(visit.id))


def take_up(turn: TurnBuilder, visit: VisitFact, option: str) -> None:
    """Show the visit's question; where it is asked already, ask whether its option is meant."""
    asked = turn.session.asked
    again = asked is not None and (asked.flow, asked.subject) == (FLOW, str(visit.id))
    open_visit(turn, visit)
    named = tuple(choice for choice in turn.session.shown if choice.value == option)
    if again and named:
        questions.ask_between(turn, named)


def accept(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the acceptance of an offer."""
    take_up(turn, visit, "accept")


def depart(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the departure to a visit."""
    take_up(turn, visit, "go")


def arrive(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the location or a tap at the door; first for the departure, if it is not recorded."""
    if visit.state == VisitState.ACCEPTED:
        turn.says.append(Say("rounds_desk.depart_first", {"visit": visits.line(turn, visit)}))
        open_visit(turn, visit)
    elif visit.state == VisitState.ARRIVED:
        turn.says.append(Say("rounds_desk.arrived", {"visit": visits.line(turn, visit)}))
        open_visit(turn, visit)
    else:
        take_up(turn, visit, "here")


# -- late ------------------------------------------------------------------------------------------


def late(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask whether the owner is to be told, or how late the officer will be."""
    minutes, subject = duration.minutes(text, bare=True), str(visit.id)
    named: dict[str, Value] = {"visit": visits.line(turn, visit)}
    if not visit.hosted:
        drafts.digress(turn, Say("rounds_desk.no_chat", named))
    elif minutes is None:
        label = "rounds_desk.minutes"
        some = (
            confirming.choice(str(n), Say(label, {"n": n}), "late", subject, n)
            for n in OFFERED_MINUTES
        )
        confirming.ask(turn, Say("rounds_desk.how_late", named), *some, confirming.no())
    else:
        confirming.ask(
            turn,
            Say("rounds_desk.late", {**named, "n": minutes}),
            confirming.choice(
                "yes", Say("rounds_desk.late.yes"), "late", subject, minutes, means="yes"
            ),
            confirming.no(),
        )


def tell_late(turn: TurnBuilder, visit: VisitFact, argument: Json) -> None:
    """Tell the owner how late the officer will be."""
    turn.lasting = True
    turn.effects.append(TellLate(visit.id, int(argument)))
    told: dict[str, Value] = {"owner": visit.host_name, "n": int(argument)}
    turn.says.append(Say("rounds_desk.late.done", told))
    drafts.go_on(turn)


# -- hindered: the weather, the vehicle ------------------------------------------------------------


def hindered(turn: TurnBuilder, visit: VisitFact, matter: str) -> None:
    """Ask what becomes of a visit that the officer does not reach for now."""
    subject = str(visit.id)
    choices = [confirming.choice("late", Say("rounds_desk.hindered.late"), "how_late", subject)]
    if visit.state == VisitState.ACCEPTED:
        label = Say("rounds_desk.hindered.decline")
        reason = "vehicle" if matter == "breakdown" else "weather"
        choices.append(confirming.choice("decline", label, "decline", subject, reason))
    else:
        label = Say("rounds_desk.hindered.fail")
        choices.append(confirming.choice("fail", label, "fail", subject, matter))
    if visit.state == VisitState.ARRIVED or not visit.hosted:
        choices = choices[1:]
    say = Say(f"rounds_desk.hindered.{matter}", {"visit": visits.line(turn, visit)})
    confirming.ask(turn, say, *choices, confirming.no())


# -- given back ------------------------------------------------------------------------------------


def reason_in(text: str) -> str | None:
    """Return the reason to decline that the words name."""
    listed = lexicon.options(FLOW, DECLINED)
    ranked = listed.rank(text) if listed is not None else []
    return ranked[0].name if ranked else None


def give_back(turn: TurnBuilder, visit: VisitFact, reason: str | None) -> None:
    """Ask for the reason to leave a visit to another officer; one that was told is confirmed."""
    offered = visit.state == VisitState.OFFERED
    filled = {"offer": "decline"} if offered else {"depart": "cannot"}
    _fill_in(turn, visit, filled)
    if reason is None:
        return
    state = "offered" if offered else "accepted"
    params = {"visit": visits.line(turn, visit), "reason": Say(f"visit.{DECLINED}.{reason}")}
    _confirm_reason(
        turn, DECLINED, visit, reason, Say(f"rounds_desk.give_back.{state}", params), "give_back"
    )


# -- failed ----------------------------------------------------------------------------------------


def fail(turn: TurnBuilder, visit: VisitFact, matter: str) -> None:
    """Ask whether a visit failed for the reason that was told, with its address once more."""
    flow = turn.flows.by_id[FLOW]
    draft = turn.draft_of(flow, str(visit.id))
    step = flow.open_step(turn.context(draft))
    if step is None or visit.state not in visits.UNDER_WAY:
        turn.says.append(Say("rounds_desk.depart_first", {"visit": visits.line(turn, visit)}))
        open_visit(turn, visit)
        return
    if step.id != FAILURE:
        _fill_in(turn, visit, {step.id: FAILED})
    say = Say(f"rounds_desk.fail.{matter}", visits.way(turn, visit))
    _confirm_reason(turn, FAILURE, visit, FAILS[matter], say, "fail")


def keep(turn: TurnBuilder, visit: VisitFact) -> None:
    """Take back a pending "it does not work" of a visit."""
    flow, draft = turn.flows.by_id[FLOW], turn.session.draft
    known = flow.prefill(str(visit.id), turn.facts)
    left = {
        step: given
        for step, given in (draft.answers.items() if draft is not None else ())
        if given not in (FAILED, "cannot", "decline", "different")
    }
    drafts.switch_to(turn, Draft(FLOW, str(visit.id), {**left, **known}))
    turn.says.append(Say("rounds_desk.kept"))
    drafts.go_on(turn)


def is_pending(turn: TurnBuilder) -> bool:
    """Whether a visit is about to fail or to be given back: only the reason is missing."""
    asked = turn.session.asked
    return asked is not None and asked.flow == FLOW and asked.step in (DECLINED, FAILURE)


def _fill_in(turn: TurnBuilder, visit: VisitFact, answers: Mapping[str, Json]) -> None:
    """Open a visit with some answers filled in, and ask what remains."""
    draft = turn.draft_of(turn.flows.by_id[FLOW], str(visit.id))
    filled = structs.replace(draft, answers={**draft.answers, **answers}, editing=None)
    drafts.switch_to(turn, filled)
    drafts.go_on(turn)


def _confirm_reason(
    turn: TurnBuilder, step: str, visit: VisitFact, reason: str, say: Say, wording: str
) -> None:
    """Ask at the step itself whether the reason that was told is right."""
    turn.show(
        step,
        Prompt(
            say,
            (
                Choice(reason, Say(f"rounds_desk.{wording}.yes"), reason, means="yes"),
                Choice("other", Say("rounds_desk.other_reason"), None, "again"),
                confirming.choice(
                    "keep", Say("rounds_desk.keep"), "keep", str(visit.id), means="no"
                ),
            ),
        ),
        clarifying=True,
    )
