"""A city on paper: facts for the tests, and how effects change them, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from conversations import flows, services
from conversations.effects import (
    AcceptOffer,
    Arrive,
    Assign,
    Called,
    ChooseWindow,
    Correct,
    Decide,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    FinishVisit,
    GiveConsent,
    LeaveWindow,
    MistypeCode,
    OptIn,
    OptOut,
    ProveCode,
    RememberName,
    RememberPhone,
    Submit,
    UseLanguage,
    Withdraw,
)
from conversations.facts import WIB, CallFact, CaseFact, DocumentFact, Facts, OfficerFact, VisitFact
from conversations.messages import Json
from models import area, business_type
from models.calendar import Calendar

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=WIB)
WEDNESDAY = date(2026, 11, 25)
CODE = "482915"

#: What an owner may have answered, a step each; every form's steps are a part of these.
ANSWERS: dict[str, Json] = {
    "consent": "yes",
    "owner_name": "Siti Aminah",
    "trade": {"code": "56101", "version": "2025", "words": "warteg"},
    "business_name": None,
    "place": {"kelurahan": "31.74.07.1010", "pin": [-6.2706, 106.8023]},
    "rt_rw": "005/003",
    "street": "Gang Mawar nomor 7, sebelah musala",
    "premises": "home",
    "place_photo": {"ids": [1], "done": True},
    "capital": 5_000_000,
    "turnover": 6_000_000,
    "workers": 1,
    "papers": "none",
    "identity": "door",
    "preferred_days": "any",
    "preferred_part": "any",
    "confirm": "send",
}

_HOURS = {
    "morning": (time(8, 0), time(10, 30)),
    "midday": (time(10, 30), time(13, 0)),
    "afternoon": (time(13, 0), time(16, 0)),
}


@dataclass(frozen=True, slots=True)
class Hours:
    """A window that can be chosen."""

    on: date
    part: str
    starts: time = field(init=False)
    ends: time = field(init=False)

    def __post_init__(self) -> None:
        starts, ends = _HOURS[self.part]
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "ends", ends)


def facts(**known: Json) -> Facts:
    """Facts of a person who is new, but for what is `known`."""
    services = tuple(flows.load().services)
    base = Facts(MONDAY, area.load(), business_type.load(), calendar=Calendar(), services=services)
    return replace(base, **known)


def case(
    id: int = 81, state: str = "submitted", *, document: str | None = None, **known: Json
) -> CaseFact:
    """A business permit that was asked for an hour ago."""
    service = services.load()["business_permit"]
    answers = known.get("answers") or {
        k: v for k, v in ANSWERS.items() if k not in {"consent", "confirm"}
    }
    base = CaseFact(
        id=id,
        number=f"26-{4431 + id:06d}",
        service=service.id,
        state=state,
        answers=answers,
        submitted_at=MONDAY.replace(hour=8),
        holder=service.holder(answers),
        brief=service.brief(answers, facts()),
        returnable=service.returnable,
        documents=(DocumentFact("iumk", document),) if document else (),
    )
    return replace(base, **known)


def call(id: int = 5, *reasons: str, **known: Json) -> CallFact:
    """Siti Aminah, who can't be reached in chat."""
    return replace(CallFact(id, "Siti Aminah", "26-004512", None, reasons, MONDAY), **known)


def visit(id: int = 7, state: str = "accepted", **known: Json) -> VisitFact:
    """A visit to Siti Aminah on Wednesday morning."""
    part = known.get("part", "morning")
    starts, ends = _HOURS[part]
    base = VisitFact(
        id=id,
        case_id=81,
        case_number="26-004512",
        state=state,
        on=WEDNESDAY,
        part=part,
        starts=starts,
        ends=ends,
        service="business_permit",
        purpose="hand_over",
        hosted=True,
        host_name="Siti Aminah",
        about="Warung makan, warteg",
        address="Gang Mawar nomor 7, sebelah musala, RT/RW 005/003",
        place="Cipete Utara, Kebayoran Baru",
        area_code="31.74.07.1010",
        pin=(-6.2706, 106.8023),
        identity_given=False,
        code=CODE,
        code_tries_left=5,
        code_proved=False,
        officer_name="Rahmat Hidayat",
        officer_badge="0417",
        offered_to_me=state == "offered",
    )
    return replace(base, **known)


def officer(id: int, name: str, badge: str, load: int = 0, reachable: bool = True) -> OfficerFact:
    """An officer as a supervisor sees them."""
    return OfficerFact(id, name, badge, load, reachable)


def after(known: Facts, effect: Effect) -> Facts:
    """The facts once the bot has written an effect: the least that the next turn would notice."""
    match effect:
        case GiveConsent(purpose):
            return replace(known, consents=known.consents | {purpose})
        case UseLanguage(locale):
            return replace(known, locale="en" if locale == "en" else "id")
        case RememberName(name):
            return replace(known, name=name)
        case RememberPhone(phone):
            return replace(known, phone=phone, phone_of_chat=False)
        case OptOut() | OptIn():
            return replace(known, opted_out=isinstance(effect, OptOut))
        case Submit(service, answers):
            number = max((a.id for a in known.cases), default=80) + 1
            sent = case(number, service=service, answers=answers)
            return replace(known, cases=(sent, *known.cases))
        case Correct(case_id):
            return _case(known, case_id, "submitted")
        case Withdraw(case_id):
            return _case(known, case_id, "cancelled")
        case ChooseWindow(case_id):
            return _case(known, case_id, "under_way")
        case Decide(case_id):
            left = tuple(a for a in known.attention if a.id != case_id)
            return replace(known, attention=left)
        case Called(called_id):
            return replace(known, calls=tuple(c for c in known.calls if c.id != called_id))
        case AcceptOffer(visit_id):
            return _visit(known, visit_id, state="accepted", offered_to_me=False)
        case Depart(visit_id):
            return _visit(known, visit_id, state="on_the_way")
        case Arrive(visit_id):
            return _visit(known, visit_id, state="arrived")
        case ProveCode(visit_id):
            return _visit(known, visit_id, code_proved=True)
        case MistypeCode(visit_id):
            tries = next(v.code_tries_left for v in known.visits if v.id == visit_id)
            return _visit(known, visit_id, code_tries_left=tries - 1)
        case (
            DeclineOffer(visit_id)
            | FinishVisit(visit_id)
            | FailVisit(visit_id)
            | LeaveWindow(visit_id)
            | Assign(visit_id)
        ):
            return replace(known, visits=tuple(v for v in known.visits if v.id != visit_id))
        case _:
            return known


def _case(known: Facts, case_id: int, state: str) -> Facts:
    moved = tuple(
        replace(a, state=state, open_fixes=()) if a.id == case_id else a for a in known.cases
    )
    return replace(known, cases=moved)


def _visit(known: Facts, visit_id: int, **changed: Json) -> Facts:
    moved = tuple(replace(v, **changed) if v.id == visit_id else v for v in known.visits)
    return replace(known, visits=moved)
