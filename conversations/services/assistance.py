"""Assistance: an officer comes and fills in the business permit with the owner, at the cart."""

from __future__ import annotations

from conversations.facts import City, Facts
from conversations.form import form
from conversations.messages import Json, Say, Value
from conversations.parsers.trade import moves_about, own_trade
from conversations.service import Service, Site, Visit, site_at
from conversations.session import Answers
from conversations.steps import Ask, Locate
from conversations.wording import place_name

ID = "assistance"


def _trade(answers: Answers) -> str:
    answer = answers.get("trade")
    return str(answer.get("words", "-")) if isinstance(answer, dict) else "-"


def _trade_shown(answer: Json, facts: Facts) -> Value:
    return str(answer["words"])


FORM = form(
    ID,
    (
        Ask("trade", parse=own_trade(), shows=_trade_shown),
        Locate("place"),
    ),
    reviewed=False,
    once=True,
)


def _holder(answers: Answers) -> str:
    """The officer asks for the name, as on the KTP."""
    return ""


def _about(answers: Answers, city: City) -> Value:
    return _trade(answers)


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    site = _site(answers)
    where = place_name(site.area_code, city) if site is not None else "-"
    return (
        Say("assistance.brief.trade", {"trade": _trade(answers)}),
        Say("assistance.brief.place", {"place": where}),
    )


def _site(answers: Answers) -> Site | None:
    return site_at(answers.get("place"))


def _same_as(answers: Answers) -> str:
    """Two requests of one person ask for the same visit."""
    return ID


def _moves(answers: Answers) -> bool:
    return moves_about(_trade(answers))


SERVICE = Service(
    id=ID,
    form=FORM,
    menu=2,
    called=(),
    course=(Visit("help", opens="business_permit"),),
    holder=_holder,
    about=_about,
    brief=_brief,
    site=_site,
    same_as=_same_as,
    returnable=("place",),
    refusals=("silent", "other"),
    once=True,
    moves=_moves,
    poster=True,
)
