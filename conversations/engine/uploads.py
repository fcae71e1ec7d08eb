"""Files that nobody asked for: an open complaint keeps them."""

from __future__ import annotations

from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.events import Uploaded
from conversations.facts import TicketFact
from conversations.messages import Say
from conversations.ticketing import MOST_FILES, AddFile


def ticket(turn: TurnBuilder) -> TicketFact | None:
    """Return the ticket that takes the person's files: the one on this page, or the newest."""
    draft = turn.session.draft
    here = turn.facts.ticket(draft.subject) if draft is not None and draft.subject else None
    waits = [one for one in turn.facts.mine.tickets if one.takes_files and not one.closed]
    return here if here in waits else next(iter(waits), None)


def add(turn: TurnBuilder, waits: TicketFact, event: Uploaded) -> None:
    """Add a file to the person's ticket, unless it holds as many as it may."""
    if len(waits.files) >= MOST_FILES:
        drafts.digress(turn, Say("my_ticket.files_enough", {"number": waits.number}))
        return
    turn.effects.append(AddFile(waits.id, event.attachment_id))
    turn.lasting = True
    drafts.digress(turn, Say("my_ticket.file_added", {"number": waits.number}))
