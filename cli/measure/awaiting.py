"""Situations of an owner who awaits a visit: words about its time, its place and its end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from cli.measure.played import Played
from conversations.facts import Facts, Window
from conversations.lifecycle import CaseState
from conversations.session import Draft

SHORT, TIME, MEETING = "assistance", "visit_window", "meeting_place"
_OPENS = {TIME: "other_time", MEETING: "place", SHORT: "short"}
#: Sentences of a reply -> what it was about.
_TOLD = {
    "common.intent.how_long.visit": "how_long",
    "common.intent.requirements.visit": "requirements",
    "common.meet_there": "place",
    "common.place_by_location": "place",
    "my_requests.sure": "cancel",
    "refusals.no_such_part": "no_such_hour",
}


def situations(
    facts: Callable[[], Facts],
    windows: Callable[[], tuple[Window, ...]],
    play: Callable[[Draft | None, str, Facts], Played],
    matters_of: Callable[[Any], set[str]],
) -> Mapping[str, Callable[[str], set[str]]]:
    """Return the situations: a visit is agreed, or its time is asked about."""

    def agreed() -> Facts:
        known = facts()
        case = replace(known.mine.cases[0], service=SHORT, answers={})
        free = windows()
        visit = replace(known.mine.visits[0], service=SHORT, purpose="help", on=free[0].on)
        mine = replace(known.mine, cases=(case,), visits=(visit,), windows={case.id: free})
        return replace(known, mine=mine)

    def choosing() -> Facts:
        known = agreed()
        case = replace(known.mine.cases[0], state=CaseState.ACCEPTED)
        return replace(known, mine=replace(known.mine, cases=(case,), visits=()))

    def heard(known: Facts, draft: Draft | None, said: str) -> set[str]:
        played = play(draft, said, known)
        got = {label for key, label in _TOLD.items() if _says(played.keys, key)}
        opened = played.turn.session.draft
        if opened is not None and (draft is None or opened.flow != draft.flow):
            got |= {_OPENS[opened.flow]} if opened.flow in _OPENS else set()
        return got or matters_of(played) - {"greeting"}

    def at_time(said: str) -> set[str]:
        known = choosing()
        return heard(known, Draft(TIME, str(known.mine.cases[0].id)), said)

    return {"awaiting": lambda said: heard(agreed(), None, said), "first_time": at_time}


def _says(keys: Collection[str], key: str) -> bool:
    """Whether a sentence was said, in a service's own words or not."""
    return any(one == key or one.endswith(f".{key}") for one in keys)
