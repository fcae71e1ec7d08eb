"""Visits of officers to hosts, their offers to officers, and their reports."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text, union
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import task
from models.base import Base, Code, Details
from models.infrastructure.encryption import Encrypted, EncryptedJson
from models.lifecycle import VisitState
from models.officer import Officer
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

CODE_TRIES = 5  # for each code

_OPEN = "state NOT IN ('done', 'failed', 'cancelled')"
#: Literals, not parameters: a generic plan can use the partial indexes over open visits only if it
#: knows the values.
OPEN = text(f"visits.{_OPEN}")
#: States in which the officer is out for this visit, and its owner waits at home.
UNDER_WAY = frozenset({VisitState.ON_THE_WAY, VisitState.ARRIVED})


class Visit(Base):
    """One visit to one host in one window, for one purpose of a case's course.

    `host_id` is None for a host without a chat. `site` is the place as it was when the window was
    taken: JSON of `conversations.service.Site`, erased some time after the visit, and so is
    `officer_pin`: latitude and longitude of the officer's location on arrival. `code` is the
    door code, which the host gives to the officer; it exists once an officer has accepted.
    """

    __tablename__ = "visits"
    __table_args__ = (
        Index("uq_visits_open", "case_id", unique=True, postgresql_where=text(_OPEN)),
        Index("ix_visits_officer_open", "officer_id", postgresql_where=text(_OPEN)),
        Index("ix_visits_officer_id_on", "officer_id", "on"),
        Index("ix_visits_state_on", "state", "on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    purpose: Mapped[Code]
    host_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"))
    state: Mapped[Code] = mapped_column(default=VisitState.WANTED)
    area_code: Mapped[Code]  # the kelurahan
    site: Mapped[Any | None] = mapped_column(
        EncryptedJson("visits.site"), info=personal(Personal.PLACE, Keep.VISIT, Erasing.EMPTIED)
    )
    officer_pin: Mapped[Any | None] = mapped_column(
        EncryptedJson("visits.officer_pin"),
        info=personal(Personal.PLACE, Keep.VISIT, Erasing.EMPTIED),
    )
    on: Mapped[date]
    part: Mapped[Code]  # models.window
    code: Mapped[str | None] = mapped_column(
        Encrypted("visits.code"), info=personal(Personal.PROOF, Keep.CASE, Erasing.EMPTIED)
    )
    code_tries: Mapped[int] = mapped_column(default=0)
    code_renewals: Mapped[int] = mapped_column(default=0, server_default="0")
    code_proved_at: Mapped[datetime | None]
    outcome: Mapped[Code | None]  # of a visit that is done: defined by the purpose's script
    failure: Mapped[Code | None]  # of a visit that failed: the reason, a key of the catalogue
    made_at: Mapped[datetime] = mapped_column(default=func.now())
    moved_at: Mapped[datetime] = mapped_column(default=func.now())

    @property
    def code_tries_left(self) -> int:
        """How often a code may still be typed."""
        return CODE_TRIES * (1 + self.code_renewals) - self.code_tries

    def give_code(self, code: str | None) -> None:
        """Set the door code of an officer who comes, or None while nobody does."""
        self.code, self.code_tries, self.code_renewals, self.code_proved_at = code, 0, 0, None


class Offer(Base):
    """A visit offered to an officer, one row each; open until answered, expired or withdrawn."""

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("visit_id", "officer_id"),
        Index("ix_offers_open", "officer_id", postgresql_where=text("answer IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    officer_id: Mapped[int] = mapped_column(ForeignKey("officers.id"))
    offered_at: Mapped[datetime] = mapped_column(default=func.now())
    expires_at: Mapped[datetime]
    answer: Mapped[Code | None]  # accepted, declined, silent or withdrawn
    reason: Mapped[Code | None]  # of declining: a key of the catalogue
    answered_at: Mapped[datetime | None]


class VisitReport(Base):
    """The report of a visit: the script's answers (choices, sums, ids of photos) and the rating."""

    __tablename__ = "visit_reports"

    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    answers: Mapped[Details]
    rating: Mapped[int | None]  # the host's, 1 to 5
    made_at: Mapped[datetime] = mapped_column(default=func.now())


def new_code() -> str:
    """Return a random door code of six digits; `CODE_TRIES` keeps it from being guessed."""
    return f"{secrets.randbelow(10**6):06d}"


def lock(tx: Session, ids: Sequence[int]) -> Sequence[Visit]:
    """Lock visits in id order (`FOR NO KEY UPDATE`); lock people and cases before them."""
    return tx.scalars(
        select(Visit)
        .where(Visit.id.in_(ids))
        .order_by(Visit.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def open_ids(
    tx: Session, *, host_ids: Sequence[int] = (), officer_ids: Sequence[int] = ()
) -> list[int]:
    """Return the ids of open visits to these hosts, or accepted by or offered to these officers."""
    still_open = select(Visit.id).where(OPEN)
    wanted = []  # a UNION, each part by its own index: an OR would read all open visits
    if host_ids:
        wanted.append(still_open.where(Visit.host_id.in_(host_ids)))
    if officer_ids:
        wanted.append(still_open.where(Visit.officer_id.in_(officer_ids)))
        offered = still_open.join(Offer, Offer.visit_id == Visit.id)
        mine = Offer.officer_id.in_(officer_ids)
        wanted.append(offered.where(mine, Offer.answer.is_(None)))
    return list(tx.scalars(union(*wanted))) if wanted else []


def open_of_case(tx: Session, case_id: int) -> Visit | None:
    """Lock and return the open visit of a case; there is at most one."""
    return tx.scalars(
        select(Visit).where(Visit.case_id == case_id, OPEN).with_for_update(key_share=True)
    ).one_or_none()


def offers_of(tx: Session, visit_ids: Sequence[int]) -> Sequence[Offer]:
    """Return all offers of these visits, oldest first."""
    return tx.scalars(select(Offer).where(Offer.visit_id.in_(visit_ids)).order_by(Offer.id)).all()


def load_of(tx: Session, officer_ids: Sequence[int], on: date) -> dict[int, int]:
    """Return how many open visits each of these officers has on a day, with offered ones."""
    rows = tx.execute(
        select(Visit.officer_id, func.count())
        .where(Visit.officer_id.in_(officer_ids), Visit.on == on, OPEN)
        .group_by(Visit.officer_id)
    )
    return {officer_id: count for officer_id, count in rows if officer_id is not None}


def under_way_with(tx: Session, person_id: int) -> Visit | None:
    """Return the visit under way to this person, or by them as its officer; None without one."""
    theirs = select(Officer.id).where(Officer.person_id == person_id)
    rows = select(Visit).where(OPEN, Visit.state.in_(UNDER_WAY))
    for one in (Visit.host_id == person_id, Visit.officer_id == theirs.scalar_subquery()):
        if (found := tx.scalars(rows.where(one).limit(1)).first()) is not None:
            return found
    return None


def workload(
    tx: Session, officer_ids: Sequence[int], since: date, until: date
) -> dict[tuple[int, date, str], int]:
    """Return the visits of these officers from `since` to `until`: (officer, day, part) -> count.

    Done and failed visits count as well, cancelled ones do not.
    """
    rows = tx.execute(
        select(Visit.officer_id, Visit.on, Visit.part, func.count())
        .where(
            Visit.officer_id.in_(officer_ids),
            Visit.on.between(since, until),
            Visit.state != VisitState.CANCELLED,
        )
        .group_by(Visit.officer_id, Visit.on, Visit.part)
    )
    return {(officer_id or 0, on, part): count for officer_id, on, part, count in rows}


def plan_offer(tx: Session, visit: Visit) -> None:
    """Enqueue the offer of a visit to an officer; idempotent for each move of the visit."""
    moved_ms = int(visit.moved_at.timestamp() * 1000)
    task.plan(tx, "offer", visit.id, f"offer:{visit.id}:{moved_ms}")
