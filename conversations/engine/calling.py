"""Calling: a supervisor's words about people to call, to help or to report on."""

from __future__ import annotations

import re

from conversations.desk_facts import CallFact
from conversations.engine import deciding, drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, no
from conversations.engine.naming import officers_named
from conversations.engine.reading import choices_named
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.parsers.hesitation import acknowledges, agrees, hesitates, takes_back
from conversations.session import Draft
from conversations.supervision import ShowWhereabouts, TellHeads
from conversations.words import standardised, tidy

MAX_WORDS = 200  # characters of a supervisor's words that are passed on
MAX_TOLD = 600  # characters of a complaint that is told in several messages
SHOWN = 9  # people to choose from
FEW_WORDS = 3
_PICKS_UP = re.compile(r"\b(?:di)?angkat\b")
_MONEY = re.compile(
    r"\bminta\w*\b.*(?:\b\d+ ?(?:rb|ribu|k|jt|juta)\b|\buang\b|\bbayaran\b|\bimbalan\b"
    r"|\bamplop\b)"
)
_PUBLIC = rf"(?:{lists.one_of('calling', 'public')})"
_SAYS = rf"(?:{lists.one_of('calling', 'says')})"
_COMPLAINS = re.compile(
    rf"\b{_PUBLIC}\b.*\b{_SAYS}\b.*\b(?:petugas|officer)\b\W+\w+|\b(?:petugas"
    rf"|officer)\b.*\bdi{_SAYS}\b \w+"
)
_ASKS_WHO = re.compile(
    r"\?|^(?:apa|apakah|ada)\b|\b(?:siapa|berapa|mana|apa saja|hari ini|minggu ini|bulan ini)\b"
)
_OUT_OF_TOUCH = re.compile(
    r"\b(?:tidak|belum|susah|sulit|kagak) (?:(?:bisa|dapat|pernah) )?"
    r"(?:(?:di)?hubungi|(?:di)?kontak|(?:di)?telepon|(?:di)?telpon|ditelp|dihub|nyambung"
    r"|balas|bales|jawab"
    r"|menjawab|merespon|respon|angkat|diangkat|aktif)\b"
    r"|\b(?:hilang|ilang|putus|lost|los) (?:kontak|contact)\b|\b(?:menghilang|missing"
    r"|unreachable)\b"
    r"|\b(?:hp|wa|nomor|nomer|telepon)(?: ?nya)?(?: \w+)? (?:mati|tidak aktif)\b"
    r"|\b(?:can'?t|cannot|couldn'?t) (?:be )?(?:reach|reached|contact|contacted|get hold of)\b"
    r"|\b(?:not|isn'?t|doesn'?t) (?:answer\w*|pick\w* up|respond\w*|reply\w*)\b"
)
_PRESSES = lists.any_of("calling", "presses")
_LOOKS = re.compile(r"^\W*(?:lihat|liat|mana|boleh|tampilkan|tampilin|show|see|where|cek)\b")
_WHEN = re.compile(
    r"\b(?:mulai|dari|sampai|smp|sampe|selama|senin|selasa|rabu|kamis|jumat|jum'at|sabtu"
    r"|ahad|tanggal|tgl"
    r"|from|until|till|monday|tuesday|wednesday|thursday|friday|\d+ (?:hari|minggu|days?"
    r"|weeks?))\b"
)
_DEPUTY = re.compile(
    r"\b(?:gantiin|gantikan|menggantikan|pengganti|ngegantiin|wakilin|wakili) (?:saya|gue"
    r"|gw|aku|me)\b"
)
_SOMEBODY = lists.any_of("calling", "somebody")


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


def calls(turn: TurnBuilder, text: str) -> None:
    """Open the call that is meant; list them if there are several."""
    among = _meant(turn, text)
    if not among:
        turn.says += [Say("supervising.no_call"), Say("supervising.phone")]
    elif len(among) == 1:
        drafts.open_flow(turn, "call", str(among[0].id))
    else:
        choices = (
            choice(f"call-{one.id}", deciding.cut(f"{one.number} {one.name}"), "open", "call",
                   str(one.id))
            for one in among[:SHOWN]
        )  # fmt: skip
        ask(turn, Say("supervising.call_whom"), *choices, no())


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


def passes_on_complaint(text: str) -> bool:
    """Whether words tell that somebody complains of an officer: "warga lapor petugas kasar"."""
    said = standardised(text)
    return _COMPLAINS.search(said) is not None and _ASKS_WHO.search(said) is None


def out_of_touch(text: str) -> bool:
    """Whether words tell that somebody can't be reached: "hilang kontak"."""
    return _OUT_OF_TOUCH.search(standardised(text)) is not None


def lost_touch(turn: TurnBuilder, text: str) -> None:
    """Show the last that is known of an officer who can't be reached, and whom to call."""
    found = officers_named(text, turn.facts.desk.officers)[0].officers
    if len(found) > 1:
        turn.says.append(Say("supervising.danger"))
        return
    turn.lasting = True
    params = {"officer": found[0].name, "badge": found[0].badge}
    turn.says.append(Say("supervising.lost_touch", params))
    turn.effects.append(ShowWhereabouts(found[0].id))


def looks(turn: TurnBuilder, text: str) -> bool:
    """Whether words say yes to "see the officer's visits?", as its button does."""
    one = turn.session.shown[0].value == "where"
    short = len(text.split()) <= FEW_WORDS
    return one and short and (agrees(text) or _LOOKS.search(standardised(text)) is not None)


def look(turn: TurnBuilder, text: str) -> None:
    """Show the visits of the officer who is in danger."""
    officer = int(turn.session.shown[0].answer[1])
    drafts.go_on(turn)
    turn.prompt = None
    turn.effects.append(ShowWhereabouts(officer))


def tells_more(turn: TurnBuilder, text: str, matter: str | None) -> bool:
    """Whether words at "shall the head be told?" press on, or go on with what is told."""
    if choices_named(turn, text) or hesitates(text) or takes_back(text) or acknowledges(text):
        return False
    if matter in ("misconduct", "complaints", "talk") or _PRESSES.search(standardised(text)):
        return True
    return matter is None and len(text.split()) >= FEW_WORDS


def tells_when(turn: TurnBuilder, text: str) -> bool:
    """Whether words at "shall the head be told that you are away?" say from when to when."""
    if choices_named(turn, text) or takes_back(text) or agrees(text) or "?" in text:
        return False
    return _WHEN.search(standardised(text)) is not None


def asks_for_deputy(text: str) -> bool:
    """Whether words ask who stands in for the supervisor."""
    return _DEPUTY.search(standardised(text)) is not None


def told_more(turn: TurnBuilder, text: str) -> None:
    """Add to what is told, and ask once more."""
    matter, before = str(turn.session.shown[0].answer[0]), str(turn.session.shown[0].answer[2])
    drafts.go_on(turn)
    turn.prompt = None
    if matter == "away":
        away(turn, f"{before}, {text}")
        return
    misconduct(turn, before if _PRESSES.search(standardised(text)) else f"{before}. {text}")


def misconduct(turn: TurnBuilder, text: str) -> None:
    """Ask whether what is told of an officer goes to the heads as a complaint."""
    words = tidy(text)[:MAX_TOLD]
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
