"""The register of lenders, as conversations search it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from conversations.lenders import Lender, Lenders
from models.reference.lender import LenderRow, shipped


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
