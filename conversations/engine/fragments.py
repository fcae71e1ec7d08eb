"""Fragments: one sentence in several short messages, such as "pak", "mau", "ijin"."""

from __future__ import annotations

import re
from dataclasses import replace

from msgspec import structs

from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import Answer, Between, Meaning, Pick, Remark, Unclear, Unread
from conversations.engine.reading import bare_number, service_named
from conversations.engine.understanding import MAX_SAID, read
from conversations.events import Said
from conversations.parsers import Refused
from conversations.parsers.hesitation import later
from conversations.session import Fragment
from conversations.step import Stay, Step, Wrong
from conversations.steps import QUIET

MOST_WORDS = 3  # of a fragment
#: Words without a digit, or a mark that ends a sentence.
_WORDS = re.compile(r"[^\W\d_]+(?:[\s'-]+[^\W\d_]+)*[\s,]*")


def joined(turn: TurnBuilder, said: Said) -> Said:
    """Return the words with the fragments before them, if they came before the reply to those.

    Not if the words alone have a meaning, unless they pick a choice from a list.
    """
    held = turn.session.fragment
    turn.session = structs.replace(turn.session, fragment=None)
    if held is None or said.edited or turn.facts.now - held.at > QUIET:
        return said
    if len(said.text) > MAX_SAID:
        return said  # nothing that long needs the words before it
    alone, step = read(turn, said), turn.asked_step()
    if _leaves_out(step, said.text):
        return said
    heard = isinstance(alone, Between) or _is_heard(turn, alone, said)
    listed = isinstance(alone, Pick) and not bare_number(said.text)  # a number says it all
    if heard and (not listed or (step is not None and step.takes_words)):
        return said  # only a choice may need the words before it: "ga", "punya"
    together = replace(said, text=f"{held.text} {said.text}")
    return together if _is_heard(turn, read(turn, together), together) or not heard else said


def keep(turn: TurnBuilder, said: Said) -> None:
    """Keep short words that said nothing; the reply to them waits, and the next one replaces it."""
    text = said.text.strip()
    few = len(text.split()) <= MOST_WORDS and _WORDS.fullmatch(text) is not None
    if not turn.said_nothing or said.edited or not few or _leaves_out(turn.asked_step(), text):
        return
    turn.session = structs.replace(turn.session, fragment=Fragment(text, turn.facts.now))
    turn.after = QUIET


def _leaves_out(step: Step | None, text: str) -> bool:
    """Whether words put off an answer that is kept as it is typed: "nanti aja" is no part of it."""
    return step is not None and step.takes_words and later(text)


def _is_heard(turn: TurnBuilder, meaning: Meaning, said: Said) -> bool:
    """Whether words have a meaning that is not asked back."""
    match meaning:
        case Remark(None):
            return service_named(turn, said.text) is not None
        case Unclear() | Unread() | Between():
            return False
        case Answer():
            return _is_read(turn, said) or (
                turn.at_a_page() and service_named(turn, said.text) is not None
            )
        case _:
            return True


def _is_read(turn: TurnBuilder, said: Said) -> bool:
    step, draft = turn.asked_step(), turn.session.draft
    if step is None or draft is None:
        return False
    try:
        turn.read(step, said)
    except (Stay, Wrong):
        return True
    except Refused as refusal:
        return bool(refusal.readings)
    return True
