"""Letters: what an owner reads when a supervisor rejects a case or sends it back.

The supervisor sees the same letter before it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce

from conversations.facts import Calendar
from conversations.messages import Say, Value
from conversations.session import Answers

#: Working days within which an owner may object. Source: UU 30/2014 art. 77(1).
OBJECTION_DAYS = 21
REFUSED, RETURNED = "notices.rejected", "findings.returned"


def object_until(today: date, calendar: Calendar) -> date:
    """Return the last day for an objection to a decision of today."""
    on, left = today, OBJECTION_DAYS
    while left:
        on += timedelta(days=1)
        left -= calendar.works(on)
    return on


def refused(service: str, number: str, why: str, reason: str, until: date) -> Say:
    """Return the letter that rejects a case: `why` is one of the service's `refusals`.

    `reason` is the supervisor's own sentence.
    """
    named = f"{service}.refused.{why}"
    params: dict[str, Value] = {
        "number": number,
        "why": Say(named),
        "reason": reason,
        "next": Say(f"{named}.next"),
        "until": until,
    }
    return Say(REFUSED, params)


def returned(service: str, number: str, steps: Sequence[str], reason: str) -> Say:
    """Return the letter that sends a case back; `steps`, one at least, are answered again."""
    params: dict[str, Value] = {
        "number": number,
        "items": listed([Say(f"{service}.{step}.label") for step in steps]),
        "reason": reason,
    }
    return Say(RETURNED, params)


def listed(says: Sequence[Say]) -> Say:
    """Return one sentence that lists some."""
    return reduce(lambda said, one: Say("common.list_short", {"said": said, "next": one}), says)


def steps_of(answers: Answers) -> tuple[str, ...]:
    """Return the steps that a review sends back: its answer holds one, or a list of several."""
    item = answers.get("item")
    return tuple(item) if isinstance(item, list) else (str(item),) if item else ()
