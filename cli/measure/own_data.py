"""Situations of people who want to be erased: what they answer to the two questions."""

from __future__ import annotations

from collections.abc import Callable

from conversations import flows
from conversations.effects import EraseMyData, Reply
from conversations.engine.erasing import SECOND
from conversations.engine.turn import advance
from conversations.events import Said
from conversations.facts import Facts


def situations(facts: Callable[[], Facts]) -> dict[str, Callable[[str], set[str]]]:
    """Return what is answered whether to go on, and whether that is sure."""
    return {
        "erase": lambda said: _answer(("hapus data", said), facts()),
        "erase_sure": lambda said: _answer(("hapus data", "ya", said), facts()),
    }


def _answer(words: tuple[str, ...], facts: Facts) -> set[str]:
    first, *more = words
    turn = advance(flows.load(), None, Said(first), facts)
    for word in more:
        turn = advance(flows.load(), turn.session, Said(word), facts)
    asked = turn.session.asked
    parts = [part for one in turn.effects if isinstance(one, Reply) for part in one.message.parts]
    got = {"yes" for one in turn.effects if isinstance(one, EraseMyData)}
    if any(part.key == "common.erase.not_done" for part in parts):
        got.add("keep")
    if turn.session.clarifying:
        got.add("asked_back")
    elif asked is not None and asked.step == SECOND and len(words) == 2:
        got.add("go_on")
    return got or {"open"}
