"""All quotas: how often one person, link or connection may do something.

Sending rates are settings of the bot instead (`TELEGRAM_RATE`, `CHAT_RATE`), since they depend on
the account at the provider. Quotas of pages are counted in Redis (`web.limits`), those within a
turn in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `at_most` times within a period."""

    at_most: int
    within: timedelta

    @property
    def interval(self) -> float:
        """Seconds per time."""
        return self.within.total_seconds() / self.at_most


#: Checks of documents and badges, by a person or a connection: enough for a whole market, too few
#: to enumerate the numbers, which are consecutive.
CHECKS = Quota(60, timedelta(minutes=10))
#: Posts of the identity form for one link.
IDENTITY_POSTS = Quota(20, timedelta(hours=1))
#: Requests to identity pages from one IP address: a mobile network shares one among many people.
IDENTITY_VISITS = Quota(120, timedelta(minutes=10))
#: Requests to the pages of assisted forms from one IP address: many officers share one as well.
ASSISTED_VISITS = Quota(120, timedelta(minutes=10))
#: Posts of one signature page.
SIGNATURE_POSTS = Quota(20, timedelta(hours=1))
#: Requests to lenders' pages from one IP address: a branch shares one among its desks.
DESK_VISITS = Quota(60, timedelta(minutes=10))
#: Posts of one lender's page.
DESK_POSTS = Quota(20, timedelta(hours=1))
#: Wrong link codes of one person.
LINK_CODES = Quota(5, timedelta(hours=1))
