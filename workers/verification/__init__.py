"""The checks of a case: pure functions from evidence to a finding."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from models.finding import Finding
from workers.verification import business_type, duplicates, flags, identity, photo, place, scale
from workers.verification.evidence import Check, Evidence, hand_over

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        identity.NAME: Check(identity.check, frozenset({"identity"}), identity.REASONS),
        duplicates.NAME: Check(
            duplicates.check, frozenset({"identity", "trade", "place"}), duplicates.REASONS
        ),
        place.NAME: Check(place.check, frozenset({"place", "premises"}), place.REASONS),
        business_type.NAME: Check(business_type.check, frozenset({"trade"}), business_type.REASONS),
        scale.NAME: Check(
            scale.check, frozenset({"capital", "turnover", "workers"}), scale.REASONS
        ),
        flags.NAME: Check(
            flags.check,
            frozenset({"arrears", "before", "now", "can_pay", "talked"}),
            flags.REASONS,
        ),
        photo.NAME: Check(photo.check, frozenset({"place_photo"}), photo.REASONS),
    }
)


def resting_on(steps: Collection[str], *, of: Collection[str]) -> tuple[str, ...]:
    """Return the names of the checks in `of` that depend on one of these steps."""
    return tuple(name for name in of if not CHECKS[name].depends_on.isdisjoint(steps))


def examine(
    evidence: Evidence, names: Collection[str], *, fixes: Mapping[str, int]
) -> tuple[Finding, ...]:
    """Run the named checks, in the order of CHECKS.

    `fixes` maps a check to the number of its requests that the owner answered; after MAX_FIXES
    answers, a check that still fails asks for a person.
    """
    return tuple(
        hand_over(check.run(evidence), fixes=fixes.get(name, 0))
        for name, check in CHECKS.items()
        if name in names
    )
