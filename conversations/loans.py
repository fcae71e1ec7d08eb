"""Loans: what the owner told of one, in figures, and the hints that follow from it.

A hint is what is usual, never a decision. The owner reads it as such; a supervisor sees the ones
that `flag` a case, without figures. Each has its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from conversations.messages import Json
from conversations.session import Answers
from conversations.several import picked

HEAVY = 0.2  # of the sales before: less than this is left
TENORS = (12, 24, 36)  # months of the example
AHEAD = (0.3, 0.8)  # shares of the instalment for which a longer term comes first
FIRST_PAID = 6  # instalments that some banks want to see first
EARLY = frozenset({"none", "under_1"})
LATE = frozenset({"over_6"})
MANY_TIMES = frozenset({"twice", "more_often"})
#: The upper end of what is left of a loan, in rupiah, for the example of three terms.
REMAINING: Mapping[str, int] = {
    "under_5": 5_000_000,
    "to_10": 10_000_000,
    "to_25": 25_000_000,
    "to_50": 50_000_000,
    "to_100": 100_000_000,
    "to_500": 500_000_000,
}


@dataclass(frozen=True, slots=True)
class Loan:
    """Facts of a loan as they were told; sums in rupiah a month, None if they are not known."""

    kind: str = ""  # of the lender
    lender: str = ""  # its id in the register; "" if it is not there
    product: str = ""
    began: date | None = None
    arrears: str = ""
    remaining: str = ""
    instalment: int | None = None
    before: int | None = None
    now: int | None = None
    can_pay: int | None = None
    wishes: tuple[str, ...] = ()
    talked: str = ""

    @property
    def share(self) -> float | None:
        """The part of the instalment that can be paid; None if it is not known."""
        if not self.instalment or self.can_pay is None:
            return None
        return self.can_pay / self.instalment

    def paid(self, today: date) -> int | None:
        """About how many instalments were due so far."""
        if self.began is None:
            return None
        return (today.year - self.began.year) * 12 + today.month - self.began.month


def loan(answers: Answers) -> Loan:
    """Return what a form holds of a loan."""
    told = answers.get("lender")
    return Loan(
        kind=str(answers.get("lender_kind") or ""),
        lender=str(told.get("id", "")) if isinstance(told, dict) else "",
        product=str(answers.get("product") or ""),
        began=_began(answers.get("since")),
        arrears=str(answers.get("arrears") or ""),
        remaining=str(answers.get("remaining") or ""),
        instalment=_sum(answers.get("instalment")),
        before=_sum(answers.get("before")),
        now=_sum(answers.get("now")),
        can_pay=_sum(answers.get("can_pay")),
        wishes=tuple(picked(answers.get("wish"))),
        talked=str(answers.get("talked") or ""),
    )


def _sum(answer: Json) -> int | None:
    return answer if isinstance(answer, int) and not isinstance(answer, bool) else None


def _began(answer: Json) -> date | None:
    """Return the first day of the month in which a loan began; of a year alone, its middle."""
    if not isinstance(answer, str):
        return None
    year, _, month = answer.partition("-")
    return date(int(year), int(month or 7), 1)


def business(answers: Answers) -> Mapping[str, Json]:
    """Return the business of a letter: its name, trade, place, street and permit."""
    chosen = answers.get("business")
    if isinstance(chosen, dict):
        named = {"name": answers["owner_name"]} if answers.get("owner_name") else {}
        return {**chosen, **named}
    trade = answers.get("trade")
    return {
        "name": answers.get("owner_name") or "",
        "trade": str(trade.get("words", "-")) if isinstance(trade, dict) else "-",
        "place": answers.get("place"),
        "street": answers.get("street") or "",
        "permit": "",
    }


@dataclass(frozen=True, slots=True)
class Hint:
    """A remark on what is usual in one case; `id` is its catalogue key under "hint"."""

    id: str
    applies: Callable[[Loan, date], bool]
    source: str
    flag: bool = False  # a supervisor looks at the case first


def _stopped(one: Loan, today: date) -> bool:
    return one.can_pay == 0 and one.now == 0


def _between(one: Loan, today: date) -> bool:
    return one.share is not None and AHEAD[0] <= one.share <= AHEAD[1]


def _early(one: Loan, today: date) -> bool:
    return one.arrears in EARLY


def _few_paid(one: Loan, today: date) -> bool:
    paid = one.paid(today)
    asks = one.product == "kur" or one.lender == "bri"
    return asks and paid is not None and paid < FIRST_PAID


def _late(one: Loan, today: date) -> bool:
    return one.arrears in LATE


def _many_times(one: Loan, today: date) -> bool:
    return one.talked in MANY_TIMES


def _more_debt(one: Loan, today: date) -> bool:
    return "more_credit" in one.wishes and one.arrears != "none"


def _cooperative(one: Loan, today: date) -> bool:
    return one.kind == "cooperative"


def _heavy(one: Loan, today: date) -> bool:
    return bool(one.before) and one.now is not None and one.now <= HEAVY * (one.before or 0)


HINTS = (
    Hint("early", _early, "practice of banks; press on BRI 2023"),
    Hint("few_paid", _few_paid, "press on BRI's practice, 2023"),
    Hint("stopped", _stopped, "POJK 40/POJK.03/2019: able to pay afterwards", flag=True),
    Hint("longer_first", _between, "POJK 40/POJK.03/2019: forms of restructuring"),
    Hint("late", _late, "grades of collectability: loss after 180 days", flag=True),
    Hint("many_times", _many_times, "press on BRI's practice, 2023", flag=True),
    Hint("more_debt", _more_debt, "POJK 40/POJK.03/2019: able to pay afterwards"),
    Hint("cooperative", _cooperative, "UU 4/2023 art. 44B: closed-loop cooperatives"),
    Hint("heavy", _heavy, "Bank DKI's yardstick of 2020", flag=True),
)


def hints(answers: Answers, today: date) -> tuple[Hint, ...]:
    """Return the hints that apply to a form."""
    told = loan(answers)
    return tuple(one for one in HINTS if one.applies(told, today))


def tenors(answers: Answers) -> tuple[tuple[int, int], ...]:
    """Return an example: months, and rupiah a month without interest; () if it has no sense."""
    told = loan(answers)
    if told.remaining not in REMAINING or not _between(told, date.min):
        return ()
    return tuple((months, -(-REMAINING[told.remaining] // months)) for months in TENORS)
