"""Mending: what differs at the door is corrected in the service's form, and confirmed by the owner.

The draft is one of an assisted form (`conversations.assisting`) with all answers of the case;
`Service.mendable` tells which steps the officer may answer again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from rapidfuzz.distance import OSA

from conversations.messages import Json
from conversations.session import Answers
from conversations.words import plain

MENDING = "mending"  # an answer of `assisting.BY`: an officer corrects a case at the door
DIFFERS = "differs"  # the step that asks what differs
MEND = "mend"  # an answer of the visit: how its corrections stand, "" if there are none
OPEN = ("writing", "waiting", "checking")  # those of MEND during which nothing is handed over
_INITIAL = 1  # letters
_SHORT, _LONG = 4, 7  # letters of a name; a slip in one, two in a longer one


@dataclass(frozen=True, slots=True)
class BeginMend:
    """The officer corrects what differs; `kind` is one of `Service.mendable`, or "".

    `words` tell what differs, as the officer wrote it.
    """

    visit_id: int
    kind: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmMend:
    """The owner says that the officer's corrections are right."""

    form_id: int


@dataclass(frozen=True, slots=True)
class RefuseMend:
    """The owner says that the officer's corrections are not right."""

    form_id: int


Mending: TypeAlias = BeginMend | ConfirmMend | RefuseMend


def changed(held: Answers, given: Answers, steps: Collection[str]) -> dict[str, Json]:
    """Return those of the given answers that differ from the held ones, of these steps."""
    return {
        step: given[step]
        for step in steps
        if step in given and not same(held.get(step), given[step])
    }


def same(held: Json, given: Json) -> bool:
    """Whether an answer says what the held one does: a kind of business in other words does."""
    coded = isinstance(held, dict) and isinstance(given, dict) and "code" in held
    return bool(held["code"] == given.get("code") if coded else held == given)


def same_name(one: str, other: str) -> bool:
    """Whether two names may be one person's: alike but for spelling, or one a part of the other."""
    first, second = sorted((_names(one), _names(other)), key=len)
    left = list(second)
    for name in first:
        found = next((n for n in left if _alike(name, n)), None)
        if found is None:
            return False
        left.remove(found)
    return bool(first)


def _names(name: str) -> list[str]:
    """Return the names without degrees."""
    return [word for word in plain(name.partition(",")[0]).split() if word.isalpha()]


def _alike(one: str, other: str) -> bool:
    short = min(len(one), len(other))
    if short == _INITIAL:
        return one[0] == other[0]
    allowed = 0 if short < _SHORT else 1 if short < _LONG else 2
    return OSA.distance(one, other) <= allowed
