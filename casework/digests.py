"""Digests: what waits for supervisors, told to each of them once a day."""

from __future__ import annotations

from casework import news
from casework.act import Act
from casework.documents import day
from conversations import services
from conversations.events import News
from conversations.messages import Say, Value
from models import absence, calendar, referrals
from models import officer as officers
from models.calendar import Calendar
from models.case import Case
from models.officer import Officer
from models.working_hours import read


def tell_held(act: Act) -> None:
    """Tell supervisors how many places wait for their decision, unless it is their day off.

    Each hears it once a day, however often this runs. Where nothing waits, nothing is said.
    """
    act.must_be_office()
    about_others = [one.id for one in services.load().values() if one.about_others]
    waiting: dict[int, list[Case]] = {}
    told: dict[str | None, list[int]] = {}  # the supervisors of each area
    for case in referrals.held(act.tx, about_others):
        if case.area_code not in told:
            told[case.area_code] = officers.supervisors_of(act.tx, case.area_code)
        for person_id in told[case.area_code]:
            waiting.setdefault(person_id, []).append(case)
    today = day(act.at)
    at_work = _at_work(act, list(waiting), calendar.load(act.tx))
    for person_id in at_work:
        oldest = waiting[person_id][0]
        params: dict[str, Value] = {"n": len(waiting[person_id]), "since": day(oldest.moved_at)}
        said = Say("notices.held_digest", params)
        fact = f"held:{today.isoformat()}"
        news.tell(act.tx, person_id, News.REVIEW_NEEDED, oldest.id, said, fact=fact, opens="held")


def _at_work(act: Act, people: list[int], days: Calendar) -> list[int]:
    """Return those of these supervisors who work today."""
    today = day(act.at)
    away, staff = absence.away(act.tx, today), officers.of_people(act.tx, people)

    def works(me: Officer) -> bool:
        in_hours = bool(read(me.hours).on(today.weekday()))
        return days.is_open(today) and in_hours and me.id not in away

    return [person_id for person_id, me in staff.items() if works(me)]
