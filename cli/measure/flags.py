"""Situations of a supervisor at what is to be looked at of an officer's forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cli.measure import supervisors
from cli.measure.played import Played
from conversations.desk_facts import FlagFact
from conversations.facts import Desk, Facts, Me, Mine
from conversations.session import Draft
from conversations.supervision import SeeFlag

Play = Callable[[Draft | None, str, Facts], Any]


def situations(facts: Callable[[], Facts], play: Play) -> Mapping[str, Callable[[str], set[str]]]:
    """Return the situations: at the page of a flag, and at the first page with one."""

    def known() -> Facts:
        me = Me(roles=frozenset({"owner", "supervisor"}))
        base = facts()
        flag = FlagFact(5, "quick", "Rahmat Hidayat", "0417", 1, 2, base.now, ("26-000090",))
        return replace(base, me=me, mine=Mine(), desk=Desk(flags=(flag,)))

    def at_page(said: str) -> set[str]:
        return _heard(play(Draft("flag", "5"), said, known()))

    def at_desk(said: str) -> set[str]:
        return _heard(play(Draft("supervisor_desk"), said, known()))

    return {"flag_look": at_page, "desk_with_flag": at_desk}


def _heard(played: Played) -> set[str]:
    """Return the option that one line picks, or that it asks for the flags."""
    draft = played.turn.session.draft
    if played.effects(SeeFlag):
        return {"seen"}
    if "flag.look.later.end" in played.keys:
        return {"later"}
    if draft is not None and draft.answers.get("look") == "note":
        return {"note"}
    if "flag.look" in played.keys and not played.asks_back:
        return {"flags"}
    return supervisors.matters_of(played.turn, played.keys)
