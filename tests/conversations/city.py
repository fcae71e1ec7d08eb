"""A city on paper: facts for the tests, and how effects change them, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from casework.lenders import shipped_register
from conversations import differing, flows, paper, services
from conversations.assisted_facts import AssistedFact, MendFact
from conversations.assisting import (
    Assisting,
    BeginForm,
    DropForm,
    EditForm,
    HandOverForm,
    ProposeForm,
    TakeBackForm,
)
from conversations.desk_facts import CallFact
from conversations.duty import Duty
from conversations.effects import (
    AboutVisit,
    AcceptOffer,
    Arrive,
    Called,
    ChooseWindow,
    ConfirmOfficer,
    Correct,
    Decide,
    Depart,
    Effect,
    GiveConsent,
    MistypeCode,
    OfferPortrait,
    OptIn,
    OptOut,
    ProveCode,
    RememberName,
    RememberPhone,
    SendIdentityLink,
    SpendCode,
    Submit,
    TellAbsence,
    TellConcern,
    TellLate,
    UseLanguage,
    Withdraw,
    WithdrawPortrait,
)
from conversations.facts import (
    WIB,
    CaseFact,
    Desk,
    DocumentFact,
    Facts,
    Me,
    Mine,
    OfficerFact,
    Rounds,
    VisitFact,
    Window,
)
from conversations.mending import BeginMend, ConfirmMend, Mending, RefuseMend
from conversations.mending import changed as changed_answers
from conversations.messages import Json, Say
from conversations.referrals import (
    AboutReferral,
    DecideReferral,
    LeaveToThem,
    LeaveUnsafe,
    PostponeVisit,
    SendToAll,
)
from conversations.step import Context
from conversations.supervision import DecidePortrait, SeeFlag
from models import working_hours
from models.calendar import Calendar
from models.reference import area, business_type, city_file

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=WIB)
LENDERS = shipped_register(MONDAY.date())
WEDNESDAY = date(2026, 11, 25)
CODE = "482915"
NEW_CODE = "730164"  # after the owner has confirmed that the officer is there
#: Facts about offices, every one filled in.
DIRECTORY = city_file.read(Path(__file__).parents[1] / "models" / "city_full.toml").directory

#: What an owner may have answered, a step each; every form's steps are a part of these.
ANSWERS: dict[str, Json] = {
    "consent": "yes",
    "way": "self",
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

#: What an owner may have answered about a loan.
LOAN: dict[str, Json] = {
    "lender_kind": "bank",
    "lender": {"id": "bri", "name": "BRI"},
    "branch": "unit Cipulir",
    "group": "yes",
    "product": "kur",
    "since": "2024-03",
    "remaining": "to_25",
    "instalment": 850_000,
    "arrears": "to_3",
    "before": 9_000_000,
    "now": 4_000_000,
    "reason": {"picked": ["slow"], "done": True},
    "can_pay": 500_000,
    "wish": {"picked": ["smaller"], "done": True},
    "others": "none",
    "talked": "no",
    "deliver": "owner",
}

#: The answers of the case that is mended at the door, and its owner.
HELD = {k: v for k, v in ANSWERS.items() if k not in {"consent", "confirm"}}
OWNER_ID = 51

_HOURS = {
    "morning": (time(8, 0), time(10, 30)),
    "midday": (time(10, 30), time(13, 0)),
    "afternoon": (time(13, 0), time(16, 0)),
    "evening": (time(16, 0), time(19, 30)),
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
    base = Facts(
        MONDAY,
        area.load(),
        business_type.load(),
        LENDERS,
        Calendar(),
        pages="https://izin.example",
    )
    declared = flows.load().services
    return changed(
        base,
        services=declared.offered({"owner"}),
        posters=declared.at_posters({"owner"}),
        **known,
    )


class ForAnyCase(dict[int, tuple[Window, ...]]):
    """The same free windows, whichever case they are asked for."""

    def __init__(self, windows: tuple[Window, ...]) -> None:
        super().__init__()
        self.windows = windows

    def get(self, case_id: int, otherwise: Json = None) -> Json:
        return self.windows


def changed(known: Facts, **told: Json) -> Facts:
    """Facts with some changed, each named alone: `role`, `visits` (of that role), `name`, ..."""
    if "role" in told:
        told["roles"] = frozenset({"owner", told.pop("role")})
    if "windows" in told:
        told["windows"] = ForAnyCase(told["windows"])
    me = replace(known.me, **_taken(told, Me, but=()))
    desk = me.desk
    if "visits" in told and desk != "owner":
        visits = told.pop("visits")
        if desk == "officer":
            known = replace(known, rounds=replace(known.rounds, visits=visits))
        else:
            known = replace(known, desk=replace(known.desk, visits=visits))
    rounds = replace(known.rounds, **_taken(told, Rounds, but=("visits",)))
    if "attention" in told:
        known = replace(known, desk=replace(known.desk, cases=told.pop("attention")))
    mine = replace(known.mine, **_taken(told, Mine, but=()))
    for_desk = replace(known.desk, **_taken(told, Desk, but=("cases", "visits")))
    return replace(known, me=me, mine=mine, rounds=rounds, desk=for_desk, **told)


def _taken(told: dict[str, Json], part: type, *, but: tuple[str, ...]) -> dict[str, Json]:
    names = {one.name for one in fields(part)} - set(but)
    return {name: told.pop(name) for name in names & set(told)}


def visits_of(known: Facts) -> tuple[VisitFact, ...]:
    """The visits that somebody of this role sees."""
    parts = {"officer": known.rounds.visits, "supervisor": known.desk.visits}
    return parts.get(known.me.desk, known.mine.visits)


def case(
    id: int = 81, state: str = "submitted", *, document: str | None = None, **known: Json
) -> CaseFact:
    """A business permit that was asked for an hour ago."""
    service = services.load()["business_permit"]
    answers = known.get("answers") or {
        k: v for k, v in ANSWERS.items() if k not in {"consent", "way", "confirm"}
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
        refusals=service.refusals,
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
        printed=printed(known.get("host_name", "Siti Aminah")),
        mendable=True,
    )
    return replace(base, **known)


#: What somebody told of a place, and may have told of themselves elsewhere.
REFERRED: dict[str, Json] = {
    "purpose": "yes",
    "trade": {"code": None, "version": None, "words": "nasi uduk gerobak"},
    "place": {"kelurahan": "31.74.07.1010", "pin": [-6.2706, 106.8023]},
    "landmark": "depan musala Al-Ikhlas",
    "open": "morning",
    "knows": "unaware",
}


def told_of(row: VisitFact) -> VisitFact:
    """The visit to a place that somebody told of; another place may be the same."""
    service = services.load()["referral"]
    return replace(
        row,
        service=service.id,
        purpose="help",
        hosted=False,
        host_name="Pemilik usaha",
        about=service.about(REFERRED, facts()),
        address=str(REFERRED["landmark"]),
        identity_given=False,
        code=None,
        printed=(),
        mendable=False,
        told=True,
        advice=service.advice(REFERRED),
        perhaps_same=((90, "26-000090"),),
        windows=(Hours(date(2026, 11, 26), "morning"), Hours(date(2026, 11, 27), "midday")),
    )


def told(row: CaseFact) -> CaseFact:
    """The case of a place that somebody told of, which waits for a supervisor."""
    service = services.load()["referral"]
    brief = service.brief(REFERRED, facts())
    return replace(
        row,
        service=service.id,
        answers=REFERRED,
        told=True,
        holder="",
        brief=brief,
        decide_by=MONDAY.date() + timedelta(days=1),
    )


def mending(id: int = 9, **known: Json) -> AssistedFact:
    """The form with which the visit's case is mended, in the officer's hands."""
    service = services.load()["business_permit"]
    base = AssistedFact(
        id=id,
        service=service.id,
        person_id=OWNER_ID,
        visit_id=7,
        name="Siti Aminah",
        waits=False,
        hosted=True,
        mendable=service.mended,
        held=HELD,
    )
    return replace(base, **known)


def helping(id: int = 9, **known: Json) -> AssistedFact:
    """A form that the officer fills in with the host of visit 7."""
    base = AssistedFact(
        id=id,
        service="business_permit",
        person_id=OWNER_ID,
        visit_id=7,
        name="Siti Aminah",
        waits=False,
        hosted=True,
    )
    return replace(base, **known)


def mended(id: int = 9, **new: Json) -> MendFact:
    """What an officer noted at the door, as the owner is asked about it."""
    service = services.load()["business_permit"]
    answers, base = {**HELD, **new}, facts()
    return MendFact(
        id=id,
        number="26-004512",
        officer="Rahmat Hidayat",
        badge="0417",
        changes=differing.changes(
            service.form.steps, HELD, new, Context(service.id, "", answers, base)
        ),
        printed=paper.printed(
            service,
            service.documents[0],
            paper.holder(None, service.holder(answers)),
            answers,
            base,
        ),
    )


def printed(name: str) -> tuple[Say, ...]:
    """What will be printed on a business permit with the answers of `ANSWERS`."""
    service = services.load()["business_permit"]
    return paper.printed(service, service.documents[0], paper.holder(None, name), ANSWERS, facts())


def officer(id: int, name: str, badge: str, load: int = 0, reachable: bool = True) -> OfficerFact:
    """An officer as a supervisor sees them."""
    return OfficerFact(id, name, badge, load, reachable)


def duty(hours: str) -> Duty:
    """When an officer with these hours makes visits, as a command line names them."""
    week = working_hours.read(hours)
    return Duty(frozenset(week.parts), tuple(week.hours()))


def after(known: Facts, effect: Effect) -> Facts:
    """The facts once the bot has written an effect: the least that the next turn would notice."""
    if isinstance(effect, AboutVisit):
        return _after_visit(known, effect)
    match effect:
        case GiveConsent(purpose, None):
            return changed(known, consents=known.me.consents | {purpose})
        case UseLanguage(locale):
            return changed(known, locale="en" if locale == "en" else "id")
        case RememberName(name, None):
            return changed(known, name=name)
        case RememberPhone(phone):
            return changed(known, phone=phone, phone_of_chat=False)
        case OptOut() | OptIn():
            return changed(known, opted_out=isinstance(effect, OptOut))
        case Called(called_id):
            return changed(known, calls=tuple(c for c in known.desk.calls if c.id != called_id))
        case OfferPortrait() | WithdrawPortrait() | TellLate() | TellConcern() | TellAbsence():
            return known
        case _:
            return _after_case(known, effect)


def _after_mending(known: Facts, effect: Mending | Assisting) -> Facts:
    match effect:
        case BeginMend(visit_id) if known.rounds.form(9) is None:
            hosted = next(v.hosted for v in known.rounds.visits if v.id == visit_id)
            form = mending(visit_id=visit_id, hosted=hosted)
            rounds = replace(known.rounds, assisted=(*known.rounds.assisted, form))
            return _visit(replace(known, rounds=rounds), visit_id, mend="writing")
        case BeginForm(visit_id, other):
            form = helping(visit_id=visit_id, hosted=not other and visit_id is not None)
            return replace(known, rounds=replace(known.rounds, assisted=(form,)))
        case HandOverForm(form_id) | TakeBackForm(form_id):
            return handed(known, form_id, taken=isinstance(effect, HandOverForm))
        case ProposeForm(form_id, answers):
            return _proposed(known, form_id, answers)
        case EditForm(form_id) | DropForm(form_id):
            return _unmended(known, form_id, writes=isinstance(effect, EditForm))
        case ConfirmMend() | RefuseMend():
            return changed(known, mends=())
        case _:
            return known


def handed(known: Facts, form_id: int, *, taken: bool, untouched: bool = True) -> Facts:
    """The form is on the person's phone, or waits at the officer's again."""
    forms = tuple(
        replace(form, waits=not taken, taken=taken, untouched=taken and untouched)
        if form.id == form_id
        else form
        for form in known.rounds.assisted
    )
    return replace(known, rounds=replace(known.rounds, assisted=forms))


def _proposed(known: Facts, form_id: int, answers: Json) -> Facts:
    """The form waits for the owner."""
    form = known.rounds.form(form_id)
    if form is None:
        return known
    if not form.mends:
        complete = "identity" in answers
        filled = replace(form, waits=True, complete=complete, brief=printed("Siti Aminah"))
        return replace(known, rounds=replace(known.rounds, assisted=(filled,)))
    new = changed_answers(HELD, answers, form.mendable)
    shown = mended(form_id, **new)
    waits = replace(form, waits=True, changes=shown.changes, brief=shown.printed)
    known = replace(known, rounds=replace(known.rounds, assisted=(waits,)))
    return _visit(known, form.visit_id or 0, mend="waiting", printed=shown.printed)


def _unmended(known: Facts, form_id: int, *, writes: bool) -> Facts:
    """The form is in its officer's hands again, or over."""
    form = known.rounds.form(form_id)
    if form is None:
        return known
    kept = (replace(form, waits=False),) if writes else ()
    known = replace(known, rounds=replace(known.rounds, assisted=kept))
    return _visit(known, form.visit_id or 0, mend="writing" if writes else "")


def _after_referral(known: Facts, effect: AboutReferral) -> Facts:
    match effect:
        case LeaveUnsafe(visit_id) | PostponeVisit(visit_id):
            left = tuple(v for v in visits_of(known) if v.id != visit_id)
            return changed(known, visits=left)
        case LeaveToThem(visit_id):
            return _after_mending(known, BeginForm(visit_id))
        case DecideReferral(case_id):
            return changed(known, attention=tuple(a for a in known.desk.cases if a.id != case_id))
        case SendToAll():
            return changed(known, attention=tuple(a for a in known.desk.cases if not a.told))
        case _:
            return known


def _after_looking(known: Facts, effect: DecidePortrait | SeeFlag) -> Facts:
    if isinstance(effect, SeeFlag):
        return changed(known, flags=tuple(f for f in known.desk.flags if f.id != effect.flag_id))
    waits = tuple(p for p in known.desk.portraits if p.id != effect.portrait_id)
    return changed(known, portraits=waits)


def _after_case(known: Facts, effect: Effect) -> Facts:
    if isinstance(effect, AboutReferral):
        return _after_referral(known, effect)
    if isinstance(effect, Mending | Assisting):
        return _after_mending(known, effect)
    match effect:
        case DecidePortrait() | SeeFlag():
            return _after_looking(known, effect)
        case Submit(service, answers):
            number = max((a.id for a in known.mine.cases), default=80) + 1
            checked = services.load()[service].checks if service in services.load() else True
            state = "submitted" if checked else "accepted"
            sent = case(number, state, service=service, answers=answers)
            return changed(known, cases=(sent, *known.mine.cases))
        case Correct(case_id):
            return _case(known, case_id, "submitted")
        case Withdraw(case_id):
            return _case(known, case_id, "cancelled")
        case ChooseWindow(case_id):
            return _case(known, case_id, "under_way")
        case Decide(case_id):
            left = tuple(a for a in known.desk.cases if a.id != case_id)
            return changed(known, attention=left)
        case _:
            return known


def _after_visit(known: Facts, effect: AboutVisit) -> Facts:
    match effect:
        case AcceptOffer(visit_id):
            return _visit(known, visit_id, state="accepted", offered_to_me=False)
        case Depart(visit_id):
            return _visit(known, visit_id, state="on_the_way")
        case Arrive(visit_id):
            return _visit(known, visit_id, state="arrived")
        case ProveCode(visit_id):
            return _visit(known, visit_id, code_proved=True)
        case MistypeCode(visit_id):
            tries = next(v.code_tries_left for v in visits_of(known) if v.id == visit_id)
            return _visit(known, visit_id, code_tries_left=tries - 1)
        case SpendCode(visit_id):
            return _visit(known, visit_id, code_tries_left=0)
        case ConfirmOfficer(visit_id):
            return _visit(known, visit_id, code=NEW_CODE, code_renewed=True, code_tries_left=5)
        case SendIdentityLink():
            return known
        case _:
            left = tuple(v for v in visits_of(known) if v.id != effect.visit_id)
            return changed(known, visits=left)


def _case(known: Facts, case_id: int, state: str) -> Facts:
    moved = tuple(
        replace(a, state=state, open_fixes=()) if a.id == case_id else a for a in known.mine.cases
    )
    return changed(known, cases=moved)


def _visit(known: Facts, visit_id: int, **told: Json) -> Facts:
    moved = tuple(replace(v, **told) if v.id == visit_id else v for v in visits_of(known))
    return changed(known, visits=moved)
