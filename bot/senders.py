"""Facts on a sender: their roles, language, and the channel they write on."""

from __future__ import annotations

from dataclasses import replace

from conversations.facts import Facts, Locale, Role
from models.officer import Officer
from models.person import WHATSAPP, whatsapp_number
from models.turn import Untaken


def roles(me: Officer | None) -> frozenset[Role]:
    """Return a person's roles: everybody is an owner, and a head is also a supervisor."""
    if me is None:
        return _OWNER
    if me.role == "officer":
        return _OFFICER
    return _HEAD if me.role == "head" else _SUPERVISOR


_OWNER: frozenset[Role] = frozenset({"owner"})
_OFFICER: frozenset[Role] = frozenset({"owner", "officer"})
_SUPERVISOR: frozenset[Role] = frozenset({"owner", "supervisor"})
_HEAD: frozenset[Role] = frozenset({"owner", "supervisor", "head"})


def locale(stored: str) -> Locale:
    """Return the language of a person, as it is stored."""
    return "en" if stored == "en" else "id"


def heard_from(known: Facts, row: Untaken) -> Facts:
    """Adapt facts to the row's channel: on WhatsApp the address may be the person's number.

    WhatsApp has no button that shares the sender's own contact, and choices are often numbered.
    """
    if row.channel != WHATSAPP:
        return known
    me = replace(known.me, shares_contact=False, numbered=True)
    number = whatsapp_number(row.address) if me.phone is None and row.address else None
    if number is not None:
        me = replace(me, phone=number, phone_of_chat=True)
    return replace(known, me=me)
