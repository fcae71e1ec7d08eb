"""Officers and supervisors: their badges, areas and invitations."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import (
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit
from models.base import Base, Code, now
from models.infrastructure.errors import OperatorError
from models.person import Person, reachable
from models.personal import Keep, Kept, Linking, Personal, on_linking, personal
from models.working_hours import NEVER, OFFICE, Week, read

INVITATION_LIFE = timedelta(days=14)
STAFF = Kept("who did an act of the office must stay known")

#: A head supervises the whole city, and is notified when there is no supervisor to notify.
StaffRole = Literal["officer", "supervisor", "head"]

#: SQL of a badge's comparison key: "0417" equals "417", "JP-12" equals "jp 012".
_KEY = (
    "regexp_replace(regexp_replace(upper({}), '[^0-9A-Z]', '', 'g'), "
    "'(^|[A-Z])0+([0-9])', '\\1\\2', 'g')"
)


class BadgeRefused(OperatorError):
    """The badge can't be given to this officer; the message says why, and which one can."""


class Officer(Base):
    """One officer or supervisor of the city.

    `person_id` is None until they accept the invitation in chat; until then they can't be written
    to and get no visits. `capacity` is in visits per part of a day, `hours` are the parts in which
    they make visits (`models.working_hours`). `badge_shared` marks officers who got another's badge
    in another spelling before that was refused. `card` is the number of the printed card that is
    valid: an earlier one was lost, or its officer had ended.
    """

    __tablename__ = "officers"
    __table_args__ = (
        UniqueConstraint("badge"),
        UniqueConstraint("person_id"),
        Index(
            "uq_officers_badge_key",
            "badge_key",
            unique=True,
            postgresql_where=text("active AND NOT badge_shared"),
        ),
        Index("ix_officers_badge_key", "badge_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Code] = mapped_column(default="officer")
    name: Mapped[str] = mapped_column(info=personal(Personal.NAME, Keep.DUTY, STAFF))
    badge: Mapped[str] = mapped_column(info=personal(Personal.NAME, Keep.DUTY, STAFF))
    badge_key: Mapped[str | None] = mapped_column(
        Computed(_KEY.format("badge"), persisted=True),
        info=personal(Personal.NAME, Keep.DUTY, STAFF),
    )
    badge_shared: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.STAYS)
    )
    capacity: Mapped[int] = mapped_column(default=3)
    hours: Mapped[Code] = mapped_column(default=OFFICE, server_default=OFFICE)
    active: Mapped[bool] = mapped_column(default=True)
    card: Mapped[int] = mapped_column(default=1, server_default="1")
    invitation_hash: Mapped[bytes | None] = mapped_column(
        LargeBinary, unique=True, info=personal(Personal.PROOF, Keep.LINKS, STAFF)
    )
    invited_at: Mapped[datetime] = mapped_column(default=func.now())
    joined_at: Mapped[datetime | None]

    def works(self, on: date, part: str) -> bool:
        """Whether this part of this day is within their hours."""
        return read(self.hours).holds(on, part)


class OfficerArea(Base):
    """An area in which an officer or supervisor works, with all areas inside it."""

    __tablename__ = "officer_areas"

    officer_id: Mapped[int] = mapped_column(ForeignKey("officers.id"), primary_key=True)
    area_code: Mapped[Code] = mapped_column(primary_key=True)


def invite(
    tx: Session,
    *,
    role: StaffRole,
    name: str,
    badge: str,
    areas: Sequence[str],
    capacity: int = 3,
    week: Week | None = None,
) -> str:
    """Create or update an officer by badge, and return a new invitation's token.

    An update changes role, name, areas and capacity, and invalidates the earlier token. An inactive
    officer is activated and must join again: the chat that had the badge gets no rights back, the
    printed card stays worthless, and their hours are those of the office unless a `week` is given.

    Raises:
        BadgeRefused: the badge is empty, or another active officer's in another spelling.
    """
    same = with_badge(tx, badge)
    officer = next((one for one in same if one.badge == badge), None)
    other = next((one for one in same if one.active and one is not officer), None)
    if other is not None and not (officer is not None and officer.active):
        raise BadgeRefused(
            f"{other.badge} is the badge of {other.name} already, and {badge} is read as the same. "
            f"Give another badge; to renew that invitation, write --badge {other.badge}"
        )
    if officer is None:
        officer = Officer(badge=badge, hours=str(week or OFFICE))
        tx.add(officer)
    elif not officer.active:
        officer.person_id, officer.joined_at, officer.badge_shared = None, None, False
        officer.hours = str(week or OFFICE)
        officer.card += 1
    token = secrets.token_urlsafe(18)
    officer.role, officer.name, officer.capacity = role, name, capacity
    officer.invitation_hash, officer.invited_at = _hash(token), func.now()
    officer.active = True
    tx.flush()
    tx.query(OfficerArea).filter_by(officer_id=officer.id).delete()
    tx.add_all(OfficerArea(officer_id=officer.id, area_code=code) for code in sorted(set(areas)))
    audit.note(tx, "command", "officer.invited", f"officer:{officer.id}", areas=list(areas))
    return token


def end(tx: Session, officer: Officer, *, actor: str) -> None:
    """End an officer's rights and invitation; `casework.staff` handles their open visits."""
    if officer.active:
        officer.active = False
        audit.note(tx, actor, "officer.ended", f"officer:{officer.id}")
    officer.invitation_hash = None
    tx.flush()
    left = [one for one in with_badge(tx, officer.badge) if one.active]
    if len(left) == 1:
        left[0].badge_shared = False  # the badge is theirs alone now


def work_in(tx: Session, officer: Officer, areas: Sequence[str], *, actor: str) -> None:
    """Replace the areas an officer or supervisor works in."""
    before = areas_of(tx, officer.id)
    tx.query(OfficerArea).filter_by(officer_id=officer.id).delete()
    tx.add_all(OfficerArea(officer_id=officer.id, area_code=code) for code in sorted(set(areas)))
    audit.note(
        tx,
        actor,
        "officer.areas_changed",
        f"officer:{officer.id}",
        before=before,
        areas=sorted(set(areas)),
    )


def work_as(tx: Session, officer: Officer, role: StaffRole, *, actor: str) -> None:
    """Change the role of an officer or supervisor."""
    before, officer.role = officer.role, role
    audit.note(tx, actor, "officer.role_changed", f"officer:{officer.id}", before=before, role=role)


def replace_card(tx: Session, officer: Officer) -> None:
    """Make the printed card invalid: the next one that is printed is another."""
    officer.card += 1
    tx.flush()


def work_at(tx: Session, officer: Officer, week: Week, *, actor: str) -> None:
    """Replace the hours in which an officer makes visits."""
    before, officer.hours = officer.hours, str(week)
    details = {"before": before, "hours": officer.hours}
    audit.note(tx, actor, "officer.hours_changed", f"officer:{officer.id}", **details)
    tx.flush()  # locks the row: visits that are booked from now on see the new hours


def join(tx: Session, token: str, person_id: int) -> Officer | None:
    """Accept an invitation for a person.

    None when the token is unknown, used or expired, or the person has another active badge.
    """
    officer = _invited(tx, token)
    if officer is None:
        return None
    other = of_person(tx, person_id)
    if other is not None and other.id != officer.id:
        return None  # one person, one badge
    tx.execute(
        update(Officer)
        .where(Officer.person_id == person_id, Officer.id != officer.id)
        .values(person_id=None)
    )  # their inactive badges
    officer.person_id, officer.joined_at, officer.invitation_hash = person_id, func.now(), None
    audit.note(tx, f"person:{person_id}", "officer.joined", f"officer:{officer.id}")
    return officer


def _invited(tx: Session, token: str) -> Officer | None:
    officer = tx.scalars(
        select(Officer).where(Officer.invitation_hash == _hash(token)).with_for_update()
    ).one_or_none()
    if officer is None or officer.invited_at + INVITATION_LIFE < now(tx):
        return None
    return officer


def of_person(tx: Session, person_id: int) -> Officer | None:
    """Return the person's active row as officer or supervisor, if any."""
    return tx.scalars(
        select(Officer).where(Officer.person_id == person_id, Officer.active)
    ).one_or_none()


def of_people(tx: Session, person_ids: Sequence[int]) -> dict[int, Officer]:
    """Return the active officers and supervisors among these people, by person id."""
    rows = tx.scalars(select(Officer).where(Officer.person_id.in_(person_ids), Officer.active))
    return {row.person_id: row for row in rows if row.person_id is not None}


def with_badge(tx: Session, badge: str) -> Sequence[Officer]:
    """Return officers with this badge in any spelling: active ones first, then the same spelling.

    More than one can be active only from the time before a second spelling was refused.

    Raises:
        BadgeRefused: the badge has neither a letter nor a digit.
    """
    key = tx.scalar(select(text(_KEY.format("cast(:badge AS text)"))).params(badge=badge))
    if not key:
        raise BadgeRefused("A badge holds at least one letter or digit. Example: --badge 0417")
    return tx.scalars(
        select(Officer)
        .where(Officer.badge_key == key)
        .order_by(Officer.active.desc(), (Officer.badge == badge).desc(), Officer.id)
    ).all()


def by_badge(tx: Session, badge: str) -> Officer | None:
    """Return the active officer with this badge in any spelling."""
    return next((one for one in with_badge(tx, badge) if one.active), None)


def sharing_badges(tx: Session) -> Sequence[Officer]:
    """Return active officers whose badge equals another active officer's, in badge order."""
    shared = select(Officer.badge_key).where(Officer.active).group_by(Officer.badge_key)
    return tx.scalars(
        select(Officer)
        .where(Officer.active, Officer.badge_key.in_(shared.having(func.count() > 1)))
        .order_by(Officer.badge_key, Officer.id)
    ).all()


def covering(tx: Session, area_code: str, role: StaffRole = "officer") -> Sequence[Officer]:
    """Return active officers of a role whose areas contain this area, by id, joined or not."""
    return tx.scalars(
        select(Officer)
        .join(OfficerArea, OfficerArea.officer_id == Officer.id)
        .where(Officer.active, Officer.role == role, OfficerArea.area_code.in_(holding(area_code)))
        .distinct()
        .order_by(Officer.id)
    ).all()


def available(tx: Session, area_code: str) -> Sequence[Officer]:
    """Return an area's officers who can be offered visits: joined, reachable, not opted out."""
    ids = [one.id for one in covering(tx, area_code)]
    return tx.scalars(
        select(Officer)
        .join(Person, Person.id == Officer.person_id)
        .where(Officer.id.in_(ids), reachable(), Person.opted_out_at.is_(None))
        .order_by(Officer.id)
    ).all()


def attended(tx: Session) -> set[str]:
    """Return the areas of all officers who can be offered visits and have hours for them."""
    return set(
        tx.scalars(
            select(OfficerArea.area_code)
            .join(Officer, Officer.id == OfficerArea.officer_id)
            .join(Person, Person.id == Officer.person_id)
            .where(Officer.active, Officer.role == "officer", Officer.hours != NEVER)
            .where(reachable(), Person.opted_out_at.is_(None))
        )
    )


def silent(tx: Session) -> Sequence[Officer]:
    """Return staff who joined but are unreachable or opted out, by badge."""
    return tx.scalars(
        select(Officer)
        .join(Person, Person.id == Officer.person_id)
        .where(Officer.active)
        .where(or_(~reachable(), Person.opted_out_at.is_not(None)))
        .order_by(Officer.badge)
    ).all()


def holding(area_code: str) -> list[str]:
    """Return the codes of an area and of those that contain it: kecamatan, kota, Jakarta."""
    parts = area_code.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def supervised(tx: Session) -> list[str]:
    """Return the areas of all supervisors who have joined."""
    return list(
        tx.scalars(
            select(OfficerArea.area_code)
            .join(Officer, Officer.id == OfficerArea.officer_id)
            .where(Officer.active, Officer.role == "supervisor", Officer.person_id.is_not(None))
            .distinct()
        )
    )


def supervisors_of(tx: Session, area_code: str | None) -> list[int]:
    """Return the person ids of an area's supervisors who have joined, ordered by officer id.

    If there is none: all supervisors of the city; if no supervisor has joined: the heads.
    """
    here = covering(tx, area_code, "supervisor") if area_code else ()
    found = [row.person_id for row in here if row.person_id is not None]
    return found or _joined(tx, "supervisor") or _joined(tx, "head")


def may_supervise(tx: Session, person_id: int, area_code: str | None) -> bool:
    """Whether this person is among `supervisors_of` an area, or a head."""
    return person_id in supervisors_of(tx, area_code) or person_id in _joined(tx, "head")


def _joined(tx: Session, role: StaffRole) -> list[int]:
    joined = select(Officer.person_id).where(
        Officer.active, Officer.role == role, Officer.person_id.is_not(None)
    )
    return [person_id for person_id in tx.scalars(joined.order_by(Officer.id)) if person_id]


def heads(tx: Session) -> list[int]:
    """Return the person ids of the heads who have joined, ordered by officer id."""
    return _joined(tx, "head")


def everyone(tx: Session) -> Sequence[Officer]:
    """Return all active officers and supervisors, in badge order."""
    return tx.scalars(select(Officer).where(Officer.active).order_by(Officer.badge)).all()


def areas_of(tx: Session, officer_id: int) -> list[str]:
    """Return the area codes of one officer."""
    return list(
        tx.scalars(
            select(OfficerArea.area_code)
            .where(OfficerArea.officer_id == officer_id)
            .order_by(OfficerArea.area_code)
        )
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
