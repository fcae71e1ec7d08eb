"""Referral: somebody tells of a business without a permit, and an officer goes there to help.

The questions are about a place, and not about a person: no name, no number, no photo.
"""

from __future__ import annotations

from conversations.effects import ForgetWords
from conversations.facts import City, Facts
from conversations.form import form
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.parsers.referred import accuses, landmark, nickname, worry
from conversations.parsers.trade import own_trade
from conversations.referrals import MORE, SERIES
from conversations.service import Service, Site, Visit, site_at
from conversations.session import Answers
from conversations.step import Stay, Wrong, answered
from conversations.steps import Ask, Choose, Locate
from conversations.wording import place_name

ID = "referral"
KNOWS = ("agreed", "unaware", "unsure")


def _trade(answers: Answers) -> str:
    answer = answers.get("trade")
    return str(answer.get("words", "-")) if isinstance(answer, dict) else "-"


def _trade_shown(answer: Json, facts: Facts) -> Value:
    return str(answer["words"])


def _in_series(answers: Answers, facts: Facts) -> bool:
    """Somebody who was invited to tell of places has just told of one."""
    return SERIES in answers


def _heed(text: str) -> Refused | Stay | None:
    """Refuse words that accuse, and forget them; answer somebody who is worried."""
    if accuses(text):
        return Wrong("accusation", {}, effects=(ForgetWords(),))
    wonders = worry(text)
    return Stay(say=Say(f"referral.any_time.{wonders}"), asks=True) if wonders is not None else None


FORM = form(
    ID,
    (
        Choose(MORE, options=("yes", "no"), when=_in_series, counted=False, ends=("no",)),
        Choose(
            "purpose",
            options=("yes", "complaint"),
            counted=False,
            ends=("complaint",),
            heeds=_heed,
        ),
        Ask("trade", parse=own_trade(), shows=_trade_shown, heeds=_heed),
        Locate("place", heeds=_heed),
        Ask("landmark", parse=landmark(), options={"none": None}, heeds=_heed),
        Choose("open", options=("morning", "midday", "evening", "unknown"), heeds=_heed),
        Choose("knows", options=KNOWS, heeds=_heed),
        Ask(
            "called",
            parse=nickname(),
            options={"skip": None},
            when=answered("knows", "agreed"),
            heeds=_heed,
        ),
    ),
    consents=(),
)


def _holder(answers: Answers) -> str:
    """Nobody's name: the officer asks at the place."""
    return ""


def _about(answers: Answers, city: City) -> Value:
    return _trade(answers)


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    site = _site(answers)
    where = place_name(site.area_code, city) if site is not None else "-"
    near = str(answers.get("landmark") or "-")
    return (
        Say("referral.brief.trade", {"trade": _trade(answers)}),
        Say(
            "referral.brief.place",
            {"place": where, "landmark": near},
        ),
    )


def _site(answers: Answers) -> Site | None:
    return site_at(answers.get("place"), str(answers.get("landmark") or ""))


def _advice(answers: Answers) -> Say:
    """When the place is open, and whether its owner knows; never who told us."""
    part, knows = str(answers.get("open") or "unknown"), str(answers.get("knows") or "unsure")
    called = answers.get("called")
    return Say(
        "referral.advice",
        {
            "open": Say(f"referral.advice.open.{part}"),
            "knows": Say(f"referral.advice.knows.{knows}"),
            "called": Say("referral.advice.called", {"name": str(called)}) if called else "",
        },
    )


SERVICE = Service(
    id=ID,
    form=FORM,
    menu=80,
    called=(),
    opened_by="referral",
    consents=(),
    course=(Visit("help", opens="business_permit"),),
    holder=_holder,
    about=_about,
    brief=_brief,
    site=_site,
    about_others=True,
    attempts=2,
    poster=True,
    advice=_advice,
)
