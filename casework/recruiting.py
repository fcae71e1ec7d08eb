"""Recruiting: supervisors invite heads of RT/RW and kader, who tell of places in their area.

No name is stored with an invitation: whoever has the link accepts it, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from sqlalchemy import ColumnElement

from casework import overview
from casework.act import Act
from conversations.engine.orders import JOIN_PAYLOAD
from conversations.messages import Lines, Message, Say, Value
from conversations.wording import area_words
from models import helper, scope
from models.helper import INVITATION_LIFE, Helper
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import NotAllowed
from models.person import Person
from models.reference import area


class OurChats(Protocol):
    """Where people can write to us."""

    def starting(self, payload: str) -> Iterable[tuple[str, str]]:
        """Return each channel's name with the URL that begins a chat with this payload."""
        ...


def invite(act: Act, area_code: str, who: str, chats: OurChats) -> None:
    """Make an invitation for an area, and give the supervisor a message to forward.

    Raises:
        NotAllowed: the person who acts does not supervise the area, or there is none.
    """
    _must_look_after(act, area_code)
    if area.load().get(area_code) is None:
        raise NotAllowed(f"there is no area {area_code}")
    number, token = helper.invite(act.tx, area_code, actor=act.actor)
    until = (act.at + INVITATION_LIFE).astimezone(WIB).date()
    about: dict[str, Value] = {"place": area_words(area_code, area.load()), "until": until}
    payload = f"{JOIN_PAYLOAD}{token}"
    urls = [
        Say("supervising.helper_url", {"channel": channel, "url": url})
        for channel, url in chats.starting(payload)
    ]
    typed = Say("supervising.helper_typed", {"payload": payload})
    named = who or Say("supervising.helper_anybody")
    said = Say("supervising.helper_invited", {**about, "number": number, "who": named})
    forwarded = Say("supervising.helper_invitation", {**about, "urls": Lines((*urls, typed))})
    act.enqueue(Message((said,)))
    replace(act, cause=f"{act.cause}:invitation").enqueue(Message((forwarded,)))


def show(act: Act) -> None:
    """List the helpers of the areas of the supervisor who acts, and the open invitations.

    Raises:
        NotAllowed: no supervisor acts.
    """
    within = _scope(act)
    lines = [_line(row, person) for row, person in helper.of_areas(act.tx, within)]
    if lines:
        act.reply("supervising.helpers", n=len(lines), lines=overview.listed(lines))
    else:
        act.reply("supervising.no_helpers")


def _line(row: Helper, person: Person | None) -> Say:
    about: dict[str, Value] = {"number": row.id, "place": area_words(row.area_code, area.load())}
    if row.joined_at is None:
        until = (row.invited_at + INVITATION_LIFE).astimezone(WIB).date()
        return Say("supervising.helper_open", {**about, "until": until})
    name = (readable(person.name) if person is not None else None) or Say("assisted.somebody")
    since = row.joined_at.astimezone(WIB).date()
    return Say("supervising.helper_joined", {**about, "name": name, "since": since})


def preview_end(act: Act, number: int, question: Message) -> None:
    """Show whose rights or which invitation would end, and ask; or say that there is none.

    Raises:
        NotAllowed: no supervisor acts.
    """
    within = _scope(act)
    found = [one for one in helper.of_areas(act.tx, within) if one[0].id == number]
    if not found:
        act.reply("supervising.no_such_helper", number=number)
        return
    act.enqueue(replace(question, parts=(_line(*found[0]), *question.parts)))


def end(act: Act, number: int) -> None:
    """End a helper's rights, or an invitation; that it has ended already is said alike.

    Raises:
        NotAllowed: the person who acts does not supervise its area.
    """
    row = helper.get(act.tx, number)
    if row is not None:
        _must_look_after(act, row.area_code)
        helper.end(act.tx, number, actor=act.actor)
    else:
        act.supervisor()
    act.reply("supervising.helper_ended", number=number)


def _scope(act: Act) -> ColumnElement[bool]:
    return scope.of(act.tx, act.supervisor()).holds(Helper.area_code)


def _must_look_after(act: Act, area_code: str) -> None:
    act.supervisor()
    if not overview.looks_after(act, area_code):
        raise NotAllowed(f"{act.actor} does not supervise {area_code}")
