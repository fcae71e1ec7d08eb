"""Situations of a letter to a lender: its form, and the questions on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cli.measure.played import Played
from conversations import flows
from conversations.dossiers import (
    SILENT,
    AnswerReminder,
    ApproveLetter,
    AskForLetterSignature,
    ChangeLetter,
    DossierFact,
    RecordAnswer,
    TellAnswer,
    TellDelivered,
)
from conversations.effects import FailVisit, FinishVisit, Submit
from conversations.facts import Desk, Facts, Me, Mine, Rounds, TicketFact, VisitFact
from conversations.lifecycle import CaseState
from conversations.messages import Json
from conversations.session import Draft
from conversations.several import picked

FORM, VISIT = "credit_relaxation", "visit"
TICKET = 5
ANSWERS: dict[str, Json] = {
    "consent": "yes",
    "owner_name": "Aminah",
    "trade": {"code": "56101", "version": "2025", "words": "warteg"},
    "place": {"kelurahan": "31.74.07.1010", "pin": None},
    "street": "Gang Mawar nomor 7",
    "lender_kind": "bank",
    "licence": "yes",
    "lender": {"id": "bri", "name": "Bank Rakyat Indonesia (BRI)"},
    "branch": "Unit Cipulir",
    "group": "yes",
    "product": "kur",
    "since": "2024-03",
    "remaining": "to_25",
    "instalment": 850_000,
    "arrears": "to_3",
    "before": 9_000_000,
    "now": 4_000_000,
    "reason": {"picked": ["slow"], "done": True},
    "told": "Jalan di depan warung dibongkar.",
    "can_pay": 500_000,
    "sure": "right",
    "goes_on": "yes",
    "wish": {"picked": ["smaller"], "done": True},
    "others": "one",
    "others_online": "no",
    "talked": "no",
    "deliver": "owner",
}
#: The question -> answers before it with which it is asked.
_ASKED_WITH: dict[str, dict[str, Json]] = {
    "licence": {"lender_kind": "online"},
    "group": {"lender_kind": "pnm"},
    "told": {"reason": {"picked": ["other"], "done": True}},
    "sure": {"can_pay": 900_000},
    "goes_on": {"now": 0, "can_pay": 0},
}
#: The question on the way of a letter -> the stage of its case, and the answers before it.
_ON_THE_WAY: dict[str, tuple[str, dict[str, Json]]] = {
    "letter_read": ("reading", {}),
    "letter_which": ("reading", {"read": "change"}),
    "delivery_delivered": ("delivery", {}),
    "delivery_receipt": ("delivery", {"delivered": "yes"}),
    "delivery_receiver": ("delivery", {"delivered": "yes", "receipt": "none"}),
    "lender_answer_outcome": ("awaiting", {}),
    "lender_answer_reason": ("awaiting", {"outcome": "refused"}),
    "lender_answer_instalment": ("awaiting", {"outcome": "longer"}),
    "lender_answer_months": ("awaiting", {"outcome": "longer", "instalment": 500_000}),
    "lender_answer_first_due": (
        "awaiting",
        {"outcome": "longer", "instalment": 500_000, "months": 24},
    ),
    "lender_answer_reminds": (
        "awaiting",
        {"outcome": "longer", "instalment": 500_000, "months": 24, "first_due": "2027-01-05"},
    ),
    "instalment_ready": ("trust", {}),
}
_PAPERS: dict[str, Json] = {
    "there": {"picked": ["ktp", "permit", "cash_book"], "done": True},
    "later": {"picked": ["loan_book"], "done": True},
}
_AT_VISIT: dict[str, dict[str, Json]] = {
    "there": {},
    "later": {"there": {"picked": ["ktp"], "done": True}},
    "sign": _PAPERS,
    "signed_page": {**_PAPERS, "sign": "paper"},
    "signed": {**_PAPERS, "sign": "paper", "signed_page": {"ids": [1], "done": True}},
}
_BY_PHONE: dict[str, dict[str, Json]] = {"outcome": {}, "reason": {"outcome": "refused"}}

Play = Callable[[Draft | None, str, Facts], Any]
Matters = Callable[[Any], set[str]]


def situations(
    play: Play, facts: Callable[[], Facts], visit: VisitFact, matters: Matters, at_desk: Matters
) -> Mapping[str, Callable[[str], set[str]]]:
    """Return the situations.

    `facts` are of an owner with cases; `matters` and `at_desk` return the matters that a reply to
    an owner or to staff answers.
    """

    def told(step: str) -> Callable[[str], set[str]]:
        known = _asks_for_relief(facts())
        order = list(ANSWERS)
        before = {one: ANSWERS[one] for one in order[: order.index(step)]} if step in order else {}
        if step == "confirm":
            before = dict(ANSWERS)
        before |= _ASKED_WITH.get(step, {})
        return lambda said: _heard(step, play(Draft(FORM, "", before), said, known), matters)

    def asked_after(name: str) -> Callable[[str], set[str]]:
        flow = next(one for one in _FLOWS if name.startswith(f"{one}_"))
        stage, before = _ON_THE_WAY[name]
        known = _with_letter(facts(), stage)
        draft = Draft(flow, str(known.mine.cases[0].id), before)
        step = name.removeprefix(f"{flow}_")
        return lambda said: _heard(step, play(draft, said, known), matters)

    def there(step: str) -> Callable[[str], set[str]]:
        papers = ("ktp", "loan_book", "permit", "cash_book", "doctor", "warning")
        signed = replace(visit, service=FORM, purpose="signing", code_proved=True, papers=papers)
        me = Me(roles=frozenset({"owner", "officer"}))
        known = replace(facts(), me=me, mine=Mine(), rounds=Rounds((signed,)))
        held = flows.load().by_id[VISIT].prefill(str(signed.id), known)
        draft = Draft(VISIT, str(signed.id), {**held, **_AT_VISIT[step]})
        return lambda said: _heard(step, play(draft, said, known), at_desk)

    def by_phone(step: str) -> Callable[[str], set[str]]:
        known = facts()
        ticket = TicketFact(
            TICKET,
            "26-000005",
            SILENT,
            known.now,
            known.today,
            known.today,
            visit_of="KK-26-000009",
        )
        me = Me(roles=frozenset({"owner", "supervisor"}))
        known = replace(known, me=me, mine=Mine(), desk=Desk(tickets=(ticket,)))
        draft = Draft("lender_told", str(TICKET), _BY_PHONE[step])
        return lambda said: _heard(step, play(draft, said, known), at_desk)

    asked = [step.id for step in flows.load().by_id[FORM].steps]
    made = {f"credit_{step}": partial(told, step) for step in asked}
    made |= {name: partial(asked_after, name) for name in _ON_THE_WAY}
    made |= {f"signing_{step}": partial(there, step) for step in _AT_VISIT}
    made |= {f"lender_told_{step}": partial(by_phone, step) for step in _BY_PHONE}
    return {kind: _when_played(make) for kind, make in made.items()}


_FLOWS = ("letter", "delivery", "lender_answer", "instalment")


def _when_played(make: Callable[[], Callable[[str], set[str]]]) -> Callable[[str], set[str]]:
    return lambda said: make()(said)


def _asks_for_relief(known: Facts) -> Facts:
    me = Me(consents=frozenset({"applying", "credit_dossier"}))
    return replace(known, me=me, mine=Mine(services=known.mine.services))


def _with_letter(known: Facts, stage: str) -> Facts:
    """Return the facts of an owner whose letter is at a stage."""
    counted = (step.id for step in flows.load().by_id[FORM].steps if step.counted)
    case = replace(
        known.mine.cases[0],
        service=FORM,
        state=CaseState.WAITING,
        stage=stage,
        answers=ANSWERS,
        changeable=tuple(counted),
        dossier=DossierFact(),
    )
    mine = Mine(cases=(case,), services=known.mine.services)
    return replace(_asks_for_relief(known), mine=mine)


def _heard(step: str, played: Played, matters: Matters) -> set[str]:
    """Return what one line answers at a question, and the matters that the reply answers."""
    got = {end for key in played.keys if (end := _ended(step, key))}
    got |= {name for effect in played.turn.effects for name in _done(step, effect)}
    draft = played.turn.session.draft
    if draft is not None and step in played.answers and step not in _before(played):
        got |= set(_given(played.answers[step]))
    if draft is not None and draft.editing:
        got.add(f"change_{draft.editing}")
    before, after = _before(played), played.answers
    got |= {f"change_{one}" for one in before if one in after and after[one] != before[one]}
    if played.asks_back:
        got.add("asked_back")
    if any(key.endswith(f"{step}.why") for key in played.keys):
        got.add("explains")
    got |= {key.removeprefix("refusals.") for key in played.keys if key.startswith("refusals.")}
    return got | (matters(played) - {"greeting", "today"})


def _before(played: Played) -> Mapping[str, Json]:
    draft = played.before.draft
    return draft.answers if draft is not None else {}


def _ended(step: str, key: str) -> str | None:
    """Return the option after which a flow ends, from the key of its last sentence."""
    _, _, rest = key.partition(f".{step}.")
    option, _, last = rest.partition(".")
    return option if last == "end" else None


def _done(step: str, effect: object) -> Iterator[str]:
    """Yield the answer that an effect carries out."""
    match effect:
        case ApproveLetter():
            yield "right"
        case ChangeLetter():
            yield effect.step
        case TellDelivered():
            yield from ("delivered", effect.receiver or "unknown")
        case TellAnswer() | RecordAnswer():
            yield from (effect.outcome, effect.reason)
            if isinstance(effect, TellAnswer):
                yield f"reminds={effect.reminds}"
                yield from (f"{name}={value}" for name, value in (effect.terms or {}).items())
        case AnswerReminder():
            yield effect.said
        case AskForLetterSignature():
            yield "screen"
        case FailVisit():
            yield "failed"
        case FinishVisit():
            yield from _given(effect.answers.get(step))
        case Submit():
            yield "send"


def _given(answer: Json) -> Iterator[str]:
    """Yield the labels of an answer; of several options, in their order: "slow+sick"."""
    if isinstance(answer, dict) and "picked" in answer:
        yield "+".join(picked(answer)) or "nothing"
    elif isinstance(answer, dict):
        yield from (
            str(answer[one]) for one in ("id", "name", "words", "kelurahan") if one in answer
        )
    else:
        yield "unknown" if answer is None else str(answer)
    yield "words"
