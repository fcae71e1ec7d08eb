"""A neighbour tells of a place, and its owner ends with a permit in a chat of their own: over HTTP.

Everything is as in `tests.test_assisted_journeys`; reporter, officer and owner are on one channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import text

from models.reference.area_names import Area
from tests import held
from tests import test_assisted_journeys as assisted
from tests import test_journey as steps
from tests.providers.bot_api import Person
from tests.test_assisted_journeys import CHANNELS, City, choose, hear_end
from tests.test_assisted_journeys import city as city
from tests.test_journey import hear, tap, until

TRADE = "jual nasi uduk pakai gerobak"
NEAR = "depan musala Al-Ikhlas"
pytestmark = pytest.mark.processes


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_place_that_a_neighbour_tells_of_ends_with_a_permit(city: City, channel: str) -> None:
    neighbour, owner = city.somebody(channel, "Budi"), city.somebody(channel)
    officer, place = city.officer(channel)
    before = assisted.permits(city)
    report(neighbour, place)
    visit(officer, place)
    tap(officer, "help.met.now")
    choose(officer, "help.may_tell", "yes")
    hear(neighbour, "notices.told_helped")
    hear_end(officer, "assisted.read_out")
    assisted.fill_in(officer)
    assisted.take_over(owner, officer, channel)
    hear_end(owner, "assisted.confirm.person")
    assisted.send(owner, officer)
    assisted.hand_over(city, officer)
    hear(owner, "business_permit.notices.handed_over")
    assisted.check_permit(city, owner, before, assisted.STREET)
    check_nobody_learns_who_told(city, neighbour, owner, officer)


@dataclass(frozen=True, slots=True)
class Told:
    """How one of five neighbours tells of the same place."""

    channel: str
    name: str
    trade: str
    near: str
    knows: str = "unaware"


FIVE = (
    Told(
        "telegram",
        "Wulandari",
        "jual kerak telor pakai pikulan biru",
        "depan pos hansip RT 15 RW 7",
    ),
    Told("whatsapp", "Suhartono", "kerak telor Mpok Ati", "dekat pos hansip, rt 015/007", "agreed"),
    Told("telegram", "Khairunnisa", "dagang kerak telor", "sebelah pos hansip"),
    Told("whatsapp", "Prasetyo", "tukang kerak telor betawi", "samping pos hansip rt15"),
    Told("whatsapp", "Rohmatullah", "kerak telor", "pos hansip rt 15 rw 7"),
)
#: Words of the place and of whoever has it, in small letters.
OF_THE_PLACE = ("kerak telor", "mpok ati", "pikulan biru", "hansip", "015/007")


def test_five_reports_from_two_channels_give_one_visit_and_a_refusal_leaves_nothing(
    city: City,
) -> None:
    """All five tell at once; the owner wants no help; a day later nothing of it can be read."""
    officer, place = city.officer("whatsapp")
    before = city.count("visits")
    five = [city.somebody(one.channel, one.name) for one in FIVE]
    with ThreadPoolExecutor(len(FIVE)) as together:
        codes = list(together.map(partial(tell_of, place), five, FIVE, range(len(FIVE))))
    (code,) = filter(None, codes)
    refuse(officer, place)
    for neighbour in five:
        hear(neighbour, "notices.told_visited")
    assert city.count("visits") == before + 1
    assert city.count("cases WHERE same_as LIKE 'case:%'") == len(FIVE) - 1
    check_five_heard_the_same(officer, five)
    names = [*(one.name.lower() for one in FIVE), *(digits(one) for one in five)]
    assert held_of(city, OF_THE_PLACE), "it is known until it is erased"
    a_day_passes(city)
    assert held_of(city, OF_THE_PLACE) == []
    logs = {f"{name}.log" for name in city.product.running()}
    assert {where for where, _ in written_of(city, ["event"])} >= logs
    assert written_of(city, [*OF_THE_PLACE, *names, code.lower()]) == []


# -- their parts -----------------------------------------------------------------------------------


def report(neighbour: Person, place: Area) -> None:
    """Tell of a place, with the name of its kelurahan, and be thanked."""
    neighbour.start().result()
    hear(neighbour, "welcome.hello")
    tap(neighbour, "referral.title")
    choose(neighbour, "referral.purpose", "yes")
    hear(neighbour, "referral.trade")
    neighbour.say(TRADE).result()
    hear(neighbour, "referral.place")
    neighbour.say(place.name).result()
    hear(neighbour, "referral.landmark")
    neighbour.say(NEAR).result()
    choose(neighbour, "referral.open", "morning")
    choose(neighbour, "referral.knows", "unaware")
    hear(neighbour, "referral.confirm")
    tap(neighbour, "referral.confirm.send")
    hear(neighbour, "referral.submitted")


def visit(officer: Person, place: Area) -> None:
    """The officer is offered the visit, sets out and arrives: nobody there has a code."""
    offered = hear(officer, "visit.offer", steps.PATIENCE)
    assert TRADE in offered and NEAR in offered
    tap(officer, "visit.offer.accept")
    assert steps.next_words(officer).labels == steps.labels(
        "visit.depart.go", "visit.depart.cannot"
    )
    tap(officer, "visit.depart.go")
    if steps.next_words(officer).labels == steps.labels("visit.early.yes", "visit.early.no"):
        tap(officer, "visit.early.yes")
    officer.send_location(place.lat, place.lon).result()
    hear(officer, "help.met")


def tell_of(place: Area, neighbour: Person, told: Told, number: int) -> str:
    """Tell of the place as one of five, and be thanked; return the code to forward, or ""."""
    neighbour.start().result()
    hear(neighbour, "welcome.hello")
    tap(neighbour, "referral.title")
    choose(neighbour, "referral.purpose", "yes")
    hear(neighbour, "referral.trade")
    neighbour.say(told.trade).result()
    hear(neighbour, "referral.place")
    neighbour.send_location(place.lat + number * 0.0001, place.lon).result()
    steps.next_words(neighbour)
    steps.first_button(neighbour)
    hear(neighbour, "referral.landmark")
    neighbour.say(told.near).result()
    choose(neighbour, "referral.open", "morning")
    choose(neighbour, "referral.knows", told.knows)
    if told.knows == "agreed":
        hear(neighbour, "referral.called")
        neighbour.say("Mpok Ati").result()
    hear(neighbour, "referral.confirm")
    tap(neighbour, "referral.confirm.send")
    hear(neighbour, "referral.submitted")
    if told.knows != "agreed":
        return ""
    return hear_end(neighbour, "referral.invitation").rpartition("KODE ")[2].strip()


def refuse(officer: Person, place: Area) -> None:
    """The officer goes there, and the owner wants no help."""
    hear(officer, "visit.offer", steps.PATIENCE)
    tap(officer, "visit.offer.accept")
    steps.next_words(officer)
    tap(officer, "visit.depart.go")
    if steps.next_words(officer).labels == steps.labels("visit.early.yes", "visit.early.no"):
        tap(officer, "visit.early.yes")
    officer.send_location(place.lat, place.lon).result()
    hear(officer, "help.met")
    tap(officer, "help.met.not_wanted")
    choose(officer, "help.why_not", "eviction")
    hear_end(officer, "help.leaving")
    tap(officer, "help.leaving.yes")


def a_day_passes(city: City) -> None:
    """Let what is to be erased within a day be erased."""
    waiting = "tasks WHERE kind = 'erase' AND done_at IS NULL"
    with city.engine.begin() as tx:
        tx.execute(text("UPDATE tasks SET due_at = now() WHERE kind = 'erase'"))
    until(lambda: not city.count(waiting), "the place to be erased")


# -- the books -------------------------------------------------------------------------------------


def check_nobody_learns_who_told(
    city: City, neighbour: Person, owner: Person, officer: Person
) -> None:
    """The reporter heard one sentence; the place and the permit belong to one person."""
    told = [one for one in neighbour.texts if one == steps.words("notices.told_helped")]
    assert len(told) == 1 and neighbour.texts[-1] == told[0]
    assert not [one for one in (owner.chat, officer.chat) if neighbour.name in one]
    of_place, of_permit = city.rows(
        "SELECT person_id, state, service FROM cases ORDER BY id DESC LIMIT 2"
    )[::-1]
    assert (of_place[2], of_permit[2]) == ("referral", "business_permit")
    assert (of_place[1], of_permit[1]) == ("done", "done")
    assert of_place[0] == of_permit[0]
    assert city.count("unreached") == 0, "nobody is asked to call"


def check_five_heard_the_same(officer: Person, five: Iterable[Person]) -> None:
    """Each is thanked once, and hears once that we were there; the officer reads of none."""
    for neighbour in five:
        for key in ("referral.submitted", "notices.told_visited"):
            assert neighbour.texts.count(steps.words(key)) == 1
        assert neighbour.name not in officer.chat and digits(neighbour) not in officer.chat


def digits(somebody: Person) -> str:
    """The number by which somebody's chat is known."""
    return str(somebody.phone or somebody.id).lstrip("+")


def held_of(city: City, words: Iterable[str]) -> list[tuple[str, str]]:
    """Where the words are held in the tables, decrypted, and in Redis."""
    every = (*held.in_tables(city.engine), *held.in_redis(city.product.environment["REDIS_URL"]))
    return [(where, word) for where, said in every for word in words if word in said.lower()]


def written_of(city: City, words: Iterable[str]) -> list[tuple[str, str]]:
    """Where the words stand in files: of the store, temporary ones, and all logs."""
    files = [(w, c.decode(errors="replace").lower()) for w, c in held.in_files(city.product.folder)]
    return [(where, word) for where, said in files for word in words if word in said]
