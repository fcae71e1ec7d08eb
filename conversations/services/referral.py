"""Referral: somebody tells of a business without a permit, and an officer goes there to help.

The questions are about a place, and not about a person: no name, no number, no photo.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversations.effects import ForgetWords
from conversations.events import Event, Said
from conversations.facts import City, Facts
from conversations.form import form
from conversations.messages import Json, Say, Value
from conversations.parsers.referred import accuses, landmark, nickname, worry
from conversations.parsers.trade import own_trade
from conversations.referrals import MORE, SERIES
from conversations.service import Service, Site, Visit, site_at
from conversations.session import Answers
from conversations.step import Context, Stay, Wrong, answered
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


def _comes_first(text: str) -> bool:
    """Whether words accuse, or somebody who tells is worried: no answer has such words."""
    return accuses(text) or worry(text) is not None


def _heed(event: Event) -> None:
    """Refuse words that accuse, and forget them; answer somebody who is worried."""
    if not isinstance(event, Said):
        return
    if accuses(event.text):
        raise Wrong("accusation", {}, effects=(ForgetWords(),))
    wonders = worry(event.text)
    if wonders is not None:
        raise Stay(say=Say(f"referral.any_time.{wonders}"), asks=True)


@dataclass(frozen=True, slots=True)
class Told(Ask):
    """A question answered in words about somebody else's business."""

    def bars(self, text: str) -> bool:
        return _comes_first(text)

    def read(self, event: Event, context: Context) -> Json:
        _heed(event)
        return Ask.read(self, event, context)


@dataclass(frozen=True, slots=True)
class Picked(Choose):
    """A question with a few answers about somebody else's business."""

    def bars(self, text: str) -> bool:
        return _comes_first(text)

    def read(self, event: Event, context: Context) -> Json:
        _heed(event)
        return Choose.read(self, event, context)


@dataclass(frozen=True, slots=True)
class Placed(Locate):
    """A question for a place about somebody else's business."""

    def bars(self, text: str) -> bool:
        return _comes_first(text)

    def read(self, event: Event, context: Context) -> Json:
        _heed(event)
        return Locate.read(self, event, context)


FORM = form(
    ID,
    (
        Choose(MORE, options=("yes", "no"), when=_in_series, counted=False, ends=("no",)),
        Picked("purpose", options=("yes", "complaint"), counted=False, ends=("complaint",)),
        Told("trade", parse=own_trade(), shows=_trade_shown),
        Placed("place"),
        Told("landmark", parse=landmark(), options={"none": None}),
        Picked("open", options=("morning", "midday", "evening", "unknown")),
        Picked("knows", options=KNOWS),
        Told(
            "called",
            parse=nickname(),
            options={"skip": None},
            when=answered("knows", "agreed"),
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
