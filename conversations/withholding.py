"""Removes identity numbers from events before they are stored."""

from __future__ import annotations

from dataclasses import replace

from conversations.events import Event, Happened, Uploaded, Withheld, texts
from conversations.parsers.identity import contains_identity_number


def withheld(event: Event) -> Event:
    """Return the event as it may be stored: `Withheld` instead if it holds an identity number.

    Every text of every kind of event is checked: words, a caption, the payload of a deep link, the
    value of a button. A photo is kept without its caption. News comes from the city and is not
    checked.
    """
    if isinstance(event, Happened):
        return event
    if not any(map(contains_identity_number, texts(event))):
        return event
    return replace(event, caption="") if isinstance(event, Uploaded) else Withheld()
