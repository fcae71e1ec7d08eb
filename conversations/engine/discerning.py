"""Discerning: which matter a supervisor's words raise, beside the phrases that they hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from conversations import lexicon, reference, services
from conversations.engine import (
    assigning,
    calling,
    deciding,
    lettering,
    recalling,
    staffing,
    supervising_forms,
    ticket_words,
    when,
)
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import asks, is_open, is_pending
from conversations.engine.naming import Named, mentions, nameless
from conversations.engine.reading import bare_number, choices_named
from conversations.parsers import hesitation, verdicts
from conversations.parsers.choice import exact

_WONDERS = re.compile(r"\bkok\b")  # "modalnya kok gede" rejects nothing
FEW_WORDS = 3  # with an officer's name, and nothing that is known: "info joko"
#: Matters that name an act on something: they come before questions in the same sentence.
_ACTS = ("revoke", "hand_on", "reject", "return", "approve")

#: Matters that "who can do it?" may name as well.
_OF_TEAM = (None, "absent", "figures", "hand_on", "queue", "unassigned", "visits", "where")
#: Matters that say more than the general one which the words name as well: "laporan pungli".
_RATHER: Mapping[str, tuple[str, ...]] = {
    "complaints": ("misconduct",),
    "find": ("unvisited",),
    "figures": ("complaints", "late", "unvisited"),
    "where": ("late", "complaints", "unvisited", "visits"),
    "visits": ("move", "unassigned"),
    "why": ("late",),
}


def hears(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter that the words raise, if it is another than their phrases name.

    A number is looked up; an act comes before a question, and a special question before a general
    one; words at the question for a reason are the reason.
    """
    short = deciding.short_number(turn, text) is not None
    if short or bare_number(text) or exact(text, turn.labels()) is not None:
        return "find" if short else None
    ranked = {one.name for one in ranked_matters(turn, text) if one.weight >= 1}
    named = mentions(turn, text)
    told = _by_form(turn, text, named, ranked) or recalling.hears(turn, text, matter, named)
    told = told or _at_question(turn, text, matter, named) or _told(turn, text, matter, named)
    if told is not None:
        return told
    act = next((name for name in _ACTS if name in ranked), None)
    ordered = _not_ordered(turn, text, matter, ranked, named)
    if ordered is not None:
        return ordered
    if act in (None, "hand_on") and assigning.hears(turn, text, named, gives=act is not None):
        return "assign"
    if act is not None and (act != "hand_on" or len(named) > 1):
        return act
    if matter == "end" and not verdicts.ends_rights(text):
        at_visit = turn.session.asked is not None and turn.session.asked.flow == "lost_visit"
        return None if at_visit else "stays"
    if matter in (*_OF_TEAM, "calls", "not_reached") and staffing.asks_for_team(text):
        return "team"
    if matter is None:
        return _unnamed(turn, text, len(named))
    return _another(turn, text, matter, ranked, named)


def _by_form(turn: TurnBuilder, text: str, named: Sequence[Named], ranked: set[str]) -> str | None:
    """Return the matter of words about a ticket, or that their form tells."""
    if ticket_words.hears(turn, text, named):
        return "ticket"
    formed = supervising_forms.hears(turn, text, named)
    if formed is not None:
        return formed
    if not named:
        return "assign" if assigning.to_anybody(turn, text) else None
    back = ranked & {*_ACTS} == {"return"} and named[0].before in staffing.TOWARDS
    return "hand_on" if back else None  # "balikin ke joko"


def _not_ordered(
    turn: TurnBuilder, text: str, matter: str | None, ranked: set[str], named: Sequence[Named]
) -> str | None:
    """Return the matter of words that only ask about an act, deny it or speak of it."""
    acts = bool(ranked & set(_ACTS))
    if acts and not named and hesitation.counts(text):
        return "figures"
    if reference.document_number(text, services.load().kinds()) and verdicts.wonders(text):
        return "check"  # "IUMK-… sudah dicabut belum"
    if matter == "why" or (acts and ("why" in ranked or _WONDERS.search(text.lower()))):
        return "why"  # "kenapa ditolak"
    if verdicts.denies(deciding.without_owners(turn, text)) or verdicts.wonders(text):
        return "undecided"
    return None


def _told(turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]) -> str | None:
    """Return the matter of words that tell of an officer, whatever else they name."""
    if named and (matter == "not_reached" or calling.out_of_touch(text)):
        return "lost_touch"
    if matter == "called" and calling.out_of_touch(text):
        return "not_reached"
    if calling.asks_for_deputy(text):
        return "away"
    if ticket_words.asks_after(text):
        return "complaints"
    team = nameless(turn, text)
    if calling.tells_of_money(text) or calling.passes_on_complaint(team):
        return "misconduct"
    return None


def ranked_matters(turn: TurnBuilder, text: str) -> list[lexicon.Ranked]:
    """Return the matters that the words name, whoever of the team is named."""
    return lexicon.desk("supervisor").rank(nameless(turn, text))


def _at_question(
    turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]
) -> str | None:
    """Return the matter that words raise because of the open question."""
    more = _goes_on(turn, text, matter, named)
    if more is not None:
        return more
    reviewing = turn.session.draft is not None and turn.session.draft.flow == "review"
    if (is_pending(turn) or asks_for_reason(turn) or reviewing) and hesitation.takes_back(text):
        acts = {one.name for one in ranked_matters(turn, text)} & set(_ACTS)
        if not acts or verdicts.calls_off(text):
            return "retract"
    if asks(turn, "revoke") and matter == "revoke" and not _orders_anew(text):
        sure = hesitation.agrees(text) and not hesitation.hesitates(text)
        return "revoke_yes" if sure else "held"
    unclear = matter == "why" or (matter == "approve" and hesitation.agrees(text))
    if is_pending(turn) and unclear and deciding.number_in(text) is None:
        return "held"  # "setuju" to another question approves no case
    if asks_for_reason(turn):
        if hesitation.pauses(text):
            return "retract"
        if matter in (None, "why") and not hesitation.gives_reason(text):
            return "reason_please"
        if not named and hesitation.tells(text) and not _orders_anew(text):
            return "revoke_because"
    if lettering.at_letter(turn) and hesitation.gives_reason(deciding.reason_after_because(text)):
        return "other_reason"
    return None


def _orders_anew(text: str) -> bool:
    """Whether words name another document or case, which is no reason for the first."""
    of_document = reference.document_number(text, services.load().kinds())
    return bool(of_document or deciding.number_in(text))


def _goes_on(
    turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]
) -> str | None:
    """Return the matter of words that go on with what the desk asks about."""
    if is_open(turn) and _corrects(turn, text, matter, named):
        return "instead"
    if asks(turn, "where") and calling.looks(turn, text):
        return "look"
    if asks(turn, "misconduct") and calling.tells_more(turn, text, matter):
        return "told_more"
    if asks(turn, "away") and calling.tells_when(turn, text):
        return "told_more"
    if (asks(turn, "hand_on") or asks(turn, "end")) and staffing.asks_who(text):
        return "affected"
    return _at_review(turn, text, matter)


def _at_review(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter of words that are about the open case, its item or its letter."""
    if deciding.at(turn, "item") and deciding.items_named(turn, text):
        return "item"
    if deciding.at(turn, "reason") and deciding.repeats(turn, text, matter):
        return "no_reason"
    if deciding.at(turn, "why") and deciding.explains(turn, text, matter):
        return "explained"
    if lettering.at_letter(turn) and lettering.amends(turn, text, matter):
        return "amend"
    if lettering.at_letter(turn) and matter is None and hesitation.hesitates(text):
        return "held_letter"
    if deciding.at(turn, "decision"):
        if deciding.asks_for_card(text):
            return "card"
        if hesitation.leaves_it(text):
            return "retract"
        if matter is None and recalling.in_doubt(text):
            return "in_doubt"
    return None


def _corrects(turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]) -> bool:
    """Whether words at a question about an officer name another one: "bukan dia, dewi"."""
    pending = turn.session.shown[0].answer[0]
    one = len(named) == 1 and len(named[0].officers) == 1
    return matter is None and one and is_pending(turn) and pending in _INSTEAD


#: Acts for which another officer may be named before they are confirmed.
_INSTEAD = ("end", "hand_on", "assign")


def _another(
    turn: TurnBuilder, text: str, matter: str, ranked: set[str], named: Sequence[Named]
) -> str | None:
    """Return a matter that says more than the one that the words name, or that fits the name."""
    if {"late", "not_reached"} <= ranked:  # "berangkat" and "diangkat" have one root
        return "not_reached" if calling.nobody_picks_up(text) else "late"
    of_case = deciding.number_in(text) or deciding.waiting_named(turn, text)
    if matter == "where" and not named and of_case:
        return "find"
    if named and matter in _OF_AN_OFFICER:
        return _OF_AN_OFFICER[matter]
    if not named or matter != "where":
        return next((name for name in _RATHER.get(matter, ()) if name in ranked), None)
    return None


def _unnamed(turn: TurnBuilder, text: str, named: int) -> str | None:
    """Return the matter of words that name none: a number or a name alone is looked up."""
    if reference.document_number(text, services.load().kinds()):
        return "check"
    if deciding.number_in(text):
        return "find"
    if choices_named(turn, text):
        return None
    if when.only_a_period(text):
        return "figures"
    if named > 1:
        return "hand_on"
    if named and len(text.split()) <= FEW_WORDS:
        return "where"
    return "find" if deciding.waiting_named(turn, text) else None


#: Matters that are about one officer, if the words name one.
_OF_AN_OFFICER = {"away": "absent", "visits": "where"}


def asks_for_reason(turn: TurnBuilder) -> bool:
    """Whether it is asked why a permit is revoked."""
    return asks(turn, "revoke_because")
