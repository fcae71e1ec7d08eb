"""At night the bot answers, tells what is under way, and keeps the rest for the morning."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import update

from casework.news import tell
from conversations.events import News
from conversations.messages import Say
from models.inbox import InboxMessage
from models.infrastructure.quiet import QuietHours
from models.outbox import OutboundMessage
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words
from tests.clock import ALWAYS_NIGHT, now

VERIFIED = words("notices.verified", number="26-000001")


class _Night(QuietHours):
    """It is always night, and every offer ends early in the morning."""

    def can_wait(self, until: datetime, at: datetime) -> bool:
        return False


@pytest.fixture
def hours() -> QuietHours:
    """The quiet hours of the bot and the workers."""
    return _Night(ALWAYS_NIGHT.begins, ALWAYS_NIGHT.ends)


async def morning(town: Town) -> None:
    """Let the night be over."""
    for kind in (InboxMessage, OutboundMessage):
        late = update(kind).where(kind.due_at > now()).values(due_at=now())
        town.write(lambda tx, late=late: tx.execute(late))  # type: ignore[misc]
    await town.quiet()


def tell_owner(town: Town) -> None:
    person_id = town.meet(OWNER)
    say = Say("notices.verified", {"number": "26-000001"})
    town.write(lambda tx: tell(tx, person_id, News.VERIFIED, 1, say, fact="news:1"))


async def test_news_is_told_in_the_morning(town: Town) -> None:
    await town.say("halo")
    tell_owner(town)
    await town.quiet()
    assert VERIFIED not in "\n".join(town.desk.chat.texts(OWNER))
    await morning(town)
    assert VERIFIED in town.desk.chat.texts(OWNER)[-1]


async def test_who_speaks_at_night_hears_the_news_first(town: Town) -> None:
    await town.say("halo")
    tell_owner(town)
    assert VERIFIED in await town.say("status")
    before = len(town.desk.chat.texts(OWNER))
    await morning(town)
    assert len(town.desk.chat.texts(OWNER)) == before, "and not once more"


async def test_a_visit_under_way_is_told_at_any_hour(town: Town) -> None:
    await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    assert "Kunjungan baru" in town.desk.chat.texts(OFFICER)[-1], "the offer would lapse"
    await town.tap("accept", OFFICER)
    assert town.desk.chat.texts(OWNER) == [], "who comes is told in the morning"
    await town.tap("go", OFFICER)
    if "bukan hari ini" in town.desk.chat.texts(OFFICER)[-1]:
        await town.tap("yes", OFFICER)
    (told,) = town.desk.chat.texts(OWNER)
    assert "sedang menuju" in told and visit_id
    await morning(town)
    assert "akan datang" in town.desk.chat.texts(OWNER)[-1]


async def test_a_supervisor_is_left_in_peace(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.say("halo")
    before = len(town.desk.chat.texts(BOSS))
    await town.say("bicara dengan orang")
    assert len(town.desk.chat.texts(BOSS)) == before
    await morning(town)
    assert len(town.desk.chat.texts(BOSS)) == before + 1


async def test_words_of_despair_reach_a_supervisor_at_night(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.say("halo")
    before = len(town.desk.chat.texts(BOSS))
    await town.say("saya mau bunuh diri saja")
    (told,) = town.desk.chat.texts(BOSS)[before:]
    assert "SEGERA" in told
