"""Street lamp: somebody tells of a lamp that is broken, and gets a receipt. A toy."""

from __future__ import annotations

from conversations.facts import City
from conversations.form import form
from conversations.messages import Say, Value
from conversations.parsers.note import note
from conversations.service import Document, DocumentKind, Printed, Service
from conversations.session import Answers
from conversations.step import answered
from conversations.steps import Ask, Choose, Locate, Upload
from conversations.wording import place_name

FORM = form(
    "street_lamp",
    (
        Choose("fault", options=("dark", "leaning")),
        Ask("pole", parse=note(at_most=20), when=answered("fault", "leaning")),
        Locate("place"),
        Upload("photo", at_most=1),
    ),
    consents=(),
)


def _about(answers: Answers, city: City) -> Value:
    return Say(f"street_lamp.fault.{answers['fault']}")


def _printed(answers: Answers, city: City) -> tuple[Printed, ...]:
    where = place_name(answers["place"]["kelurahan"], city)
    fault = Printed("street_lamp.fault.label", _about(answers, city), ("fault",), public=True)
    return (fault, Printed("street_lamp.place.label", where, ("place",), public=True))


SERVICE = Service(
    id="street_lamp",
    form=FORM,
    menu=2,
    called=("lampu",),
    course=(Document("receipt"),),
    holder=lambda answers: "",
    about=_about,
    brief=lambda answers, city: (),
    documents=(DocumentKind("receipt", prefix="LMP", printed=_printed),),
)
