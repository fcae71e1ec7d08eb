"""Printed badges of officers: the address in their QR code, and what it tells whoever opens it.

The address holds a signed token, not the badge: badges can be counted, and must list nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.act import Act
from casework.visits import PROMISED
from models import officer, portrait
from models.infrastructure import signing
from models.lifecycle import VisitState
from models.officer import Officer
from models.visit import Visit

PATH = "/petugas"
_PURPOSE = "badges"
_MINE = PROMISED | {VisitState.DONE}  # visits that an officer has taken on, and not given back

CardState = Literal["valid", "ended", "replaced"]


@dataclass(frozen=True, slots=True)
class Bearer:
    """The officer of a card, and whether the card is valid now."""

    officer_id: int
    state: CardState
    name: str
    badge: str
    portrait: str | None  # a path; None if there is none, or the card is not valid


def printed(act: Act, row: Officer, *, lost: bool) -> str:
    """Note that an officer's card is printed, and return the path in its QR code.

    If the earlier card was `lost`, it is not valid any more.
    """
    act.must_be_office()
    if lost:
        officer.replace_card(act.tx, row)
    act.note("officer.card_printed", f"officer:{row.id}", card=row.card)
    return f"{PATH}/{token(row.id, row.card)}"


def token(officer_id: int, card: int) -> str:
    """Return what the QR code of an officer's card carries."""
    return signing.sign([officer_id, card], _PURPOSE)


def bearer(tx: Session, token: str) -> Bearer | None:
    """Return whose card a token is from; None if it is not from a card of ours."""
    found = signing.signed(token, _PURPOSE)
    row = tx.get(Officer, found[0]) if found else None
    if found is None or row is None:
        return None
    state = _state(row, card=found[1])
    face = portrait.shown_for(tx, row.id) if state == "valid" else None
    return Bearer(row.id, state, row.name, row.badge, face)


def visits_on(tx: Session, officer_id: int, kelurahan: str, on: date) -> bool:
    """Whether an officer has taken on a visit in a kelurahan (its code) on a day."""
    found = select(Visit.id).where(
        Visit.officer_id == officer_id,
        Visit.on == on,
        Visit.area_code == kelurahan,
        Visit.state.in_(_MINE),
    )
    return tx.scalar(found.limit(1)) is not None


def _state(row: Officer, *, card: int) -> CardState:
    """Whether a card is valid: only officers who have joined visit people."""
    if not row.active or row.role != "officer" or row.person_id is None:
        return "ended"
    return "valid" if row.card == card else "replaced"
