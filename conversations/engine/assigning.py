"""Assigning: a supervisor's words about visits that have no officer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conversations.engine import deciding, drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, no
from conversations.engine.naming import Named, officers_named
from conversations.facts import OfficerFact, VisitFact
from conversations.lexicon import lists
from conversations.messages import Json, Say, Value
from conversations.session import Draft
from conversations.supervision import absence_of
from conversations.wording import window_words
from conversations.words import standardised

SHOWN = 9  # visits to choose from
_KNOWN = "away"  # of an argument: the supervisor was told that the officer does not work then
_TO = re.compile(
    r"\b(?:kasih(?:kan)?|kasi|tawar(?:in|kan|i)|tugas(?:in|kan)|suruh|give|offer|assign)\b"
)
_TOWARDS = frozenset({"ke", "kepada", "kpd", "untuk", "to"})
_OF = frozenset({"dari", "dr", "milik", "punya", "from", "kunjungan", "tugas", "jadwal", "of"})
_LEAST_BUSY = re.compile(
    r"\bpaling (?:sedikit|dikit|longgar|senggang|kosong|lowong|luang|sepi|nganggur|enteng)\b"
    r"|\b(?:least busy|fewest|most free)\b|\bpaling tidak sibuk\b"
)
#: An officer who is free; a question, unless the words give a visit too.
_WHOEVER = re.compile(
    r"\b(?:whoever is free|anyone free)\b"
    r"|\bsiapa (?:saja|aja) (?:yang )?(?:kosong|nganggur|bisa|luang|senggang|free)\b"
    r"|\byang (?:lagi )?(?:kosong|nganggur|luang|senggang)\b"
)
_RULED_OUT = re.compile(
    r"\b(?:jangan|bukan|not)\b(?: (?:ke|kepada|dikasih|kasih|to|si|pak|bu))* \w+\W+"
)
_AWAY = lists.any_of("verdicts", "absent")  # "joko sakit, oper kunjungannya" takes no visit
_EXCEPT = re.compile(r"\b(?:jangan|bukan|selain|kecuali|asal tidak|not|except)\b")


def hears(turn: TurnBuilder, text: str, named: Sequence[Named], *, gives: bool) -> bool:
    """Whether words give a visit without an officer to somebody.

    At the question to whom, a name is enough; elsewhere `gives` or the words must say so.
    """
    if not turn.facts.desk.visits:
        return False
    if _at_question(turn):
        away = bool(named) and _AWAY.search(standardised(text)) is not None
        return (bool(named) and not away) or _LEAST_BUSY.search(standardised(text)) is not None
    if len(named) == 2 and _taker(text, named) is not None and not gives:
        return True
    if len(named) != 1 or named[0].before in _OF:
        return False
    takes = named[0].before in _TOWARDS
    return (gives and takes) or _TO.search(standardised(text)) is not None


def to_anybody(turn: TurnBuilder, text: str) -> bool:
    """Whether words give a visit, named by its owner, to whoever is free."""
    said = standardised(text)
    anybody = _LEAST_BUSY.search(said) or (_WHOEVER.search(said) and _TO.search(said))
    return anybody is not None and _TO.search(said) is not None and bool(_by_owner(turn, text))


def assign(turn: TurnBuilder, text: str) -> None:
    """Ask whether the visit is to be offered to the officer who is named."""
    mentions = officers_named(text, turn.facts.desk.officers)
    visit = _meant(turn, text)
    taker = _taker(text, mentions)
    if taker is not None:
        mentions = [taker]
    elif _at_question(turn) and mentions and _EXCEPT.search(standardised(text)):
        drafts.digress(turn, Say("supervising.not_that_officer"))
        return
    if mentions and len(mentions[0].officers) == 1:
        officer: OfficerFact | None = mentions[0].officers[0]
    else:
        officer = None if mentions else _least_busy(turn, text)
    if visit is None:
        which(turn, text, officer)
    elif officer is None:
        drafts.open_flow(turn, "assignment", str(visit.id))
    else:
        confirm(turn, str(visit.id), officer.id)


def which(turn: TurnBuilder, text: str, officer: OfficerFact | None = None) -> None:
    """List the visits without an officer, to choose one."""
    waiting = turn.facts.desk.visits
    if not waiting:
        turn.says.append(Say("supervising.none_unassigned"))
        return
    named = {id for flow, id, _ in deciding.waiting_named(turn, text) if flow == "assignment"}
    meant = [v for v in waiting if str(v.id) in named] or list(waiting)
    if len(meant) == 1 and officer is None:
        drafts.open_flow(turn, "assignment", str(meant[0].id))
        return
    given = officer.id if officer is not None else None
    choices = (
        choice(f"visit-{v.id}", deciding.cut(f"{v.case_number} {v.host_name}"), "assign_which",
               str(v.id), given)
        for v in waiting[:SHOWN]
    )  # fmt: skip
    ask(turn, Say("supervising.which_unassigned", {"n": len(waiting)}), *choices, no())


def confirm(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Ask whether this visit is to be offered to this officer; ask whom if nobody was named."""
    visit = turn.facts.desk.visit(subject)
    if argument is None and visit is not None:
        drafts.open_flow(turn, "assignment", subject)
        return
    officer = next((one for one in turn.facts.desk.officers if one.id == argument), None)
    if visit is None or officer is None:
        drafts.digress(turn, Say("common.gone"))
    elif not officer.reachable:
        params = {"officer": officer.name, "badge": officer.badge}
        drafts.digress(turn, Say("supervising.not_joined", params))
    elif not officer.comes(visit.on, visit.part):
        label = Say("supervising.assign_away.yes")
        yes = choice("yes", label, "assign", subject, [officer.id, _KNOWN], means="yes")
        key = "supervising.assign_away" if visit.on in officer.away else "supervising.assign_off"
        ask(turn, Say(key, absence_of(officer, visit)), yes, no())
    else:
        yes = choice("yes", Say("supervising.hand_on.yes"), "assign", subject, officer.id,
                     means="yes")  # fmt: skip
        about: dict[str, Value] = {
            "number": visit.case_number,
            "owner": visit.host_name,
            "window": window_words(visit.on, visit.starts, visit.ends),
            "officer": officer.name,
            "badge": officer.badge,
        }
        ask(turn, Say("supervising.assign", about), yes, no())


def carry_out(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Offer the visit by the flow that does it; ask again if the officer does not work then now."""
    if not turn.flows.by_id["assignment"].open_to(subject, turn.facts):
        drafts.digress(turn, Say("common.gone"))
        return
    known = isinstance(argument, list)
    chosen = argument[0] if known else argument
    visit = turn.facts.desk.visit(subject)
    officers = turn.facts.desk.officers
    out = {one.id for one in officers if visit and not one.comes(visit.on, visit.part)}
    if chosen in out and not known:
        confirm(turn, subject, chosen)
        return
    drafts.switch_to(turn, Draft("assignment", subject, {"officer": chosen}))
    drafts.go_on(turn)


def _taker(text: str, named: Sequence[Named]) -> Named | None:
    """Return the second of two officers if the first is ruled out: "jangan lilis, ke bambang"."""
    if len(named) != 2 or not _RULED_OUT.search(standardised(text)):
        return None
    return named[1]


def _at_question(turn: TurnBuilder) -> bool:
    asked = turn.session.asked
    return asked is not None and asked.flow == "assignment"


def _meant(turn: TurnBuilder, text: str) -> VisitFact | None:
    """Return the visit that is meant: of the number, the open one, or the only one."""
    waiting = turn.facts.desk.visits
    number = deciding.number_in(text)
    if number is not None:
        return next((visit for visit in waiting if visit.case_number == number), None)
    draft = turn.session.draft
    if draft is not None and draft.flow == "assignment" and turn.facts.desk.visit(draft.subject):
        return turn.facts.desk.visit(draft.subject)
    named = _by_owner(turn, text)
    if len(named) == 1:
        return named[0]
    return waiting[0] if len(waiting) == 1 else None


def _by_owner(turn: TurnBuilder, text: str) -> list[VisitFact]:
    """Return the visits without an officer whose owner the words name."""
    found = {id for flow, id, _ in deciding.waiting_named(turn, text) if flow == "assignment"}
    return [visit for visit in turn.facts.desk.visits if str(visit.id) in found]


def _least_busy(turn: TurnBuilder, text: str) -> OfficerFact | None:
    free = [one for one in turn.facts.desk.officers if one.reachable]
    visit = _meant(turn, text)
    if visit is not None:
        free = [one for one in free if one.comes(visit.on, visit.part)] or free
    said = standardised(text)
    anybody = _LEAST_BUSY.search(said) or (_WHOEVER.search(said) and _TO.search(said))
    if not anybody or not free:
        return None
    return min(free, key=lambda one: (one.load, one.id))
