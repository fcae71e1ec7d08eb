"""Can the identity exist, and is its holder old enough?

Source: UU 23/2006 art. 13 and PP 37/2007 art. 37 (population administration): PPKKCC DDMMYY SSSS,
with the area of first registration, and 40 added to women's day of birth.
"""

from __future__ import annotations

from datetime import date

from conversations.nik import nik_of
from models.finding import Finding, Outcome
from workers.verification.evidence import Evidence

NAME = "identity"
STEP = "identity"

NIK_NOT_16_DIGITS = "nik_not_16_digits"
NIK_AREA_UNKNOWN = "nik_area_unknown"
NIK_DATE_IMPOSSIBLE = "nik_date_impossible"
NIK_SERIAL_ZERO = "nik_serial_zero"
NIK_DATE_DIFFERS = "nik_date_differs"
BIRTH_DATE_IMPLAUSIBLE = "birth_date_implausible"
UNDER_AGE = "under_age"
REASONS = frozenset(
    {
        NIK_NOT_16_DIGITS,
        NIK_AREA_UNKNOWN,
        NIK_DATE_IMPOSSIBLE,
        NIK_SERIAL_ZERO,
        NIK_DATE_DIFFERS,
        BIRTH_DATE_IMPLAUSIBLE,
        UNDER_AGE,
    }
)
SEEN_AT_THE_DOOR = "seen_at_the_door"  # a note in the params of an OK

MIN_AGE = 17  # years; younger people have a KTP only when married: a person looks
MAX_AGE = 120  # years


def check(evidence: Evidence) -> Finding:
    """Judge the NIK's structure, its birth date against the typed one, and the age.

    A NIK of any province is accepted. A likely typo goes back to the owner's secure page; the
    finding repeats no digit of the NIK. The page has already asked about a birth date that differs,
    and a registrar may have corrected it, so a person looks.
    """
    identity = evidence.identity
    if identity is None:
        return Finding(NAME, Outcome.OK, params={"note": SEEN_AT_THE_DOOR})
    age = _age(identity.birth_date, evidence.today)
    if not 0 <= age <= MAX_AGE:
        return _fix(BIRTH_DATE_IMPLAUSIBLE)
    slip = _slip(identity.nik, identity.birth_date)
    if slip == NIK_DATE_DIFFERS:
        return Finding(NAME, Outcome.NEEDS_A_PERSON, slip)
    if slip:
        return _fix(slip)
    if age < MIN_AGE:
        return Finding(NAME, Outcome.NEEDS_A_PERSON, UNDER_AGE, params={"age": MIN_AGE})
    return Finding(NAME, Outcome.OK)


def _slip(digits: str, born_on: date) -> str | None:
    """Return the problem with a NIK, or None."""
    found = nik_of(digits)
    if found is None:
        return NIK_NOT_16_DIGITS
    if not found.area_known:
        return NIK_AREA_UNKNOWN
    if not found.birth_possible:
        return NIK_DATE_IMPOSSIBLE
    if not found.serial_given:
        return NIK_SERIAL_ZERO
    return None if found.carries(born_on) else NIK_DATE_DIFFERS


def _age(born_on: date, today: date) -> int:
    """Age in full years; negative if not born yet."""
    birthday_to_come = (today.month, today.day) < (born_on.month, born_on.day)
    return today.year - born_on.year - birthday_to_come


def _fix(reason: str) -> Finding:
    return Finding(NAME, Outcome.FIX_BY_OWNER, reason, STEP)
