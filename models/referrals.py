"""Referrals: places that somebody else told us of, and that are not to be asked about again.

A referral is a case of a person without a chat: whoever works at the place. Those who told us are
its participants (`ParticipantRole.REPORTER`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    LargeBinary,
    delete,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import link
from models.base import Base
from models.case import Case
from models.infrastructure.encryption import blind_index
from models.lifecycle import CaseState
from models.participant import Participant, ParticipantRole
from models.personal import Erasing, Keep, Personal, personal

INVITED = timedelta(days=30)  # how long an invitation can be accepted
HELD_DAYS = 1  # working days within which a supervisor decides on a place that waits
AT_ONCE = 1_000  # cases that one run of `tidy` empties
KEPT = timedelta(days=30)  # who told us of a place, and its words, after its case is over


class QuietPlace(Base):
    """A place whose owner wants no help: its keyed fingerprint, and nothing by which it is read."""

    __tablename__ = "quiet_places"

    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class Invitation(Base):
    """A code that whoever told us forwards to the owner, who then goes on alone; used once."""

    __tablename__ = "invitations"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(
        LargeBinary, unique=True, info=personal(Personal.PROOF, Keep.LINKS, Erasing.ROW)
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)


class DistinctPlaces(Base):
    """Two cases of which somebody who was there said that they are about different places."""

    __tablename__ = "distinct_places"

    smaller_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    larger_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, index=True)


def invite(tx: Session, case_id: int) -> str:
    """Create and return the code of a case's invitation."""
    code = link.new_code()
    expires = func.now() + INVITED
    tx.add(Invitation(case_id=case_id, code_hash=_of_code(code), expires_at=expires))
    tx.flush()
    return code


def invited(tx: Session, code: str) -> int | None:
    """Return the case of a code that is still worth something."""
    of = select(Invitation.case_id).where(
        Invitation.code_hash == _of_code(code), Invitation.expires_at > func.now()
    )
    return tx.scalar(of)


def accept_invitation(tx: Session, case_id: int) -> None:
    """Let a case's code be worth nothing any more."""
    tx.execute(delete(Invitation).where(Invitation.case_id == case_id))


def lock_area(tx: Session, area_code: str) -> None:
    """Wait until no other transaction compares referrals in this kelurahan."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"referrals:{area_code}"))))


def near(tx: Session, service: str, area_code: str, since: timedelta, but: int) -> Sequence[Case]:
    """Return a kelurahan's cases of a service that are younger than `since`, except `but`."""
    recent = Case.submitted_at > func.now() - since
    of = select(Case).where(Case.service == service, Case.area_code == area_code, recent)
    return tx.scalars(of.where(Case.id != but).order_by(Case.id)).all()


def told_by(tx: Session, case: Case) -> list[int]:
    """Return the people who told us of a case's place, but not the one who has it."""
    told = tx.scalars(select(Participant.person_id).where(*_reporters(tx, case)))
    return sorted({one for one in told if one is not None and one != case.person_id})


def tell(tx: Session, case: Case) -> list[int]:
    """Return those of `told_by` who have heard nothing yet, and note that they hear it now."""
    waiting = update(Participant).where(*_reporters(tx, case), Participant.told_at.is_(None))
    told = tx.scalars(waiting.values(told_at=func.now()).returning(Participant.person_id))
    return sorted({one for one in told if one is not None and one != case.person_id})


def heard_lately(tx: Session, case: Case, person_id: int, within: timedelta) -> bool:
    """Whether a person told us of a case's place, and heard within this time how it ended."""
    lately = Participant.told_at > func.now() - within, Participant.person_id == person_id
    of = select(Participant.id).where(*_reporters(tx, case), *lately).limit(1)
    return tx.scalar(of) is not None


def _reporters(tx: Session, case: Case) -> tuple[ColumnElement[bool], ...]:
    reporter = Participant.role == ParticipantRole.REPORTER
    return Participant.case_id.in_(told_of(tx, case)), reporter


def told_of(tx: Session, case: Case) -> list[int]:
    """Return a referral's id, and the ids of those that were merged into it."""
    merged = (Case.person_id == case.person_id) & (Case.same_as == merged_into(case.id))
    return [case.id, *tx.scalars(select(Case.id).where(merged).order_by(Case.id))]


def merged_into(case_id: int) -> str:
    """Return the `same_as` of cases that are about the same place as this one."""
    return f"case:{case_id}"


def told_before(tx: Session, person_id: int, within: timedelta, until: int | None = None) -> int:
    """Return how many places a person told us of within this time, `until` this case."""
    of = (
        select(func.count())
        .select_from(Participant)
        .join(Case, Case.id == Participant.case_id)
        .where(
            Participant.person_id == person_id,
            Participant.role == ParticipantRole.REPORTER,
            Case.submitted_at > func.now() - within,
            Case.id <= until if until is not None else true(),
        )
    )
    return int(tx.execute(of).scalar_one())


def last_told(tx: Session, person_id: int, service: str, limit: int) -> Sequence[Case]:
    """Return the newest closed cases of which a person told us."""
    of = (
        select(Case)
        .join(Participant, Participant.case_id == Case.id)
        .where(
            Participant.person_id == person_id,
            Participant.role == ParticipantRole.REPORTER,
            Case.service == service,
            Case.state.in_([CaseState.DONE, CaseState.CANCELLED, CaseState.REJECTED]),
        )
    )
    return tx.scalars(of.order_by(Case.id.desc()).limit(limit)).all()


def held(tx: Session, services: Iterable[str]) -> Sequence[Case]:
    """Return the cases of these services that wait for a supervisor, the longest wait at first."""
    waits = Case.state == CaseState.IN_REVIEW, Case.service.in_(list(services))
    return tx.scalars(select(Case).where(*waits).order_by(Case.moved_at, Case.id)).all()


def set_apart(tx: Session, one: int, other: int) -> None:
    """Remember that two cases are about different places. Idempotent."""
    pair = {"smaller_id": min(one, other), "larger_id": max(one, other)}
    tx.execute(insert(DistinctPlaces).values(**pair).on_conflict_do_nothing())


def apart(tx: Session, case_id: int) -> set[int]:
    """Return the cases that are known to be about another place than this one."""
    smaller = select(DistinctPlaces.larger_id).where(DistinctPlaces.smaller_id == case_id)
    larger = select(DistinctPlaces.smaller_id).where(DistinctPlaces.larger_id == case_id)
    return set(tx.scalars(smaller.union_all(larger)))


def keep_quiet(tx: Session, signs: Iterable[str], within: timedelta) -> None:
    """Remember by its fingerprints that a place wants no visit for this time."""
    until = tx.scalar(select(func.now() + within))
    for print_ in {_fingerprint(sign) for sign in signs}:
        given = insert(QuietPlace).values(fingerprint=print_, until=until)
        again = given.on_conflict_do_update(index_elements=["fingerprint"], set_={"until": until})
        tx.execute(again)


def is_quiet(tx: Session, signs: Iterable[str]) -> bool:
    """Whether a place with one of these signs wants no visit."""
    prints = [_fingerprint(sign) for sign in signs]
    of = QuietPlace.fingerprint.in_(prints), QuietPlace.until > func.now()
    return tx.scalar(select(QuietPlace.fingerprint).where(*of).limit(1)) is not None


def tidy(tx: Session, services: Iterable[str]) -> None:
    """Delete fingerprints and codes that are over, and what was told of places long closed.

    `services` are those by which people tell of others. A case that is emptied has no area.
    """
    tx.execute(delete(QuietPlace).where(QuietPlace.until <= func.now()))
    tx.execute(delete(Invitation).where(Invitation.expires_at <= func.now()))
    closed = Case.state.in_([CaseState.DONE, CaseState.CANCELLED, CaseState.REJECTED])
    old = closed, Case.moved_at < func.now() - KEPT, Case.service.in_(list(services))
    kept = select(Case).where(*old, Case.area_code.is_not(None)).limit(AT_ONCE)
    for case in tx.scalars(kept):
        case.answers, case.area_code = {}, None
    tx.flush()
    told = Participant.role == ParticipantRole.REPORTER
    tx.execute(
        delete(Participant).where(told, Participant.case_id.in_(select(Case.id).where(*old)))
    )


def _of_code(code: str) -> bytes:
    return blind_index(code, "invitations.code")


def _fingerprint(sign: str) -> bytes:
    return blind_index(sign, "quiet_places.fingerprint")
