"""Failures of a provider, each with one decision; `bot.outcomes` says what follows.

ChannelError
├── Forged            an unsigned or wrongly signed delivery: 403
├── Malformed         a delivery that can't be read: 400
├── Unreachable       the person blocked the bot or never started it: mark them, give up
├── WindowClosed      the provider lets us say this only as an approved template: another address
├── Rejected          the provider will never take this message: give up, our fault
├── Unlisted          the provider refused for a reason that we don't know: a few tries
├── TryLater          the provider asks to wait: `after`, then again
│   └── Away          the provider was not there
├── OutcomeUnknown    it may have been sent: a few tries, since each may be a copy
│   ├── HalfSent      a part of it was sent
│   └── StillUnknown  nothing was sent now, an earlier try may have been
└── FileRefused       a file that we can't or won't take: tell its sender
"""

from __future__ import annotations

from datetime import timedelta


class ChannelError(Exception):
    """Something between a channel's provider and us failed."""


class Forged(ChannelError):
    """The delivery does not carry the provider's signature or our secret."""


class Malformed(ChannelError):
    """The delivery is not what the provider documents."""


class Unreachable(ChannelError):
    """The provider says this person can't be written to."""


class WindowClosed(ChannelError):
    """The provider lets us say this only as an approved template, and there is none.

    They may hear it at another address.
    """


class Rejected(ChannelError):
    """The provider will never take this message as it is."""


class Unlisted(ChannelError):
    """The provider refused the message for a reason that none of our lists names."""


class TryLater(ChannelError):
    """The provider asked to wait, or was not there; the message was not sent."""

    def __init__(self, why: str, *, after: timedelta) -> None:
        super().__init__(why)
        self.after = after


class Away(TryLater):
    """The provider was not reached, or is broken; the message was not sent."""


class OutcomeUnknown(ChannelError):
    """The provider did not answer in time: the message may have been sent."""


class HalfSent(OutcomeUnknown):
    """A part of the message was sent, and the next was not: to repeat it is to send a copy."""


class StillUnknown(OutcomeUnknown):
    """The outcome of an earlier try could not be found out, so nothing was sent now."""


class FileRefused(ChannelError):
    """A file is too large, of a kind we don't take, or gone; `reason` is a key of the catalogue."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Busy(Exception):
    """Too much waits, or the database is away: nothing is taken now, deliver it later."""
