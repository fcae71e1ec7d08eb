"""Guards against misuse: how much one person may tell of, and what of an officer is looked at.

They are settings of every process, passed to its sessions; `of(tx)` returns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_INFO = "guards"  # key in `Session.info`


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits of one person, distances and times; the last ones are about officers' assisted forms.

    From `looked_at_from` referrals of one person in a day on, a supervisor looks at each first; so
    too if `not_found` of the last `last` ones were not found.
    """

    a_day: int = 5
    a_month: int = 20  # in 30 days
    helpers_a_day: int = 50  # heads of RT/RW and kader who were invited
    looked_at_from: int = 4
    not_found: int = 3
    last: int = 5
    metres: int = 75  # between two pins of one place
    quiet_days: int = 180  # in which nobody comes again after a refusal
    compared_days: int = 90  # how long a closed case is compared with new ones
    forms_at_one_place: int = 3  # of one officer, each on another day; 0: not looked at
    form_metres: int = 20  # between the officer's locations at two forms in one place
    form_minutes: int = 3  # a form that is finished sooner is looked at
    forms_an_hour: int = 5  # finished by one officer within an hour; 0: not looked at
    call_back_one_in: int = 10  # of so many assisted owners one is called; 0: nobody

    @property
    def info(self) -> dict[str, Any]:
        """The `info` of a SQLAlchemy session with these guards."""
        return {_INFO: self}

    @property
    def quiet(self) -> timedelta:
        """How long nobody comes again after a refusal."""
        return timedelta(days=self.quiet_days)

    @property
    def compared(self) -> timedelta:
        """How long a closed case is compared with new ones."""
        return timedelta(days=self.compared_days)


USUAL = Guards()


def of(tx: Session) -> Guards:
    """Return the guards of this transaction; `USUAL` if it was opened without any."""
    found: Guards = tx.info.get(_INFO, USUAL)
    return found
