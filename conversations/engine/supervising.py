"""Supervising: what a supervisor says of the areas, the team and the open case, in own words.

Look-ups are effects: nothing is read for a turn that does not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
)
from conversations.engine import assigning, calling, deciding, drafts, staffing, when
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, asks, choice, is_open, is_pending, no
from conversations.engine.meanings import AtDesk
from conversations.engine.naming import Named, officers_named, without_names
from conversations.engine.reading import bare_number, choices_named
from conversations.messages import Json, Say
from conversations.parsers import hesitation
from conversations.parsers.choice import exact
from conversations.words import tidy

MAX_WORDS = 200  # characters of a supervisor's words that are passed on, as in `izin documents`
FEW_WORDS = 3  # with an officer's name, and nothing that is known: "info joko"
#: Matters that name an act on something: they come before questions in the same sentence.
_ACTS = ("revoke", "hand_on", "reject", "return", "approve")

#: Matters that say more than the general one which the words name as well: "laporan pungli".
_RATHER: Mapping[str, tuple[str, ...]] = {
    "complaints": ("misconduct",),
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
    if bare_number(text) or exact(text, turn.labels()) is not None:
        return None
    ranked = {one.name for one in _ranked(turn, text) if one.weight >= 1}
    named = officers_named(text, turn.facts.desk.officers)
    told = _at_question(turn, text, matter, named)
    if told is not None:
        return told
    act = next((name for name in _ACTS if name in ranked), None)
    if calling.tells_of_money(text):
        return "misconduct"
    if act is not None and not named and hesitation.counts(text):
        return "figures"
    if act is not None and "why" in ranked:
        return "why"  # "kenapa ditolak"
    if act in (None, "hand_on") and assigning.hears(turn, text, named, gives=act is not None):
        return "assign"
    if act is not None and (act != "hand_on" or len(named) > 1):
        return act
    if matter is None:
        return _unnamed(turn, text, len(named))
    return _another(text, matter, ranked, named)


def _ranked(turn: TurnBuilder, text: str) -> list[lexicon.Ranked]:
    """Return the matters that the words name, whoever of the team is named."""
    return lexicon.desk("supervisor").rank(without_names(text, turn.facts.desk.officers))


def _at_question(
    turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]
) -> str | None:
    """Return the matter that words raise because of the open question."""
    if is_open(turn) and _corrects(turn, text, matter, named):
        return "instead"
    reviewing = turn.session.draft is not None and turn.session.draft.flow == "review"
    if (is_pending(turn) or _asks_for_reason(turn) or reviewing) and hesitation.takes_back(text):
        acts = {one.name for one in _ranked(turn, text)} & set(_ACTS)
        if not acts:
            return "retract"
    unclear = matter == "why" or (matter == "approve" and hesitation.agrees(text))
    if is_pending(turn) and unclear and deciding.number_in(text) is None:
        return "held"  # "setuju" to another question approves no case
    if _asks_for_reason(turn):
        if hesitation.pauses(text):
            return "retract"
        if matter in (None, "why") and not hesitation.gives_reason(text):
            return "reason_please"
        if matter in (None, "end", "photos", "why", "phone", "danger"):
            return "revoke_because" if len(text.split()) > 1 else None
    if deciding.at_sure(turn) and hesitation.gives_reason(deciding.reason_after_because(text)):
        return "other_reason"
    return None


def _corrects(turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]) -> bool:
    """Whether words at a question about an officer name another one: "bukan dia, dewi"."""
    pending = turn.session.shown[0].answer[0]
    one = len(named) == 1 and len(named[0].officers) == 1
    return matter is None and one and is_pending(turn) and pending in _INSTEAD


#: Acts for which another officer may be named before they are confirmed.
_INSTEAD = ("end", "hand_on", "assign")


def _another(text: str, matter: str, ranked: set[str], named: Sequence[Named]) -> str | None:
    """Return a matter that says more than the one that the words name, or that fits the name."""
    if {"late", "not_reached"} <= ranked:  # "berangkat" and "diangkat" have one root
        return "not_reached" if calling.nobody_picks_up(text) else "late"
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
    if when.only_a_period(text):
        return "figures"
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
    if is_open(turn) and meant.matter not in _OF_QUESTION:
        if is_pending(turn):
            turn.says.append(Say("common.desk.not_done"))
        _leave_question(turn)
    unsent = turn.session.asked if deciding.at_sure(turn) else None
    _ANSWERS[meant.matter](turn, meant.text)
    if unsent is not None and turn.session.asked == unsent and turn.prompt is None:
        drafts.digress(turn, Say("supervising.not_sent"))


#: Matters that are about the open question of the desk.
_OF_QUESTION = frozenset({"held", "instead", "reason_please", "retract", "revoke_because"})


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
    named = officers_named(text, turn.facts.desk.officers)
    ranked = {one.name for one in _ranked(turn, text) if one.weight >= 1}
    if named:
        name = named[0].officers[0].name.split()[0]
        turn.says.append(Say("supervising.not_by_officer", {"officer": name}))
    elif ranked & {"approve", "return", "revoke"}:
        turn.says.append(Say("supervising.not_counted"))
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


def _move(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.move"))


def _erase(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.erase"))


# -- the open question ----------------------------------------------------------------------------


def _retract(turn: TurnBuilder, text: str) -> None:
    """Drop what was asked for by mistake."""
    if is_open(turn):
        turn.says.append(Say("common.desk.dropped"))
        drafts.go_on(turn)
    else:
        deciding.drop(turn)


def _reason_please(turn: TurnBuilder, text: str) -> None:
    drafts.digress(turn, Say("supervising.reason_please"))


def _held(turn: TurnBuilder, text: str) -> None:
    drafts.digress(turn, Say("common.desk.held"))


def _instead(turn: TurnBuilder, text: str) -> None:
    """Ask the same about the officer who is named instead."""
    matter, subject = turn.session.shown[0].answer[:2]
    one = officers_named(text, turn.facts.desk.officers)[0].officers[0]
    _leave_question(turn)
    if matter == "hand_on" and str(one.id) == subject:
        drafts.digress(turn, Say("supervising.same_officer"))
    elif matter == "end":
        staffing.confirm_end(turn, str(one.id), None)
    elif matter == "assign":
        assigning.confirm(turn, subject, one.id)
    else:
        staffing.confirm_hand_on(turn, subject, one.id)


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
    return asks(turn, "revoke_because")


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
    "assign": assigning.assign,
    "away": calling.away,
    "called": calling.called,
    "check": _check,
    "complaints": _complaints,
    "danger": calling.danger,
    "end": staffing.end,
    "erase": _erase,
    "figures": _figures,
    "find": _find,
    "hand_on": staffing.hand_on,
    "held": _held,
    "instead": _instead,
    "invite": _invite,
    "late": _late,
    "misconduct": calling.misconduct,
    "move": _move,
    "next": deciding.following,
    "not_reached": calling.not_reached,
    "other_reason": deciding.other_reason,
    "phone": calling.phone,
    "photos": _photos,
    "queue": _queue,
    "reason_please": _reason_please,
    "reject": deciding.reject,
    "retract": _retract,
    "return": deciding.send_back,
    "revoke": _revoke,
    "revoke_because": _own_reason,
    "unassigned": assigning.which,
    "unvisited": _unvisited,
    "visits": _visits,
    "where": staffing.where,
    "why": deciding.why,
}
#: The effects of picked choices by their matter; subject and argument are those of the choice.
_CHOSEN: Mapping[str, Callable[[TurnBuilder, str, Json], None]] = {
    "assign": assigning.carry_out,
    "assign_which": assigning.confirm,
    "away": calling.tell_away,
    "called": calling.note_called,
    "called_whom": calling.confirm_called,
    "decide": deciding.decide,
    "end": _end,
    "end_whom": staffing.confirm_end,
    "hand_on": _hand_on,
    "hand_to": staffing.confirm_hand_on,
    "hand_whose": staffing.hand_from,
    "misconduct": calling.tell_misconduct,
    "open": deciding.open_found,
    "photos": _show_photos,
    "revoke": _revoke_now,
    "revoke_because": _because,
    "talk": calling.tell_talk,
    "where": _where,
    "why": deciding.say_why,
}
