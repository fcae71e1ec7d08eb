"""Lamp repair: an officer looks at a lamp, and another visit repairs it. A toy."""

from __future__ import annotations

from conversations.facts import City
from conversations.form import form
from conversations.messages import Say, Value
from conversations.service import DocumentKind, Service, Site, Visit, WorkingDays
from conversations.session import Answers
from conversations.steps import Choose, Locate
from conversations.wording import place_name

FORM = form("lamp_repair", (Choose("fault", options=("dark", "leaning")), Locate("place")))


def _about(answers: Answers, city: City) -> Value:
    return Say(f"lamp_repair.fault.{answers['fault']}")


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    where = place_name(answers["place"]["kelurahan"], city)
    return (Say("lamp_repair.brief", {"fault": _about(answers, city), "place": where}),)


def _site(answers: Answers) -> Site | None:
    place = answers["place"]
    pin = place["pin"]
    return Site(place["kelurahan"], (pin[0], pin[1]) if pin else None)


def _same_as(answers: Answers) -> str | None:
    return str(answers["place"]["kelurahan"])


SERVICE = Service(
    id="lamp_repair",
    form=FORM,
    menu=3,
    called=("perbaikan",),
    course=(Visit("look"), Visit("repair", issues="repair_note")),
    holder=lambda answers: "Pak RT",
    about=_about,
    brief=_brief,
    promise=WorkingDays(5),
    site=_site,
    same_as=_same_as,
    checks=("place",),
    returnable=("fault", "place"),
    refusals=("other",),
    poster=True,
    documents=(DocumentKind("repair_note", prefix="PBL", per_area=True, valid_years=1),),
)
