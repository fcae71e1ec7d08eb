"""Whoever waits for a supervisor stands on their first page until somebody has acted.

Supervisors are told of a matter with news. News of a matter on which somebody waits opens a page
of it, and the first page offers the same page until the matter is settled. All other news says
here why nobody waits.
"""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from casework import tickets
from casework.act import by_office
from conversations.effects import CallPerson, Help
from conversations.events import News
from conversations.messages import Say
from models.case import Case
from models.flag import Flag
from models.inbox import InboxMessage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.person import Person
from models.visit import Visit
from tests.bot.test_call_list import BLOCKED, CLOSED, lose
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words, write_effect
from tests.clock import now

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "casework", "cli", "models", "web", "workers")

#: News to supervisors that opens no page, and why nobody waits for them.
NOBODY_WAITS = {
    News.DAY_CLOSED: "the owner is asked to choose another time",
    News.WINDOW_MISSED: "the owner is asked to choose another time",
    News.OFFICER_REPORTS: "what an officer waits for is a ticket; this is for information",
    News.SESSION_SET_ASIDE: "the conversation begins anew; operators keep the form",
    News.TEMPLATE_REFUSED: "operators mend the template",
}


async def review(town: Town) -> str:
    case_id = town.apply(state=CaseState.IN_REVIEW)
    return f"review-{case_id}"


async def held(town: Town) -> str:
    """A place that somebody told of, and that waits for a supervisor."""
    case_id = town.apply(state=CaseState.IN_REVIEW)
    town.change(Case, case_id, service="referral")
    return f"review-{case_id}"


async def assignment(town: Town) -> str:
    visit_id = town.want(town.apply())
    await town.work()  # there is no officer
    assert town.visit(visit_id).state == VisitState.UNASSIGNED
    return f"assign-{visit_id}"


async def lost_visit(town: Town) -> str:
    await town.staff(OFFICER, "0417")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    yesterday = now().astimezone(WIB).date() - timedelta(days=1)
    town.change(Visit, visit_id, on=yesterday)
    return f"lost-{visit_id}"


async def call(town: Town) -> str:
    town.apply()
    town.change(Person, town.meet(), phone="+6281234567890")
    await lose(town, BLOCKED, CLOSED)
    return f"call-{town.meet()}"


async def set_aside(town: Town) -> str:
    town.apply()
    await town.say("halo")
    rows = town.read(lambda tx: [row.id for row in tx.query(InboxMessage)])
    town.change(InboxMessage, max(rows), set_aside_at=now(), taken_at=None)
    return f"aside-{max(rows)}"


async def ticket(town: Town) -> str:
    town.apply()
    owner = town.meet()
    town.write(lambda tx: write_effect(tx, owner, CallPerson(Help.TALK, words="tolong")))
    return f"ticket-{newest(town)}"


def newest(town: Town) -> int:
    return town.read(lambda tx: max(case.id for case in tx.query(Case)))


async def flag(town: Town) -> str:
    """A form of an officer that is to be looked at."""
    case = town.case(town.apply())
    officer = await town.staff(OFFICER, "0417")

    def noted(tx: Session) -> int:
        row = Flag(officer_id=officer, kind="hour", forms=[1], measure=9, area_code=case.area_code)
        tx.add(row)
        tx.flush()
        return row.id

    return f"flag-{town.write(noted)}"


#: By the page that it opens: a matter on which somebody waits, and its choice on the first page.
MATTERS: dict[str, Callable[[Town], Awaitable[str]]] = {
    "assignment": assignment,
    "call": call,
    "flag": flag,
    "held": held,
    "lost_visit": lost_visit,
    "review": review,
    "set_aside": set_aside,
    "ticket": ticket,
}


@pytest.mark.parametrize("page", sorted(MATTERS))
async def test_a_matter_on_which_somebody_waits_is_on_the_first_page(town: Town, page: str) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff("far", "S2", role="supervisor", areas=("31.72",))
    choice = await MATTERS[page](town)
    await town.quiet()
    assert page in await opened(town, choice, BOSS)
    with pytest.raises(AssertionError):
        await opened(town, choice, "far")


async def opened(town: Town, choice: str, address: str) -> str:
    """Open a choice of the first page; gives the page that is open then."""
    await town.say("menu", address)
    await town.tap(choice, address, step="menu")
    *_, asked = [message.question for _, message in town.desk.chat.sent[address]]
    assert asked is not None
    return asked.flow


def test_news_to_supervisors_opens_a_page_or_nobody_waits() -> None:
    found = list(_told())
    assert len(found) > 8, "the calls were found"
    for place, what, page in found:
        if page is None:
            assert what in NOBODY_WAITS, f"{place}: {what} opens no page: does nobody wait?"
        else:
            assert page in {*MATTERS, "portrait"}, f"{place}: {page} is not on the first page"


def _told() -> Iterator[tuple[str, News, str | None]]:
    """Yield where supervisors are told something: the place, the news, and the page it opens."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield from _told_by(f"{path.relative_to(ROOT)}:{node.lineno}", node)


def _told_by(place: str, call: ast.Call) -> Iterator[tuple[str, News, str | None]]:
    """Yield what a call of `tell_supervisors` tells, if it names the news."""
    if not ast.unparse(call.func).endswith("tell_supervisors"):
        return
    named = [ast.unparse(one) for one in call.args if ast.unparse(one).startswith("News.")]
    page = [one.value for one in call.keywords if one.arg == "opens"]
    for name in named:
        opens = page[0].value if page and isinstance(page[0], ast.Constant) else None
        yield place, News[name.removeprefix("News.")], str(opens) if opens else None


# -- the owner of a case that cannot go on --------------------------------------------------------


@pytest.mark.parametrize("about", tickets.WAITS)
async def test_a_case_that_cannot_go_on_has_a_ticket_until_it_goes_on(
    town: Town, about: str
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    case_id = town.apply()
    say = Say("notices.stuck_offer", {"number": "26-000001"})
    for cause in ("one", "two"):
        town.write(
            lambda tx, why=cause: tickets.wait(  # type: ignore[misc]
                by_office(tx, "worker", why), tx.get_one(Case, case_id), about, say
            )
        )
    await town.quiet()
    number = town.case(newest(town)).number
    assert town.heard(BOSS).count(words(say.key, **say.params)) == 1
    assert number in await town.say("menu", BOSS)
    assert number in await town.say("status", OWNER)
    town.write(
        lambda tx: tickets.goes_on(
            by_office(tx, "worker", "three"), tx.get_one(Case, case_id), about
        )
    )
    assert number not in await town.say("menu", BOSS)
