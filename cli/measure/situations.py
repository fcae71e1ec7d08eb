"""Situations: what people answer at a question, or say at any time, played on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from casework.lenders import shipped_register
from cli.measure import (
    awaiting,
    credit,
    flags,
    labels,
    officers_form,
    own_data,
    referrals,
    short_way,
    states,
    supervisors,
    tickets,
)
from cli.measure.scored import Scored
from conversations import flows
from conversations.desk_facts import CallFact
from conversations.effects import (
    AcceptOffer,
    AskForMyData,
    CallPerson,
    ChooseWindow,
    ConfirmOfficer,
    DeclineOffer,
    DenyOfficer,
    GiveConsent,
    Help,
    Reply,
    SendDocument,
    Submit,
    TellConcern,
)
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.turn import Turn, advance
from conversations.events import Event, Said
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
from conversations.lifecycle import CaseState, VisitState
from conversations.mending import BeginMend
from conversations.messages import Json, Say
from conversations.session import ChatSession, Draft
from conversations.step import LEFT
from models.reference import area, business_type

#: A Wednesday; Thursday and Friday are free for visits.
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=WIB)
CASE, DONE, VISIT = 81, 80, 7
SERVICE = "business_permit"
ANSWERS: dict[str, Json] = {
    "consent": "yes",
    "whose": "own",
    "way": "self",
    "owner_name": "Aminah",
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
}
_NONE_FITS = {"refusals.no_such_window", "refusals.no_such_part", "visit_window.window.later.end"}
_HOURS = {
    "morning": (time(8, 0), time(10, 30)),
    "midday": (time(10, 30), time(13, 0)),
    "afternoon": (time(13, 0), time(16, 0)),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A free window."""

    on: date
    part: str
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Played:
    """One line on the engine: the question before it, the turn, and the facts."""

    before: ChatSession
    turn: Turn

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the sentences in the reply, those within others included."""
        said = [effect.message for effect in self.effects(Reply)]
        said += [effect.question for effect in self.effects(AskForMyData)]
        return tuple(key for one in said for part in one.parts for key in _keys(part))

    def effects(self, kind: type[Any]) -> list[Any]:
        """The effects of one kind."""
        return [effect for effect in self.turn.effects if isinstance(effect, kind)]

    @property
    def answers(self) -> Mapping[str, Json]:
        """The answers of the open form, or of the one that was sent."""
        for sent in self.effects(Submit):
            return dict(sent.answers)
        draft = self.turn.session.draft
        return draft.answers if draft is not None else {}

    @property
    def asks_back(self) -> bool:
        """Whether the person is asked which of some readings was meant."""
        return self.turn.session.clarifying and bool(self.turn.session.shown)


def play(rows: Iterable[Mapping[str, str]]) -> Iterator[Scored]:
    """Play each row; a row of an unknown situation is missed."""
    for row in rows:
        kind, said, expected = row["situation"], row["input"], row["expected"]
        got = _situation(kind)(said)
        right = _fits(kind, expected, got)
        yield Scored(kind, said, expected, ", ".join(sorted(got)) or "-", right)


def _situation(kind: str) -> Callable[[str], set[str]]:
    known: dict[str, Callable[[str], set[str]]] = {
        "offer": _offer,
        "officer_there": _officer_there,
        "desk_officer": _desk_officer,
        "officer_at_door": _officer_at_door,
        "desk_supervisor": _desk_supervisor,
        "confirm": _confirm,
        "consent": _consent,
        "owner_name": _owner_name,
        "window": _window,
        "anytime": _anytime,
        **flags.situations(_facts, _play),
        **own_data.situations(lambda: _facts(cases=False)),
        **tickets.situations(_facts),
        **{
            kind: partial(_at_first_page, known)
            for kind, known in states.situations(_facts, tickets.ticket).items()
        },
        "many": _many,
        **short_way.situations(_new, matters_of, visit_id=VISIT),
        **awaiting.situations(_facts, _slots, _play, matters_of),
        **officers_form.situations(_play, _facts, _visit(VisitState.ARRIVED), ANSWERS),
        **referrals.situations(_play, _facts, _place_told_of(), matters_of, _heard_at_desk),
        **credit.situations(_play, _facts, _visit(VisitState.ARRIVED), matters_of, _heard_at_desk),
    }
    steps = {step.id for step in flows.load().by_id[SERVICE].steps}
    if kind in known:
        return known[kind]
    return (lambda said: _step(kind, said)) if kind in steps else (lambda said: set())


def _fits(kind: str, expected: str, got: set[str]) -> bool:
    if kind == "many":
        return all(_holds(fact, got) for fact in expected.split(";"))
    if expected.endswith("_or_asked_back"):
        return bool({expected.removesuffix("_or_asked_back"), "asked_back"} & got)
    return expected in got


def _holds(fact: str, got: set[str]) -> bool:
    """Whether one expected fact of several is among those that were read."""
    if "~" not in fact:
        return fact.casefold() in {one.casefold() for one in got}
    step, _, words = fact.partition("~")
    read = " ".join(one.casefold() for one in got if one.startswith(f"{step}~"))
    return all(word in read for word in words.casefold().split())


# -- the situations ------------------------------------------------------------------------------


def _step(step: str, said: str) -> set[str]:
    """Answer one step of the form; its answers before are given."""
    played = _at(step, said)
    answer = played.answers.get(step)
    said = "left" if answer == LEFT else str(answer or "unknown")
    got = {said} if step in played.answers else set()
    if played.asks_back:
        got.add("asked_back")
    whys = {f"{SERVICE}.{step}.why", f"{SERVICE}.{step}.joined.why"}
    if any(key in whys or key.startswith("common.intent.term.") for key in played.keys):
        got.add("explains")
    return got or matters_of(played) - {"greeting"}


def _owner_name(said: str) -> set[str]:
    return labels.of_name(_at("owner_name", said))


def _consent(said: str) -> set[str]:
    """Somebody who has agreed to nothing yet, at the first question of the form."""
    played = _play(Draft(SERVICE), said, _facts(Me(), cases=False))
    if played.effects(GiveConsent):
        return {"yes"}
    got = {"asked_back"} if played.asks_back or "common.gathered" in played.keys else set()
    if f"{SERVICE}.consent.why" in played.keys:
        got.add("explains")
    draft = played.turn.session.draft
    if draft is None or draft.flow != SERVICE:
        got.add("no")
    return got | (matters_of(played) - {"greeting"})


def _confirm(said: str) -> set[str]:
    played = _at("confirm", said)
    if played.effects(Submit):
        return {"send"}
    draft = played.turn.session.draft
    changed = {step for step in ANSWERS if played.answers.get(step) != ANSWERS[step]}
    if draft is not None and draft.editing:
        changed.add(draft.editing)
    if changed:
        return {f"change_{'name' if step == 'owner_name' else step}" for step in changed}
    edits = [choice for choice in played.turn.session.shown if choice.act == "edit"]
    return {"change_asks_which"} if edits else {"unsent", *matters_of(played)}


def _offer(said: str) -> set[str]:
    facts = _facts(Me(roles=frozenset({"owner", "officer"})))
    offered = replace(_visit(VisitState.OFFERED), offered_to_me=True)
    facts = replace(facts, mine=Mine(), rounds=Rounds((offered,)))
    played = _play(Draft("visit", str(VISIT)), said, facts)
    if played.effects(AcceptOffer):
        return {"accept"}
    asked = played.turn.session.asked
    declines = played.effects(DeclineOffer) or (asked is not None and asked.step == "declined")
    return {"decline"} if declines else set()


def _officer_there(said: str) -> set[str]:
    """The owner, asked whether the officer stands there, after five wrong codes."""
    facts = _facts(Me())
    spent = replace(_visit(VisitState.ARRIVED), code_tries_left=0)
    facts = replace(facts, mine=replace(facts.mine, visits=(spent,)))
    played = _play(Draft("officer_there", str(VISIT)), said, facts)
    if played.effects(ConfirmOfficer):
        return {"yes"}
    if played.effects(DenyOfficer):
        return {"no"}
    got = {"asked_back"} if played.asks_back else set()
    if "officer_there.there.why" in played.keys:
        got.add("explains")
    return got | (matters_of(played) - {"greeting"})


def _desk_officer(said: str) -> set[str]:
    """An officer with two visits today and an offer, at the list of them."""
    accepted = _visit(VisitState.ACCEPTED)
    later = replace(accepted, id=VISIT + 1, part="afternoon", host_name="Budi Santoso")
    later = replace(later, starts=_HOURS["afternoon"][0], ends=_HOURS["afternoon"][1])
    offered = replace(accepted, id=VISIT + 2, state=VisitState.OFFERED, host_name="Joko")
    offered = replace(offered, on=NOW.date() + timedelta(days=1), offered_to_me=True)
    facts = _facts(Me(roles=frozenset({"owner", "officer"})))
    facts = replace(facts, mine=Mine(), rounds=Rounds((accepted, later, offered)))
    return _heard_at_desk(_play(Draft("officer_desk"), said, facts))


def _place_told_of() -> VisitFact:
    """An officer's visit to a place that somebody told of, which may be told of twice."""
    visit = replace(_visit(VisitState.ARRIVED), hosted=False, told=True, code=None)
    visit = replace(visit, service="referral", purpose="help", perhaps_same=((90, "26-000090"),))
    days = (NOW.date() + timedelta(days=1), NOW.date() + timedelta(days=2))
    slots = tuple(Slot(day, part, *_HOURS[part]) for day in days for part in _HOURS)
    return replace(visit, host_name="-", windows=slots)


def _officer_at_door(said: str) -> set[str]:
    """An officer who has met the owner, asked whether place and trade are as described."""
    visit = replace(_visit(VisitState.ARRIVED), code_proved=True, mendable=True)
    facts = _facts(Me(roles=frozenset({"owner", "officer"})))
    facts = replace(facts, mine=Mine(), rounds=Rounds((visit,)))
    held = flows.load().by_id["visit"].prefill(str(VISIT), facts)
    played = _play(Draft("visit", str(VISIT), {**held, "ktp": "seen"}), said, facts)
    mended = {f"mend_{one.kind or 'any'}" for one in played.effects(BeginMend)}
    draft = played.turn.session.draft
    given = draft.answers.get("place") if draft is not None else None
    return mended | _heard_at_desk(played) | ({str(given)} if given else set())


def _heard_at_desk(played: Played) -> set[str]:
    """Return the matters that a reply to staff answers or asks to confirm."""
    got = {labels.AT_DESK[key] for key in played.keys if key in labels.AT_DESK}
    concerns = (
        key.removeprefix(labels.CONCERN) for key in played.keys if key.startswith(labels.CONCERN)
    )
    got |= {labels.CONCERNS.get(concern, concern) for concern in concerns}
    got |= {str(c.about) for c in played.effects(TellConcern)}
    for choice in played.turn.session.shown:
        if choice.act == "desk" and choice.answer[0] == "which":
            matter = str(choice.answer[2][0])
            got.add(labels.CONCERNS.get(matter, matter))
    asked = played.turn.session.asked
    if asked is not None and asked.flow == "visit":
        got |= labels.AT_VISIT.get(asked.step, set())
    got = got or matters_of(played) - {"greeting"}
    listed = "officer_desk.menu" in played.keys and "common.choose_from_menu" not in played.keys
    return got or ({"today"} if listed else set())


def _desk_supervisor(said: str) -> set[str]:
    """A supervisor with two cases, two visits without an officer and a call, at their list."""
    facts = _facts(Me(roles=frozenset({"owner", "supervisor"})))
    found = {"reasons": ("above_micro",), "returnable": ("place_photo", "capital", "street")}
    cases = tuple(_case(id, CaseState.IN_REVIEW, **found) for id in (CASE, CASE + 1))
    stuck = _visit(VisitState.UNASSIGNED)
    team = ("Joko Susilo", "Dewi Lestari", "Rahmat Hidayat", "Sari Wulandari")
    desk = Desk(
        areas=("31.74.05",),
        cases=cases,
        visits=(stuck, replace(stuck, id=VISIT + 1)),
        officers=tuple(OfficerFact(i, n, f"041{i}", 1, True) for i, n in enumerate(team, 1)),
        calls=(CallFact(5, "Budi", "26-000090", None, ("unreachable",), NOW),),
    )
    played = _play(Draft("supervisor_desk"), said, replace(facts, mine=Mine(), desk=desk))
    return supervisors.matters_of(played.turn, played.keys)


def _window(said: str) -> set[str]:
    facts, case = _facts(), _case(CASE, CaseState.ACCEPTED)
    mine = replace(facts.mine, cases=(case,), visits=(), windows={CASE: _slots()})
    played = _play(Draft("visit_window", str(CASE)), said, replace(facts, mine=mine))
    for chosen in played.effects(ChooseWindow):
        return {f"{chosen.on}.{chosen.part}"}
    if not _NONE_FITS.isdisjoint(played.keys):
        return {"none_fits"}
    shown = played.turn.session.shown if played.asks_back else ()
    asked = {f"asked={shown[0].answer}"} if len(shown) == 2 else set()
    return ({"asked_back_with_choices"} if shown else set()) | asked


def _slots() -> tuple[Window, ...]:
    days = (NOW.date() + timedelta(days=ahead) for ahead in (1, 2))
    return tuple(Slot(day, part, *_HOURS[part]) for day in days for part in _HOURS)


def _at_first_page(facts: Callable[[], Facts], said: str) -> set[str]:
    return matters_of(_play(None, said, facts()))


def _anytime(said: str) -> set[str]:
    return matters_of(_play(None, said, _facts()))


def _many(said: str) -> set[str]:
    played = _play(None, said, _facts(cases=False))
    yes = _then(played, Said("ya"), _facts(cases=False)) if played.asks_back else played
    got = set()
    for step, answer in (*played.answers.items(), *yes.answers.items()):
        got |= {f"{step}={answer}", f"{step}~{_in_words(answer)}"}
        got |= {f"name={answer}"} if step == "owner_name" else set()
    return got


def _in_words(answer: Json) -> str:
    if isinstance(answer, dict) and answer.get("kelurahan"):
        places = area.load()
        code = str(answer["kelurahan"])
        found = (places.get(code), places.kecamatan_of(code))
        return " ".join(place.name for place in found if place is not None)
    return str(answer.get("words", "")) if isinstance(answer, dict) else str(answer)


# -- what was understood -------------------------------------------------------------------------


def matters_of(played: Played) -> set[str]:
    """Return the labels of the matters that a reply answers."""
    got = labels.of(played.keys)
    if played.effects(SendDocument):
        got.add("resend_permit")
    draft = played.turn.session.draft
    if "common.gathered" in played.keys and draft is not None:
        got |= {referrals.FORM: {"referral"}, credit.FORM: {"credit"}}.get(draft.flow, set())
    if not got and not played.effects(CallPerson) and _is_greeted(played):
        got.add("greeting")
    return got or {"human" for c in played.effects(CallPerson) if c.about is Help.TALK}


def _is_greeted(played: Played) -> bool:
    """Whether the first page is shown, and nothing was said not to be understood."""
    return "welcome.menu" in played.keys and "common.choose_from_menu" not in played.keys


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, Say):
        yield value.key
        for inner in value.params.values():
            yield from _keys(inner)


# -- the city on paper ---------------------------------------------------------------------------


def _at(step: str, said: str) -> Played:
    """Play a line at a step of the form, with all earlier answers given.

    An optional step is asked as one that is to be changed.
    """
    form = flows.load().by_id[SERVICE]
    order = [one.id for one in form.steps]
    given = {s: a for s, a in ANSWERS.items() if s in order[: order.index(step)]}
    optional = any(one.id == step and one.optional for one in form.steps)
    return _play(Draft(SERVICE, "", given, step if optional else None), said, _facts())


def _play(draft: Draft | None, said: str, facts: Facts) -> Played:
    session = ChatSession(greeted=True, tongue_known=True, draft=draft)
    if draft is not None:
        asking = TurnBuilder(flows.load(), session, facts)
        drafts.go_on(asking)
        asking.flush()
        session = asking.session
    return Played(session, advance(flows.load(), session, Said(said), facts))


def _new(draft: Draft | None, said: str) -> Played:
    """Play a line of somebody without requests, but for a visit where its place is asked."""
    facts = _facts(cases=False)
    if draft is not None and draft.flow == short_way.MEETING:
        facts = replace(facts, mine=replace(facts.mine, visits=(_visit(VisitState.ACCEPTED),)))
    return _play(draft, said, facts)


def _then(played: Played, event: Event, facts: Facts) -> Played:
    return Played(played.turn.session, advance(flows.load(), played.turn.session, event, facts))


def _facts(me: Me | None = None, *, cases: bool = True) -> Facts:
    """Facts of an owner with a permit, and with a case whose visit is due today."""
    done = _case(DONE, CaseState.DONE, documents=(DocumentFact("iumk", "IUMK-2026-3174-000001"),))
    owned = (_case(CASE, CaseState.UNDER_WAY), done) if cases else ()
    visits = (_visit(VisitState.ACCEPTED),) if cases else ()
    mine = Mine(cases=owned, visits=visits, services=flows.load().services.offered({"owner"}))
    someone = me or Me(consents=frozenset({"applying"}))
    lenders = shipped_register(NOW.date())
    return Facts(NOW, area.load(), business_type.load(), lenders, me=someone, mine=mine)


def _case(id: int, state: CaseState, **known: Any) -> CaseFact:
    answers = {step: answer for step, answer in ANSWERS.items() if step not in ("consent", "way")}
    return CaseFact(id, f"26-{id:06d}", SERVICE, state, answers, NOW - timedelta(hours=1), **known)


def _visit(state: VisitState) -> VisitFact:
    starts, ends = _HOURS["morning"]
    return VisitFact(
        id=VISIT,
        case_id=CASE,
        case_number=f"26-{CASE:06d}",
        state=state,
        on=NOW.date(),
        part="morning",
        starts=starts,
        ends=ends,
        service=SERVICE,
        purpose="hand_over",
        hosted=True,
        host_name="Aminah",
        about="Warung makan, warteg",
        address="Gang Mawar nomor 7",
        place="Cipete Utara, Kebayoran Baru",
        area_code="31.74.07.1010",
        pin=(-6.2706, 106.8023),
        identity_given=False,
        code="482915",
        code_tries_left=5,
        code_proved=False,
        officer_name="Rahmat Hidayat",
        officer_badge="0417",
    )
