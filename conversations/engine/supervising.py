"""Supervising: what a supervisor says of the areas, the team and the open case, in own words.

Look-ups are effects: nothing is read for a turn that does not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conversations import reference, services
from conversations.effects import ShowDocument
from conversations.engine import (
    assigning,
    calling,
    deciding,
    drafts,
    flagging,
    lettering,
    recalling,
    recruiting,
    staffing,
    supervising_forms,
    ticket_words,
    when,
)
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, asks, choice, is_open, is_pending, no
from conversations.engine.discerning import asks_for_reason, ranked_matters
from conversations.engine.meanings import AtDesk
from conversations.engine.naming import mentions
from conversations.messages import Json, Say
from conversations.supervision import (
    EndOfficer,
    HandVisitsOn,
    RevokeDocument,
    ShowCase,
    ShowComplaints,
    ShowFigures,
    ShowLate,
    ShowPhotos,
    ShowUnvisited,
    ShowVisits,
    ShowWhereabouts,
)
from conversations.words import tidy

MAX_WORDS = 200  # characters of a supervisor's words that are passed on, as in `izin documents`


def answer(turn: TurnBuilder, meant: AtDesk) -> None:
    """Answer a matter of a supervisor, or ask whether it is to be carried out.

    A question of the desk that is open is dropped: a later "ya" must not carry it out.
    """
    keeps = asks_for_reason(turn) and meant.matter in _LOOKED_UP
    if is_open(turn) and meant.matter not in _OF_QUESTION and not keeps:
        if is_pending(turn):
            turn.says.append(Say("common.desk.not_done"))
        _leave_question(turn)
    unsent = turn.session.asked if lettering.at_letter(turn) else None
    _ANSWERS[meant.matter](turn, meant.text)
    of_letter = meant.matter in ("amend", "held_letter", "more_reason")
    if (
        unsent is not None
        and not of_letter
        and turn.session.asked == unsent
        and turn.prompt is None
    ):
        lettering.leave_letter(turn)
    if keeps and asks_for_reason(turn) and turn.prompt is None:
        drafts.digress(turn)


#: Matters that are only looked up: the reason for a revocation is asked again after them.
_LOOKED_UP = frozenset({
    "absent", "check", "complaints", "erase", "export", "figures", "helpers", "invite", "late",
    "lost_touch", "message", "move", "phone", "unvisited", "visits", "where",
})  # fmt: skip
#: Matters that are about the open question of the desk.
_OF_QUESTION = frozenset({
    "affected", "danger_over", "held", "instead", "look",
    "only_part", "reason_please", "recruit_instead", "retract", "revoke_because", "revoke_yes",
    "told_more",
})  # fmt: skip


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
    if mentions(turn, text):
        turn.says.append(Say("supervising.complaints_of_all"))
    turn.tell(ticket_words.COMPLAINTS, since.isoformat())
    turn.effects.append(ShowComplaints(since))


def _figures(turn: TurnBuilder, text: str) -> None:
    since, until = when.period(text, turn.facts.today, otherwise="week")
    named = mentions(turn, text)
    ranked = {one.name for one in ranked_matters(turn, text) if one.weight >= 1}
    if named:
        name = named[0].officers[0].name.split()[0]
        turn.says.append(Say("supervising.not_by_officer", {"officer": name}))
    elif ranked & {"approve", "return", "revoke"} and "terbit" not in text.casefold():
        turn.says.append(Say("supervising.not_counted"))
    turn.effects.append(ShowFigures(since, until))


def _export(turn: TurnBuilder, text: str) -> None:
    """Show the figures, and say that they come in no file."""
    _figures(turn, text)
    turn.says.append(Say("supervising.no_file"))


def _unvisited(turn: TurnBuilder, text: str) -> None:
    turn.effects.append(ShowUnvisited(when.days(text)))


def _photos(turn: TurnBuilder, text: str) -> None:
    ticket = ticket_words.opened(turn)
    number = deciding.number_in(text) or (ticket.number if ticket and ticket.files else None)
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
    """Say how a case or a document stands; a case that waits for a decision here is opened too."""
    if reference.document_number(text, services.load().kinds()) is not None:
        _check(turn, text)
        return
    number = deciding.number_in(text) or deciding.short_number(turn, text)
    if number is None:
        deciding.find_by_name(turn, text)
        return
    ticket = next((one for one in turn.facts.desk.tickets if one.number == number), None)
    if ticket is not None:
        drafts.open_flow(turn, "ticket", str(ticket.id))
        return
    turn.effects.append(ShowCase(number))
    waiting = next((case for case in turn.facts.desk.cases if case.number == number), None)
    if waiting is not None:
        drafts.open_flow(turn, waiting.page, str(waiting.id))


def _check(turn: TurnBuilder, text: str) -> None:
    number = _document(turn, text)
    if number is None:
        drafts.digress(turn, Say("common.number_please"))
    else:
        turn.tell(recalling.DOCUMENT, number)
        turn.effects.append(ShowDocument(number))


def _document(turn: TurnBuilder, text: str) -> str | None:
    """Return the number of the document that is meant: named, or shown just before."""
    named = reference.document_number(text, services.load().kinds())
    return named or turn.told(recalling.DOCUMENT) or None


def _queue(turn: TurnBuilder, text: str) -> None:
    drafts.leave(turn, to_menu=True)


def _invite(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.invite"))


def _move(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.move"))


def _help(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("common.help.supervisor"))


def _notices(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.notices"))


def _erase(turn: TurnBuilder, text: str) -> None:
    turn.says.append(Say("supervising.erase"))


def _why(turn: TurnBuilder, text: str) -> None:
    """Say why a case waits; a call or a flag says it itself."""
    draft = turn.session.draft
    if draft is not None and draft.flow in ("call", "flag"):
        drafts.digress(turn)
    else:
        deciding.why(turn, text)


# -- the open question ----------------------------------------------------------------------------


def _retract(turn: TurnBuilder, text: str) -> None:
    """Drop what was asked for by mistake."""
    if asks(turn, "letter"):
        _leave_question(turn)
        deciding.drop(turn)
    elif is_open(turn):
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
    one = mentions(turn, text)[0].officers[0]
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
    number = _document(turn, text)
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


def _own_reason(turn: TurnBuilder, text: str) -> None:
    """Take typed words as the reason of the revocation that is asked about."""
    if asks_for_reason(turn):
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
    turn.tell(recalling.DOCUMENT, number)
    turn.effects.append(RevokeDocument(number, str(argument)))


def _revoke_yes(turn: TurnBuilder, text: str) -> None:
    """Carry out the revocation that "ya, cabut saja" confirms."""
    matter, subject, argument = turn.session.shown[0].answer[:3]
    act(turn, matter, subject, argument)


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
    "absent": staffing.absent,
    "approve": deciding.approve,
    "assign": assigning.assign,
    "away": calling.away,
    "called": calling.called,
    "check": _check,
    "complaints": _complaints,
    "danger": calling.danger,
    "end": staffing.end,
    "erase": _erase,
    "export": _export,
    "figures": _figures,
    "flags": flagging.flags,
    "explained": deciding.explain,
    "no_reason": deciding.ask_for_reason,
    "find": _find,
    "hand_on": staffing.hand_on,
    "held": _held,
    "affected": staffing.affected,
    "amend": lettering.amend,
    "calls": calling.calls,
    "card": deciding.card,
    "held_letter": lettering.held_letter,
    "help": _help,
    "in_doubt": recalling.say_in_doubt,
    "item": deciding.item,
    "more_reason": recalling.more_reason,
    "notices": _notices,
    "only_part": recalling.only_part,
    "regret": recalling.regret,
    "team": staffing.team,
    "look": calling.look,
    "lost_touch": calling.lost_touch,
    "instead": _instead,
    "invite": _invite,
    "late": _late,
    "misconduct": calling.misconduct,
    "move": _move,
    "next": deciding.following,
    "not_reached": calling.not_reached,
    "other_reason": lettering.other_reason,
    "phone": calling.phone,
    "photos": _photos,
    "queue": _queue,
    "reason_please": _reason_please,
    "reject": deciding.reject,
    "retract": _retract,
    "stays": staffing.stays,
    "told_more": calling.told_more,
    "return": deciding.send_back,
    "revoke": _revoke,
    "revoke_because": _own_reason,
    "revoke_yes": _revoke_yes,
    "ticket": ticket_words.answer,
    "unassigned": assigning.which,
    **recruiting.ANSWERS,
    **supervising_forms.ANSWERS,
    "undecided": deciding.undecided,
    "unvisited": _unvisited,
    "visits": _visits,
    "where": staffing.where,
    "why": _why,
}
#: The effects of picked choices by their matter; subject and argument are those of the choice.
_CHOSEN: Mapping[str, Callable[[TurnBuilder, str, Json], None]] = {
    "assign": assigning.carry_out,
    "assign_which": assigning.confirm,
    "away": calling.tell_away,
    "called": calling.note_called,
    "called_whom": calling.confirm_called,
    "change_letter": lettering.change_letter,
    "decide": deciding.decide,
    "drop_letter": lettering.drop_letter,
    "end": _end,
    "end_whom": staffing.confirm_end,
    "hand_on": _hand_on,
    "hand_to": staffing.confirm_hand_on,
    "hand_whose": staffing.hand_from,
    "letter": lettering.see_letter,
    "misconduct": calling.tell_misconduct,
    "open": deciding.open_found,
    **recruiting.CHOSEN,
    "photos": _show_photos,
    "revoke": _revoke_now,
    "revoke_because": _because,
    "talk": calling.tell_talk,
    "ticket_which": ticket_words.chosen,
    "where": _where,
    "why": deciding.say_why,
}
