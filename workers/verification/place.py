"""Is the place in Jakarta, and does its pin match its kelurahan?"""

from __future__ import annotations

from models.finding import Finding, Outcome
from models.reference.area_names import Area
from workers.verification.evidence import Evidence

NAME = "place"
STEP = "place"

KELURAHAN_UNKNOWN = "kelurahan_unknown"
PIN_OUTSIDE_JAKARTA = "pin_outside_jakarta"
PIN_AT_THE_BORDER = "pin_at_the_border"
PIN_FAR_FROM_KELURAHAN = "pin_far_from_kelurahan"
PIN_BESIDE_KELURAHAN = "pin_beside_kelurahan"
REASONS = frozenset(
    {
        KELURAHAN_UNKNOWN,
        PIN_OUTSIDE_JAKARTA,
        PIN_AT_THE_BORDER,
        PIN_FAR_FROM_KELURAHAN,
        PIN_BESIDE_KELURAHAN,
    }
)

# Measured: 97 % of all pins are in one of the three kelurahan with the nearest centroids; centroids
# tell no more. Half of Jakarta's kelurahan have their nearest neighbour at 1.0 km, the largest at
# 2.9 km: a pin within 2 km may be in a long or large kelurahan, a pin beyond 4 km cannot be in it.
# The six island kelurahan have islets 10 km from their centroid.
NEAREST = 3
NEAR_KM = 2.0
FAR_KM = 4.0
FAR_ISLAND_KM = 12.0
ISLANDS = "31.01."  # codes of Kepulauan Seribu


def check(evidence: Evidence) -> Finding:
    """Compare the pin with the kelurahan that the owner named or confirmed.

    Centroids locate the border only to a few hundred metres. A pin near it goes to a person with a
    map; the owner is asked again only about a pin far from the named kelurahan.
    """
    areas = evidence.areas
    kelurahan = areas.get(evidence.kelurahan_code)
    if kelurahan is None or kelurahan.level != "kelurahan":
        return Finding(NAME, Outcome.FIX_BY_OWNER, KELURAHAN_UNKNOWN, STEP)
    if evidence.pin is None:
        return Finding(NAME, Outcome.OK)
    lat, lon = evidence.pin
    km = areas.distance_km(lat, lon, kelurahan.code)
    nearest = areas.nearest(lat, lon, limit=NEAREST)
    params = {"kelurahan": kelurahan.name, "nearest": nearest[0].name, "km": round(km, 1)}
    far = km > _far(kelurahan)
    if not areas.in_jakarta(lat, lon):
        if far:
            return Finding(NAME, Outcome.FIX_BY_OWNER, PIN_OUTSIDE_JAKARTA, STEP, params)
        return Finding(NAME, Outcome.NEEDS_A_PERSON, PIN_AT_THE_BORDER, params=params)
    if kelurahan == nearest[0] or (kelurahan in nearest and not far) or km <= NEAR_KM:
        return Finding(NAME, Outcome.OK)
    if far:
        return Finding(NAME, Outcome.FIX_BY_OWNER, PIN_FAR_FROM_KELURAHAN, STEP, params)
    if evidence.premises == "mobile":  # a cart may sell some streets away from its base
        return Finding(NAME, Outcome.OK)
    return Finding(NAME, Outcome.NEEDS_A_PERSON, PIN_BESIDE_KELURAHAN, params=params)


def _far(kelurahan: Area) -> float:
    """Return the largest possible distance (km) of a point of the kelurahan from its centroid."""
    return FAR_ISLAND_KM if kelurahan.code.startswith(ISLANDS) else FAR_KM
