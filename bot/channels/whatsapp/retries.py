"""Further tries of a message: what the reports on earlier ones require, and what Twilio has of it.

Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from bot.channels.base import OutgoingMessage
from bot.channels.whatsapp.addresses import to
from bot.channels.whatsapp.errors import (
    CLOSED,
    FileNotTaken,
    HeldBack,
    LanguageMissing,
    decision,
)
from bot.channels.whatsapp.payloads import Payload, floor
from bot.errors import ChannelError, Rejected, StillUnknown, TryLater, Unlisted, WindowClosed
from bot.outcomes import DAY, UNLISTED
from models import receipt
from models.infrastructure.database import Database
from models.receipt import Past

MAX_REPEATS = 3  # of a message that Twilio accepted and failed to deliver for a reason of ours
SLACK = timedelta(minutes=1)  # between Twilio's clock, in whole seconds, and the database's
LOOKED_THROUGH = 50  # messages to one person, newest first

#: Raised by the client when a response is not as documented.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SendPlan:
    """How to send a message, given the reports on its earlier attempts."""

    as_template: bool = False
    with_link: bool = False
    locale: str | None = None  # overrides the person's


def plan(past: Past | None) -> SendPlan:
    """Decide from the reports on a message how to send it again.

    Raises:
        Unreachable, WindowClosed, Rejected, Unlisted, TryLater: no further attempt on WhatsApp.
    """
    errors = [decision(delivery.code or 0) for delivery in past.reports] if past else []
    if not errors:
        return SendPlan()
    closed = sum(delivery.code == CLOSED for delivery in past.reports) if past else 0
    match errors[-1]:
        case TryLater() as later if past is not None and past.age >= DAY:
            raise later
        case FileNotTaken() | LanguageMissing() if len(errors) > MAX_REPEATS:
            raise Rejected(f"it failed at Twilio {len(errors)} times, the last: {errors[-1]}")
        case Unlisted() if sum(isinstance(one, Unlisted) for one in errors) > len(UNLISTED):
            raise Rejected(f"it failed at Twilio {len(errors)} times, the last: {errors[-1]}")
        case HeldBack() as held:
            raise held
        case WindowClosed() as again if closed > 1:
            raise again
        case TryLater() | WindowClosed() | FileNotTaken() | LanguageMissing() | Unlisted():
            pass
        case final:
            raise final
    return SendPlan(
        as_template=closed > 0,
        with_link=any(isinstance(error, FileNotTaken) for error in errors),
        locale="id" if any(isinstance(error, LanguageMissing) for error in errors) else None,
    )


async def find_sent(
    client: Client, sender: str, db: Database, outgoing: OutgoingMessage, past: Past
) -> list[Any]:
    """Find messages at Twilio that may be parts of this one, oldest first.

    These are the messages of `sender` (a number in E.164) to this person since the outbox row was
    created, without those that are known to belong to other rows: a person's messages are sent one
    at a time, the oldest first. Twilio can't search by text, and its filter by send time would
    omit queued messages.

    Raises:
        StillUnknown: Twilio or the database is unavailable.
    """
    try:
        rows = await client.messages.list_async(
            to=to(outgoing.address),
            from_=f"whatsapp:{sender}",
            limit=LOOKED_THROUGH,
            page_size=LOOKED_THROUGH,
        )
    except (ChannelError, TwilioException, *UNREADABLE) as error:
        why = f"whether it was sent can't be asked ({type(error).__name__})"
        raise StillUnknown(why) from error
    since = past.owed_at - SLACK
    ours = [row for row in rows if row.date_created and row.date_created >= since]
    sids = [str(row.sid) for row in ours]
    others = await ask(db, lambda tx: receipt.of_others(tx, sids, outbox_id=outgoing.id))
    known = others | {delivery.provider_id for delivery in past.reports}
    return [row for row in reversed(ours) if row.sid not in known]


def pop(found: list[Any], payload: Payload) -> str | None:
    """Remove the message of this payload from `found` and return its SID; None if absent."""
    words = [payload.shown, *(one.text for one in floor(payload))]
    has_file = payload.filename is not None or payload.picture
    for row in found:
        same = any(_same(row.body or "", one) for one in words)  # a document's is empty
        if same and (int(row.num_media or 0) > 0) == has_file:
            found.remove(row)
            return str(row.sid)
    return None


async def ask(db: Database, work: Callable[[Session], T]) -> T:
    """Read from the database.

    Raises:
        StillUnknown: the database is unavailable, so the outcome of earlier attempts is unknown.
    """
    try:
        return await db.ask(work)
    except DBAPIError as error:
        raise StillUnknown(f"the database is away ({type(error).__name__})") from error


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()) == " ".join(other.split())
