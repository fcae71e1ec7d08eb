"""At night the bot answers, tells what is under way, and keeps the rest for the morning."""

from __future__ import annotations

import itertools
from datetime import datetime

import pytest
from sqlalchemy import select, update

from casework import staff
from casework.act import by_office
from casework.news import tell
from conversations.effects import Concern, Effect, FailVisit, TellConcern
from conversations.events import News
from conversations.messages import Say
from conversations.ticketing import AnswerTicket
from models.case import Case
from models.inbox import InboxMessage
from models.infrastructure.quiet import QuietHours
from models.lifecycle import VisitState
from models.officer import Officer
from models.outbox import OutboundMessage
from models.ticket import Ticket
from models.visit import CODE_TRIES, Visit
from tests.bot.test_visits import WRONG, arrived
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words, write_effect
from tests.clock import ALWAYS_NIGHT, now

TURNS = itertools.count(20_000)  # of acts that no delivery led to
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


def write(town: Town, who: str, effect: Effect) -> None:
    """Write an effect as this person's turn does."""
    person_id = town.person(who)
    town.write(lambda tx: write_effect(tx, person_id, effect, turn_id=next(TURNS)))


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


async def test_all_of_a_visit_under_way_reaches_those_who_wait_at_the_door(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = await arrived(town)
    assert "sedang menuju" in town.heard(OWNER) and "sudah tiba" in town.heard(OWNER)
    for _ in range(CODE_TRIES):
        await town.say(WRONG, OFFICER)
    await town.quiet()
    asked = "lima kali salah mengetik kode"
    assert asked in town.heard(OWNER) and asked in town.heard(BOSS)
    await town.tap("yes", OWNER)
    await town.quiet()
    assert words("notices.owner_confirms", number="26-000001") in town.heard(OFFICER)
    await town.say(town.visit(visit_id).code or "", OFFICER)
    assert town.visit(visit_id).code_proved_at is not None


async def test_what_an_officer_reports_of_a_visit_under_way_is_told_and_answered_at_once(
    town: Town,
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = await arrived(town)
    before = len(town.desk.chat.texts(BOSS))
    write(town, OFFICER, TellConcern(Concern.KTP, visit_id, "KTP ketinggalan di kampung"))
    await town.quiet()
    assert "KTP ketinggalan" in "\n".join(town.desk.chat.texts(BOSS)[before:])
    (row,) = town.read(lambda tx: tx.scalars(select(Ticket)).all())
    write(town, BOSS, AnswerTicket(row.case_id, "Jangan serahkan dulu"))
    await town.quiet()
    answered = town.read(lambda tx: tx.get_one(Case, row.case_id).number)
    assert words("notices.ticket_answered", number=answered) in town.heard(OFFICER)


@pytest.mark.parametrize("told", [VisitState.ON_THE_WAY, VisitState.ACCEPTED])
async def test_who_waits_for_an_officer_that_changes_hears_it_at_once(
    town: Town, told: VisitState
) -> None:
    visit_id = await arrived(town)
    town.change(Visit, visit_id, state=told)
    town.write(lambda tx: staff.end(by_office(tx, "test", "end"), tx.get_one(Officer, 1)))
    await town.quiet()
    changes = words("notices.officer_changes", **town.when(visit_id))
    assert (changes in town.heard(OWNER)) is (told == VisitState.ON_THE_WAY)
    await morning(town)
    assert changes in town.heard(OWNER)


async def test_a_failed_visit_is_told_at_once_and_the_choice_of_another_waits(town: Town) -> None:
    visit_id = await arrived(town)
    write(town, OFFICER, FailVisit(visit_id, "nobody"))
    await town.quiet()
    assert town.visit(visit_id).state == VisitState.FAILED
    assert words("notices.visit_failed.nobody") in town.heard(OWNER)
    await town.work()
    choice = words("visit_window.window", of="", keeps="")
    assert choice not in town.heard(OWNER)
    await morning(town)
    assert choice in town.heard(OWNER)


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
