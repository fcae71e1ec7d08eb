"""Reads the kind of business from the owner's own words."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.messages import Say
from conversations.parsers import Parser, Reading, Refused
from conversations.words import tidy


def business_type(*, offers: int = 3) -> Parser:
    """Find the kinds of business the words may mean; the owner picks, so it always refuses.

    An answer is {"code": str, "version": str, "words": what the owner wrote}.

    Raises:
        Refused: ``which_trade`` with up to `offers` kinds; ``unknown_trade`` if none is found.
    """

    def parse(text: str, facts: Facts) -> None:
        words = tidy(text)[:300]
        found = facts.trades.search(words, limit=offers) if re.search(r"[^\W\d_]{2}", words) else ()
        if not found:
            raise Refused("unknown_trade")
        raise Refused(
            "which_trade",
            readings=tuple(
                Reading(
                    trade.code,
                    Say("common.named", {"id": trade.short_label, "en": trade.short_label_en}),
                    {"code": trade.code, "version": trade.version, "words": words},
                )
                for trade in found
            ),
        )

    return parse
