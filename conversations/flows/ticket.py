"""Ticket: a supervisor takes over what waits for an answer, answers in words, and closes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conversations.dossiers import RECORDED
from conversations.effects import Effect
from conversations.facts import Facts, RemarkFact, TicketFact
from conversations.flow import Ending, Flow
from conversations.lexicon import lists
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers import Refused
from conversations.parsers.note import story
from conversations.session import Answers, Choice
from conversations.step import Context, Then, answered
from conversations.steps import Ask, Choose
from conversations.ticketing import (
    LONGEST,
    AnswerTicket,
    CloseTicket,
    DecideObjection,
    TakeTicket,
)
from conversations.words import plain

REMARKS = 4  # shown, the newest
_MOST = 600  # characters of what was told, on the page

_FOUNDED = {"founded": True, "unfounded": False}
UPHELD, DISMISSED = "upheld", "dismissed"  # an objection


def _ticket(context: Context) -> TicketFact:
    return context.facts.desk.the_ticket(context.subject)


def _summary(context: Context) -> Mapping[str, Value]:
    one = _ticket(context)
    return {
        "number": one.number,
        "about": Say(f"ticket.about.{one.about}"),
        "lines": Lines(tuple(_lines(one))),
    }


def _lines(one: TicketFact) -> Iterator[Say]:
    """Return what a supervisor needs in order to answer, a line each."""
    yield Say("ticket.line.name", {"name": one.name or Say("notices.caller.no_name")})
    yield Say("ticket.line.phone", {"phone": one.phone or Say("call.no_phone")})
    if one.officer:
        yield Say("ticket.line.officer", {"officer": one.officer})
    if one.visit_of:
        of = "ticket.line.rejected" if one.objects else "ticket.line.visit_of"
        yield Say(of, {"number": one.visit_of})
    if one.words:
        yield Say("ticket.line.words", {"words": _cut(one.words, _MOST)})
    if one.files:
        yield Say("ticket.line.files", {"n": len(one.files), "number": one.number})
    if one.times > 1:
        yield Say("ticket.line.times", {"n": one.times})
    yield from (_remark(remark) for remark in one.remarks[-REMARKS:])
    due = Say("ticket.line.close_by" if one.answered else "ticket.line.answer_by", _due(one))
    yield Say("ticket.line.since", {"since": one.since, "due": due})
    if one.taken_by:
        yield Say("ticket.line.taken_by", {"name": one.taken_by})


def _due(one: TicketFact) -> dict[str, Value]:
    return {"by": one.close_by if one.answered else one.answer_by}


def _remark(remark: RemarkFact) -> Say:
    """Return one remark on a ticket: by its owner, or by a supervisor."""
    key = "ticket.line.remark" if remark.by is None else "ticket.line.answer"
    return Say(key, {"words": _cut(remark.words, _MOST), "at": remark.at, "name": remark.by or ""})


def _cut(words: str, most: int) -> str:
    """Return words in one line, cut to a length."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _acts(context: Context) -> tuple[Choice, ...]:
    one = _ticket(context)
    acts = ("answer", "close") if one.mine else ("take", "answer", "close")
    return (
        *(Choice(act, Say(context.key("act", act)), act) for act in acts),
        *(_records(one) if one.about in RECORDED else ()),
        Choice("later", Say(context.key("act", "later")), "later"),
    )


def _take(context: Context, answer: object) -> tuple[Effect, ...]:
    return (TakeTicket(int(context.subject)),)


def _records(one: TicketFact) -> tuple[Choice, ...]:
    """Return the choice to record what a lender answered."""
    label = Say("ticket.act.lender")
    return (Choice("lender", label, ["lender_told", str(one.id)], "open"),)


_STAYS: Mapping[str, Then] = {"take": _take}


def _is_complaint_of_officer(answers: Answers, facts: Facts) -> bool:
    """A complaint about an officer is closed."""
    return answers.get("act") == "close" and bool(answers.get("accuses"))


def _is_objection(answers: Answers, facts: Facts) -> bool:
    """An objection is closed."""
    return answers.get("act") == "close" and bool(answers.get("objects"))


def _kind(subject: str, facts: Facts) -> Answers:
    one = facts.desk.ticket(subject)
    return {
        "accuses": one is not None and one.accuses,
        "objects": one is not None and one.objects,
    }


def _of_what(context: Context) -> Mapping[str, Value]:
    one = _ticket(context)
    then = Say("ticket.verdict.reopens")
    if one.newer:
        then = Say("ticket.verdict.renewed", {"newer": one.newer})
    return {"number": one.visit_of, "then": then}


def _letter(context: Context) -> Mapping[str, Value]:
    one, act = _ticket(context), str(context.answers["act"])
    key = "ticket.sure.closes" if act == "close" else "ticket.sure.answers"
    params: dict[str, Value] = {"number": one.number}
    outcome, verdict = context.answers.get("outcome"), context.answers.get("verdict")
    if act == "close" and outcome:
        key, params = "ticket.sure.closes_as", {**params, "outcome": _outcome(str(outcome))}
    elif act == "close" and verdict:
        renewed = verdict == UPHELD and one.newer
        key = f"ticket.sure.{'renewed' if renewed else verdict}"
        params = {**params, "of": one.visit_of, "newer": one.newer}
    return {"does": Say(key, params), "words": str(context.answers["words"])}


def _outcome(outcome: str) -> Say:
    return Say(f"ticket.outcome.{outcome}")


def _to_citizen(text: str, facts: Facts) -> Json:
    """Return the words that the citizen reads; an order alone, "tutup", is none."""
    if plain(text).strip(" .!") in lists.words("tickets", "orders"):
        raise Refused("no_answer_yet")
    return story(at_most=LONGEST, at_least=1)(text, facts)


def _finish(context: Context) -> Ending:
    answers, case_id = context.answers, int(context.subject)
    words = str(answers["words"])
    if answers["act"] == "close" and answers.get("verdict"):
        return Ending((DecideObjection(case_id, words, answers["verdict"] == UPHELD),))
    done = Say(f"ticket.done.{answers['act']}", {"number": _ticket(context).number})
    if answers["act"] == "close":
        founded = _FOUNDED.get(str(answers.get("outcome")))
        return Ending((CloseTicket(case_id, words, founded),), (done,))
    return Ending((AnswerTicket(case_id, words),), (done,))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.desk.ticket(subject) is not None


FLOW = Flow(
    id="ticket",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "act",
            options=_acts,
            params=_summary,
            stays=_STAYS,
            counted=False,
            rests=True,
            ends=("later",),
        ),
        Choose(
            "outcome",
            options=("founded", "unfounded", "undecided"),
            when=_is_complaint_of_officer,
            counted=False,
        ),
        Choose(
            "verdict",
            options=(UPHELD, DISMISSED),
            params=_of_what,
            when=_is_objection,
            counted=False,
        ),
        Ask(
            "words",
            parse=_to_citizen,
            story=True,
            when=answered("act", "answer", "close"),
            counted=False,
        ),
        Choose("sure", options=("yes", "no"), params=_letter, counted=False, ends=("no",)),
    ),
    finish=_finish,
    prefill=_kind,
    given=frozenset({"accuses", "objects"}),
    alive=_alive,
)
