"""The input of the checks, and the limit on requests to the owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from models.finding import Finding, Outcome
from models.reference.area import Areas
from models.reference.business_type import BusinessType

MAX_FIXES = 2  # requests to the owner; instead of a third, a person looks


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner's identity from the secure page; its repr is empty, so no log shows it."""

    name: str = field(repr=False)
    nik: str = field(repr=False)
    birth_date: date = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoEvidence:
    """One photo of the place."""

    content: bytes = field(repr=False)
    sha256: str
    seen_in: int = 0  # other people's cases with the same content


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the checks may read, loaded by the caller. Sums are whole rupiah.

    A field that the service's form does not ask for is empty; the service's checks do not read it.
    """

    today: date  # in Jakarta
    owner_name: str = field(repr=False)
    trade_code: str  # KBLI; "" or "other" when the owner found none that fits
    trade_version: str  # of the KBLI that `trade_code` was chosen from
    trade_text: str = field(repr=False)
    kind: BusinessType | None  # of `trade_code` in the current KBLI; None if unknown
    business_name: str | None = field(repr=False)
    kelurahan_code: str
    pin: tuple[float, float] | None = field(repr=False)  # latitude, longitude; None if not sent
    premises: Literal["fixed", "mobile", "home", "roadside"] | None
    areas: Areas = field(repr=False)
    # None when the owner left the answer to the officer.
    capital: int | None = field(repr=False)  # without land and building
    turnover_year: int | None = field(repr=False)
    workers: int | None
    identity: Identity | None  # None: the officer will see the KTP at the door
    photos: tuple[PhotoEvidence, ...]
    flags: tuple[str, ...] = ()  # of the service, on the answers
    same_person_open: tuple[str, ...] = ()  # numbers of their cases, same trade and kelurahan


@dataclass(frozen=True, slots=True)
class Check:
    """A check and the steps it depends on: it runs again when one of them is answered again."""

    run: Callable[[Evidence], Finding]
    depends_on: frozenset[str]  # steps of a service's form
    reasons: frozenset[str]  # every reason it may return


def hand_over(finding: Finding, *, fixes: int) -> Finding:
    """Turn a request to the owner into a review by a person after MAX_FIXES answered requests.

    The owner may be right (a registrar's slip made NIK and birth date of a KTP disagree), so the
    same request is not repeated forever.
    """
    if finding.outcome is Outcome.FIX_BY_OWNER and fixes >= MAX_FIXES:
        return replace(finding, outcome=Outcome.NEEDS_A_PERSON, step=None)
    return finding
