"""The evidence that a check may look at, and the finding that it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from models.finding import Finding, Outcome
from models.reference.area import Areas
from models.reference.business_type import BusinessType

MAX_FIXES = 2  # the third time, a person looks at it instead of asking the owner again


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner's identity from the secure page. Shown in no log: its repr is empty."""

    name: str = field(repr=False)
    nik: str = field(repr=False)
    birth_date: date = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoEvidence:
    """One photo of the place."""

    content: bytes = field(repr=False)
    sha256: str
    seen_in: int = 0  # other people's cases with the very same content


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the checks may look at, loaded by the caller. Sums are whole rupiah.

    Of a service whose form does not ask for something, it is empty: its checks do not look there.
    """

    today: date  # in Jakarta
    owner_name: str = field(repr=False)
    trade_code: str  # KBLI; "" or "other" when the owner found none that fits
    trade_version: str  # of the KBLI that `trade_code` was chosen from
    trade_text: str = field(repr=False)
    kind: BusinessType | None  # what `trade_code` means now; None if nothing
    business_name: str | None = field(repr=False)
    kelurahan_code: str
    pin: tuple[float, float] | None = field(repr=False)  # latitude, longitude; None if not sent
    premises: Literal["fixed", "mobile", "home"] | None
    areas: Areas = field(repr=False)
    # None where the owner left it to the officer.
    capital: int | None = field(repr=False)  # without land and building
    turnover_year: int | None = field(repr=False)
    workers: int | None
    identity: Identity | None  # None: the officer will see the KTP at the door
    photos: tuple[PhotoEvidence, ...]
    same_person_open: tuple[str, ...] = ()  # numbers of their others, same trade and kelurahan


@dataclass(frozen=True, slots=True)
class Check:
    """A check with the answers it rests on: it runs again when one of these steps is answered."""

    run: Callable[[Evidence], Finding]
    depends_on: frozenset[str]  # steps of a service's form
    reasons: frozenset[str]  # every key it may give


def hand_over(finding: Finding, *, fixes: int) -> Finding:
    """Give a fix to a person when the owner has already answered `fixes` requests of this check.

    Some are right where we are wrong (a KTP whose NIK and birth date disagree since a registrar's
    slip): nobody is asked the same thing for ever.
    """
    if finding.outcome is Outcome.FIX_BY_OWNER and fixes >= MAX_FIXES:
        return replace(finding, outcome=Outcome.NEEDS_A_PERSON, step=None)
    return finding
