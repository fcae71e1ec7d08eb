"""Lettering: the letter of a decision, which a supervisor reads and changes before it is sent."""

from __future__ import annotations

import re

from msgspec import structs

from conversations import letters
from conversations.engine import deciding, drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.session import Draft
from conversations.step import Prompt
from conversations.words import standardised


def at_letter(turn: TurnBuilder) -> bool:
    """Whether the open question is whether the letter about a decision is sent."""
    return deciding.at(turn, "letter")


def amends(turn: TurnBuilder, text: str, matter: str | None) -> bool:
    """Whether words at the letter add something to what is sent back, or take it away."""
    draft = turn.session.draft
    if draft is None or draft.answers.get("decision") != "return":
        return False
    return matter in (None, "photos", "return") and bool(_items_denied_or_not(turn, text))


def _items_denied_or_not(turn: TurnBuilder, text: str) -> list[str]:
    """Return the answers that the words name: "jangan KTP" names the KTP."""
    return deciding.items_named(
        turn, lists.any_of("deciding", "not_item").sub(" ", standardised(text))
    )


def amend(turn: TurnBuilder, text: str) -> None:
    """Change what is sent back, and show the letter again."""
    draft = turn.open_draft()
    named, asked = _items_denied_or_not(turn, text), list(letters.steps_of(draft.answers))
    note = str(draft.answers.get("reason", ""))
    if not lists.any_of("deciding", "not_item").search(standardised(text)):
        more = [one for one in named if one not in asked]
        answers = {**draft.answers, "item": [*asked, *more]}
    else:
        left = [one for one in asked if one not in named]
        kept = _without_items(turn, draft.subject, note, named)
        answers = {"decision": "return"}
        if left:
            answers["item"] = left
        if kept and left:
            answers["reason"] = kept
    turn.session = structs.replace(turn.session, draft=Draft("review", draft.subject, answers))
    deciding.ask_anew(turn)


def _without_items(turn: TurnBuilder, subject: str, note: str, left_out: list[str]) -> Json:
    """Return a note without the parts that name only these answers."""
    case = turn.facts.desk.case(subject)
    parts = re.split(r"\s+(?:sama|dan|and|serta|plus)\s+|\s*[,&+]\s*", note)
    kept = [
        part
        for part in parts
        if case is None
        or not (found := deciding.items_of(case, part))
        or set(found) - set(left_out)
    ]
    return deciding.noted(turn, ", ".join(kept)) if kept else None


def held_letter(turn: TurnBuilder, text: str) -> None:
    """Say that nothing is sent yet, and ask once more."""
    drafts.digress(turn)
    if turn.prompt is not None:
        held = turn.varied(Say("supervising.held_letter"))
        turn.prompt = Prompt(held, turn.prompt.choices)


def change_letter(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Ask again for what the supervisor wrote of the letter: the reason, or what is sent back."""
    draft = turn.open_draft()
    kept = {"decision": draft.answers["decision"]} if "decision" in draft.answers else {}
    turn.session = structs.replace(turn.session, draft=structs.replace(draft, answers=kept))
    drafts.go_on(turn)


def leave_letter(turn: TurnBuilder) -> None:
    """Say that the letter is not sent yet, and ask whether to see it again or to drop it.

    A yes to this shows the letter; it sends nothing.
    """
    draft = turn.open_draft()
    case = turn.facts.desk.the_case(draft.subject)
    say = Say("supervising.not_sent", {"number": case.number, "owner": case.holder})
    see = choice("letter", Say("supervising.see_letter"), "letter", draft.subject, means="yes")
    drop_it = choice("drop", Say("review.letter.no"), "drop_letter", draft.subject, means="no")
    ask(turn, say, see, drop_it)


def see_letter(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Show the letter that was not sent, and ask whether to send it."""
    if not turn.flows.by_id["review"].open_to(subject, turn.facts):
        drafts.digress(turn, Say("common.gone"))
        return
    drafts.switch_to(turn, turn.draft_of(turn.flows.by_id["review"], subject))
    drafts.go_on(turn)


def drop_letter(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Leave the case of the letter undecided."""
    deciding.drop(turn)


def other_reason(turn: TurnBuilder, text: str) -> None:
    """Take another reason for the decision that is about to be sent, and show it again."""
    give_reason(turn, deciding.reason_after_because(text))


def give_reason(turn: TurnBuilder, words: str) -> None:
    """Take words as the reason in the letter, and show it again."""
    reason = deciding.noted(turn, words)
    if reason is not None:
        answered = turn.open_draft().answered("reason", reason)
        turn.session = structs.replace(turn.session, draft=answered)
    deciding.ask_anew(turn)
