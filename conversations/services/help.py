"""Help: a person asks for a human, and a supervisor answers. It is asked for without a form."""

from __future__ import annotations

from conversations.facts import City
from conversations.flow import Flow
from conversations.messages import Say, Value
from conversations.service import Answer, Service
from conversations.session import Answers

ID = "help"


def _about(answers: Answers, city: City) -> Value:
    return Say(f"ticket.about.{answers['about']}")


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    return ()


def _holder(answers: Answers) -> str:
    return ""


SERVICE = Service(
    id=ID,
    form=Flow(ID, ()),
    menu=91,
    called=(),
    course=(Answer("answer"),),
    holder=_holder,
    about=_about,
    brief=_brief,
    asked_by=frozenset(),
    consents=(),
)
