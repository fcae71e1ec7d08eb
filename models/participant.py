"""Participants: people who have a part in a case besides its owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure.encryption import Encrypted
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal


class ParticipantRole(StrEnum):
    """The part of a participant in a case."""

    HELPER = "helper"  # filled in the form for the applicant
    FOUNDER = "founder"  # founds something together with the applicant
    ABOUT = "about"  # the person or thing that the case is about
    REPORTER = "reporter"  # told us of the place that the case is about; officers never see it


class Participant(Base):
    """A participant's part in a case: a person with a chat, or the name of one without."""

    __tablename__ = "participants"
    __table_args__ = (
        UniqueConstraint("case_id", "role", "person_id"),
        CheckConstraint("(person_id IS NULL) <> (name IS NULL)", name="named_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    role: Mapped[Code]
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MERGED)
    )
    told_at: Mapped[datetime | None]  # when a reporter heard that somebody was there
    name: Mapped[str | None] = mapped_column(
        Encrypted("participants.name"), info=personal(Personal.NAME, Keep.CASE, Erasing.ROW)
    )


def about(tx: Session, case_ids: Sequence[int]) -> dict[int, int]:
    """Return the ids of the people whom cases are about, by case."""
    told = select(Participant.case_id, Participant.person_id).where(
        Participant.case_id.in_(case_ids),
        Participant.role == ParticipantRole.ABOUT,
        Participant.person_id.is_not(None),
    )
    return {case_id: person_id for case_id, person_id in tx.execute(told) if person_id is not None}


def cases_about(tx: Session, person_id: int) -> list[int]:
    """Return the ids of the cases that are about a person."""
    told = select(Participant.case_id).where(
        Participant.person_id == person_id, Participant.role == ParticipantRole.ABOUT
    )
    return list(tx.scalars(told))


def add(tx: Session, case_id: int, role: ParticipantRole, person_id: int) -> None:
    """Add a person's part in a case. Idempotent."""
    given = insert(Participant).values(case_id=case_id, role=role, person_id=person_id)
    tx.execute(given.on_conflict_do_nothing())
