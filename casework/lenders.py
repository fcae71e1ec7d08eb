"""The register of lenders: imported by an operator, and as conversations search it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from casework.act import Act
from conversations.lenders import Lender, Lenders
from conversations.service import Known
from models import lender
from models.base import now
from models.infrastructure.wib import WIB
from models.reference import area, business_type
from models.reference.lender import LenderRow, shipped


@dataclass(frozen=True, slots=True)
class Changes:
    """The lenders that an import adds, changes and takes out, and how many stay as they are."""

    added: Sequence[LenderRow]
    changed: Sequence[LenderRow]
    removed: Sequence[LenderRow]
    same: int


def put(act: Act, rows: Sequence[LenderRow], *, replace: bool = False) -> Changes:
    """Import lenders over those with the same ids; with `replace`, take out all others."""
    act.must_be_office()
    lender.lock(act.tx)
    known = {row.id: row for row in lender.load(act.tx)}
    given = {row.id for row in rows}
    others = [row for row in known.values() if row.id not in given]
    changes = Changes(
        added=[row for row in rows if row.id not in known],
        changed=[row for row in rows if row.id in known and row != known[row.id]],
        removed=others if replace else [],
        same=sum(row == known.get(row.id) for row in rows) + (0 if replace else len(others)),
    )
    lender.put(act.tx, [*changes.added, *changes.changed])
    lender.remove(act.tx, changes.removed)
    if changes.added or changes.changed or changes.removed:
        act.note(
            "lenders.imported",
            "lenders",
            added=[row.id for row in changes.added],
            changed=[row.id for row in changes.changed],
            removed=[row.id for row in changes.removed],
        )
    return changes


def known(tx: Session) -> Known:
    """Return the city with the register as it is now, for callers without the facts of a turn."""
    return Known(area.load(), business_type.load(), load(tx))


def load(tx: Session) -> Lenders:
    """Return the register as it is now."""
    return register(lender.load(tx), now(tx).astimezone(WIB).date())


def register(rows: Iterable[LenderRow], today: date) -> Lenders:
    """Build the register of rows; a telephone number that was not checked lately is left out."""
    return Lenders(
        (
            Lender(
                id=row.id,
                kind=row.kind,
                name=row.name,
                supervised_by=row.supervised_by,
                address_to=row.address_to,
                on_board=row.on_board,
                phone=row.phone if row.fresh(today) else "",
            ),
            row.aliases,
        )
        for row in rows
    )


def shipped_register(today: date) -> Lenders:
    """Build the register of the shipped rows alone."""
    return register(shipped(), today)
