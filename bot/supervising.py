"""Calls the act of each effect of a supervisor, as `bot.effects` does for those of others."""

from __future__ import annotations

from typing import assert_never

from bot.chat_urls import OurChats
from casework import documents, flags, handing_on, overview, people, portraits, recruiting
from casework.act import Act
from conversations.supervision import (
    DecidePortrait,
    EndHelper,
    EndOfficer,
    HandVisitsOn,
    InviteHelper,
    Preview,
    RevokeDocument,
    SeeFlag,
    ShowCase,
    ShowComplaints,
    ShowFigures,
    ShowHelpers,
    ShowLate,
    ShowPhotos,
    ShowUnvisited,
    ShowVisits,
    ShowWhereabouts,
    Supervising,
    TellHeads,
)


def carry_out(act: Act, effect: Supervising, chats: OurChats) -> None:
    """Call the act of one effect of a supervisor."""
    match effect:
        case ShowVisits(on):
            overview.show_visits(act, on)
        case ShowLate():
            overview.show_late(act)
        case ShowComplaints(since):
            overview.show_complaints(act, since)
        case ShowFigures(since, until):
            overview.show_figures(act, since, until)
        case ShowUnvisited(days):
            overview.show_unvisited(act, days)
        case ShowCase(number):
            overview.show_case(act, number)
        case ShowPhotos(number):
            overview.show_photos(act, number)
        case ShowWhereabouts(officer_id):
            overview.show_whereabouts(act, officer_id)
        case Preview():
            _preview(act, effect)
        case ShowHelpers():
            recruiting.show(act)
        case InviteHelper(area_code, who):
            recruiting.invite(act, area_code, who, chats)
        case EndHelper(number):
            recruiting.end(act, number)
        case _:
            _change(act, effect)


def _preview(act: Act, preview: Preview) -> None:
    match preview.act, preview.subject:
        case "hand_on", (giver, taker):
            handing_on.preview_visits(act, int(giver), int(taker), preview.question)
        case "end", (officer,):
            handing_on.preview_end(act, int(officer), preview.question)
        case "revoke", (number,):
            documents.preview_revocation(act, number, preview.question)
        case "end_helper", (number,):
            recruiting.preview_end(act, int(number), preview.question)
        case _:
            raise ValueError(f"nothing is known of a preview of {preview.act}")


def _change(
    act: Act,
    effect: DecidePortrait | HandVisitsOn | EndOfficer | RevokeDocument | SeeFlag | TellHeads,
) -> None:
    match effect:
        case DecidePortrait(portrait_id, agreed):
            portraits.decide(act, portrait_id, agreed=agreed)
        case SeeFlag(flag_id, remark):
            flags.see(act, flag_id, remark)
        case HandVisitsOn(giver, taker):
            handing_on.hand_on(act, giver, taker)
        case EndOfficer(officer):
            handing_on.end(act, officer)
        case RevokeDocument(number, reason):
            documents.revoke_numbered(act, number, reason)
        case TellHeads(about, words):
            people.tell_heads(act, about, words)
        case _:
            assert_never(effect)
