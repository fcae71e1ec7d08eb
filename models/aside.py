"""Rows that were set aside because they could not be read or failed through a fault of ours.

An operator lists them, retries them once the cause is fixed, and closes those that are settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, func, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from models import audit, person
from models.attachment import Attachment, AttachmentState
from models.base import Base
from models.case import Case
from models.conversation import SESSION, Conversation
from models.inbox import InboxMessage
from models.infrastructure import encryption
from models.infrastructure.database import INBOX, OUTBOX, notify
from models.infrastructure.encryption import Unreadable
from models.infrastructure.errors import OperatorError
from models.outbox import OutboundMessage
from models.person import Person
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal
from models.scope import Scope

ACTOR = "operator"  # in the audit
#: Outcomes of messages that were given up through a fault of ours.
OURS = (
    "unreadable",
    "no_key",
    "rejected",
    "refused",
    "failed",
    "file_missing",
    "storage_away",
    "unwritable",
)
UNREADABLE = "unreadable"  # refusal of a file whose reference could not be decrypted
CLOSED = "closed"
_UNREADABLE = "refusal = 'unreadable'"


class Kind(StrEnum):
    """Kinds of rows that can be set aside."""

    TURN = "turn"  # a received message, or news: `inbox`
    MESSAGE = "message"  # `outbox`
    FILE = "file"  # `attachments`
    SESSION = "session"  # `sessions_aside`


class NotPossible(OperatorError):
    """The row can't be retried or closed; the message says why, and what to do."""


class SessionAside(Base):
    """A conversation's session that could not be read, byte for byte as it was stored.

    Open until `closed_at` is set, when an operator retries or closes it.
    """

    __tablename__ = "sessions_aside"
    __table_args__ = (
        Index("ix_sessions_aside_open", "set_aside_at", postgresql_where="closed_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    session: Mapped[bytes] = mapped_column(
        LargeBinary, info=personal(Personal.WORDS, Keep.DRAFTS, Erasing.ROW)
    )  # encrypted, as in `conversations`
    has_draft: Mapped[bool]
    set_aside_at: Mapped[datetime] = mapped_column(default=func.now())
    closed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Aside:
    """One row that waits for an operator."""

    kind: Kind
    id: int
    person_id: int
    since: datetime
    why: str


def waiting(tx: Session, *, limit: int) -> list[Aside]:
    """Return up to `limit` open rows of each kind, oldest first within a kind."""
    turns = select(InboxMessage.id, InboxMessage.person_id, InboxMessage.set_aside_at).where(
        InboxMessage.set_aside_at.is_not(None), InboxMessage.taken_at.is_(None)
    )
    messages = select(
        OutboundMessage.id,
        OutboundMessage.person_id,
        OutboundMessage.failed_at,
        OutboundMessage.outcome,
    ).where(OutboundMessage.failed_at.is_not(None), OutboundMessage.outcome.in_(OURS))
    files = select(Attachment.id, Attachment.person_id, Attachment.due_at).where(
        text(_UNREADABLE)  # the same text as in the partial index, so that it is used
    )
    sessions = select(SessionAside.id, SessionAside.person_id, SessionAside.set_aside_at).where(
        SessionAside.closed_at.is_(None)
    )
    found: list[Aside] = []
    for kind, rows, order, why in (
        (Kind.TURN, turns, InboxMessage.set_aside_at, "failed, or unreadable"),
        (Kind.MESSAGE, messages, OutboundMessage.failed_at, ""),
        (Kind.FILE, files, Attachment.id, UNREADABLE),
        (Kind.SESSION, sessions, SessionAside.set_aside_at, UNREADABLE),
    ):
        for row_id, person_id, since, *outcome in tx.execute(rows.order_by(order).limit(limit)):
            found.append(Aside(kind, row_id, person_id, since, *(outcome or [why])))
    return found


def turns_of(
    tx: Session, scope: Scope, *, but: int, only: int | None = None, limit: int
) -> Sequence[tuple[int, Person, datetime]]:
    """Return set-aside messages of a supervisor's areas, oldest first; none of the person `but`.

    `only` is the one message that is looked for.

    The area is that of the newest case of the person who wrote it.
    """
    newest = (
        select(func.max(Case.id)).where(Case.person_id == InboxMessage.person_id).scalar_subquery()
    )
    theirs = aliased(Case)
    rows = tx.execute(
        select(InboxMessage.id, Person, InboxMessage.set_aside_at)
        .join(Person, Person.id == InboxMessage.person_id)
        .outerjoin(theirs, theirs.id == newest)
        .where(
            InboxMessage.set_aside_at.is_not(None),
            InboxMessage.taken_at.is_(None),
            InboxMessage.person_id != but,
            true() if only is None else InboxMessage.id == only,
            scope.holds(theirs.area_code),
        )
        .order_by(InboxMessage.set_aside_at)
        .limit(limit)
    )
    return [(row_id, person, since) for row_id, person, since in rows if since is not None]


def retry(tx: Session, kind: Kind, row_id: int, *, actor: str = ACTOR) -> None:
    """Process a row again as if it had just arrived; wakes the bot at commit.

    Raises:
        NotPossible: the row is not set aside, still can't be read, or is a session that would
            replace a new form.
    """
    row = _open(tx, kind, row_id)
    match row:
        case InboxMessage():
            _require_readable(row.event)
            row.set_aside_at, row.failures, row.person_id = None, 0, _unmerged_id(tx, row.person_id)
            notify(tx, INBOX)
        case OutboundMessage():
            _require_readable(row.message)
            row.failed_at = row.outcome = row.leased_until = None
            row.first_due_at = row.counted = None
            row.attempts, row.due_at, row.person_id = 0, func.now(), _unmerged_id(tx, row.person_id)
            notify(tx, OUTBOX)
        case Attachment():
            _require_readable(row.reference)
            row.state, row.refusal, row.failures = AttachmentState.PENDING, None, 0
            row.due_at = func.now()
        case SessionAside():
            _put_back(tx, row)
    audit.note(tx, actor, "aside.retried", f"{kind}:{row_id}")


def close(tx: Session, kind: Kind, row_id: int, reason: str, *, actor: str = ACTOR) -> None:
    """Close a row without processing it; `reason` goes into the audit and must name nobody.

    Raises:
        NotPossible: the row is not set aside.
    """
    row = _open(tx, kind, row_id)
    match row:
        case InboxMessage():
            row.taken_at = func.now()
        case OutboundMessage():
            row.outcome = CLOSED
        case Attachment():
            row.refusal = CLOSED
        case SessionAside():
            row.closed_at = func.now()
    audit.note(tx, actor, "aside.closed", f"{kind}:{row_id}", reason=reason)


def _open(
    tx: Session, kind: Kind, row_id: int
) -> InboxMessage | OutboundMessage | Attachment | SessionAside:
    """Lock and return a row that is still set aside."""
    row: InboxMessage | OutboundMessage | Attachment | SessionAside | None
    match kind:
        case Kind.TURN:
            row = tx.get(InboxMessage, row_id, with_for_update=True)
            waits = row is not None and row.set_aside_at is not None and row.taken_at is None
        case Kind.MESSAGE:
            row = tx.get(OutboundMessage, row_id, with_for_update=True)
            waits = row is not None and row.failed_at is not None and row.outcome in OURS
        case Kind.FILE:
            row = tx.get(Attachment, row_id, with_for_update=True)
            waits = row is not None and row.refusal == UNREADABLE
        case Kind.SESSION:
            row = tx.get(SessionAside, row_id, with_for_update=True)
            waits = row is not None and row.closed_at is None
    if row is None or not waits:
        raise NotPossible(f"no {kind} {row_id} is set aside: izin aside list shows what is")
    return row


def _require_readable(value: object) -> None:
    if isinstance(value, Unreadable):
        raise NotPossible(f"it still can't be read: {value.why}")


def _unmerged_id(tx: Session, person_id: int) -> int:
    """Return the person's id, or the id of the person they were merged into."""
    return tx.get_one(Person, person_id).merged_into or person_id


def _put_back(tx: Session, row: SessionAside) -> None:
    """Restore a conversation's session, unless that would replace a form begun since then."""
    _require_readable(encryption.open_json(row.session, SESSION))
    person.lock(tx, [row.person_id])
    begun = tx.scalar(select(Conversation.has_draft).filter_by(person_id=row.person_id))
    if begun and row.has_draft:
        raise NotPossible(
            f"person {row.person_id} has begun a new form: it would be lost. Close this session, "
            "or try again when that form is sent"
        )
    table = Conversation.__table__.c
    session = encryption.unseal_json(row.session, SESSION)
    given = insert(Conversation).values(
        person_id=row.person_id,
        session=session,
        has_draft=row.has_draft,
        spoke_at=func.now(),
        reminded=0,
    )
    tx.execute(
        given.on_conflict_do_update(
            index_elements=[table.person_id],
            set_={"session": given.excluded.session, "has_draft": given.excluded.has_draft},
        )
    )
    row.closed_at = func.now()
