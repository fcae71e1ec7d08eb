"""Calling: a supervisor's words about people to call, to help or to report on."""

from __future__ import annotations

import re

from conversations.effects import TellHeads
from conversations.engine import deciding, drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, no
from conversations.engine.naming import officers_named
from conversations.facts import CallFact
from conversations.messages import Json, Say
from conversations.session import Draft
from conversations.words import standardised, tidy

MAX_WORDS = 200  # characters of a supervisor's words that are passed on
SHOWN = 9  # people to choose from
_PICKS_UP = re.compile(r"\b(?:di)?angkat\b")
_MONEY = re.compile(
    r"\bminta\w*\b.*(?:\b\d+ ?(?:rb|ribu|k|jt|juta)\b|\buang\b|\bbayaran\b|\bimbalan\b|\bamplop\b)"
)
_SOMEBODY = re.compile(r"\b(?:petugas|warga|officer|ibu|bapak|pemilik|dia)\b")


# -- the call list ---------------------------------------------------------------------------------


def called(turn: TurnBuilder, text: str) -> None:
    """Ask whether a person is to be taken off the call list; ask whom if several fit."""
    among = _meant(turn, text)
    if not among:
        drafts.digress(turn, Say("supervising.no_call"))
    elif len(among) == 1:
        confirm_called(turn, str(among[0].id), None)
    else:
        choices = (
            choice(f"call-{call.id}", deciding.cut(f"{call.number} {call.name}"), "called_whom",
                   str(call.id))
            for call in among[:SHOWN]
        )  # fmt: skip
        ask(turn, Say("supervising.called_whom"), *choices, no())


def confirm_called(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Ask whether this person was called."""
    call = turn.facts.desk.call(subject)
    if call is None:
        drafts.digress(turn, Say("common.gone"))
        return
    yes = choice("yes", Say("call.call.called"), "called", subject, means="yes")
    params = {"name": call.name, "number": call.number}
    ask(turn, Say("supervising.called", params), yes, no())


def note_called(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Record the call by the flow that does it."""
    if turn.facts.desk.call(subject) is None:
        drafts.digress(turn, Say("common.gone"))
        return
    drafts.switch_to(turn, Draft("call", subject, {"call": "called"}))
    drafts.go_on(turn)


def not_reached(turn: TurnBuilder, text: str) -> None:
    """Say that a person who was not reached stays on the call list."""
    among = _meant(turn, text)
    if len(among) == 1:
        params = {"name": among[0].name, "number": among[0].number}
        turn.says.append(Say("supervising.not_reached", params))
    else:
        turn.says.append(Say("call.call.later.end" if among else "supervising.no_call"))


def at_call(turn: TurnBuilder) -> bool:
    """Whether a call is the open matter."""
    draft = turn.session.draft
    return draft is not None and draft.flow == "call"


def _meant(turn: TurnBuilder, text: str) -> list[CallFact]:
    """Return the calls that are meant: by number or name, the open one, or all."""
    calls = turn.facts.desk.calls
    number = deciding.number_in(text)
    named = {id for flow, id, _ in deciding.waiting_named(turn, text) if flow == "call"}
    if number is not None or named:
        return [call for call in calls if call.number == number or str(call.id) in named]
    draft = turn.session.draft
    here = [call for call in calls if at_call(turn) and draft and str(call.id) == draft.subject]
    return here or list(calls)


def phone(turn: TurnBuilder, text: str) -> None:
    """Say where numbers are shown, or show the open call once more, which has it."""
    if at_call(turn):
        drafts.digress(turn)
    else:
        turn.says.append(Say("supervising.phone"))


def nobody_picks_up(text: str) -> bool:
    """Whether words are of a telephone that nobody picks up: "tidak diangkat"."""
    return _PICKS_UP.search(standardised(text)) is not None


# -- to the heads ----------------------------------------------------------------------------------


def danger(turn: TurnBuilder, text: str) -> None:
    """Say whom to call at once; offer to show the day of the officer who is named."""
    mentions = officers_named(text, turn.facts.desk.officers)
    one = mentions[0].officers[0] if mentions and len(mentions[0].officers) == 1 else None
    turn.lasting = True
    if one is None:
        turn.says.append(Say("supervising.danger"))
        return
    where = choice("where", Say("supervising.danger.where"), "where", str(one.id))
    params = {"officer": one.name, "badge": one.badge}
    ask(turn, Say("supervising.danger_officer", params), where, no())


def tells_of_money(text: str) -> bool:
    """Whether words tell that somebody asked for money: "petugas rahmat minta 200rb"."""
    said = standardised(text)
    return _MONEY.search(said) is not None and _SOMEBODY.search(said) is not None


def misconduct(turn: TurnBuilder, text: str) -> None:
    """Ask whether what is told of an officer goes to the heads as a complaint."""
    words = tidy(text)[:MAX_WORDS]
    yes = choice("yes", Say("supervising.misconduct.yes"), "misconduct", "", words, means="yes")
    ask(turn, Say("supervising.misconduct", {"words": words}), yes, no())


def away(turn: TurnBuilder, text: str) -> None:
    """Ask whether the heads are to be told that the supervisor is going to be away."""
    words = tidy(text)[:MAX_WORDS]
    yes = choice("yes", Say("supervising.away.yes"), "away", "", words, means="yes")
    ask(turn, Say("supervising.away", {"words": words}), yes, no())


def tell_away(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Tell the heads that the supervisor is going to be away."""
    turn.lasting = True
    turn.effects.append(TellHeads("away", str(argument)))


def tell_misconduct(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Tell the heads what was said of an officer."""
    turn.lasting = True
    turn.effects.append(TellHeads("misconduct", str(argument)))


def tell_talk(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Tell the heads that the supervisor wants to talk to them."""
    turn.lasting = True
    turn.effects.append(TellHeads("talk", ""))
