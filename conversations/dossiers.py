"""Letters to lenders: what their owners, officers and supervisors do; see `casework.dossiers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import msgspec

from conversations.messages import Json

#: Answers of a lender: relief, answers after which the lender goes on, and other ends.
RELIEF = ("longer", "deferral", "rate", "arrears_reduced", "more_credit", "other")
OPEN = ("must_come", "more_papers")  # the lender goes on
ENDS = ("refused", "paid_off")
OUTCOMES = (*RELIEF, *OPEN, *ENDS)
NO_ANSWER = "no_answer"
#: Those on the lender's page.
AT_DESK = (
    "longer",
    "deferral",
    "rate",
    "arrears_reduced",
    "must_come",
    "more_papers",
    "refused",
    "other",
)
REFUSED_FOR = ("no_prospect", "papers", "too_often", "not_ours", "not_in_trouble", "unsaid")
REOPENS = timedelta(days=180)  # an answer that comes late is still taken
SECOND = 30  # days until a second letter after a refusal

#: Matters of a letter that supervisors settle with the lender: their tickets, in `casework`.
DISPUTED, WITHDRAWN, SILENT, TO_DESK = (
    "letter_disputed",
    "letter_withdrawn",
    "letter_silent",
    "letter_to_desk",
)
#: Matters on which a supervisor may record an answer: the letter is still with the lender.
RECORDED = (DISPUTED, SILENT, TO_DESK)


class Terms(msgspec.Struct, frozen=True):
    """A new contract, as far as it was told: rupiah a month, months, and the first due date."""

    instalment: int | None = None
    months: int | None = None
    first_due: date | None = None


class DossierFact(msgspec.Struct, frozen=True):
    """The way of a letter, as its owner sees it."""

    outcome: str = ""
    by: str = ""  # who told the outcome: owner, supervisor or lender
    terms: Terms | None = None
    asked_for_reminders: bool = False
    step: int = 0  # reminders that were sent
    reopens_until: date | None = None  # the last day for an answer that comes late
    due: date | None = None  # of the next instalment

    def comes_late(self, today: date) -> bool:
        """Whether the owner may tell an answer after the end: nobody did, or only the lender."""
        in_time = self.reopens_until is not None and today <= self.reopens_until
        return in_time and (self.outcome == NO_ANSWER or self.by == "lender")


@dataclass(frozen=True, slots=True)
class ApproveLetter:
    """The owner has read the draft, and it is right."""

    case_id: int


@dataclass(frozen=True, slots=True)
class ChangeLetter:
    """The owner changes one answer of the draft."""

    case_id: int
    step: str


@dataclass(frozen=True, slots=True)
class TellDelivered:
    """The letter was delivered: to whom, or with a photo of the receipt."""

    case_id: int
    receiver: str = ""
    receipt_id: int | None = None


@dataclass(frozen=True, slots=True)
class TellAnswer:
    """The owner tells what the lender answered."""

    case_id: int
    outcome: str
    reason: str = ""
    terms: Mapping[str, Json] | None = None
    reminds: bool = False


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """A supervisor records what the lender answered, for the letter that a ticket is about."""

    ticket_id: int
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AnswerReminder:
    """The owner answers a reminder: "yes", "not_yet" or "stop"."""

    case_id: int
    said: str


@dataclass(frozen=True, slots=True)
class AskForLetterSignature:
    """The owner signs the letter on the officer's phone: the officer gets a link."""

    visit_id: int


AboutLetter: TypeAlias = (
    AnswerReminder
    | ApproveLetter
    | AskForLetterSignature
    | ChangeLetter
    | RecordAnswer
    | TellAnswer
    | TellDelivered
)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A message after relief was granted: when, and its key; `due` is that of its instalment."""

    on: date
    key: str
    due: date | None = None


def reminders(answered_on: date, terms: Terms | None) -> tuple[Reminder, ...]:
    """Return the messages after relief: eight with a due date, else two.

    They are one on reading the contract, one before and one after each of the first three due
    dates, and at the end one on seeing one's own credit record; in the order of their days.
    """
    first = Reminder(answered_on + timedelta(days=1), "contract")
    due = terms.first_due if terms is not None else None
    if due is None:
        return (first, Reminder(answered_on + timedelta(days=180), "record"))
    found = [first]
    for number in range(3):
        on = _months_later(due, number)
        found += [
            Reminder(on - timedelta(days=3), f"before_{number + 1}", on),
            Reminder(on + timedelta(days=1), f"after_{number + 1}", on),
        ]
    last = max(_months_later(due, 3), answered_on + timedelta(days=180))
    return tuple(sorted((*found, Reminder(last, "record")), key=lambda one: one.on))


def _months_later(day: date, months: int) -> date:
    """Return the same day some months later; the last day of a shorter month."""
    at = day.month - 1 + months
    year, month = day.year + at // 12, at % 12 + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return min(
        date(year, month, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(days=1)
    )
