"""Supervisors: the matters of their own words that a reply answers or asks to confirm."""

from __future__ import annotations

from collections.abc import Iterable

from conversations.effects import ShowDocument
from conversations.engine.turn import Turn
from conversations.supervision import (
    Preview,
    ShowCase,
    ShowComplaints,
    ShowFigures,
    ShowHelpers,
    ShowLate,
    ShowPhotos,
    ShowUnvisited,
    ShowVisits,
    ShowWhereabouts,
)

#: Effects -> the label of the matter.
_EFFECTS: dict[type[object], str] = {
    ShowCase: "find",
    ShowComplaints: "complaints",
    ShowDocument: "check",
    ShowFigures: "figures",
    ShowHelpers: "helpers",
    ShowLate: "late",
    ShowPhotos: "photos",
    ShowUnvisited: "unvisited",
    ShowVisits: "visits",
    ShowWhereabouts: "where",
}
#: Sentences of the reply -> the label of the matter.
_SENTENCES = {
    "common.number_please": "check",
    "supervising.absent": "absent",
    "supervising.no_flags": "flags",
    "supervising.danger": "danger",
    "supervising.erase": "erase",
    "supervising.invite": "invite",
    "call.call.later.end": "not_reached",
    "supervising.move": "move",
    "supervising.not_reached": "not_reached",
    "supervising.phone": "phone",
    "supervising.recruit_elsewhere": "recruit",
    "supervising.recruit_which_area": "recruit",
    "supervising.notices": "notices",
    "supervising.number_please": "find",
    "supervising.revoke_which": "revoke",
    "supervising.no_swap": "no_swap",
    "supervising.stays": "stays",
    "supervising.whole_tour": "whole_tour",
    "supervising.whose_visits": "hand_on",
    "supervising.why": "why",
    "supervisor_desk.menu": "queue",
}
#: Sentences that name the matter, whatever is shown with them.
_ALONE = {
    "supervising.undecided": "undecided",
    "supervising.lost_touch": "lost_touch",
    "supervising.end_which_helper": "end_helper",
}
#: Matters of choices with another name than their label.
_CHOICES = {
    "assign_which": "unassigned",
    "called_whom": "called",
    "end_whom": "end",
    "hand_to": "hand_on",
    "hand_whose": "hand_on",
    "open": "find",
    "recruit_where": "recruit",
}


def matters_of(turn: Turn, keys: Iterable[str]) -> set[str]:
    """Return the labels of the matters that a turn answers; `keys` are its sentences."""
    said = set(keys)
    if "common.choose_from_menu" in said:
        return {"none"}
    if "supervising.danger_officer" in said:  # its choice shows where the officer is
        return {"danger"}
    for key, label in _ALONE.items():
        if key in said:
            return {label}
    got = {
        label for kind, label in _EFFECTS.items() if any(isinstance(e, kind) for e in turn.effects)
    }
    got |= {effect.act for effect in turn.effects if isinstance(effect, Preview)}
    for choice in turn.session.shown:
        if choice.act == "desk" and choice.answer[0] == "decide":
            got.add(choice.answer[2]["decision"])
        elif choice.act == "desk" and choice.answer[0]:
            got.add(_CHOICES.get(choice.answer[0], choice.answer[0]))
    draft = turn.session.draft
    if not got and draft is not None and draft.flow == "review":
        got.add(str(draft.answers.get("decision", "next")))
    return got or {label for key, label in _SENTENCES.items() if key in said} or {"none"}
