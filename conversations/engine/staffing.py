"""Staffing: a supervisor's words about officers: where they are, who takes over, who leaves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from conversations.engine import drafts, when
from conversations.engine.builder import TurnBuilder, choices_of
from conversations.engine.confirming import ask, choice, no
from conversations.engine.naming import Named, names_somebody, officers_named
from conversations.facts import OfficerFact
from conversations.messages import Json, Lines, Message, Say, Value
from conversations.parsers import verdicts
from conversations.session import Choice
from conversations.supervision import Preview, ShowWhereabouts
from conversations.words import plain, standard, standardised

SHOWN = 9  # officers to choose from; with "no", as many as a list holds
MAX_TEAM = 20  # officers in a list of words
MAX_LABEL = 24  # characters of an item on a list
MAX_BADGE = 8  # characters of a badge on an item; a whole NIP leaves no room for a name
#: Words before the officer who takes the visits, and before the one who gives them.
TOWARDS = frozenset({"ke", "kepada", "kpd", "to"})
_TO = frozenset({"ke", "kepada", "kpd", "dengan", "untuk", "to", "by"})
_FROM = frozenset({"dari", "dr", "milik", "punya", "from", "kunjungan", "tugas", "jadwal", "of"})
#: Verbs whose subject takes the visits: "dewi gantiin joko".
_TAKES = frozenset({
    "ganti", "gantikan", "gantiin", "menggantikan", "ambil", "ngambil", "pegang", "handle", "take",
    "takes", "cover", "covers", "backup",
})  # fmt: skip


def preview(
    turn: TurnBuilder, act: Literal["hand_on", "end", "revoke", "end_helper"], *subject: str
) -> None:
    """Ask the open question with what it is about before it, which the office looks up."""
    if turn.prompt is None:
        return
    question = Message(
        (turn.prompt.say,), choices_of(turn.prompt.choices), question=turn.session.asked
    )
    turn.effects.append(Preview(act, subject, question))
    turn.prompt = None


# -- where -----------------------------------------------------------------------------------------


def where(turn: TurnBuilder, text: str) -> None:
    """Say where the named officer is; ask which one if it is not clear."""
    found = _the_officers(turn, text)
    if len(found) == 1:
        turn.effects.append(ShowWhereabouts(found[0].id))
    else:
        _ask_which(turn, text, found, "where")


def _the_officers(turn: TurnBuilder, text: str) -> tuple[OfficerFact, ...]:
    """Return the officers whom the first mention names."""
    mentions = officers_named(text, turn.facts.desk.officers)
    return mentions[0].officers if mentions else ()


def _ask_which(turn: TurnBuilder, text: str, among: Sequence[OfficerFact], matter: str) -> None:
    """Ask which officer is meant, among these or the whole team."""
    stranger = not among and (names_somebody(text) or re.search(r"\b\d{3,}\b", text) is not None)
    key = "supervising.no_such_officer" if stranger else "supervising.which_officer"
    team = among or turn.facts.desk.officers
    if team:
        ask(turn, Say(key), *(_choice(one, matter) for one in team[:SHOWN]), no())
    else:
        drafts.digress(turn, Say("supervising.no_such_officer"))


def _choice(one: OfficerFact, matter: str) -> Choice:
    return choice(f"officer-{one.id}", _label(one), matter, str(one.id))


def _label(one: OfficerFact) -> str:
    """Return an officer's name and badge, cut to an item's length."""
    badge = one.badge if len(one.badge) <= MAX_BADGE else "…" + one.badge[1 - MAX_BADGE :]
    room = MAX_LABEL - len(badge) - 1
    name = one.name if len(one.name) <= room else one.name[: room - 1].rstrip() + "…"
    return f"{name} {badge}"


# -- visits to a colleague -------------------------------------------------------------------------


def hand_on(turn: TurnBuilder, text: str) -> None:
    """Ask whether all visits of one officer are to be offered to another."""
    mentions = officers_named(text, turn.facts.desk.officers)
    giver, taker = _roles(text, mentions)
    if len(mentions) > 1 and verdicts.swaps(text):
        turn.says.append(Say("supervising.no_swap", _pair(giver, taker)))
    elif giver is not None and giver.officers and verdicts.names_a_part(text):
        turn.says.append(Say("supervising.whole_tour", _pair(giver, taker)))
    elif giver is None or not giver.officers:
        drafts.digress(turn, Say("supervising.whose_visits"))
    elif len(giver.officers) > 1:
        to = str(taker.officers[0].id) if taker is not None and len(taker.officers) == 1 else ""
        choices = (
            choice(f"officer-{one.id}", _label(one), "hand_whose", str(one.id), to)
            for one in giver.officers[:SHOWN]
        )
        ask(turn, Say("supervising.which_officer"), *choices, no())
    else:
        _hand_to(turn, giver.officers[0], taker.officers if taker is not None else ())


def _pair(giver: Named | None, taker: Named | None) -> dict[str, Value]:
    """Return the first names of two officers, to fill an example."""
    names = [
        one.officers[0].name.split()[0] if one is not None and one.officers else otherwise
        for one, otherwise in ((giver, "Joko"), (taker, "Dewi"))
    ]
    return {"giver": names[0], "taker": names[1]}


def _roles(text: str, mentions: Sequence[Named]) -> tuple[Named | None, Named | None]:
    """Return who gives the visits, and who takes them, as far as the words tell."""
    if len(mentions) < 2:
        only = mentions[0] if mentions else None
        return (None, only) if only is not None and only.before in _TO else (only, None)
    first, second = mentions[:2]
    between = plain(text).split()[first.at + 1 : second.at]
    takes_first = any(standard(word) in _TAKES or word in _TAKES for word in between)
    if second.before in _TO:
        return first, second
    if first.before in _TO or second.before in _FROM or takes_first:
        return second, first
    return first, second


def _hand_to(turn: TurnBuilder, giver: OfficerFact, takers: Sequence[OfficerFact]) -> None:
    """Go on to who takes the visits; ask if the words name nobody, or several."""
    others = [one for one in takers if one.id != giver.id]
    if takers and not others:
        drafts.digress(turn, Say("supervising.same_officer"))
    elif len(others) == 1:
        confirm_hand_on(turn, str(giver.id), others[0].id)
    else:
        team = others or [
            one for one in turn.facts.desk.officers if one.reachable and one.id != giver.id
        ]
        if not team:
            drafts.digress(turn, Say("supervising.no_such_officer"))
            return
        choices = (
            choice(f"officer-{one.id}", _label(one), "hand_to", str(giver.id), one.id)
            for one in team[:SHOWN]
        )
        params = {"officer": giver.name, "badge": giver.badge}
        ask(turn, Say("supervising.to_whom", params), *choices, no())


def hand_from(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Go on with the officer who was picked to give the visits."""
    giver, taker = by_id(turn, subject), by_id(turn, str(argument))
    if giver is None:
        drafts.digress(turn, Say("common.gone"))
    else:
        _hand_to(turn, giver, (taker,) if taker is not None else ())


def confirm_hand_on(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Ask whether the visits of this officer are to be offered to that one."""
    giver, taker = by_id(turn, subject), by_id(turn, str(argument))
    if giver is None or taker is None:
        drafts.digress(turn, Say("common.gone"))
        return
    yes = choice("yes", Say("supervising.hand_on.yes"), "hand_on", subject, taker.id, means="yes")
    params = {"taker": taker.name, "badge": taker.badge}
    ask(turn, Say("supervising.hand_on", params), yes, no())
    preview(turn, "hand_on", subject, str(taker.id))


# -- leaving ---------------------------------------------------------------------------------------


def end(turn: TurnBuilder, text: str) -> None:
    """Ask whether the named officer's rights are to end; ask which one if it is not clear."""
    found = _the_officers(turn, text)
    if len(found) == 1:
        confirm_end(turn, str(found[0].id), None)
    else:
        _ask_which(turn, text, found, "end_whom")


_WHO = re.compile(r"\b(?:siapa|sopo|who|whos|which officer|petugas (?:mana|yang))\b")
_CAN = re.compile(
    r"\b(?:dekat|deket|terdekat|bisa|nganggur|kosong|longgar|dikit|sedikit|luang|lowong"
    r"|senggang|sibuk"
    r"|banyak|kerjaan\w*|tugasnya|beban\w*|mau|free|available|closest|nearest|near|busy"
    r"|busiest|least"
    r"|fewest|most|can|kunjungannya|ready|standby)\b"
)
_ALL = re.compile(
    r"\b(?:semua|seluruh|all|para|daftar|list|nama(?: nama)?) (?:the |my )?(?:petugas|officers?|tim"
    r"|anak buah|anak)\b"
)


def asks_for_team(text: str) -> bool:
    """Whether words ask who of the team is free, or for all of it."""
    said = standardised(text)
    whole = _ALL.search(said) is not None
    return whole or (_WHO.search(said) is not None and _CAN.search(said) is not None)


def asks_who(text: str) -> bool:
    """Whether words ask whom an act is about: "siapa aja yang kena"."""
    return (
        re.search(r"\b(?:siapa|yang mana|apa saja|berapa|who|which)\b", standardised(text))
        is not None
    )


def affected(turn: TurnBuilder, text: str) -> None:
    """Show once more whom the act that is asked about is about."""
    matter, subject, argument = turn.session.shown[0].answer[:3]
    if matter == "end":
        confirm_end(turn, subject, None)
    else:
        confirm_hand_on(turn, subject, argument)


def team(turn: TurnBuilder, text: str) -> None:
    """List the officers with the number of their visits."""
    asked = turn.session.asked
    if asked is not None and asked.flow == "assignment":
        drafts.digress(turn)  # they are listed there
        return
    officers = sorted(turn.facts.desk.officers, key=lambda one: (one.load, one.id))
    lines = tuple(
        Say("supervising.of_team", {"officer": one.name, "badge": one.badge, "n": one.load})
        for one in officers[:MAX_TEAM]
    )
    if lines:
        turn.says.append(Say("supervising.team", {"lines": Lines(lines)}))
    else:
        turn.says.append(Say("supervising.no_such_officer"))


def stays(turn: TurnBuilder, text: str) -> None:
    """Say that nothing changes for an officer who is out, or who does not leave."""
    found = _the_officers(turn, text)
    if len(found) == 1:
        first = found[0].name.split()[0]
        params = {"officer": found[0].name, "badge": found[0].badge, "first": first}
        turn.says.append(Say("supervising.stays", params))
    else:
        absent(turn, text)


def absent(turn: TurnBuilder, text: str) -> None:
    """Say which officers of the team are away on the day that is named, or today."""
    day = when.day(text, turn.facts.today)
    away = [f"{one.name} ({one.badge})" for one in turn.facts.desk.officers if day in one.away]
    who = ", ".join(away) or Say("supervising.absent.nobody")
    turn.says.append(Say("supervising.absent", {"day": day, "who": who}))


def confirm_end(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Ask whether this officer's rights are to end."""
    one = by_id(turn, subject)
    if one is None:
        drafts.digress(turn, Say("common.gone"))
        return
    yes = choice("yes", Say("supervising.end.yes"), "end", subject, means="yes")
    ask(turn, Say("supervising.end", {"officer": one.name, "badge": one.badge}), yes, no())
    preview(turn, "end", subject)


def by_id(turn: TurnBuilder, subject: str) -> OfficerFact | None:
    """Return the officer of the team with this id, or None."""
    return next((one for one in turn.facts.desk.officers if str(one.id) == subject), None)
