"""A neighbour tells of a place, and its owner ends with a permit in a chat of their own: over HTTP.

Everything is as in `tests.test_assisted_journeys`; reporter, officer and owner are on one channel.
"""

from __future__ import annotations

import pytest

from models.reference.area_names import Area
from tests import test_assisted_journeys as assisted
from tests import test_journey as steps
from tests.providers.bot_api import Person
from tests.test_assisted_journeys import CHANNELS, City, choose, hear_end
from tests.test_assisted_journeys import city as city
from tests.test_journey import hear, tap

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
