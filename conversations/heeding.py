"""Heeding: words about somebody else's business that accuse it, or ask what becomes of it.

They come before any answer of whoever tells of a place.
"""

from __future__ import annotations

from conversations.effects import ForgetWords
from conversations.messages import Say
from conversations.parsers import Refused
from conversations.parsers.referred import accuses, worry
from conversations.step import Stay, Wrong


def heed(text: str) -> Refused | Stay | None:
    """Refuse words that accuse, and forget them; answer somebody who is worried."""
    if accuses(text):
        return Wrong("accusation", {}, effects=(ForgetWords(),))
    wonders = worry(text)
    return Stay(say=Say(f"referral.any_time.{wonders}"), asks=True) if wonders is not None else None
