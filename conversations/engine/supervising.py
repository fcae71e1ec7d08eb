"""Supervising: what a supervisor says of the areas, the team and the open case, in own words.

Look-ups are effects: nothing is read for a turn that does not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conversations import lexicon, reference, services
from conversations.effects import (
    EndOfficer,
    HandVisitsOn,
    RevokeDocument,
    ShowCase,
    ShowComplaints,
    ShowDocument,
    ShowFigures,
    ShowLate,
    ShowPhotos,
    ShowUnvisited,
    ShowVisits,
    ShowWhereabouts,
    TellHeads,
)
from conversations.engine import deciding, drafts, staffing, when
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, is_open, no
from conversations.engine.meanings import AtDesk
from conversations.engine.naming import officers_named
from conversations.engine.reading import bare_number, choices_named
from conversations.messages import Json, Say
from conversations.parsers.choice import exact
from conversations.words import tidy

MAX_WORDS = 200  # characters of a supervisor's words that are passed on, as in `izin documents`
FEW_WORDS = 3  # with an officer's name, and nothing that is known: "info joko"
#: Matters that name an act on something: they come before questions in the same sentence.
_ACTS = ("revoke", "hand_on", "reject", "return", "approve")

#: Matters that say more than the general one which the words name as well: "laporan pungli".
_RATHER: Mapping[str, tuple[str, ...]] = {
    "figures": ("complaints", "late", "unvisited"),
    "where": ("late", "complaints", "unvisited", "visits"),
    "why": ("late",),
}


def hears(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter that the words raise, if it is another than their phrases name.

    A number is looked up; an act comes before a question, and a special question before a general
    one; words at the question for a reason are the reason.
    """
    if bare_number(text) or exact(text, turn.labels()) is not None:
        return None
    if _asks_for_reason(turn) and matter in (None, "end", "photos", "why"):
        return "revoke_because" if len(text.split()) > 1 else None
    ranked = {one.name for one in lexicon.desk("supervisor").rank(text) if one.weight >= 1}
    named = officers_named(text, turn.facts.desk.officers)
    act = next((name for name in _ACTS if name in ranked), None)
    if act is not None and "why" in ranked:
        return "why"  # "kenapa ditolak"
    if act is not None and (act != "hand_on" or len(named) > 1):
        return act
    if matter is None:
        return _unnamed(turn, text, len(named))
    if matter == "where" and not named and deciding.number_in(text):
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
    if named > 1:
        return "hand_on"
    if named and len(text.split()) <= FEW_WORDS:
        return "where"
    return "find" if deciding.waiting_named(turn, text) else None


#: Matters that are about one officer, if the words name one.
_OF_AN_OFFICER = {"away": "absent", "visits": "where"}


def answer(turn: TurnBuilder, meant: AtDesk) -> None:
    """Answer a matter of a supervisor, or ask whether it is to be carried out.

    A question of the desk that is open is dropped: a later "ya" must not carry it out.
    """
    if is_open(turn) and meant.matter != "revoke_because":
        _leave_question(turn)
    _ANSWERS[meant.matter](turn, meant.text)


def act(turn: TurnBuilder, matter: str, subject: str, argument: Json) -> None:
    """Carry out a choice that the supervisor picked."""
    chosen = _CHOSEN.get(matter)
    if chosen is None:
        drafts.stale(turn)
        return
    _leave_question(turn)
    chosen(turn, subject, argument)


def _leave_question(turn: TurnBuilder) -> None:
    """Make the question before the desk's own the open one, without showing it again."""
    drafts.go_on(turn)
    turn.prompt = None


# -- questions -------------------------------------------------------------------------------------


def _visits(turn: TurnBuilder, text: str) -> None:
    turn.effects.append(ShowVisits(when.day(text, turn.facts.today)))


def _late(turn: TurnBuilder, text: str) -> None:
    turn.effects.append(ShowLate())


def _complaints(turn: TurnBuilder, text: str) -> None:
    since, _ = when.period(text, turn.facts.today, otherwise="day")
    turn.effects.append(ShowComplaints(since))


def _figures(turn: TurnBuilder, text: str) -> None:
    since, until = when.period(text, turn.facts.today, otherwise="week")
    turn.effects.append(ShowFigures(since, until))


def _unvisited(turn: TurnBuilder, text: str) -> None:
    turn.effects.append(ShowUnvisited(when.days(text)))


def _photos(turn: TurnBuilder, text: str) -> None:
    number = deciding.number_in(text)
    if number:
        turn.effects.append(ShowPhotos(number))
    else:
        deciding.with_case(turn, text, "photos", _show_photos)


def _show_photos(turn: TurnBuilder, subject: str, argument: Json) -> None:
    case = turn.facts.desk.case(subject)
    if case is None:
        drafts.digress(turn, Say("common.gone"))
    else:
        turn.effects.append(ShowPhotos(case.number))


def _find(turn: TurnBuilder, text: str) -> None:
    """Say how a case stands; one that waits for a decision here is opened as well."""
    number = deciding.number_in(text)
    if number is None:
        deciding.find_by_name(turn, text)
        return
    turn.effects.append(ShowCase(number))
    waiting = next((case for case in turn.facts.desk.cases if case.number == number), None)
    if waiting is not None:
        drafts.open_flow(turn, "review", str(waiting.id))


def _check(turn: TurnBuilder, text: str) -> None:
    number = reference.document_number(text, services.load().kinds())
    if number is None:
        drafts.digress(turn, Say("common.number_please"))
    else:
        turn.effects.append(ShowDocument(number))


def _queue(turn: TurnBuilder, text: str) -> None:
    drafts.leave(turn, to_menu=True)


def _absent(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.absent"))


def _invite(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.invite"))


# -- acts ------------------------------------------------------------------------------------------


def _revoke(turn: TurnBuilder, text: str) -> None:
    """Ask for the reason, unless the words hold one; then whether it is to be done."""
    number = reference.document_number(text, services.load().kinds())
    if number is None:
        drafts.digress(turn, Say("supervising.revoke_which"))
        return
    reason = deciding.reason_after_because(text)
    if reason:
        _confirm_revocation(turn, number, reason)
        return
    choices = (
        choice(value, Say(f"supervising.revoke_why.{value}"), "revoke_because", number, value)
        for value in _REASONS
    )
    ask(turn, Say("supervising.revoke_why", {"number": number}), *choices, no())
    staffing.preview(turn, "revoke", number)


_REASONS = ("wrong", "closed", "moved")


def _asks_for_reason(turn: TurnBuilder) -> bool:
    return is_open(turn) and turn.session.shown[0].answer[0] == "revoke_because"


def _own_reason(turn: TurnBuilder, text: str) -> None:
    """Take typed words as the reason of the revocation that is asked about."""
    if _asks_for_reason(turn):
        number = str(turn.session.shown[0].answer[1])
        _leave_question(turn)
        _confirm_revocation(turn, number, tidy(text))


def _because(turn: TurnBuilder, number: str, argument: Json) -> None:
    if argument in _REASONS:  # the owner reads it as it is stored, in Indonesian
        words = turn.flows.catalogue.say(Say(f"supervising.revoke_why.{argument}"), "id")
        _confirm_revocation(turn, number, words)


def _confirm_revocation(turn: TurnBuilder, number: str, words: str) -> None:
    reason = words[:MAX_WORDS]
    yes = choice("yes", Say("supervising.revoke.yes"), "revoke", number, reason, means="yes")
    ask(turn, Say("supervising.revoke", {"number": number, "reason": reason}), yes, no())
    staffing.preview(turn, "revoke", number)


def _revoke_now(turn: TurnBuilder, number: str, argument: Json) -> None:
    turn.lasting = True
    turn.effects.append(RevokeDocument(number, str(argument)))


def _away(turn: TurnBuilder, text: str) -> None:
    words = tidy(text)[:MAX_WORDS]
    yes = choice("yes", Say("supervising.away.yes"), "away", "", words, means="yes")
    ask(turn, Say("supervising.away", {"words": words}), yes, no())


def _tell_heads(turn: TurnBuilder, subject: str, argument: Json) -> None:
    turn.lasting = True
    turn.effects.append(TellHeads(str(argument)))


def _where(turn: TurnBuilder, subject: str, argument: Json) -> None:
    turn.effects.append(ShowWhereabouts(int(subject)))


def _hand_on(turn: TurnBuilder, subject: str, argument: Json) -> None:
    turn.lasting = True
    turn.effects.append(HandVisitsOn(int(subject), int(argument)))


def _end(turn: TurnBuilder, subject: str, argument: Json) -> None:
    turn.lasting = True
    turn.effects.append(EndOfficer(int(subject)))


#: The matters of the lexicon, and how each is answered.
_ANSWERS: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    "absent": _absent,
    "approve": deciding.approve,
    "away": _away,
    "check": _check,
    "complaints": _complaints,
    "end": staffing.end,
    "figures": _figures,
    "find": _find,
    "hand_on": staffing.hand_on,
    "invite": _invite,
    "late": _late,
    "next": deciding.following,
    "photos": _photos,
    "queue": _queue,
    "reject": deciding.reject,
    "return": deciding.send_back,
    "revoke": _revoke,
    "revoke_because": _own_reason,
    "unvisited": _unvisited,
    "visits": _visits,
    "where": staffing.where,
    "why": deciding.why,
}
#: The effects of picked choices by their matter; subject and argument are those of the choice.
_CHOSEN: Mapping[str, Callable[[TurnBuilder, str, Json], None]] = {
    "away": _tell_heads,
    "decide": deciding.decide,
    "end": _end,
    "end_whom": staffing.confirm_end,
    "hand_on": _hand_on,
    "hand_to": staffing.confirm_hand_on,
    "hand_whose": staffing.hand_from,
    "open": deciding.open_found,
    "photos": _show_photos,
    "revoke": _revoke_now,
    "revoke_because": _because,
    "where": _where,
    "why": deciding.say_why,
}
