"""How often one person, link or connection may do something: every such number of the product.

Rates at which messages are sent are settings of the bot (`TELEGRAM_RATE`, `CHAT_RATE`), since they
follow from the account at the provider. Quotas of pages are kept in Redis (`web.limits`), those
within a turn are counted in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so many times within a period."""

    at_most: int
    within: timedelta

    @property
    def interval(self) -> float:
        """Seconds for each time."""
        return self.within.total_seconds() / self.at_most


#: Checks of documents and badges, by a person or a connection: enough for a market, too few to list
#: all numbers, which follow one another.
CHECKS = Quota(60, timedelta(minutes=10))
#: Posts of the identity form for one link.
IDENTITY_POSTS = Quota(20, timedelta(hours=1))
#: Requests to identity pages from one address: a mobile network shares one among many.
IDENTITY_VISITS = Quota(120, timedelta(minutes=10))
#: Wrong link codes of one person.
LINK_CODES = Quota(5, timedelta(hours=1))
