"""Linking: merges the two people behind two chats, under both locks, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from casework.act import Act
from conversations import messages, services
from conversations.engine.drafts import MAX_PARKED
from conversations.messages import Message, Say
from conversations.session import ChatSession, joined
from models import audit, identity, link, officer, person, turn
from models.case import Case
from models.conversation import Conversation
from models.infrastructure.database import pipeline
from models.infrastructure.encryption import Unreadable
from models.lifecycle import CaseState
from models.link import LinkCode
from models.outbox import NewMessage, enqueue
from models.person import Address, Person

AFTERWARDS = timedelta(minutes=1)  # then rows written meanwhile for the merged person are moved
_OVER = (CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED)


def join(act: Act, code_id: int) -> datetime | None:
    """Merge the two people whom a code links; the older one is kept.

    For jobs. Returns when to call it again, to move rows written meanwhile; None when all is done.
    Idempotent, also for two codes that the same two people typed at once.
    """
    act.must_be_office()
    tx = act.tx
    row = tx.get_one(LinkCode, code_id, populate_existing=True)
    if row.taken_by_id is None:
        return None
    pair = row.person_id, row.taken_by_id
    person.lock(tx, pair)
    into = _merged(tx, pair)
    if into:  # already merged with each other, or one of them with another person
        for gone, kept in into.items():
            link.move(tx, kept=kept, gone=gone)
        return None
    kept, gone = sorted(pair)
    why = _refusal(tx, pair)
    if why:
        link.end(tx, row.id)
        _tell(tx, row, _last_addresses(tx, pair), f"notices.link_refused_{why}")
        audit.note(tx, f"person:{row.taken_by_id}", "link.refused", f"person:{kept}", why=why)
        return None
    sides = _last_addresses(tx, pair)
    _join_conversations(act, kept=kept, gone=gone, speaking=row.taken_by_id)
    link.move(tx, kept=kept, gone=gone)
    _tell(tx, row, [(kept, address_id) for _, address_id in sides], "notices.linked")
    audit.note(tx, f"person:{row.taken_by_id}", "person.linked", f"person:{kept}", gone=gone)
    return act.at + AFTERWARDS


def _merged(tx: Session, ids: Iterable[int]) -> dict[int, int]:
    rows = tx.execute(
        select(Person.id, Person.merged_into).where(
            Person.id.in_(list(ids)), Person.merged_into.is_not(None)
        )
    )
    return {gone: kept for gone, kept in rows if kept is not None}


def _refusal(tx: Session, pair: Sequence[int]) -> str:
    """Return why these two can't be merged, or ""."""
    if officer.of_people(tx, pair):
        return "staff"  # a code must not give staff rights to another chat
    known = identity.of_people(tx, list(pair))
    if len({one.nik_index for one in known.values()}) > 1:
        return "identity"
    open_ones = tx.scalars(
        select(Case.person_id)
        .where(
            Case.person_id.in_(pair),
            Case.state.not_in(_OVER),
            Case.service.not_in(services.load().answered()),
        )
        .distinct()
    ).all()
    return "open" if len(open_ones) > 1 else ""


def _last_addresses(tx: Session, pair: Iterable[int]) -> list[tuple[int, int]]:
    """Return the address that each person wrote from last: (person, address)."""
    rows = tx.execute(
        select(Address.person_id, Address.id)
        .where(Address.person_id.in_(list(pair)))
        .order_by(Address.heard_at.nulls_first(), Address.id.desc())
    )
    last = {person_id: address_id for person_id, address_id in rows}
    return sorted(last.items())


def _tell(tx: Session, row: LinkCode, sides: Iterable[tuple[int, int]], key: str) -> None:
    body = messages.to_json(Message((Say(key),)))
    enqueue(
        tx,
        [
            NewMessage(person_id, f"link:{row.id}:{address_id}", body, address_id=address_id)
            for person_id, address_id in sides
        ],
    )


def _join_conversations(act: Act, *, kept: int, gone: int, speaking: int) -> None:
    """Keep the open question of the chat where the code was typed, and both people's drafts."""
    tx = act.tx
    found = tx.scalars(select(Conversation).where(Conversation.person_id.in_([kept, gone])))
    rows = {row.person_id: row for row in found}
    if not rows:
        return
    chats = {person_id: chat for person_id, row in rows.items() if (chat := _readable_session(row))}
    if unreadable := [person_id for person_id in rows if person_id not in chats]:
        with pipeline(tx) as execute:
            turn.set_session_aside(execute, unreadable)
    first = speaking if speaking in chats else next(iter(chats), None)
    chat = chats.pop(first) if first is not None else ChatSession()
    for other in chats.values():
        chat = joined(chat, other, at_most=MAX_PARKED)
    has_draft = any(row.has_draft for i, row in rows.items() if i not in unreadable)
    one = rows.get(kept)
    if one is None:
        one = Conversation(person_id=kept)
        tx.add(one)
    one.session, one.has_draft, one.reminded = chat.to_json(), has_draft, 0
    one.spoke_at = act.at
    tx.execute(delete(Conversation).where(Conversation.person_id == gone))
    tx.flush()


def _readable_session(row: Conversation) -> ChatSession | None:
    """Return the stored session; None if it can't be read."""
    if isinstance(row.session, Unreadable):
        return None
    try:
        return ChatSession.from_json(row.session)
    except ValueError:
        return None
