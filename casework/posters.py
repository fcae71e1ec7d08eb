"""Posters: counts the chats that begin at them, by area and day."""

from __future__ import annotations

from casework.act import Act
from models.infrastructure.wib import WIB


def count(act: Act, area_code: str) -> None:
    """Count a chat that begins at a poster of this area; nothing is stored of the person.

    Raises:
        NotAllowed: no person acts.
    """
    act.who()
    act.ledger.count_poster(area_code, act.at.astimezone(WIB).date())
