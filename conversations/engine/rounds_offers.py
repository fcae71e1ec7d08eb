"""Several offers that one message answers: each is asked about by name, one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from conversations import lexicon
from conversations.effects import AcceptOffer, DeclineOffer
from conversations.engine import confirming, drafts
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.rounds_words import usual
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Json, Say

TAKE, LEAVE = "accept", "decline"  # what is planned for an offer, as the options are named
REASONS = ("too_far", "area", "full", "sick", "vehicle", "weather", "other")

_ALL = re.compile(
    r"\b(?:semua(?:nya)?|dua dua(?:nya)?|(?:ke)?(?:dua|tiga)(?:2|[- ](?:dua|tiga))?nya|keduanya"
    r"|ketiganya|both|all|everything)\b"
)
_REST = re.compile(
    r"\b(?:yang )?(?:satu ?(?:nya)? (?:lagi|lg)|sisa(?:nya)?|satunya|lainnya)\b"
    r"|(?<!orang )(?<!petugas )(?<!teman )\byang lain(?:nya)?\b"
    r"|\bthe (?:other|rest)\b|\bother one\b"
)
_TAKES = re.compile(
    r"\b(?:gas|gass|gaskeun|ambil|terima|mau|ok|oke|okay|bisa|boleh|siap|sanggup|sikat|embat|accept"
    r"|take|yes|ya|iya|saja|aja|gaspol|lanjut|jadi)\b"
)
_LEAVES = re.compile(
    r"\b(?:tidak|jangan|tolak|skip|lepas|batal|decline|reject|no|not|can.?t|cannot|gabisa|ogah"
    r"|males|lewat|kembalikan|pass)\b"
)
#: Words for a part of the day, and the parts that they may mean, the likeliest first.
_PARTS = (
    (re.compile(r"\b(?:pagi|morning)(?:nya)?\b"), ("morning",)),
    (re.compile(r"\b(?:siang|midday|noon)(?:nya)?\b"), ("midday", "afternoon")),
    (re.compile(r"\b(?:sore|afternoon)(?:nya)?\b"), ("afternoon",)),
)
_PIECES = re.compile(r"[,;/]|\b(?:tapi|tp|terus|trus|but|and|dan|kalau|kalo|klo)\b")
_ASKS = re.compile(r"\?|\b(?:jam|berapa|dimana|siapa|kapan|telat|when|where|who|what)\b")


def planned(turn: TurnBuilder, text: str) -> list[Json]:
    """Return what the words say of several offers, as pairs of a visit and what is planned.

    Empty if they tell of the open one alone, or nothing.
    """
    plans: list[Json] = turn.once(("planned", text), lambda: _planned(turn, text))
    return plans


def _planned(turn: TurnBuilder, text: str) -> list[Json]:
    offers = [visit for visit in turn.facts.rounds.visits if visit.state in visits.OFFERED]
    said = usual(text)
    offers.sort(key=lambda visit: str(visit.id) != visits.subject(turn))  # the open one first
    if not offers or _ASKS.search(said) or confirming.is_open(turn):
        return []
    if _REST.search(said):
        others = [v for v in offers if str(v.id) != visits.subject(turn)] or offers
        plan = _plan(said)
        return [[str(visit.id), plan] for visit in others] if plan else []
    if len(offers) < 2:
        return []
    named = _by_piece(offers, said)
    if named:
        return named
    if _ALL.search(said):
        plan = _plan(said)
        return [[str(visit.id), plan] for visit in offers] if plan else []
    return []


def _plan(said: str) -> str:
    if _LEAVES.search(said):
        return LEAVE
    return TAKE if _TAKES.search(said) else ""


def _by_piece(offers: Sequence[VisitFact], said: str) -> list[Json]:
    """Return the plan of words that name offers by owner or part of the day, each with its own."""
    words = said.split()
    at: list[tuple[int, VisitFact]] = []
    for place, word in enumerate(words):
        some = _meant(offers, word)
        if len(some) == 1:
            at.append((place, some[0]))
    if not at or len({visit.id for _, visit in at}) != len(at):
        return []
    ends = [place for place, _ in at[1:]] + [len(words)]
    plans: list[Json] = []
    for number, ((place, visit), end) in enumerate(zip(at, ends, strict=True)):
        piece = _PIECES.split(" ".join(words[place:end]))[0]
        before = " ".join(words[:place]) if number == 0 else ""
        plan = _plan(piece) or _plan(before)
        if not plan and len(at) > 1:
            plan = _plan(said)
        if plan:
            plans.append([str(visit.id), plan])
    return plans


def _meant(offers: Sequence[VisitFact], word: str) -> list[VisitFact]:
    parts: tuple[str, ...] = next((of for named, of in _PARTS if named.fullmatch(word)), ())
    for part in parts:
        if some := [visit for visit in offers if visit.part == part]:
            return some
    if parts:
        return []
    return [visit for visit in offers if len(word) > 2 and word in _owner(visit)]


def _owner(visit: VisitFact) -> set[str]:
    return set(visit.host_name.lower().split()) - {"ibu", "bapak", "pak", "bang", "mas", "mbak"}


def ask_each(turn: TurnBuilder, plans: Sequence[Json]) -> None:
    """Ask about the next offer of the plan; then tell which ones still wait."""
    for place, (subject, plan) in enumerate(plans):
        visit = turn.facts.rounds.visit(str(subject))
        if visit is not None and visit.state in visits.OFFERED:
            _ask(turn, visit, str(plan), list(plans[place + 1 :]))
            return
    left = [visit for visit in turn.facts.rounds.visits if visit.state in visits.OFFERED]
    if left:
        turn.says.append(Say("rounds_desk.each.left", {"lines": visits.lines(turn, left)}))
    drafts.leave(turn, to_menu=True)


def _ask(turn: TurnBuilder, visit: VisitFact, plan: str, rest: list[Json]) -> None:
    subject = str(visit.id)
    skip = confirming.choice("keep", Say("rounds_desk.each.skip"), "each", subject, ["", rest])
    named = {"visit": visits.line(turn, visit)}
    if plan == TAKE:
        take = confirming.choice(
            "yes", Say("visit.offer.accept"), "each", subject, [TAKE, rest], means="yes"
        )
        leave = confirming.choice(
            "no", Say("visit.offer.decline"), "each", subject, [LEAVE, rest], means="no"
        )
        confirming.ask(turn, Say("rounds_desk.each.accept", named), take, leave, skip)
        return
    reasons = (
        confirming.choice(
            reason, Say(f"visit.declined.{reason}"), "each", subject, [LEAVE, rest, reason]
        )
        for reason in REASONS
    )
    confirming.ask(turn, Say("rounds_desk.each.decline", named), *reasons, skip)


def carry_out(turn: TurnBuilder, visit: VisitFact, argument: Json) -> None:
    """Accept or decline an offer that was asked about by name, and ask about the next one."""
    plan, rest, *reason = argument
    rounds = turn.facts.rounds
    if plan == LEAVE and not reason:
        _ask(turn, visit, LEAVE, list(rest))
        return
    if plan:
        turn.lasting = True
        taken = plan == TAKE
        turn.effects.append(
            AcceptOffer(visit.id) if taken else DeclineOffer(visit.id, str(reason[0]))
        )
        said = "rounds_desk.each.accepted" if taken else "rounds_desk.each.declined"
        turn.says.append(Say(said, {"visit": visits.line(turn, visit)}))
        state = replace(visit, state=VisitState.ACCEPTED, offered_to_me=False)
        kept = tuple(state if one.id == visit.id else one for one in rounds.visits)
        if not taken:
            kept = tuple(one for one in rounds.visits if one.id != visit.id)
        turn.facts = replace(turn.facts, rounds=replace(rounds, visits=kept))
    ask_each(turn, list(rest))


def reason_of(turn: TurnBuilder, text: str) -> bool:
    """Whether words name a reason at the question why an offer is declined."""
    if not confirming.asks(turn, "each") or confirming.is_pending(turn):
        return False
    listed = lexicon.options("visit", "declined")
    return bool(listed is not None and listed.rank(text))


def give_reason(turn: TurnBuilder, text: str) -> None:
    """Decline the offer that is asked about, for the reason in the words."""
    listed = lexicon.options("visit", "declined")
    ranked = listed.rank(text) if listed is not None else []
    first = turn.session.shown[0].answer
    visit = turn.facts.rounds.visit(str(first[1]))
    if visit is None or visit.state not in visits.OFFERED or not ranked:
        ask_each(turn, list(first[2][1]))
        return
    carry_out(turn, visit, [LEAVE, first[2][1], ranked[0].name])
