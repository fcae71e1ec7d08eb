"""Recalling: a supervisor's words about what was decided, shown or asked just before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conversations import lexicon
from conversations.engine import deciding, drafts, lettering, staffing
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import asks
from conversations.engine.naming import Named, officers_named
from conversations.engine.reading import choices_named
from conversations.lexicon import whole
from conversations.messages import Say
from conversations.parsers import hesitation, verdicts
from conversations.words import standardised

#: Matters of the last thing that was told: see `TurnBuilder.tell`.
MOST_WORDS = 7  # of a message that only takes back what was decided
_REGRETS = re.compile(
    r"\b(?:salah|keliru|wrongly) (?:acc|setuju\w*|approve\w*|tolak|nolak|reject\w*|balikin|kirim)\b"
    r"|\b(?:tadi|barusan|bisa|can) (?:\w+ )?(?:dibatal\w*|batalin|batalkan|ditarik|undone?)\b"
    r"|\b(?:dibatal\w*|batalin|batalkan|tarik|undo) (?:\w+ )?(?:tadi|barusan|acc|keputusan\w*)\b"
)
DECIDED, DOCUMENT = "decided", "document"


def hears(turn: TurnBuilder, text: str, matter: str | None, named: Sequence[Named]) -> str | None:
    """Return the matter of words that are about what came just before."""
    if regrets(turn, text):
        return "regret"
    if asks(turn, "hand_to") and named and verdicts.names_a_part(text):
        return "only_part"
    if lettering.at_letter(turn) and (whole.said("sure", text) == "no" or _calls_off(text)):
        return "retract"
    if matter is None and not named and _adds_reason(turn, text):
        return "more_reason"
    return None


def regrets(turn: TurnBuilder, text: str) -> bool:
    """Whether words take back a decision that was sent just before: "eh salah"."""
    if not turn.told(DECIDED) or turn.session.draft is None or not turn.at_home():
        return False
    if whole.said(DECIDED, text) == "regret":
        return True
    few = len(text.split()) <= MOST_WORDS and deciding.number_in(text) is None
    return few and _REGRETS.search(standardised(text)) is not None


def regret(turn: TurnBuilder, text: str) -> None:
    """Say what was decided just before, and what can still be done."""
    decision, number = turn.told(DECIDED).split()
    turn.says.append(Say(f"supervising.decided.{decision}", {"number": number}))


def in_doubt(text: str) -> bool:
    """Whether words say that a decision is hard: "yang ini ragu sih"."""
    return any(one.weight >= 1 for one in lexicon.desk("at_card").rank(text))


def say_in_doubt(turn: TurnBuilder, text: str) -> None:
    """Say what helps with a decision that is hard."""
    drafts.digress(turn, Say("supervising.in_doubt"))


def _calls_off(text: str) -> bool:
    """Whether words at the letter deny its act, and do not only put it off: "jgn ditolak ya"."""
    return verdicts.denies(text) and not hesitation.hesitates(verdicts.without_denied(text))


def _adds_reason(turn: TurnBuilder, text: str) -> bool:
    """Whether words at the letter go on with its reason: "the house number is missing"."""
    draft = turn.session.draft
    if not lettering.at_letter(turn) or draft is None or "reason" not in draft.answers:
        return False
    if hesitation.agrees(text) or hesitation.hesitates(text) or choices_named(turn, text):
        return False
    return len(text.split()) > deciding.LEAST_REASON and hesitation.tells(text)


def more_reason(turn: TurnBuilder, text: str) -> None:
    """Add words to the reason in the letter, and show it again."""
    reason = str(turn.open_draft().answers["reason"])
    lettering.give_reason(turn, reason if text in reason else f"{reason}, {text}")


def only_part(turn: TurnBuilder, text: str) -> None:
    """Say that all visits of an officer are handed on together, and ask once more to whom."""
    giver = staffing.by_id(turn, str(turn.session.shown[0].answer[1]))
    taker = officers_named(text, turn.facts.desk.officers)[0].officers[0]
    names = {"giver": giver.name.split()[0] if giver else "-", "taker": taker.name.split()[0]}
    drafts.digress(turn, Say("supervising.whole_tour", names))
