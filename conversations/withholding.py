"""Removes from an event what must not be kept: an identity number, wherever it was written."""

from __future__ import annotations

from dataclasses import replace

from conversations.events import Event, Happened, Uploaded, Withheld, texts
from conversations.parsers.identity import contains_identity_number


def withheld(event: Event) -> Event:
    """Give the event as it may be stored: `Withheld` in its place if it holds an identity number.

    Every text of every kind of event is looked at: words, a caption, the payload of a deep link,
    the value of a button. A photo is kept without its caption. News is the city's own and is not
    looked at.
    """
    if isinstance(event, Happened):
        return event
    if not any(map(contains_identity_number, texts(event))):
        return event
    return replace(event, caption="") if isinstance(event, Uploaded) else Withheld()
