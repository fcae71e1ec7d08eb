"""The structure of a NIK: the area of first registration, the day of birth, a serial number.

Source: Permendagri 102/2009; provinces by Kemendagri's codes, with the four of Papua's division
in 2022 (BPS numbers them differently; no NIK begins with 97).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

LENGTH = 16  # digits
WOMEN = 40  # added to a woman's day of birth

PROVINCES = frozenset(
    str(code)
    for codes in (
        range(11, 20),
        range(21, 22),
        range(31, 37),
        range(51, 54),
        range(61, 66),
        range(71, 77),
        range(81, 83),
        range(91, 97),
    )
    for code in codes
)


@dataclass(frozen=True, slots=True)
class Nik:
    """Sixteen digits read as a NIK; `repr` hides them from logs."""

    digits: str = field(repr=False)

    @property
    def area_known(self) -> bool:
        """Whether it begins with a possible province, regency and district."""
        province, regency, district = self.digits[:2], self.digits[2:4], self.digits[4:6]
        return province in PROVINCES and regency != "00" and district != "00"

    @property
    def birth(self) -> tuple[int, int, int]:
        """Day, month and two-digit year; a woman's day without the 40 added to it."""
        day, month, year = (int(self.digits[at : at + 2]) for at in (6, 8, 10))
        return day - WOMEN if day > WOMEN else day, month, year

    @property
    def birth_possible(self) -> bool:
        """Whether the day exists in 20YY, and so in 19YY: only 1900 was no leap year."""
        day, month, year = self.birth
        try:
            date(2000 + year, month, day)
        except ValueError:
            return False
        return True

    @property
    def serial_given(self) -> bool:
        """Whether the serial number is valid: serials begin with 0001."""
        return self.digits[12:] != "0000"

    @property
    def possible(self) -> bool:
        """Whether a registrar can have issued it."""
        return self.area_known and self.birth_possible and self.serial_given

    def carries(self, born_on: date) -> bool:
        """Whether it contains this day of birth."""
        return self.birth == (born_on.day, born_on.month, born_on.year % 100)


def nik_of(digits: str) -> Nik | None:
    """Read sixteen ASCII digits; None for anything else."""
    whole = len(digits) == LENGTH and digits.isascii() and digits.isdecimal()
    return Nik(digits) if whole else None
