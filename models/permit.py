"""Permits: numbered without gaps for each year and kota, issued in the hand-over's transaction."""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit
from models.base import Base, now

VALID_YEARS = 5  # Pergub DKI 30/2018
#: Titles before names in Indonesia (religious, academic, polite, noble) without dots; initials.
_TITLE = re.compile(
    r"[a-z]|hj|hjh|haji|hajah|kh|hkh|kyai|kiai|nyai|ust|ustadz?|ustaz|ustad?zah|ustazah|gus|habib"
    r"|pdt|pendeta|romo|pastor|suster|bhante|dr|drg|drh|drs|dra|ir|prof|apt|ns|ners"
    r"|bpk|bapak|pak|ibu|bu|tn|tuan|ny|nyonya|nn|nona|sdri?|saudara|saudari|mas|mbak|bang"
    r"|rd|raden|rr|rm|ra|rngt|ajeng|adjeng|roro|rara|kanjeng|ki|nyi|tb|tubagus"
)


class Permit(Base):
    """One permit. `path` is its PDF under STORAGE_URL, once it is typeset."""

    __tablename__ = "permits"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("case_id"),
        Index("ix_permits_unwritten", "made_at", postgresql_where=text("path IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    issued_on: Mapped[date]
    valid_until: Mapped[date]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    path: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(default=func.now())


class PermitCounter(Base):
    """The last number given in one year and kota; its row's lock is what keeps numbers whole."""

    __tablename__ = "permit_counters"

    year: Mapped[int] = mapped_column(primary_key=True)
    kota: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


def issue(tx: Session, *, case_id: int, person_id: int, kota_code: str, issued_on: date) -> Permit:
    """Give a case its permit; asked again, the same one.

    A transaction that rolls back gives its number back, so there are no gaps.
    """
    known = tx.scalars(select(Permit).where(Permit.case_id == case_id)).one_or_none()
    if known is not None:
        return known
    kota = kota_code.replace(".", "")
    counter = (
        insert(PermitCounter)
        .values(year=issued_on.year, kota=kota, last=1)
        .on_conflict_do_update(
            index_elements=[PermitCounter.year, PermitCounter.kota],
            set_={"last": PermitCounter.last + 1},
        )
        .returning(PermitCounter.last)
    )
    permit = Permit(
        number=f"IUMK-{issued_on.year}-{kota}-{tx.scalar(counter):06d}",
        case_id=case_id,
        person_id=person_id,
        issued_on=issued_on,
        valid_until=_years_later(issued_on, VALID_YEARS),
    )
    tx.add(permit)
    tx.flush()
    return permit


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def by_number(tx: Session, number: str, *, lock: bool = False) -> Permit | None:
    """The permit with this number, as it is written on the permit."""
    wanted = select(Permit).where(Permit.number == number)
    return tx.scalars(wanted.with_for_update(key_share=True) if lock else wanted).one_or_none()


def revoke(tx: Session, permit: Permit, *, reason: str, actor: str) -> datetime:
    """Take a permit back, and give since when; its owner is told by the caller."""
    at = permit.revoked_at = now(tx)
    permit.revoked_because = reason
    audit.note(tx, actor, "permit.revoked", f"permit:{permit.id}")
    return at


def masked(name: str) -> str:
    """A name by which its bearer can be recognised, and nobody else found: `Siti A*****`.

    A title is no name: `H. Ahmad F****`. Of a name of one word its first letter is left.
    """
    words = name.split()
    titles = 0
    while titles < len(words) - 1 and _is_title(words[titles]):
        titles += 1
    shown = min(titles + 1, len(words) - 1)
    if shown > titles:  # more than the name by itself
        return " ".join([*words[:shown], *map(_hidden, words[shown:])])
    return " ".join([*words[:titles], *map(_hidden, words[titles:])])


def _is_title(word: str) -> bool:
    return _TITLE.fullmatch(word.replace(".", "").strip(",").casefold()) is not None


def _hidden(word: str) -> str:
    if not any(letter.isalnum() for letter in word):
        return word
    return word[0] + "*" * max(len(word) - 1, 1)
