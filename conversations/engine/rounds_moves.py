"""Moves of a visit that an officer words freely: taken, begun, late, given back, failed.

A move that a flow makes is asked for by that flow, with the answer of the words filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from conversations import lexicon
from conversations.effects import Concern, Depart, TellLate
from conversations.engine import confirming, drafts, questions
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.events import Located
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused, duration
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
    "other_day": "other_day",
    "weather": "weather",
    "breakdown": "vehicle",
    "data_wrong": "data_wrong",
    "trade_wrong": "data_wrong",
    "place_differs": "data_wrong",
}


def open_visit(turn: TurnBuilder, visit: VisitFact) -> None:
    """Show the visit's open question."""
    drafts.open_flow(turn, FLOW, str(visit.id))


def located(turn: TurnBuilder, visit: VisitFact, here: Located) -> None:
    """Ask whether a location sent elsewhere tells the arrival; one that moves does not."""
    open_visit(turn, visit)
    step = turn.asked_step()
    named = [choice for choice in turn.session.shown if choice.value == "here"]
    if step is None or not named:
        return
    try:
        answer = step.hear(here, turn.context(turn.open_draft()))
    except Refused as refusal:
        drafts.digress(turn, Say(f"refusals.{refusal.reason}"))
    else:
        questions.ask_between(turn, (structs.replace(named[0], answer=answer),))


def take_up(turn: TurnBuilder, visit: VisitFact, option: str) -> None:
    """Show the visit's question; where it is asked already, ask whether its option is meant."""
    asked = turn.session.asked
    again = asked is not None and (asked.flow, asked.subject) == (FLOW, str(visit.id))
    if again and is_pending(turn):
        restore(turn, visit)  # "sudah sampai", where the visit was about to fail
    open_visit(turn, visit)
    named = tuple(choice for choice in turn.session.shown if choice.value == option)
    if (again or option == "here") and named:  # who is at the door needs no address
        questions.ask_between(turn, named)


def accept(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the acceptance of an offer."""
    take_up(turn, visit, "accept")


def depart(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the departure to a visit."""
    take_up(turn, visit, "go")


def arrive(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the location or a tap at the door; first for the departure, if it is not recorded."""
    if visit.state == VisitState.ACCEPTED and visit.on == turn.facts.today:
        ask_whether_there(turn, visit, "")
    elif visit.state == VisitState.ACCEPTED:
        turn.says.append(Say("rounds_desk.depart_first", {"visit": visits.line(turn, visit)}))
        open_visit(turn, visit)
    elif visit.state == VisitState.ARRIVED:
        turn.says.append(Say("rounds_desk.arrived", {"visit": visits.line(turn, visit)}))
        open_visit(turn, visit)
    else:
        take_up(turn, visit, "here")


def accept_late(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for the acceptance of an offer to which the officer will be late."""
    minutes = duration.minutes(text, bare=True) or OFFERED_MINUTES[0]
    turn.says.append(Say("rounds_desk.accept_first", {"n": minutes}))
    take_up(turn, visit, "accept")


def ask_whether_there(turn: TurnBuilder, visit: VisitFact, failed: str) -> None:
    """Ask whether departure and arrival are both to be recorded; `failed` is then told."""
    confirming.ask(
        turn,
        Say("rounds_desk.there", {"visit": visits.line(turn, visit)}),
        confirming.choice(
            "yes", Say("rounds_desk.there.yes"), "there", str(visit.id), failed, means="yes"
        ),
        confirming.no(),
    )


def record_there(turn: TurnBuilder, visit: VisitFact, failed: Json) -> None:
    """Record the departure, and go on with the arrival, or with what the officer finds there."""
    turn.lasting = True
    turn.effects.append(Depart(visit.id))
    going = replace(visit, state=VisitState.ON_THE_WAY)
    rounds = turn.facts.rounds
    kept = tuple(going if one.id == visit.id else one for one in rounds.visits)
    turn.facts = replace(turn.facts, rounds=replace(rounds, visits=kept))
    open_visit(turn, going)
    if failed:
        fail(turn, going, str(failed))
        return
    step, draft = turn.asked_step(), turn.open_draft()
    here = next((choice for choice in turn.session.shown if choice.value == "here"), None)
    if step is None or here is None:
        return
    turn.session = structs.replace(turn.session, draft=draft.answered(step.id, here.answer))
    turn.effects += step.then(turn.context(turn.open_draft()), here.answer)
    drafts.go_on(turn)


# -- late ------------------------------------------------------------------------------------------


def late(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask whether the owner is to be told, or how late the officer will be."""
    minutes, subject = duration.minutes(text, bare=True), str(visit.id)
    named: dict[str, Value] = {"visit": visits.line(turn, visit)}
    if not visit.hosted:
        drafts.digress(turn, Say("rounds_desk.no_chat", named))
    elif minutes is None:
        some = (_minutes(n, "late", subject, n) for n in OFFERED_MINUTES)
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


def _minutes(n: int, matter: str, subject: str, argument: Json) -> Choice:
    """Return the choice of a length of time."""
    return confirming.choice(
        str(n), Say("rounds_desk.minutes", {"n": n}), matter, subject, argument
    )


def late_to_each(turn: TurnBuilder, some: tuple[VisitFact, ...], text: str) -> None:
    """Ask once whether several owners are to be told, or how late the officer will be."""
    minutes = duration.minutes(text, bare=True)
    params: dict[str, Value] = {"lines": visits.lines(turn, some)}
    ids: Json = [visit.id for visit in some]
    if minutes is None:
        choices = (_minutes(n, "late_each", "", [n, ids]) for n in OFFERED_MINUTES)
        confirming.ask(turn, Say("rounds_desk.how_late_each", params), *choices, confirming.no())
        return
    yes = confirming.choice(
        "yes", Say("rounds_desk.late.yes"), "late_each", "", [minutes, ids], means="yes"
    )
    say = Say("rounds_desk.late_each", {**params, "n": minutes})
    confirming.ask(turn, say, yes, confirming.no())


def tell_each(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Tell several owners how late the officer will be."""
    minutes, ids = argument
    for visit in turn.facts.rounds.visits:
        if visit.id in ids and visit.state in visits.COMING:
            _tell_late(turn, visit, int(minutes))
    drafts.go_on(turn)


def in_time(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask whether the owner is to be told that the officer is not late after all."""
    named: dict[str, Value] = {"visit": visits.line(turn, visit)}
    if not visit.hosted:
        drafts.digress(turn, Say("rounds_desk.no_chat", named))
        return
    yes = confirming.choice(
        "yes", Say("rounds_desk.late.yes"), "late", str(visit.id), 0, means="yes"
    )
    confirming.ask(turn, Say("rounds_desk.in_time", named), yes, confirming.no())


def _tell_late(turn: TurnBuilder, visit: VisitFact, minutes: int) -> None:
    named: dict[str, Value] = {"visit": visits.line(turn, visit)}
    if not visit.hosted:
        turn.says.append(Say("rounds_desk.no_chat", named))
        return
    turn.lasting = True
    turn.effects.append(TellLate(visit.id, minutes))
    told: dict[str, Value] = {"owner": visit.host_name, "n": minutes}
    turn.says.append(Say("rounds_desk.late.done" if minutes else "rounds_desk.in_time.done", told))


def tell_late(turn: TurnBuilder, visit: VisitFact, argument: Json) -> None:
    """Tell the owner how late the officer will be."""
    _tell_late(turn, visit, int(argument))
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


def give_back(
    turn: TurnBuilder, visit: VisitFact, reason: str | None, say: Say | None = None
) -> None:
    """Ask for the reason to leave a visit to another officer; one that was told is confirmed."""
    offered = visit.state == VisitState.OFFERED
    filled = {"offer": "decline"} if offered else {"depart": "cannot"}
    if say is None and reason is None and str(visit.id) != visits.subject(turn):
        say = Say("rounds_desk.giving_back", {"visit": visits.line(turn, visit)})
    if say is not None:
        turn.says.append(say)
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
    away = visit.state == VisitState.ACCEPTED and visit.on == turn.facts.today
    if away and matter != "refused":  # which an owner may tell before
        ask_whether_there(turn, visit, matter)
        return
    if visit.state == VisitState.ACCEPTED and matter == "refused":
        drafts.digress(turn, Say("rounds_desk.refused_early", {"visit": visits.line(turn, visit)}))
        return
    if step is None or visit.state not in visits.UNDER_WAY:
        turn.says.append(Say("rounds_desk.depart_first", {"visit": visits.line(turn, visit)}))
        open_visit(turn, visit)
        return
    if step.id != FAILURE:
        _fill_in(turn, visit, {step.id: FAILED})
    say = Say(f"rounds_desk.fail.{matter}", visits.way(turn, visit))
    _confirm_reason(turn, FAILURE, visit, FAILS[matter], say, "fail")


def fail_why(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask for what reason a visit fails, of which the words name none."""
    flow = turn.flows.by_id[FLOW]
    step = flow.open_step(turn.context(turn.draft_of(flow, str(visit.id))))
    _fill_in(turn, visit, {} if step is None or step.id == FAILURE else {step.id: FAILED})


def keep_waiting(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Take back a failure that was about to be recorded: the officer rather waits."""
    restore(turn, visit)
    turn.says.append(Say("rounds_desk.waits"))
    drafts.go_on(turn)


def unlike(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Ask what differs between the owner and the KTP, where an officer is not sure."""
    subject = str(visit.id)
    told: Json = [Concern.KTP.value, " ".join(text.split())]
    choices = (
        confirming.choice(what, Say(f"rounds_desk.unlike.{what}"), "unlike", subject, what)
        for what in ("face", "address")
    )
    tell = confirming.choice("tell", Say("rounds_desk.concern.yes"), "concern", subject, told)
    confirming.ask(turn, Say("rounds_desk.unlike"), *choices, tell, confirming.no())


def chosen_unlike(turn: TurnBuilder, visit: VisitFact, what: Json) -> None:
    """Go on if only the address differs; else ask whether the visit failed."""
    drafts.go_on(turn)
    if what == "address":
        drafts.digress(turn, Say("rounds_desk.ktp_differs"))
    else:
        fail(turn, visit, "data_wrong")


def keep(turn: TurnBuilder, visit: VisitFact) -> None:
    """Take back a pending "it does not work" of a visit, and show its question."""
    restore(turn, visit)
    turn.says.append(Say("rounds_desk.kept"))
    drafts.go_on(turn)


def restore(turn: TurnBuilder, visit: VisitFact) -> None:
    """Take back a pending "it does not work" of a visit."""
    drafts.switch_to(turn, restored(turn, visit))


def restored(turn: TurnBuilder, visit: VisitFact) -> Draft:
    """Return the draft of a visit as it was before "it does not work"."""
    flow = turn.flows.by_id[FLOW]
    draft = turn.draft_of(flow, str(visit.id))
    known = flow.prefill(draft.subject, turn.facts)
    left = {
        step: given
        for step, given in draft.answers.items()
        if given not in (FAILED, "cannot", "decline")
    }
    return Draft(FLOW, draft.subject, {**left, **known})


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
    subject = str(visit.id)
    choices = [
        Choice(reason, Say(f"rounds_desk.{wording}.yes"), reason, means="yes"),
        Choice("other", Say("rounds_desk.other_reason"), None, "again"),
    ]
    if reason == FAILS["not_found"]:
        choices.append(confirming.choice("call", Say("rounds_desk.call_owner"), "phone", subject))
    keep = confirming.choice("keep", Say("rounds_desk.keep"), "keep", subject, means="no")
    turn.show(step, Prompt(say, (*choices, keep)), clarifying=True)
