"""Business permit: a micro-business owner asks for an IUMK.

Sources: Pergub DKI 30/2018 art. 5 (who may ask); PP 7/2021 art. 35 (what is micro).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce

from conversations.assisting import BY
from conversations.effects import Effect, RememberName, SendIdentityLink
from conversations.facts import City, Facts
from conversations.flow import Joined
from conversations.form import form
from conversations.mending import MENDING
from conversations.messages import Json, Rupiah, Say, Value
from conversations.parsers.added_days import days_amended, part_amended
from conversations.parsers.address import rt_rw, rt_rw_amended, street, street_amended
from conversations.parsers.dates import days
from conversations.parsers.figures import CAPITAL, TURNOVER, WORKERS
from conversations.parsers.money import money
from conversations.parsers.name import business_name, name
from conversations.parsers.numbers import workers
from conversations.parsers.times import part_of_day
from conversations.parsers.together import address_parts, by_label, days_and_part
from conversations.parsers.trade import business_type, moves_about
from conversations.scale import above_micro
from conversations.service import DocumentKind, Printed, Service, Site, Visit, WorkingDays, site_at
from conversations.session import Answers
from conversations.step import Context
from conversations.steps import Ask, Choose, Locate, Upload
from conversations.whose import ANOTHER, MUCH, OWN, SOMEBODY, WHOSE, is_second, of_somebody
from conversations.wording import area_names, place_name

ID = "business_permit"
HELPED = "assistance"  # the service by which an officer comes to fill the form in
_ADDRESS = ("place", "rt_rw", "street")
_TIME = ("preferred_days", "preferred_part")


def _undecided(answers: Answers, facts: Facts) -> bool:
    """Little is answered yet, and no officer comes to fill it in."""
    little = len(answers.keys() - {"consent", "way", WHOSE}) < MUCH
    return little and HELPED in facts.mine.services and facts.mine.open_case(HELPED) is None


def _kind_known(answer: Json) -> bool:
    """Whether a kind of business was picked, or it is left to the officer."""
    return not isinstance(answer, dict) or answer.get("code", "") is not None


def _name(context: Context, answer: Json) -> tuple[Effect, ...]:
    return () if of_somebody(context.answers) else (RememberName(answer, context.whom),)


def _asked_whose(context: Context) -> Mapping[str, Value]:
    """Tell that a request was sent from this phone before."""
    return {"known": Say("business_permit.whose.known") if context.facts.mine.cases else ""}


def _named(context: Context) -> Mapping[str, Value]:
    """Return whose name is asked for."""
    somebody = of_somebody(context.answers)
    key = "business_permit.owner_name.somebody" if somebody else "business_permit.owner_name.own"
    return {"whose": Say(key)}


def _identity(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (SendIdentityLink(whom=context.whom),) if answer == "page" else ()


def _trade_shown(answer: Json, facts: Facts) -> Value:
    return _trade(answer, facts) or str(answer["words"])


def _sum_shown(answer: Json, facts: Facts) -> Value:
    return Rupiah(answer)


def _monthly_shown(answer: Json, facts: Facts) -> Value:
    return Say("common.a_month", {"sum": Rupiah(answer)})


def _days_shown(answer: Json, facts: Facts) -> Value:
    if not isinstance(answer, list):
        return str(answer)
    named = [_run_shown(run) for run in _runs([date.fromisoformat(day) for day in answer])]
    return reduce(lambda said, run: Say("common.list", {"said": said, "next": run}), named)


def _runs(on: list[date]) -> list[list[date]]:
    """Return dates in runs of days that follow each other."""
    runs: list[list[date]] = []
    for day in on:
        if runs and day == runs[-1][-1] + timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _run_shown(run: list[date]) -> Say:
    if len(run) == 1:
        return Say("common.day", {"day": run[0]})
    return Say("common.days_between", {"first": run[0], "last": run[-1]})


def _part_shown(answer: Json, facts: Facts) -> Value:
    if not isinstance(answer, list):
        return str(answer)
    named = (Say(f"business_permit.preferred_part.{part}") for part in answer)
    return reduce(lambda said, part: Say("common.list", {"said": said, "next": part}), named)


def _large(answers: Answers, facts: Facts) -> bool:
    """Whether the business is larger than this permit is for; not asked where it is mended."""
    capital, turnover = answers.get("capital"), answers.get("turnover")
    if not isinstance(capital, int) or not isinstance(turnover, int):
        return False
    if answers.get(BY) == MENDING:
        return False
    return above_micro(capital, turnover * 12)


def _shows_card(answers: Answers, facts: Facts) -> bool:
    """The page is for the KTP of the phone's own person; another KTP is seen at the visit."""
    return not of_somebody(answers)


def _figures(context: Context) -> Mapping[str, Value]:
    return {one: _sum(context.answers.get(one)) for one in ("capital", "turnover")}


def _to_be_visited(answers: Answers, facts: Facts) -> bool:
    """No officer is with the applicant yet."""
    return BY not in answers


FORM = form(
    ID,
    (
        Choose(
            WHOSE,
            options=(OWN, SOMEBODY, ANOTHER),
            when=is_second,
            params=_asked_whose,
            counted=False,
        ),
        Choose(
            "way",
            options=("quick", "self"),
            leads={"quick": HELPED},
            when=_undecided,
            counted=False,
            forks=True,
        ),
        Ask(
            "owner_name",
            parse=name(at_most=100),
            then=_name,
            params=_named,
            leads={"helped": HELPED},
        ),
        Ask(
            "trade",
            parse=business_type(offers=3),
            can_leave=True,
            shows=_trade_shown,
            whole=_kind_known,
        ),
        Ask("business_name", parse=business_name(at_most=100), options={"none": None}),
        Locate("place"),
        Ask(
            "rt_rw",
            parse=rt_rw(),
            options={"unknown": None},
            optional=True,
            amends=rt_rw_amended,
        ),
        Ask("street", parse=street(at_most=200), amends=street_amended),
        Choose("premises", options=("fixed", "mobile", "home", "roadside")),
        Upload("place_photo", at_most=3, optional=True, can_leave=True),
        Ask("capital", parse=money(at_least=0), numeric=True, can_leave=True, shows=_sum_shown),
        Ask(
            "turnover",
            parse=money(at_least=0, period="month"),
            numeric=True,
            can_leave=True,
            shows=_monthly_shown,
        ),
        Ask("workers", parse=workers(), numeric=True, can_leave=True),
        Choose(
            "scale",
            options=("right", "stop"),
            means={"right": "yes"},
            when=_large,
            params=_figures,
            ends=("stop",),
        ),
        Choose("papers", options=("none", "nib", "iumk", "npwp", "lost")),
        Choose("identity", options=("page", "door"), when=_shows_card, then=_identity),
        Ask(
            "preferred_days",
            parse=days(),
            when=_to_be_visited,
            options={"any": "any"},
            shows=_days_shown,
            amends=days_amended,
        ),
        Ask(
            "preferred_part",
            parse=part_of_day(),
            when=_to_be_visited,
            options={part: part for part in ("any", "morning", "midday", "afternoon", "evening")},
            shows=_part_shown,
            optional=True,
            amends=part_amended,
        ),
    ),
    together=(
        Joined(_ADDRESS, address_parts(*_ADDRESS)),
        Joined(
            ("capital", "turnover", "workers"),
            by_label({"capital": CAPITAL, "turnover": TURNOVER, "workers": WORKERS}),
        ),
        Joined(_TIME, days_and_part(*_TIME)),
    ),
)


# -- what others see of a case ---------------------------------------------------------------------


def _trade(answer: Json, city: City) -> Value | None:
    """Return the kind of business; None if none was found, or it is left to the officer."""
    trade = city.trades.get(str(answer.get("code", ""))) if isinstance(answer, dict) else None
    return Say("common.named", {"id": trade.label, "en": trade.label_en}) if trade else None


def _sum(answer: Json) -> Value:
    return Rupiah(answer) if isinstance(answer, int) else Say("common.left")


def _holder(answers: Answers) -> str:
    return str(answers.get("owner_name", ""))


def _about(answers: Answers, city: City) -> Value:
    """Return the kind of business (the owner's words if none was found) and the business's name."""
    answer = answers.get("trade")
    words = str(answer.get("words", "-")) if isinstance(answer, dict) else "-"
    trade, called = _trade(answer, city) or words, answers.get("business_name")
    return Say("business_permit.about", {"trade": trade, "name": called}) if called else trade


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    place = answers.get("place")
    trade = _trade(answers.get("trade"), city) or Say("common.left")
    where = place_name(place["kelurahan"], city) if isinstance(place, dict) else "-"
    return (
        Say("business_permit.brief.trade", {"trade": trade}),
        Say("business_permit.brief.place", {"place": where}),
        Say("business_permit.brief.capital", {"capital": _sum(answers.get("capital"))}),
        Say("business_permit.brief.turnover", {"turnover": _sum(answers.get("turnover"))}),
    )


def _site(answers: Answers) -> Site | None:
    corner = answers.get("rt_rw")
    parts = [answers.get("street"), corner and f"RT/RW {corner}"]
    return site_at(answers.get("place"), ", ".join(str(part) for part in parts if part))


def _same_as(answers: Answers) -> str | None:
    """Return the trade and the kelurahan; None if one of them is unknown."""
    trade, place = answers.get("trade"), answers.get("place")
    if not isinstance(trade, dict) or not isinstance(place, dict):
        return None
    codes = trade.get("code"), place.get("kelurahan")
    return f"{codes[0]}/{codes[1]}" if all(codes) else None


def _moves(answers: Answers) -> bool:
    trade = answers.get("trade")
    words = str(trade.get("words", "")) if isinstance(trade, dict) else ""
    return answers.get("premises") == "mobile" or moves_about(words)


# -- its document ----------------------------------------------------------------------------------


def _printed(answers: Answers, city: City) -> tuple[Printed, ...]:
    """Return the lines of a permit; the check page does not show the address: it may be a home."""
    site, called, premises = _site(answers), answers.get("business_name"), answers.get("premises")
    trade = _trade(answers.get("trade"), city)
    told = ("trade", "business_name")  # a business without a name has no line for it anywhere
    lines = [Printed("business_permit.iumk.trade", trade, told, public=True)]
    if called:
        lines.insert(0, Printed("business_permit.business_name.label", str(called)))
    if premises:
        kind_of_place = Say(f"business_permit.premises.{premises}")
        lines.append(Printed("business_permit.premises.label", kind_of_place, ("premises",)))
    address = _address(answers)
    if address is not None:
        lines.append(Printed("business_permit.street.label", address, ("street", "rt_rw")))
    area = _area(site.area_code, city) if site else None
    lines.append(Printed("business_permit.place.label", area, ("place",), public=True))
    lines.append(Printed("business_permit.iumk.scale", Say("business_permit.iumk.micro")))
    return tuple(lines)


def _address(answers: Answers) -> Value | None:
    """Return the street with RT and RW, as far as they are known."""
    street, corner = answers.get("street"), answers.get("rt_rw")
    known: list[Value] = [street] if isinstance(street, str) else []
    if isinstance(corner, str):
        rt, _, rw = corner.partition("/")
        known.append(Say("business_permit.iumk.rt_rw", {"rt": rt, "rw": rw}))
    if len(known) > 1:
        return Say("business_permit.iumk.address", {"street": known[0], "rt_rw": known[1]})
    return known[0] if known else None


def _area(code: str, city: City) -> Value | None:
    """Return the kelurahan, kecamatan and kota."""
    names, kota = area_names(code, city), city.places.kota_of(code)
    return ", ".join(dict.fromkeys([*names.values(), kota.name])) if names and kota else None


#: Source of the years: Pergub DKI 30/2018.
IUMK = DocumentKind(
    "iumk", prefix="IUMK", per_area=True, valid_years=5, folder="permits", printed=_printed
)

SERVICE = Service(
    id=ID,
    form=FORM,
    menu=1,
    called=("izin", "izinnya", "ijin", "ijinnya", "perizinan", "nib", "iumk", "permit", "license"),
    course=(Visit("hand_over", issues="iumk"),),
    holder=_holder,
    about=_about,
    brief=_brief,
    promise=WorkingDays(3),
    site=_site,
    same_as=_same_as,
    checks=("identity", "duplicates", "place", "business_type", "scale", "photo"),
    mendable={
        "trade": ("trade",),
        "business": ("business_name",),
        "address": ("street", "rt_rw", "place", "premises"),
        "person": ("owner_name",),
        "size": ("capital", "turnover"),
    },
    returnable=("trade", "place", "street", "place_photo", "capital", "turnover", "identity"),
    refusals=("place", "documents", "silent", "scale", "other"),
    documents=(IUMK,),
    named_in=("owner_name",),
    moves=_moves,
)
