"""My requests: how an owner's applications stand, and what can be done about them."""

from __future__ import annotations

from conversations.effects import Effect, LeaveWindow, SendPermit, Withdraw
from conversations.facts import ApplicationFact, Facts, VisitFact
from conversations.flow import Choose, Context, Ending, Flow, window_words
from conversations.messages import Json, Lines, Say, Value
from conversations.session import Answers, Offer

#: States (of models.lifecycle) in which the owner may still take the application back.
WITHDRAWABLE = frozenset({"submitted", "needs_fix", "in_review", "verified", "scheduled"})
#: States of the visit in which another time may be asked for.
MOVABLE = frozenset({"wanted", "offered", "unassigned", "accepted"})
SHOWN = 5  # applications; older ones are history


def _state(application: ApplicationFact, facts: Facts) -> Say:
    visit = _visit(application, facts)
    key = f"my_requests.visit.{visit.state}" if visit else f"my_requests.state.{application.state}"
    params: dict[str, Value] = {
        "number": application.number,
        "service": Say(f"{application.service}.name"),
        "permit": application.permit_number or "",
        "window": Say("common.nothing"),
        "officer": "",
    }
    if visit is not None:
        params["window"] = window_words(visit.on, visit.starts, visit.ends)
        params["officer"] = f"{visit.officer_name or ''} ({visit.officer_badge or ''})"
    return Say(key, params)


def _visit(application: ApplicationFact, facts: Facts) -> VisitFact | None:
    return next((v for v in facts.visits if v.application_id == application.id), None)


def _lines(context: Context) -> dict[str, Value]:
    facts = context.facts
    lines = tuple(_state(a, facts) for a in facts.applications[:SHOWN])
    return {"lines": Lines(lines or (Say("my_requests.nothing_yet"),))}


def _acts(context: Context) -> tuple[Offer, ...]:
    offers: list[Offer] = []
    for application in context.facts.applications[:SHOWN]:
        visit = _visit(application, context.facts)
        number = {"number": application.number}
        if application.state == "needs_fix":
            subject = [application.service, str(application.id)]
            offers.append(
                Offer(f"fix-{application.id}", Say("my_requests.fix", number), subject, "open")
            )
        if application.state == "verified" and context.facts.windows:
            subject = ["visit_window", str(application.id)]
            offers.append(
                Offer(f"window-{application.id}", Say("my_requests.choose"), subject, "open")
            )
        if visit is not None and visit.state in MOVABLE:
            offers.append(_act("move", visit.id, Say("my_requests.move")))
        if application.permit_number:
            offers.append(_act("permit", application.id, Say("my_requests.permit")))
        if application.state in WITHDRAWABLE and (visit is None or visit.state in MOVABLE):
            offers.append(_act("withdraw", application.id, Say("my_requests.withdraw", number)))
    return (*offers, Offer("menu", Say("common.to_menu"), "menu", "command"))


def _act(act: str, subject: int, label: Say) -> Offer:
    return Offer(f"{act}-{subject}", label, f"{act}-{subject}")


def _withdraws(answers: Answers, facts: Facts) -> bool:
    """An application is taken back."""
    return str(answers.get("show", "")).startswith("withdraw-")


def _finish(context: Context) -> Ending:
    wanted = context.answers["show"]
    if wanted not in [offer.answer for offer in _acts(context)]:
        return Ending(says=(Say("common.gone"),))  # the officer has set off meanwhile
    act, _, subject = str(wanted).partition("-")
    effects: dict[str, tuple[Effect, Say]] = {
        "move": (LeaveWindow(int(subject)), Say("my_requests.moving")),
        "permit": (SendPermit(int(subject)), Say("my_requests.sending")),
        "withdraw": (Withdraw(int(subject)), Say("my_requests.withdrawn")),
    }
    effect, say = effects[act]
    return Ending((effect,), (say,))


def _shown(answer: Json, facts: Facts) -> Value:
    return str(answer)


FLOW = Flow(
    id="my_requests",
    status="owner",
    form=False,
    steps=(
        Choose("show", options=_acts, params=_lines, counted=False, rests=True, shows=_shown),
        Choose("sure", options=("yes", "no"), when=_withdraws, counted=False, ends=("no",)),
    ),
    finish=_finish,
)
