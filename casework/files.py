"""Acts on files of tickets: photos and recordings that a supervisor sees and hears in chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework import course
from casework.act import Act
from conversations import messages
from conversations.messages import Message, Say
from conversations.service import Service
from conversations.ticketing import MOST_FILES
from models import attachment, ticket
from models.attachment import EVIDENCE, Attachment, AttachmentState
from models.case import Case
from models.infrastructure.encryption import readable
from models.lifecycle import NotAllowed
from models.officer import Officer
from models.outbox import Lane, NewMessage
from models.ticket import Ticket


def keep(act: Act, attachment_id: int) -> None:
    """Keep a file that the person who acts sends with a complaint: a picture or a recording.

    Raises:
        NotAllowed: somebody else sent it.
    """
    _own(act, attachment_id).kind = EVIDENCE


def add(act: Act, case_id: int, attachment_id: int) -> None:
    """Add a file to the owner's open ticket; who took it is sent the file once it is stored.

    Raises:
        NotAllowed: it is not theirs, it is closed, or it holds as many files as it may.
    """
    row = _own(act, attachment_id)
    case, waits = ticket.lock(act.tx, act.my_case(case_id).id)
    answers: Mapping[str, Any] = readable(case.answers) or {}
    step = step_of(course.service_of(case))
    ids = attachment.ids_in(answers)
    if waits.closed_at is not None or step is None or len(ids) >= MOST_FILES:
        raise NotAllowed(f"ticket {case_id} takes no more files")
    row.kind = EVIDENCE
    case.answers = {**answers, step: {"ids": [*ids, attachment_id], "done": True}}
    act.note("ticket.file_added", f"case:{case.id}")


def step_of(service: Service) -> str | None:
    """Return the step of a service's form that keeps recordings; None if none does."""
    return next((step.id for step in service.form.steps if step.takes_sound), None)


def pass_on(act: Act, attachment_id: int) -> None:
    """Send a file that is stored now to the supervisor who took the ticket, if somebody did."""
    act.must_be_office()
    row = act.tx.get(Attachment, attachment_id)
    if row is None or row.kind != EVIDENCE:
        return
    for case, waits in ticket.taken_of(act.tx, row.person_id):
        if attachment_id in attachment.ids_in(readable(case.answers) or {}):
            _send(act, case, waits, [row])


def send(act: Act, case: Case, row: Ticket) -> None:
    """Send all stored files of a (locked) ticket to the supervisor who took it, each once."""
    _send(
        act, case, row, attachment.stored(act.tx, attachment.ids_in(readable(case.answers) or {}))
    )


def _send(act: Act, case: Case, row: Ticket, files: list[Attachment]) -> None:
    taker = act.tx.get(Officer, row.taken_by_id) if row.taken_by_id is not None else None
    if taker is None or not taker.active or taker.person_id is None:
        return
    mine = act.is_of(taker.person_id)
    for file in files:
        if file.state != AttachmentState.STORED or file.path is None:
            continue
        message = shown(Say("notices.ticket_file", {"number": case.number}), file.path, case.number)
        queued = NewMessage(
            person_id=taker.person_id,
            dedupe_key=f"ticket_file:{case.id}:{file.id}:{taker.id}",
            message=messages.to_json(message),
            lane=Lane.REPLY if mine else Lane.NOTICE,
            address_id=act.address_id if mine else None,
        )
        act.ledger.enqueue(queued, message)


def shown(say: Say, path: str, number: str) -> Message:
    """Return a message with a stored file: a photo as a picture, a recording as a document."""
    if attachment.is_sound(path):
        name = f"{number}.{path.rpartition('.')[2]}"
        return Message((say,), document=path, filename=name)
    return Message((say,), picture=path)


def _own(act: Act, attachment_id: int) -> Attachment:
    row = act.tx.get(Attachment, attachment_id)
    if row is None or not act.is_of(row.person_id):
        raise NotAllowed(f"attachment {attachment_id} is not {act.actor}'s")
    return row
