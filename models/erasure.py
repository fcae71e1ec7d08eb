"""Erasure: which rows are a person's, and what happens to each when the person is erased.

The columns declare it (`models.personal`); `WHOSE` says for each table which rows are theirs.
`casework.erasing` is the act.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, text, union, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import task
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.conversation import Conversation
from models.dossier import Dossier
from models.inbox import InboxMessage
from models.infrastructure.encryption import Unreadable, readable
from models.lifecycle import VisitState
from models.officer import Officer
from models.outbox import OutboundMessage
from models.participant import Participant, ParticipantRole
from models.person import Address, Person
from models.personal import Erasing, columns, every_table
from models.visit import Offer, Visit, VisitReport

WITHIN = timedelta(hours=1)  # the promise: later, `izin doctor` and an alarm report it
ERASED = "erased"  # refusal of a file that was erased

_CASES = "(SELECT id FROM cases WHERE person_id = ANY(:ids))"
_CHATS = "(SELECT channel, address FROM addresses WHERE person_id = ANY(:ids))"
_MINE = "person_id = ANY(:ids)"
#: SQL of a person's rows in each table with personal columns, and in tables about people that have
#: none; `:ids` are the person and those merged into them, `:files` their attachments.
WHOSE = {
    "addresses": _MINE,
    "aliases": f"(channel, address) IN {_CHATS} OR (channel, name) IN {_CHATS}",
    "assisted_forms": _MINE,
    "attachments": "id = ANY(:files)",
    "browser_messages": "address IN (SELECT address FROM addresses WHERE person_id = ANY(:ids))",
    "cases": _MINE,
    "conversations": _MINE,
    "documents": _MINE,
    "dossiers": f"case_id IN {_CASES}",
    "identities": _MINE,
    "identity_links": f"{_MINE} OR holder_id = ANY(:ids)",
    "helpers": _MINE,
    "inbox": _MINE,
    "invitations": f"case_id IN {_CASES}",
    "lender_answers": f"case_id IN {_CASES}",
    "link_codes": f"{_MINE} OR taken_by_id = ANY(:ids)",
    "officer_flags": "officer_id IN (SELECT id FROM officers WHERE person_id = ANY(:ids))",
    "officers": _MINE,
    "outbox": _MINE,
    "participants": f"{_MINE} OR case_id IN {_CASES}",
    "people": "id = ANY(:ids)",
    "portraits": "officer_id IN (SELECT id FROM officers WHERE person_id = ANY(:ids))",
    "remarks": f"case_id IN {_CASES}",
    "sessions_aside": _MINE,
    "unreached": _MINE,
    "visits": f"host_id = ANY(:ids) OR case_id IN {_CASES}",
}
#: Tables without personal columns whose rows are of no use without the person.
_WITH_THEM = frozenset({"unreached"})
#: Tasks that could only fail afterwards, or do what nobody waits for.
_TASKS = f"""
    UPDATE tasks SET done_at = now()
     WHERE done_at IS NULL AND failed_at IS NULL AND (
       kind = 'link' AND subject_id IN (SELECT id FROM link_codes WHERE {WHOSE["link_codes"]})
       OR kind IN ('verify', 'open_windows', 'follow_up', 'letter_to_desk', 'remind_instalment',
                   'second_letter')
          AND subject_id IN {_CASES}
       OR kind = 'offer' AND subject_id IN (SELECT id FROM visits WHERE {WHOSE["visits"]})
       OR kind = 'expire_offer' AND subject_id IN (
         SELECT offers.id FROM offers JOIN visits ON visits.id = visit_id WHERE {WHOSE["visits"]}))
"""


def ask(tx: Session, person_id: int, run_key: str, *, after: timedelta = timedelta(0)) -> None:
    """Mark a person as to be erased, and enqueue the task."""
    marked = update(Person).where(Person.id == person_id, Person.erase_asked_at.is_(None))
    tx.execute(marked.values(erase_asked_at=func.now()))
    due_at = tx.scalar(select(func.now() + after))
    task.plan(tx, "erase", person_id, run_key, due_at=due_at)


def unfinished(tx: Session, *, before: timedelta = timedelta(0)) -> Sequence[int]:
    """Return people whose erasure was asked for that long ago, and is not finished."""
    asked = select(Person.id).where(Person.erase_asked_at <= func.now() - before)
    return tx.scalars(asked.order_by(Person.id)).all()


def lock(tx: Session, ids: Iterable[int]) -> Sequence[Person]:
    """Lock people in id order, erased ones too (`FOR NO KEY UPDATE`)."""
    return tx.scalars(
        select(Person)
        .where(Person.id.in_(list(ids)))
        .order_by(Person.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def ids_of(tx: Session, person_id: int) -> list[int]:
    """Return the ids of a person, of those who were merged into them, and of their applicants.

    The last are people without a chat, for whom they asked on their phone.
    """
    theirs = (Person.id == person_id) | (Person.merged_into == person_id)
    ids = list(tx.scalars(select(Person.id).where(theirs)))
    applied = select(Participant.person_id).where(
        Participant.role == ParticipantRole.ABOUT,
        Participant.case_id.in_(select(Case.id).where(Case.person_id.in_(ids))),
        Participant.person_id.is_not(None),
    )
    return sorted({*ids, *(one for one in tx.scalars(applied) if one is not None)})


def under_way(tx: Session, ids: Sequence[int]) -> bool:
    """Whether an officer is on the way to one of these people, or there."""
    states = (VisitState.ON_THE_WAY, VisitState.ARRIVED)
    theirs = select(Case.id).where(Case.person_id.in_(ids))
    of_them = Visit.host_id.in_(ids) | Visit.case_id.in_(theirs)
    found = select(Visit.id).where(of_them, Visit.state.in_(states)).limit(1)
    return tx.scalar(found) is not None


def files(tx: Session, ids: Sequence[int]) -> Sequence[Attachment]:
    """Return what these people sent or signed, and photos that officers took for their cases."""
    cases = tx.execute(select(Case.id, Case.answers).where(Case.person_id.in_(ids))).all()
    of_cases = Visit.case_id.in_([case_id for case_id, _ in cases])
    reports = tx.scalars(
        select(VisitReport.answers)
        .join(Visit, Visit.id == VisitReport.visit_id)
        .where(of_cases | Visit.host_id.in_(ids))
    )
    named = set(_photos([*(readable(answers) for _, answers in cases), *reports]))
    named |= set(tx.scalars(text(_KTP_AND_SIGNATURES), {"ids": list(ids)}))
    theirs = Attachment.person_id.in_(ids) | Attachment.id.in_(named)
    return tx.scalars(select(Attachment).where(theirs).order_by(Attachment.id)).all()


_KTP_AND_SIGNATURES = """
    SELECT ktp_attachment_id FROM identities
     WHERE person_id = ANY(:ids) AND ktp_attachment_id IS NOT NULL
    UNION
    SELECT evidence_id FROM assisted_forms
     WHERE person_id = ANY(:ids) AND evidence_id IS NOT NULL
    UNION
    SELECT kept.id FROM dossiers, unnest(ARRAY[signature_id, receipt_id]) AS kept (id)
     WHERE case_id IN (SELECT id FROM cases WHERE person_id = ANY(:ids)) AND kept.id IS NOT NULL
"""


def files_of_letter(tx: Session, case_id: int) -> Sequence[Attachment]:
    """Return what was drawn, and photographed at the visits, for one case's letter."""
    reports = tx.scalars(
        select(VisitReport.answers)
        .join(Visit, Visit.id == VisitReport.visit_id)
        .where(Visit.case_id == case_id)
    ).all()
    kept = select(Dossier.signature_id, Dossier.receipt_id).where(Dossier.case_id == case_id)
    named = {one for row in tx.execute(kept) for one in row if one is not None}
    named |= set(_photos([*reports]))
    theirs = select(Attachment).where(Attachment.id.in_(named)).order_by(Attachment.id)
    return tx.scalars(theirs).all()


def _photos(value: Any) -> Iterator[int]:
    """Yield the ids of attachments in answers: the lists under "ids"."""
    match value:
        case dict():
            held = value.get("ids")
            yield from (one for one in held if isinstance(one, int)) if held else ()
            yield from _photos(list(value.values()))
        case list():
            for one in value:
                yield from _photos(one)


def only_theirs(tx: Session, rows: Sequence[Attachment]) -> list[str]:
    """Return the paths of these attachments whose file no other attachment shares."""
    paths = {row.path for row in rows if row.path is not None}
    others = select(Attachment.path).where(
        Attachment.path.in_(paths), Attachment.id.not_in([row.id for row in rows])
    )
    return sorted(paths - set(tx.scalars(others)))


def rows(tx: Session, ids: Sequence[int], files: Sequence[Attachment]) -> dict[str, int]:
    """Erase the rows of (locked) people, but for their addresses; return how many, by table.

    Answers of cases are reduced by the caller.
    """
    given = {"ids": list(ids), "files": [row.id for row in files]}
    tx.execute(text(_TASKS), given)
    for row in files:
        row.state, row.refusal, row.leased_until = AttachmentState.REFUSED, ERASED, None
    tx.flush()
    found = {table: _done(tx, sql, given) for table, sql in _statements(last=False)}
    tx.expire_all()
    return {table: n for table, n in found.items() if n}


def last_rows(tx: Session, ids: Sequence[int]) -> None:
    """Delete the addresses of people, and what is known by them."""
    for _, sql in _statements(last=True):
        tx.execute(text(sql), {"ids": list(ids), "files": []})


def _done(tx: Session, sql: str, given: dict[str, Any]) -> int:
    return cast("CursorResult[Any]", tx.execute(text(sql), given)).rowcount


@cache
def _statements(*, last: bool) -> tuple[tuple[str, str], ...]:
    """Return (table, SQL) from the declarations; links first, for their forms write the others."""
    ways: dict[str, dict[str, Any]] = {table: {} for table in _WITH_THEM}
    for name, column in columns(every_table()).items():
        table, _, of = name.partition(".")
        ways.setdefault(table, {})[of] = column.info["erasing"]
    first = {"identity_links": 0, "aliases": 0, "browser_messages": 0, "identities": 1}
    found = []
    for table in sorted(ways, key=lambda one: (first.get(one, 2), one)):
        how = set(ways[table].values())
        emptied = [of for of, way in ways[table].items() if way == Erasing.EMPTIED]
        if Erasing.LAST in how:
            if last:
                found.append((table, f"DELETE FROM {table} WHERE {WHOSE[table]}"))
        elif last:
            continue
        elif Erasing.ROW in how or not how:
            found.append((table, f"DELETE FROM {table} WHERE {WHOSE[table]}"))
        elif emptied:
            empty = ", ".join(f"{of} = NULL" for of in emptied)
            found.append((table, f"UPDATE {table} SET {empty} WHERE {WHOSE[table]}"))
    return tuple(found)


# -- what others hold about them -------------------------------------------------------------------


def others(tx: Session, ids: Sequence[int]) -> list[int]:
    """Return the people whose messages and sessions may name these people.

    They are supervisors, the officers who were asked about a visit, and helpers.
    """
    of_cases = select(Case.id).where(Case.person_id.in_(ids))
    visits = union(  # each part has an index
        select(Visit.id).where(Visit.case_id.in_(of_cases)),
        select(Visit.id).where(Visit.host_id.in_(ids)),
    )
    asked = select(Offer.officer_id).where(Offer.visit_id.in_(visits))
    sent = select(Visit.officer_id).where(Visit.id.in_(visits), Visit.officer_id.is_not(None))
    staff = (Officer.role != "officer") | Officer.id.in_(asked) | Officer.id.in_(sent)
    found = set(tx.scalars(select(Officer.person_id).where(staff, Officer.person_id.is_not(None))))
    helped = select(Participant.person_id).where(Participant.case_id.in_(of_cases))
    found |= set(tx.scalars(helped.where(Participant.person_id.is_not(None))))
    return sorted({one for one in found if one is not None} - set(ids))


def held_by(
    tx: Session, person_ids: Sequence[int]
) -> Iterator[tuple[InstrumentedAttribute[Any], InstrumentedAttribute[int], int, Any]]:
    """Yield the messages and sessions of (locked) people: column, key, its value, the content."""
    for column, key in (
        (InboxMessage.event, InboxMessage.id),
        (OutboundMessage.message, OutboundMessage.id),
        (Conversation.session, Conversation.person_id),
    ):
        table = key.class_
        theirs = select(key, column).where(table.person_id.in_(person_ids)).order_by(key)
        for row_id, content in tx.execute(theirs).yield_per(500):
            if not isinstance(content, Unreadable):
                yield column, key, row_id, content


def replace(
    tx: Session,
    column: InstrumentedAttribute[Any],
    key: InstrumentedAttribute[int],
    row_id: int,
    content: Any,
) -> None:
    """Write the content of a row that `held_by` yielded anew."""
    tx.execute(
        update(column.class_).where(key == row_id).values({column: content}),
        execution_options={"synchronize_session": False},
    )


# -- the last message ------------------------------------------------------------------------------


def hand_chats_on(tx: Session, ids: Sequence[int], person: Person) -> int | None:
    """Give the addresses of people to a new person; return it, or None if there are none.

    Its chat stays reachable for the last message, and whoever writes in it begins anew.
    """
    if tx.scalar(select(Address.id).where(Address.person_id.in_(ids)).limit(1)) is None:
        return None
    heir = Person(locale=person.locale, opted_out_at=person.opted_out_at)
    tx.add(heir)
    tx.flush()
    tx.execute(
        update(Address).where(Address.person_id.in_(ids)).values(person_id=heir.id),
        execution_options={"synchronize_session": False},
    )
    return heir.id


def farewell_key(person_id: int) -> str:
    """Return the dedupe key of the last message to a person."""
    return f"erased:{person_id}"


def farewell(tx: Session, person_id: int) -> OutboundMessage | None:
    """Return the last message to a person who was erased."""
    of = OutboundMessage.dedupe_key == farewell_key(person_id)
    return tx.scalars(select(OutboundMessage).where(of)).one_or_none()


def end_chat(tx: Session, heir_id: int) -> bool:
    """Delete the new person of a chat, with its addresses; False if they have written since."""
    heir = tx.get(Person, heir_id, with_for_update=True, populate_existing=True)
    if heir is None or heir.merged_into is not None:
        return heir is None
    for table in (InboxMessage, Conversation):
        if tx.scalar(select(table.person_id).where(table.person_id == heir_id).limit(1)):
            return False
    last_rows(tx, [heir_id])
    tx.execute(delete(OutboundMessage).where(OutboundMessage.person_id == heir_id))
    tx.execute(delete(Person).where(Person.id == heir_id))
    return True
