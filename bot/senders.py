"""Facts on a sender: their roles and language."""

from __future__ import annotations

from conversations.facts import Locale, Role
from models.officer import Officer


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
