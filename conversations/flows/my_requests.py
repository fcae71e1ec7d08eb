"""My requests: the states of an owner's cases, and what the owner can do about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from conversations import catalogue
from conversations.effects import SendDocument, Withdraw
from conversations.facts import CaseFact, Facts, VisitFact
from conversations.flow import Ending, Flow
from conversations.lifecycle import MOVABLE, CaseState
from conversations.messages import Json, Lines, Say, Value
from conversations.session import Answers, Choice
from conversations.step import Context
from conversations.steps import Choose
from conversations.ticketing import state
from conversations.whose import of_somebody
from conversations.wording import window_words

#: States in which the owner may still withdraw the case.
WITHDRAWABLE = frozenset(CaseState) - {CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED}
SEND = "permit"  # the value on buttons in chats, for every kind of document
#: The page of each stage at which somebody outside acts.
STAGE_PAGES = {"reading": "letter", "delivery": "delivery", "awaiting": "lender_answer"}
SHOWN = 5  # cases; older ones are history


def _state(case: CaseFact, facts: Facts) -> Say:
    visit = _visit(case, facts)
    key = f"my_requests.visit.{visit.state}" if visit else f"my_requests.state.{case.state}"
    if case.state == CaseState.WAITING:
        stage = f"{case.service}.{case.stage}.state"
        key = stage if stage in catalogue.load().entries else key
    if case.state == CaseState.ACCEPTED and not facts.mine.choosable(case.id):
        key = "my_requests.state.finding"
    if case.state == CaseState.DONE and case.documents:
        key = "my_requests.documented"
    if case.object_until is not None and case.object_until >= facts.today:
        key = "my_requests.state.rejected.until"
    params: dict[str, Value] = {
        "number": case.number,
        "service": _service(case, facts),
        "document": case.documents[0].number if case.documents else "",
        "window": Say("common.nothing"),
        "officer": "",
        "until": case.object_until or facts.today,
    }
    if visit is not None:
        params["window"] = window_words(visit.on, visit.starts, visit.ends)
        params["officer"] = f"{visit.officer_name or ''} ({visit.officer_badge or ''})"
    return Say(catalogue.load().overridden(key, case.service), params)


def _service(case: CaseFact, facts: Facts) -> Say:
    """Return the service's name, with the applicant's if this phone asked for several people."""
    name = Say(f"{case.service}.name")
    if case.holder == "-" or not any(of_somebody(one.answers) for one in facts.mine.cases):
        return name
    return Say("my_requests.of_person", {"service": name, "name": case.holder})


def _visit(case: CaseFact, facts: Facts) -> VisitFact | None:
    return next((v for v in facts.mine.visits if v.case_id == case.id), None)


def _lines(context: Context) -> dict[str, Value]:
    facts = context.facts
    requests = tuple(_state(a, facts) for a in facts.mine.cases[:SHOWN])
    lines = (*requests, *(state(one) for one in facts.mine.tickets))
    return {"lines": Lines(lines or (Say("my_requests.nothing_yet"),))}


def _acts(context: Context) -> tuple[Choice, ...]:
    facts = context.facts
    acts = [(a, act) for a in facts.mine.cases[:SHOWN] for act in _acts_on(a, facts)]
    often = Counter(act.label for _, act in acts)
    choices = [
        Choice(
            act.value,
            Say(
                act.label if often[act.label] == 1 else act.among_several,
                {"number": case.number},
            ),
            act.opens or act.value,
            "open" if act.opens else "answer",
        )
        for case, act in acts
    ]
    opens = (
        Choice(
            f"ticket-{one.id}",
            Say("my_requests.ticket", {"number": one.number}),
            ["my_ticket", str(one.id)],
            "open",
        )
        for one in facts.mine.tickets
    )
    return (*choices, *opens, Choice("menu", Say("common.to_menu"), "menu", "command"))


@dataclass(frozen=True, slots=True)
class _Act:
    """One thing that the owner can do about a case, and its button."""

    value: str
    label: str
    among_several: str  # the label with the number, if another case has the same act
    opens: list[Json] | None = None


def _acts_on(case: CaseFact, facts: Facts) -> Iterator[_Act]:
    visit, me = _visit(case, facts), str(case.id)
    if case.state == CaseState.NEEDS_FIX:
        yield _Act(f"fix-{me}", "my_requests.fix", "my_requests.fix", [case.service, me])
    others = facts.mine.choosable(case.id)
    if case.state == CaseState.ACCEPTED and others:
        opens: list[Json] = ["visit_window", me]
        yield _Act(f"window-{me}", "my_requests.choose", "my_requests.choose_of", opens)
    if visit is not None and visit.state in MOVABLE and others:
        moves: list[Json] = ["visit_window", me]
        yield _Act(f"move-{visit.id}", "my_requests.move", "my_requests.move_of", moves)
    if (page := _page(case, facts)) is not None:
        yield _Act(f"stage-{me}", f"my_requests.{page}", f"my_requests.of.{page}", [page, me])
    if case.documents:
        send = f"{case.service}.{case.documents[0].kind}.send"
        yield _Act(f"{SEND}-{me}", send, f"{send}_of")
    if case.state in WITHDRAWABLE and (visit is None or visit.state in MOVABLE):
        yield _Act(f"withdraw-{me}", "my_requests.withdraw", "my_requests.withdraw")


def _page(case: CaseFact, facts: Facts) -> str | None:
    """Return the page on which the owner tells what somebody outside did, if it is open."""
    letter = case.dossier
    if case.state == CaseState.DONE:
        late = letter is not None and letter.comes_late(facts.today)
        return "lender_answer" if late else None
    if case.state != CaseState.WAITING:
        return None
    if case.stage == "trust" and letter is not None and not letter.asked_for_reminders:
        return "lender_answer"
    return STAGE_PAGES.get(case.stage)


def _withdraws(answers: Answers, facts: Facts) -> bool:
    """A case is taken back."""
    return str(answers.get("show", "")).startswith("withdraw-")


def _sure(context: Context) -> tuple[Choice, ...]:
    """Return the answers; another time of the visit may be all that is wanted."""
    visit = _of_withdrawn(context)
    others = context.facts.mine.choosable(visit.case_id) if visit is not None else ()
    opens = ["visit_window", str(visit.case_id)] if visit is not None else None
    return (
        Choice("yes", Say("my_requests.sure.yes"), "yes", means="yes"),
        *((Choice("move", Say("my_requests.move"), opens, "open"),) if others else ()),
        Choice("no", Say("my_requests.sure.no"), "no", means="no"),
    )


def _with_visit(context: Context) -> dict[str, Value]:
    visit = _of_withdrawn(context)
    if visit is None:
        return {"visit": ""}
    window = window_words(visit.on, visit.starts, visit.ends)
    return {"visit": Say("my_requests.sure.visit", {"window": window})}


def _of_withdrawn(context: Context) -> VisitFact | None:
    """Return the visit of the request that is to be cancelled, if there is one."""
    subject = str(context.answers.get("show", "")).partition("-")[2]
    return next((v for v in context.facts.mine.visits if str(v.case_id) == subject), None)


def _finish(context: Context) -> Ending:
    wanted = context.answers["show"]
    if wanted not in [choice.answer for choice in _acts(context)]:
        return Ending(says=(Say("common.gone"),))  # the officer has set off meanwhile
    act, _, subject = str(wanted).partition("-")
    if act == SEND:
        case = context.facts.the_case(subject)
        sending = Say(f"{case.service}.{case.documents[0].kind}.sending")
        return Ending((SendDocument(case.id),), (sending,))
    if act == "withdraw":
        return Ending((Withdraw(int(subject)),), (Say("my_requests.withdrawn"),))
    return Ending(says=(Say("common.gone"),))


def _shown(answer: Json, facts: Facts) -> Value:
    return str(answer)


FLOW = Flow(
    id="my_requests",
    status="owner",
    form=False,
    steps=(
        Choose("show", options=_acts, params=_lines, counted=False, rests=True, shows=_shown),
        Choose(
            "sure", options=_sure, params=_with_visit, when=_withdraws, counted=False, ends=("no",)
        ),
    ),
    finish=_finish,
)
