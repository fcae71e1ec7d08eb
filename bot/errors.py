"""Failures of a provider, each with one decision; the sender's rules are in `bot.outcomes`.

ChannelError
├── Forged            an unsigned or wrongly signed delivery: 403
├── Malformed         a delivery that can't be read: 400
├── Unreachable       the person blocked the bot or never started it: mark the address, give up
├── WindowClosed      the provider allows only an approved template: try another address
├── Rejected          the provider never accepts this message: give up, our fault
├── Unlisted          the provider refused for an unknown reason: a few tries
├── TryLater          the provider asks to wait: retry after `after`
│   └── Away          the provider was unavailable
├── OutcomeUnknown    it may have been sent: a few tries, since each may send a copy
│   ├── HalfSent      part of it was sent
│   └── StillUnknown  nothing was sent now; an earlier try may have been
└── FileRefused       a file that we can't or won't accept: notify its sender
"""

from __future__ import annotations

from datetime import timedelta


class ChannelError(Exception):
    """Communication with a channel's provider failed."""


class Forged(ChannelError):
    """The delivery does not carry the provider's signature or our secret."""


class Malformed(ChannelError):
    """The delivery is not what the provider documents."""


class Unreachable(ChannelError):
    """The provider says that messages can't be sent to this person."""


class WindowClosed(ChannelError):
    """The provider allows only an approved template, and there is none.

    The person may be reachable at another address.
    """


class Rejected(ChannelError):
    """The provider will never accept this message as it is."""


class Unlisted(ChannelError):
    """The provider refused the message for a reason that is in none of our lists."""


class TryLater(ChannelError):
    """The provider asked to wait, or was unavailable; the message was not sent."""

    def __init__(self, why: str, *, after: timedelta) -> None:
        super().__init__(why)
        self.after = after


class Away(TryLater):
    """The provider could not be reached, or failed; the message was not sent."""


class OutcomeUnknown(ChannelError):
    """The provider did not answer in time: the message may have been sent."""


class HalfSent(OutcomeUnknown):
    """Part of the message was sent and the rest was not; a retry may send that part twice."""


class StillUnknown(OutcomeUnknown):
    """The outcome of an earlier try is still unknown, so nothing was sent now."""


class FileRefused(ChannelError):
    """A file is too large, of an unsupported kind, or gone; `reason` is a catalogue key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Busy(Exception):
    """Too many deliveries wait, or the database is unavailable: deliver again later."""
