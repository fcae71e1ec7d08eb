"""Situations of the short way: its doors, the fork of the permit's form, and its own questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cli.measure.played import Played
from conversations.session import Draft
from conversations.whose import SOMEBODY, WHOSE

PERMIT, SHORT, MEETING = "business_permit", "assistance", "meeting_place"


def situations(
    play: Callable[[Draft | None, str], Played],
    matters_of: Callable[[Any], set[str]],
    *,
    visit_id: int,
) -> Mapping[str, Callable[[str], set[str]]]:
    """Return the situations; `play` plays a line of somebody new, but for the agreed visit."""

    def at(draft: Draft | None) -> Callable[[str], set[str]]:
        def heard(said: str) -> set[str]:
            played = play(draft, said)
            got = _told(played, draft)
            return got or matters_of(played) - {"greeting"}

        return heard

    return {
        "way": at(Draft(PERMIT)),
        "door": at(None),
        "door_in_form": at(Draft(PERMIT, "", {"way": "self"})),
        "short_trade": at(Draft(SHORT)),
        "short_place": at(Draft(SHORT, "", {"trade": {"code": None, "words": "bakso"}})),
        "meeting_place": at(Draft(MEETING, str(visit_id))),
    }


def _told(played: Played, before: Draft | None) -> set[str]:
    """Return which form is open then, and what was answered, refused or asked back."""
    draft, got = played.turn.session.draft, set[str]()
    flow = draft.flow if draft is not None else ""
    begun = before.flow if before is not None else ""
    if flow == SHORT and begun != SHORT:
        got.add("short")
    if flow == PERMIT and begun != PERMIT and played.answers.get(WHOSE) == SOMEBODY:
        got.add("for_somebody")
    if flow == PERMIT and (begun == SHORT or (played.answers.get("way") == "self" and not before)):
        got.add("self")
    if begun == PERMIT and before is not None and "way" not in before.answers:
        got |= {"self"} if played.answers.get("way") == "self" else set()
    if played.asks_back:
        got.add("asked_back")
    if any(key.endswith(".why") for key in played.keys):
        got.add("explains")
    if any(key.startswith("refusals.") for key in played.keys):
        got.add("refused")
    return got | _answered(played, begun)


def _answered(played: Played, begun: str) -> set[str]:
    ends = {f"{MEETING}.where.{one}.end": one for one in ("same", "unknown")}
    got = {ends[key] for key in played.keys if key in ends}
    if f"{MEETING}.noted" in played.keys:
        got.add("place")
    if begun == SHORT:
        sent = played.answers
        place, trade = sent.get("place"), sent.get("trade")
        if isinstance(place, dict):
            got.add(f"place={place.get('kelurahan')}")
        if isinstance(trade, dict):
            got.add("trade")
    return got
