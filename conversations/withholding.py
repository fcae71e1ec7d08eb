"""Removes identity numbers from events before they are stored."""

from __future__ import annotations

from dataclasses import replace

from conversations.events import Event, Happened, Said, Uploaded, Withheld, texts
from conversations.parsers.identity import contains_identity_number, redacted, says_more


def withheld(event: Event) -> Event:
    """Return the event as it may be stored: without identity numbers.

    In words and captions that say something besides, `words.MARK` replaces the number alone. A
    photo is kept in any case. Any other event that holds one is `Withheld`: a message that is
    hardly more than the number, the payload of a deep link, the value of a button. News comes from
    the city and is not checked.
    """
    match event:
        case Happened():
            return event
        case Said(text, message=message):
            hidden = redacted(text)
            if hidden is None:
                return event
            if not says_more(hidden):
                return Withheld(message=message)
            return replace(event, text=hidden, withheld=True)
        case Uploaded():
            hidden = redacted(event.caption)
            if hidden is None:
                return event
            return replace(event, caption=hidden if says_more(hidden) else "", withheld=True)
    return Withheld() if any(map(contains_identity_number, texts(event))) else event
