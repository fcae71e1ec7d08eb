"""Is the identity one that can exist, and of somebody old enough?

Source: UU 23/2006 art. 13 and PP 37/2007 art. 37 (population administration): PPKKCC DDMMYY SSSS,
the area being that of first registration, 40 added to women's day of birth.
"""

from __future__ import annotations

from datetime import date

from workers.verification.finding import Evidence, Finding, Outcome

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

MIN_AGE = 17  # years; who is younger has a KTP only when married: a person looks
MAX_AGE = 120  # years
WOMEN = 40  # added to the day of birth
# Kemendagri's provinces, with the four of Papua's division in 2022.
PROVINCES = frozenset(
    {*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66)}
    | {*range(71, 77), 81, 82, *range(91, 97)}
)


def check(evidence: Evidence) -> Finding:
    """Judge the NIK's structure, its birth date against the typed one, and the age.

    A NIK of a far province is as good as one of Jakarta. All that looks like a slip of the finger
    goes back to the owner's secure page; no digit of it is repeated in the finding. A birth date
    that differs was asked about on the page already: it may have been corrected by a registrar, so
    a person looks at it.
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


def _slip(nik: str, born_on: date) -> str | None:
    """What is wrong with a NIK, or None."""
    if len(nik) != 16 or not (nik.isascii() and nik.isdigit()):
        return NIK_NOT_16_DIGITS
    province, city, district = nik[:2], nik[2:4], nik[4:6]
    if int(province) not in PROVINCES or city == "00" or district == "00":
        return NIK_AREA_UNKNOWN
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    if day > WOMEN:
        day -= WOMEN
    if not _possible(day, month, year):
        return NIK_DATE_IMPOSSIBLE
    if nik[12:] == "0000":
        return NIK_SERIAL_ZERO
    if (day, month, year) != (born_on.day, born_on.month, born_on.year % 100):
        return NIK_DATE_DIFFERS
    return None


def _possible(day: int, month: int, year: int) -> bool:
    """Is there such a day in the year 19YY or 20YY?"""
    try:
        date(2000 + year, month, day)  # 2000 was a leap year; 1900 was not, and is too long ago
    except ValueError:
        return False
    return True


def _age(born_on: date, today: date) -> int:
    """Full years; negative if not born yet."""
    birthday_to_come = (today.month, today.day) < (born_on.month, born_on.day)
    return today.year - born_on.year - birthday_to_come


def _fix(reason: str) -> Finding:
    return Finding(NAME, Outcome.FIX_BY_OWNER, reason, STEP)
