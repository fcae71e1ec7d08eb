"""Credit relaxation: a letter to the owner's lender asks for relief on a business loan.

We write the letter, carry it, and ask after it; the lender decides. Numbers of loans, accounts and
cards are not asked for and not kept. Sources of what is usual: `conversations.loans`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce

from conversations.effects import Effect, RememberName
from conversations.facts import CaseFact, City, Facts
from conversations.form import form
from conversations.lifecycle import CaseState
from conversations.loans import HINTS, business, hints, loan
from conversations.long_numbers import guarded, refuse_long_sums
from conversations.messages import Json, Rupiah, Say, Value
from conversations.parsers.address import street
from conversations.parsers.lender import lender
from conversations.parsers.loan import branch, left, overdue, since
from conversations.parsers.money import money
from conversations.parsers.name import name
from conversations.parsers.note import note
from conversations.parsers.trade import own_trade
from conversations.service import (
    Document,
    DocumentKind,
    Service,
    Site,
    Visit,
    Waiting,
    WorkingDays,
    site_at,
)
from conversations.session import Answers, Choice
from conversations.several import Several, picked
from conversations.step import Context, answered
from conversations.steps import Ask, Choose, Locate
from conversations.wording import place_name

ID = "credit_relaxation"
LETTER = "relief_letter"
OTHER = "other"
SHOWN = 4  # businesses that are offered
_OVER = frozenset({CaseState.CANCELLED, CaseState.REJECTED})
_CONSENTS = ("credit_dossier",)

KINDS = ("bank", "bpr", "cooperative", "pnm", "leasing", "online", "private")
REASONS = ("slow", "sick", "disaster", "moved", "prices", "robbed", "family", OTHER)
WISHES = ("smaller", "deferral", "rate", "arrears", "more_credit", "any")
#: Papers that a lender usually wants to see: always, and by what was told.
_ALWAYS = ("ktp", "loan_book", "permit", "cash_book")
_BY_REASON = {"sick": "doctor", "disaster": "kelurahan", "moved": "market", "robbed": "police"}


# -- which business --------------------------------------------------------------------------------


def _businesses(context: Context) -> tuple[Choice, ...]:
    mine = (_business(one) for one in context.facts.mine.cases if one.state not in _OVER)
    known = [one for one in mine if one is not None][:SHOWN]
    return (*known, Choice(OTHER, Say(context.key("business", OTHER)), OTHER))


def _business(case: CaseFact) -> Choice | None:
    """Return a request of theirs whose trade and place are known, as a choice."""
    trade, place = case.answers.get("trade"), case.answers.get("place")
    if case.service == ID or not isinstance(trade, dict) or not isinstance(place, dict):
        return None
    answer = {
        "name": "" if case.holder == "-" else case.holder,
        "trade": str(trade.get("words", "")),
        "place": place,
        "street": str(case.answers.get("street") or ""),
        "permit": case.documents[0].number if case.documents else "",
        "case": case.id,
    }
    said: dict[str, Value] = {"trade": str(trade.get("words", "")), "number": case.number}
    return Choice(f"case-{case.id}", Say("credit_relaxation.business.of", said), answer)


def _has_business(answers: Answers, facts: Facts) -> bool:
    """Another request of theirs names a business."""
    if "business" in answers:
        return True
    return any(_business(one) for one in facts.mine.cases if one.state not in _OVER)


def _new_business(answers: Answers, facts: Facts) -> bool:
    """The business is none of those that are known."""
    return not isinstance(answers.get("business"), dict)


def _nameless(answers: Answers, facts: Facts) -> bool:
    """Nobody's name is known for the letter."""
    chosen = answers.get("business")
    return not (isinstance(chosen, dict) and chosen["name"])


def _business_shown(answer: Json, facts: Facts) -> Value:
    return (
        str(answer["trade"])
        if isinstance(answer, dict)
        else Say("credit_relaxation.business.other")
    )


def _trade_shown(answer: Json, facts: Facts) -> Value:
    return str(answer["words"])


def _name(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (RememberName(answer, context.whom),)


# -- what was told of the loan ---------------------------------------------------------------------


def _left(text: str, context: Context) -> Json:
    return left()(text, context.facts)


def _overdue(text: str, context: Context) -> Json:
    return overdue()(text, context.facts)


def _office_named(context: Context, answer: Json, said: str) -> Answers:
    """Return the branch that was named with the lender."""
    branch_named = answer.get("branch") if isinstance(answer, dict) else None
    return (
        {"branch": branch_named}
        if branch_named and _on_paper(context.answers, context.facts)
        else {}
    )


def _named_with_kind(context: Context, answer: Json, said: str) -> Answers:
    """Return the lender that was named with its kind: "saya pinjam di BRI"."""
    named = context.facts.lenders.read(said, str(answer))
    if not (named.sure and named.lenders[0].kind == answer):
        return {}
    one: Json = {"id": named.lenders[0].id, "name": named.lenders[0].name}
    return {"lender": one}


def _on_paper(answers: Answers, facts: Facts) -> bool:
    """The lender has branches."""
    return answers.get("lender_kind") != "online"


def _enough(answers: Answers, facts: Facts) -> bool:
    """They can pay as much as the instalment, as far as they told."""
    told = loan(answers)
    return bool(told.instalment) and told.share is not None and told.share >= 1


def _stopped(answers: Answers, facts: Facts) -> bool:
    """Nothing is sold, and nothing can be paid."""
    told = loan(answers)
    return told.can_pay == 0 and told.now == 0


def _has_others(answers: Answers, facts: Facts) -> bool:
    """They have other loans."""
    return answers.get("others") in ("one", "two", "more")


def _tells_more(answers: Answers, facts: Facts) -> bool:
    """The reason is none of the listed ones."""
    return OTHER in picked(answers.get("reason"))


def _less(context: Context) -> Choice:
    """Return the way back to what can be paid."""
    return Choice("change", Say("credit_relaxation.sure.change"), "can_pay", "edit", "no")


def _figures(context: Context) -> Mapping[str, Value]:
    told = loan(context.answers)
    return {"can_pay": Rupiah(told.can_pay or 0), "instalment": Rupiah(told.instalment or 0)}


def _to_desk(context: Context) -> bool:
    """The lender has agreed to take letters on its own page."""
    told = loan(context.answers)
    known = context.facts.lenders.get(told.lender) if told.lender else None
    return known is not None and known.on_board


def _lender_shown(answer: Json, facts: Facts) -> Value:
    return " ".join(filter(None, (str(answer["name"]), str(answer.get("branch") or ""))))


def _monthly(answer: Json, facts: Facts) -> Value:
    return Say("common.a_month", {"sum": Rupiah(answer)})


def _since_shown(answer: Json, facts: Facts) -> Value:
    year, _, month = str(answer).partition("-")
    if not month:
        return year
    return Say(
        "credit_relaxation.month", {"month": Say(f"common.month.{int(month)}"), "year": year}
    )


_FORM = form(
    ID,
    (
        Choose("business", options=_businesses, when=_has_business, shows=_business_shown),
        Ask("owner_name", parse=name(at_most=100), when=_nameless, then=_name),
        Ask(
            "trade",
            parse=own_trade(),
            when=_new_business,
            shows=_trade_shown,
        ),
        Locate("place", when=_new_business),
        Ask("street", parse=street(at_most=200), when=_new_business),
        Choose(
            "lender_kind",
            options=KINDS,
            ends=("private",),
            tells=_named_with_kind,
        ),
        Choose(
            "licence",
            options=("yes", "no", "unknown"),
            when=answered("lender_kind", "online"),
            ends=("no", "unknown"),
            counted=False,
        ),
        Ask(
            "lender",
            parse=lender(),
            shows=_lender_shown,
            tells=_office_named,
        ),
        Ask(
            "branch",
            parse=branch(unknown=(ID, "branch")),
            options={"unknown": None},
            when=_on_paper,
        ),
        Choose(
            "group",
            options=("yes", "no", "none"),
            when=answered("lender_kind", "pnm"),
        ),
        Choose(
            "product",
            options=("kur", "working", "tools", "group", OTHER, "unknown"),
        ),
        Ask(
            "since",
            parse=since(),
            options={"unknown": None},
            shows=_since_shown,
        ),
        Choose(
            "remaining",
            options=(
                "under_5",
                "to_10",
                "to_25",
                "to_50",
                "to_100",
                "to_500",
                "more",
                "unknown",
            ),
            reads=_left,
            heeds=refuse_long_sums,
        ),
        Ask(
            "instalment",
            parse=money(at_least=1_000, period="month"),
            numeric=True,
            shows=_monthly,
            heeds=refuse_long_sums,
        ),
        Choose(
            "arrears",
            options=("none", "under_1", "to_3", "to_4", "to_6", "over_6"),
            reads=_overdue,
        ),
        Ask(
            "before",
            parse=money(at_least=0, period="month"),
            numeric=True,
            shows=_monthly,
            heeds=refuse_long_sums,
        ),
        Ask(
            "now",
            parse=money(at_least=0, period="month"),
            options={"closed": 0},
            numeric=True,
            shows=_monthly,
            heeds=refuse_long_sums,
        ),
        Several("reason", options=REASONS, at_most=4),
        Ask("told", parse=note(at_most=300), when=_tells_more),
        Ask(
            "can_pay",
            parse=money(at_least=0, period="month"),
            options={"nothing": 0},
            numeric=True,
            shows=_monthly,
            heeds=refuse_long_sums,
        ),
        Choose(
            "sure",
            options=("right",),
            means={"right": "yes"},
            beside={"change": _less},
            when=_enough,
            params=_figures,
            counted=False,
        ),
        Choose("goes_on", options=("yes", "unsure", "no"), when=_stopped),
        Several("wish", options=WISHES, at_most=2, alone=frozenset({"any"})),
        Choose("others", options=("none", "one", "two", "more")),
        Choose("others_online", options=("yes", "no"), when=_has_others),
        Choose(
            "talked",
            options=("no", "waiting", "refused", "once", "twice", "more_often"),
        ),
        Choose(
            "deliver",
            options=("owner", "officer", "desk"),
            offers={"desk": _to_desk},
        ),
    ),
    consents=_CONSENTS,
)

FORM = guarded(_FORM)


def _holder(answers: Answers) -> str:
    return str(business(answers)["name"])


def _about(answers: Answers, city: City) -> Value:
    """Return the trade: who reads it need not know that there is a debt."""
    return str(business(answers)["trade"])


def _lender(answers: Answers) -> str:
    told = answers.get("lender")
    return str(told["name"]) if isinstance(told, dict) else "-"


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    """Return the lines that a supervisor decides on: no figure of the debt."""
    site = _site(answers)
    where = place_name(site.area_code, city) if site is not None else "-"
    kind = str(answers.get("lender_kind") or OTHER)
    return (
        Say("credit_relaxation.brief.business", {"trade": str(business(answers)["trade"])}),
        Say("credit_relaxation.brief.place", {"place": where}),
        Say(
            "credit_relaxation.brief.lender",
            {"lender": _lender(answers), "kind": Say(f"credit_relaxation.lender_kind.{kind}")},
        ),
        Say("credit_relaxation.brief.reason", {"reason": _reasons(answers)}),
    )


def _reasons(answers: Answers) -> Value:
    named = [Say(f"credit_relaxation.reason.{one}") for one in picked(answers.get("reason"))]
    if not named:
        return "-"
    return reduce(lambda said, one: Say("common.list", {"said": said, "next": one}), named)


def _site(answers: Answers) -> Site | None:
    told = business(answers)
    return site_at(told["place"], str(told["street"]))


def _flags(answers: Answers, today: date) -> tuple[str, ...]:
    return tuple(one.id for one in hints(answers, today) if one.flag)


def papers(answers: Answers) -> tuple[str, ...]:
    """Return the papers that the officer looks for at the visit."""
    by_reason = (_BY_REASON.get(one) for one in picked(answers.get("reason")))
    group = ("group_leader",) if answers.get("lender_kind") == "pnm" else ()
    warned = ("warning",) if answers.get("arrears") not in (None, "none") else ()
    return (*_ALWAYS, *(one for one in by_reason if one), *group, *warned)


def _confided(answers: Answers, city: City) -> tuple[Say, ...]:
    """The figures of the letter, for the officer with whom it is signed."""
    told = loan(answers)
    sums = (("instalment", told.instalment), ("can_pay", told.can_pay))
    return tuple(
        Say(f"credit_relaxation.confided.{key}", {"sum": Rupiah(value)})
        for key, value in sums
        if value is not None
    )


SERVICE = Service(
    id=ID,
    form=FORM,
    menu=20,
    called=(),
    opened_by="credit",
    consents=_CONSENTS,
    course=(
        Document(LETTER),
        Waiting("reading", opens="letter", within=WorkingDays(5), asks=(1, 3), shows=True),
        Visit("signing"),
        Waiting("delivery", opens="delivery", within=WorkingDays(5), asks=(2, 3, 4), signed=True),
        Waiting("awaiting", opens="lender_answer", within=WorkingDays(30), asks=(5, 10, 20)),
        Waiting("trust", opens="instalment", within=WorkingDays(150), asks=(3, 10)),
    ),
    holder=_holder,
    about=_about,
    brief=_brief,
    site=_site,
    checks=("flags",),
    returnable=("lender", "reason", "wish"),
    refusals=("not_business", "other"),
    documents=(DocumentKind(LETTER, prefix="KK", folder="letters", named=False),),
    named_in=("owner_name",),
    flags=_flags,
    papers=papers,
    confided=_confided,
    phrases=(
        *(f"paper.{one}" for one in (*_ALWAYS, *_BY_REASON.values(), "group_leader", "warning")),
        *(f"hint.{one.id}" for one in HINTS),
        "month",
    ),
)
