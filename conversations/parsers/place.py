"""Places by name: a kelurahan of Jakarta."""

from __future__ import annotations

from conversations.facts import Facts, Place
from conversations.messages import Json
from conversations.parsers import Parser, Reading, Refused

_SHOWN = 10  # as many as fit one list on either channel


def kelurahan() -> Parser:
    """Read a kelurahan by its name, as {"kelurahan": code}.

    Raises:
        Refused: ``which_kelurahan`` with the kelurahan the words may mean;
            ``kelurahan_or_kecamatan`` with the kelurahan, if its kecamatan has the same name;
            ``kelurahan_of_kecamatan`` if only a kecamatan was named; ``which_kecamatan`` if only a
            kota was; ``outside_jakarta``; ``unknown_place``.
    """

    def parse(text: str, facts: Facts) -> Json:
        found = facts.places.find(text)
        kelurahan = [place for place in found if place.level == "kelurahan"]
        if len(kelurahan) == 1:
            if any(place.level == "kecamatan" for place in found):
                raise Refused(
                    "kelurahan_or_kecamatan",
                    {"place": kelurahan[0].name},
                    readings=(_reading(kelurahan[0], facts),),
                )
            return {"kelurahan": kelurahan[0].code}
        if kelurahan:
            raise Refused(
                "which_kelurahan",
                readings=tuple(_reading(place, facts) for place in kelurahan[:_SHOWN]),
            )
        if kecamatan := next((place for place in found if place.level == "kecamatan"), None):
            raise Refused("kelurahan_of_kecamatan", {"kecamatan": kecamatan.name})
        if facts.places.outside(text):
            raise Refused("outside_jakarta")
        if found:
            raise Refused("which_kecamatan", {"kota": found[0].name})
        raise Refused("unknown_place")

    return parse


def _reading(place: Place, facts: Facts) -> Reading:
    kecamatan = facts.places.kecamatan_of(place.code)
    label = f"{place.name}, {kecamatan.name}" if kecamatan else place.name
    return Reading(place.code, label, {"kelurahan": place.code})
