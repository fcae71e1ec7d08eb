"""Wording: days, hours, places and forms as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from functools import reduce

from conversations.assisted_facts import AssistedFact
from conversations.assisting import subject_of
from conversations.facts import City, Places
from conversations.messages import Say
from conversations.session import Choice


def window_words(on: date, starts: time, ends: time) -> Say:
    """A day and its hours: `Rabu, 25 November 2026, 08.00-10.30 WIB`."""
    return Say("common.window", {"day": on, "starts": starts, "ends": ends})


def place_name(code: str, city: City) -> str:
    """A kelurahan as people say it: `Cipete Utara, Kebayoran Baru`."""
    return ", ".join(dict.fromkeys(area_names(code, city).values())) or code


def area_names(code: str, city: City) -> dict[str, str]:
    """The names of a kelurahan and its kecamatan, as far as they are known."""
    areas = {"kelurahan": city.places.get(code), "kecamatan": city.places.kecamatan_of(code)}
    return {level: area.name for level, area in areas.items() if area is not None}


def area_words(code: str, places: Places) -> Say | str:
    """An area with its level: `Kelurahan Cipulir`."""
    area = places.get(code)
    return Say(f"common.area.{area.level}", {"name": area.name}) if area is not None else code


def short_day(on: date) -> Say:
    """A day, short enough for a button: `Rab 25 Nov`."""
    weekday, month = f"common.weekday.{on.isoweekday()}", f"common.month.{on.month}"
    return Say("common.short_day", {"weekday": Say(weekday), "day": on.day, "month": Say(month)})


def window_label(on: date, part: str, starts: time) -> Say:
    """A window, short enough for a button: `Rab 25 Nov, pagi 08.00`."""
    named = Say(f"common.part.{part}")
    return Say("common.window_short", {"day": short_day(on), "part": named, "starts": starts})


def days_words(days: Sequence[date]) -> Say:
    """Days in their order: one, the first and the last of days in a row, or a list."""
    first, last = days[0], days[-1]
    if len(days) == 1:
        return Say("common.day", {"day": first})
    if last - first == timedelta(days=len(days) - 1):
        return Say("common.days", {"first": first, "last": last})
    some = [Say("common.day", {"day": day}) for day in days[:_LISTED]]
    return reduce(lambda said, day: Say("common.list", {"said": said, "next": day}), some)


_LISTED = 10  # days that are named one by one


def form_choice(form: AssistedFact) -> Choice:
    """Return the button that opens an assisted form, or the question how it is confirmed."""
    name = form.name or Say("assisted.somebody")
    page = "mending" if form.mends else "assisted"
    opens = [page, str(form.id)] if form.handed else [form.service, subject_of(form.id)]
    return Choice(f"form-{form.id}", Say("assisted.open", {"name": name}), opens, "open")
