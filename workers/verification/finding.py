"""What a check may look at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from models.area import Areas
from models.business_type import BusinessType

MAX_FIXES = 2  # the third time, a person looks at it instead of asking the owner again


class Outcome(StrEnum):
    """What a finding asks for; the values are those of `models.finding`."""

    OK = "ok"
    FIX_BY_OWNER = "fix_by_owner"
    NEEDS_A_PERSON = "needs_a_person"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's word on one version of the answers."""

    check: str
    outcome: Outcome
    reason: str = ""  # a key of the catalogue; empty when OK
    step: str | None = None  # the question to ask again when the owner must fix it
    params: Mapping[str, Any] = field(default_factory=dict)  # JSON; never personal data


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the owner is by the secure page. Shown in no log: its repr is empty."""

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
    """Everything the checks may look at, loaded by the caller. Sums are whole rupiah."""

    today: date  # in Jakarta
    owner_name: str = field(repr=False)
    trade_code: str  # KBLI; "" or "other" when the owner found none that fits
    trade_version: str  # of the KBLI that `trade_code` was chosen from
    trade_text: str = field(repr=False)
    kind: BusinessType | None  # what `trade_code` means now; None if nothing
    business_name: str | None = field(repr=False)
    kelurahan_code: str
    pin: tuple[float, float] | None = field(repr=False)  # latitude, longitude; None if not sent
    premises: Literal["fixed", "mobile", "home"]
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
    depends_on: frozenset[str]  # steps of conversations/flows/business_permit.py
    reasons: frozenset[str]  # every key it may give


def hand_over(finding: Finding, *, fixes: int) -> Finding:
    """Give a fix to a person when the owner has already answered `fixes` requests of this check.

    Some are right where we are wrong (a KTP whose NIK and birth date disagree since a registrar's
    slip): nobody is asked the same thing for ever.
    """
    if finding.outcome is Outcome.FIX_BY_OWNER and fixes >= MAX_FIXES:
        return replace(finding, outcome=Outcome.NEEDS_A_PERSON, step=None)
    return finding
