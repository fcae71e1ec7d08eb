"""Matters: what people raise beside the open question, read from their words. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conversations import lexicon
from conversations.engine.builder import TurnBuilder
from conversations.parsers.amended import names_blanked
from conversations.parsers.trade import calls_for_help, sells, without_goods
from conversations.phrases import Intent, intent, whole_intent

#: Names in the lexicon whose intent has another name.
_INTENTS = {"is_this_real": Intent.DOUBT, "is_this_a_robot": Intent.ROBOT, "tax_fear": Intent.FEAR}
#: Matters that come before all others in the same message.
_EMERGENCY = "emergency"
_URGENT = ("distress", _EMERGENCY)
_CLAUSE = re.compile(r"[,;.\n]")
#: Asking for the service itself, which is no matter beside it.
APPLY = "apply"
#: Matters that any other one in the same message outweighs: "mau nanya, bayar ga?".
_GENERAL = frozenset({"question", "requirements", "how_long", "tired", "why", "status"})
#: Matters that outweigh others with the same words, the first one first: who has told a code is
#: not told to keep it, who takes a complaint back does not make one.
_RATHER = (
    "emergency.violence",
    "withdraws",
    "code_given",
    "tax_fear.land",
    "retaliation",
    "story_later",
    "hopeless",
    "dissatisfied",
    "cost.refund",
    "status.silent",
    "officer_looks.alone",
    "elsewhere",
    "is_this_real.unproved",
    "officer_looks.refuse",
    "is_this_real.door",
    "officer_looks.inside",
    "officer_looks.woman",
    "privacy.number",
    "tax_fear.unlicensed",
    "tax_fear.evicted",
    "tax_fear.night",
    "keep_code.paper",
    "keep_code.phone",
    "privacy.public",
    "question.undo",
    "requirements.signature",
    "requirements.host",
    "no_quota.unanswered",
    "resend_permit.unopened",
    "other_authority.ktp",
    "come_to_me",
    "borrowed_phone",
)
#: Matters of a permit that there is, or of a stranger's: whoever asks for one, in more words, means
#: a new one, for themselves or somebody of their household.
_OF_PERMITS = frozenset({"change_after_permit", "renew", "resend_permit", "referral"})
_LEAST = 0.5  # weight below which words only hint at a matter


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter, and the part of it that is meant: the authority for somebody's KTP."""

    intent: Intent
    part: str = ""
    weight: float = 1.0  # of its words in the lexicon
    sure: bool = False  # the message is nothing but a phrase for it: "lapor pungli"


def matter(text: str) -> Matter | None:
    """Return the matter that the words raise, or None.

    Goods call for no help: "jual kembang api". A whole phrase is sure; then the lexicon decides by
    the words, and patterns of longer sentences at last.
    """
    text = names_blanked(text)
    ranked = lexicon.matters().rank(text)
    urgent = _rather([one for one in ranked if _is_urgent(one) and one.weight >= 1])
    if urgent is not None and not (urgent.name == _EMERGENCY and _only_goods(text)):
        return _named(urgent)
    whole = whole_intent(text)
    if whole is not None:
        return Matter(whole, sure=True)
    applies = next((one for one in ranked if one.name == APPLY), None)
    ranked = [
        one
        for one in ranked
        if one.name != APPLY and not _is_urgent(one) and not _yields(one, applies)
    ]
    if applies and not ranked:
        return None
    heard = [one for one in ranked if one.weight >= _LEAST]
    if heard:
        first = _rather(heard) or heard[0]
        others = (o for o in heard if o.name not in _GENERAL and not o.evidence <= first.evidence)
        return _named(next(others, first) if first.name in _GENERAL else first)
    found = intent(text)
    return Matter(found) if found is not None else None


def raised_in(turn: TurnBuilder, text: str) -> Matter | None:
    """Return the matter that the words raise, looked for once a turn."""
    found: Matter | None = turn.once(("matter", text), lambda: matter(text))
    return found


def _rather(ranked: list[lexicon.Ranked]) -> lexicon.Ranked | None:
    """Return the matter that outweighs all others, or the heaviest; None if there is none."""
    surely = [one for one in ranked if one.name in _RATHER and one.weight >= 1]
    return min(surely, key=lambda one: _RATHER.index(one.name), default=next(iter(ranked), None))


def _yields(ranked: lexicon.Ranked, applies: lexicon.Ranked | None) -> bool:
    """Whether words that ask for the service say a matter by the way: "bener bisa bikin izin?"."""
    if applies is None:
        return False
    of_permit = ranked.name in _OF_PERMITS and ranked.weight < applies.weight
    return of_permit or ranked.weight < 1


def _is_urgent(ranked: lexicon.Ranked) -> bool:
    return ranked.name.partition(".")[0] in _URGENT


def _only_goods(text: str) -> bool:
    """Whether an emergency is named by goods alone: "jual kembang api, petasan"."""
    rest = without_goods(text)
    if calls_for_help(text):
        return False
    if not any(map(_alarms, lexicon.matters().rank(rest))):
        return True
    clauses = [c for c in _CLAUSE.split(rest) if any(map(_alarms, lexicon.matters().rank(c)))]
    return bool(clauses) and all(map(sells, clauses))


def _alarms(ranked: lexicon.Ranked) -> bool:
    return ranked.name == _EMERGENCY and ranked.weight >= 1


def _named(ranked: lexicon.Ranked) -> Matter:
    whole, _, part = ranked.name.partition(".")
    return Matter(_INTENTS.get(whole) or Intent(whole.upper()), part, ranked.weight)
