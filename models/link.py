"""Linking: merges two people after a code, typed in the other chat, proves that they are one."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sqlalchemy import ForeignKey, LargeBinary, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit, task
from models.audit import AuditEntry
from models.base import Base
from models.infrastructure.encryption import blind_index
from models.infrastructure.quotas import LINK_CODES
from models.personal import (
    Erasing,
    Keep,
    Linking,
    Personal,
    every_table,
    keys_to_people,
    on_linking,
    personal,
)

LIFE = timedelta(minutes=15)
#: No vowels, so that codes spell no words, and no look-alike characters.
LETTERS, DIGITS = "BCDFGHJKLMNPQRSTVWXZ", "23456789"
LENGTH = 6

Taken = Literal["pending", "own", "wrong", "too_many"]

_MISTYPED = "person.mistyped_link"


class LinkCode(Base):
    """A single-use code, shown in one chat, to be typed in another; only its fingerprint is stored.

    `taken_by_id` is the person who typed it.
    """

    __tablename__ = "link_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.STAYS)
    )
    code_hash: Mapped[bytes] = mapped_column(
        LargeBinary, unique=True, info=personal(Personal.PROOF, Keep.LINKS, Erasing.ROW)
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)
    taken_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.STAYS)
    )


def offer(tx: Session, person_id: int) -> str:
    """Create and return a code for this person; deletes their earlier unused one."""
    mine = LinkCode.person_id == person_id
    tx.execute(delete(LinkCode).where(mine, LinkCode.taken_by_id.is_(None)))
    code = new_code()
    tx.add(
        LinkCode(person_id=person_id, code_hash=_fingerprint(code), expires_at=func.now() + LIFE)
    )
    tx.flush()
    return code


def take(tx: Session, code: str, person_id: int) -> Taken:
    """Redeem a code that this (locked) person typed; if it is right, enqueue the task `link`.

    Idempotent. A wrong code counts as a try; see `LINK_CODES`.
    """
    tried = select(func.count()).where(
        AuditEntry.subject == f"person:{person_id}",
        AuditEntry.action == _MISTYPED,
        AuditEntry.at > func.now() - LINK_CODES.within,
    )
    if tx.execute(tried).scalar_one() >= LINK_CODES.at_most:
        return "too_many"
    row = tx.scalars(
        select(LinkCode)
        .where(LinkCode.code_hash == _fingerprint(code), LinkCode.expires_at > func.now())
        .with_for_update()
    ).one_or_none()
    if row is not None and row.person_id == person_id:
        return "own"
    if row is None or row.taken_by_id not in (None, person_id):
        audit.note(tx, f"person:{person_id}", _MISTYPED, f"person:{person_id}")
        tx.flush()
        return "wrong"
    row.taken_by_id = person_id
    task.plan(tx, "link", row.id, f"link:{row.id}")
    return "pending"


def move(tx: Session, *, kept: int, gone: int) -> None:
    """Move the rows of one (locked) person, `gone`, to another, `kept`. Idempotent.

    Earlier messages stay with `gone`, whose row points to `kept`, until retention deletes them.
    Conversations are not moved: `casework.linking` merges them.
    """
    ids = {"kept": kept, "gone": gone}
    for statement in _statements():
        tx.execute(text(statement), ids)


@cache
def _statements() -> tuple[str, ...]:
    """Build the statements from the foreign keys to `people`, in the lock order of turns."""
    keys = keys_to_people(every_table())
    first = {"cases": 0, "visits": 1, "people": 3}  # `people` last: no row refers to `gone` then
    named = sorted(keys, key=lambda name: (first.get(name.partition(".")[0], 2), name))
    found: list[str] = []
    for name in named:
        table, _, column = name.partition(".")
        match Linking(keys[name].parent.info["linking"]):
            case Linking.MOVES:
                found.append(f"UPDATE {table} SET {column} = :kept WHERE {column} = :gone")
            case Linking.WAITING:
                found.append(
                    f"UPDATE {table} SET {column} = :kept WHERE {column} = :gone AND {WAITS[table]}"
                )
            case Linking.MERGED:
                found += MERGES[name]
            case Linking.STAYS:
                pass
    return tuple(found)


#: SQL conditions for pending rows, by table.
WAITS = {
    "inbox": "taken_at IS NULL AND set_aside_at IS NULL",
    "outbox": "sent_at IS NULL AND failed_at IS NULL",
}

#: Statements that merge two people's rows, by `table.column`.
MERGES = {
    "consents.person_id": (
        """
        INSERT INTO consents (person_id, purpose, version, given_at)
        SELECT :kept, purpose, version, given_at FROM consents WHERE person_id = :gone
        ON CONFLICT DO NOTHING
        """,
        "DELETE FROM consents WHERE person_id = :gone",
    ),
    "identities.person_id": (
        """
        DELETE FROM identities
         WHERE person_id = :gone AND EXISTS (SELECT FROM identities WHERE person_id = :kept)
        """,
        "UPDATE identities SET person_id = :kept WHERE person_id = :gone",
    ),
    "participants.person_id": (
        """
        DELETE FROM participants AS one
         WHERE person_id = :gone
           AND EXISTS (SELECT FROM participants AS other
                        WHERE other.case_id = one.case_id AND other.role = one.role
                          AND other.person_id = :kept)
        """,
        "UPDATE participants SET person_id = :kept WHERE person_id = :gone",
    ),
    "unreached.person_id": ("DELETE FROM unreached WHERE person_id = :gone",),
    "people.merged_into": (
        """
        UPDATE people AS one
           SET name = coalesce(one.name, other.name), phone = coalesce(one.phone, other.phone),
               opted_out_at = coalesce(one.opted_out_at, other.opted_out_at)
          FROM people AS other
         WHERE one.id = :kept AND other.id = :gone AND other.merged_into IS NULL
        """,
        "UPDATE people SET merged_into = :kept WHERE merged_into = :gone",
        "UPDATE people SET merged_into = :kept, name = NULL, phone = NULL WHERE id = :gone",
    ),
}


def end(tx: Session, link_id: int) -> None:
    """Expire a code whose linking failed, so that it can't be used again."""
    tx.execute(update(LinkCode).where(LinkCode.id == link_id).values(expires_at=func.now()))


def new_code() -> str:
    """Return a random code of letters and digits, at least one of each."""
    while True:
        code = "".join(secrets.choice(LETTERS + DIGITS) for _ in range(LENGTH))
        if not code.isalpha() and not code.isdigit():
            return code


def _fingerprint(code: str) -> bytes:
    return blind_index(code, "link_codes.code")
