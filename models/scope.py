"""The areas that a supervisor looks after, as conditions of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import officer
from models.officer import Officer, OfficerArea

CITY = "31"  # the code of Jakarta


@dataclass(frozen=True, slots=True)
class Scope:
    """A supervisor's own areas and those that nobody supervises; for a head, the whole city."""

    everywhere: bool
    areas: Sequence[str]
    supervised: Sequence[str]  # by anybody

    @property
    def own(self) -> tuple[str, ...]:
        """The codes of the areas in which somebody supervises: a head in the whole city."""
        return (CITY,) if self.everywhere else tuple(self.areas)

    def holds(self, code: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Return the SQL condition that a column's area is looked after here."""
        if self.everywhere:
            return true()
        return or_(_within(code, self.areas), ~_within(code, self.supervised), code.is_(None))

    def team(self) -> ColumnElement[bool]:
        """Return the SQL condition of the active officers who work in or around these areas."""
        around = [
            OfficerArea.area_code == above for area in self.areas for above in officer.holding(area)
        ]
        here = select(OfficerArea.officer_id).where(or_(self.holds(OfficerArea.area_code), *around))
        return Officer.active & (Officer.role == "officer") & Officer.id.in_(here)


def of(tx: Session, me: Officer) -> Scope:
    """Return the scope of a supervisor or head."""
    return Scope(me.role == "head", officer.areas_of(tx, me.id), officer.supervised(tx))


def _within(code: InstrumentedAttribute[Any], areas: Iterable[str]) -> ColumnElement[bool]:
    """Return the SQL condition that a column's area is one of these, or inside one."""
    return or_(false(), *(or_(code == area, code.startswith(f"{area}.")) for area in areas))
