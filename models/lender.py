"""The register of lenders: the shipped rows, and what an operator imported over them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import NOT_PERSONAL, Base, Code
from models.reference.lender import LenderRow, shipped


class ImportedLender(Base):
    """A lender that was imported; it takes the place of the shipped one with its id."""

    __tablename__ = "lenders"

    id: Mapped[Code] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    name: Mapped[Code]
    aliases: Mapped[list[str]] = mapped_column(JSONB, info=NOT_PERSONAL)
    supervised_by: Mapped[Code]
    address_to: Mapped[Code]
    on_board: Mapped[bool]
    phone: Mapped[Code]  # of the office
    source_url: Mapped[Code]
    checked_on: Mapped[date | None]
    removed: Mapped[bool]  # the shipped lender with this id is not in the register
    changed_at: Mapped[datetime]


def load(tx: Session) -> tuple[LenderRow, ...]:
    """Return the register, the shipped lenders at first."""
    imported = {row.id: row for row in tx.scalars(select(ImportedLender).order_by("name", "id"))}
    rows = {row.id: row for row in shipped()}
    for lender_id, row in imported.items():
        if row.removed:
            rows.pop(lender_id, None)
        else:
            rows[lender_id] = _read(row)
    return tuple(rows.values())


def stamp(tx: Session) -> tuple[int, datetime | None]:
    """Return a value that changes whenever lenders are imported."""
    count, changed_at = tx.execute(
        select(func.count(), func.max(ImportedLender.changed_at)).select_from(ImportedLender)
    ).one()
    return count, changed_at


def lock(tx: Session) -> None:
    """Let other imports wait until this transaction ends."""
    tx.execute(text("LOCK TABLE lenders IN SHARE ROW EXCLUSIVE MODE"))


def put(tx: Session, rows: Iterable[LenderRow]) -> None:
    """Write rows over those with the same ids."""
    for row in rows:
        _write(tx, _columns(row))


def remove(tx: Session, rows: Iterable[LenderRow]) -> None:
    """Take lenders out of the register."""
    ours = {row.id for row in shipped()}
    for row in rows:
        if row.id in ours:
            _write(tx, {**_columns(row), "removed": True})
        else:
            tx.execute(delete(ImportedLender).where(ImportedLender.id == row.id))


def _write(tx: Session, columns: dict[str, Any]) -> None:
    given = insert(ImportedLender).values(**columns)
    tx.execute(
        given.on_conflict_do_update(
            index_elements=[ImportedLender.id],
            set_={name: given.excluded[name] for name in columns if name != "id"},
        )
    )


def _columns(row: LenderRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "aliases": list(row.aliases),
        "supervised_by": row.supervised_by,
        "address_to": row.address_to,
        "on_board": row.on_board,
        "phone": row.phone,
        "source_url": row.source_url,
        "checked_on": row.checked_on,
        "removed": False,
        "changed_at": func.clock_timestamp(),
    }


def _read(row: ImportedLender) -> LenderRow:
    return LenderRow(
        row.id,
        row.kind,
        row.name,
        tuple(row.aliases),
        row.supervised_by,
        row.address_to,
        row.on_board,
        row.phone,
        row.source_url,
        row.checked_on,
    )
