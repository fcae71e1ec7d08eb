"""Business permit: a micro-business owner asks for an IUMK.

Source: Pergub DKI 30/2018 art. 5 (who may ask); PP 7/2021 art. 35 (what is micro).
"""

from __future__ import annotations

from datetime import date
from functools import reduce

from conversations.effects import (
    Correct,
    Effect,
    GiveConsent,
    RememberName,
    SendIdentityLink,
    Submit,
)
from conversations.facts import Facts
from conversations.flow import (
    Ask,
    Choose,
    Context,
    Ending,
    Flow,
    Locate,
    Review,
    Upload,
)
from conversations.messages import Json, Rupiah, Say, Value
from conversations.parsers.address import rt_rw, street
from conversations.parsers.dates import days
from conversations.parsers.money import money
from conversations.parsers.name import business_name, name
from conversations.parsers.numbers import workers
from conversations.parsers.times import part_of_day
from conversations.parsers.trade import business_type
from conversations.session import Answers

NEEDS_FIX = "needs_fix"  # of models.lifecycle


def _consent_needed(answers: Answers, facts: Facts) -> bool:
    """The owner has not agreed yet."""
    return not facts.consented


def _consent(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (GiveConsent(),) if answer == "yes" else ()


def _name(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (RememberName(answer),)


def _identity(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (SendIdentityLink(),) if answer == "page" else ()


def _trade(answer: Json, facts: Facts) -> Value:
    trade = facts.trades.get(answer["code"])
    if trade is None:
        return str(answer["words"])
    return Say("common.named", {"id": trade.label, "en": trade.label_en})


def _sum(answer: Json, facts: Facts) -> Value:
    return Rupiah(answer)


def _monthly(answer: Json, facts: Facts) -> Value:
    return Say("common.a_month", {"sum": Rupiah(answer)})


def _days(answer: Json, facts: Facts) -> Value:
    if not isinstance(answer, list):
        return str(answer)
    named = (Say("common.day", {"day": date.fromisoformat(day)}) for day in answer)
    return reduce(lambda said, day: Say("common.list", {"said": said, "next": day}), named)


def _finish(context: Context) -> Ending:
    if not context.subject:
        return Ending((Submit("business_permit", _kept(context.answers)),))
    case = context.facts.the_case(context.subject)
    fixed = {step: context.answers[step] for step in case.open_fixes}
    waits = fixed.get("identity") == "page"
    return Ending(
        (Correct(case.id, fixed),),
        (Say("business_permit.waiting_for_page" if waits else "business_permit.corrected"),),
    )


def _kept(answers: Answers) -> Answers:
    return {step: answer for step, answer in answers.items() if step not in {"consent", "confirm"}}


def _prefill(subject: str, facts: Facts) -> Answers:
    """What a case that is already sent holds: all but the items to be given again."""
    case = facts.case(subject)
    if not subject or case is None:
        return {}
    held = {"consent": "yes", "confirm": "send", **case.answers}
    return {step: answer for step, answer in held.items() if step not in case.open_fixes}


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    return not subject or (case is not None and case.state == NEEDS_FIX)


FLOW = Flow(
    id="business_permit",
    service=1,
    called=("izin", "izinnya", "ijin", "ijinnya", "perizinan", "nib", "iumk", "permit", "license"),
    steps=(
        Choose(
            "consent",
            options=("yes", "no"),
            when=_consent_needed,
            then=_consent,
            counted=False,
            ends=("no",),
        ),
        Ask("owner_name", parse=name(at_most=100), then=_name),
        Ask("trade", parse=business_type(offers=3), can_leave=True, shows=_trade),
        Ask("business_name", parse=business_name(at_most=100), options={"none": None}),
        Locate("place"),
        Ask("rt_rw", parse=rt_rw(), options={"unknown": None}),
        Ask("street", parse=street(at_most=200)),
        Choose("premises", options=("fixed", "mobile", "home")),
        Upload("place_photo", at_most=3),
        Ask("capital", parse=money(at_least=0), numeric=True, can_leave=True, shows=_sum),
        Ask(
            "turnover",
            parse=money(at_least=0, period="month"),
            numeric=True,
            can_leave=True,
            shows=_monthly,
        ),
        Ask("workers", parse=workers(), numeric=True, can_leave=True),
        Choose("papers", options=("none", "nib", "iumk", "npwp")),
        Choose("identity", options=("page", "door"), then=_identity),
        Ask("preferred_days", parse=days(), options={"any": "any"}, shows=_days),
        Ask(
            "preferred_part",
            parse=part_of_day(),
            options={part: part for part in ("any", "morning", "midday", "afternoon")},
        ),
        Review("confirm"),
    ),
    finish=_finish,
    prefill=_prefill,
    alive=_alive,
)
