"""The deadlines of a ticket are those of the settings."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import calendar
from models.infrastructure.deadlines import Deadlines
from models.infrastructure.wib import WIB
from models.ticket import Ticket
from tests.bot.town import Town


@pytest.fixture(params=[(2, 10), (3, 1)])
def within(request: pytest.FixtureRequest) -> Deadlines:
    """Deadlines as an operator may set them, also the last before the first."""
    return Deadlines(*request.param)


async def test_a_ticket_is_answered_and_closed_within_the_days_that_are_set(
    town: Town, within: Deadlines
) -> None:
    town.meet()
    await town.say("halo")
    await town.say("bicara dengan orang")
    row = town.read(lambda tx: tx.scalars(select(Ticket)).one())
    days = town.read(calendar.load)
    first, last = within.answer_days, max(within.answer_days, within.close_days)
    for by, count in ((row.answer_by, first), (row.close_by, last)):
        assert by.astimezone(WIB).date() == days.working_days_after(row.told_at, count)
