"""The kelurahan, and the pin against it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.finding import Outcome
from models.reference import area
from models.reference.area_names import Area
from tests.workers.verification.samples import CIPETE_UTARA, Changed
from workers.verification import place
from workers.verification.evidence import Evidence

KM = 1 / 111.2  # degrees of latitude
KELURAHAN = [a for a in area.load() if a.level == "kelurahan"]


def pin_from(code: str, *, north: float = 0.0, east: float = 0.0) -> tuple[float, float]:
    """The point so many kilometres from an area's centroid."""
    found = area.load().get(code)
    assert found is not None
    return found.lat + north * KM, found.lon + east * KM / math.cos(math.radians(found.lat))


@given(st.sampled_from(KELURAHAN), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_pin_by_the_centroid_never_troubles_the_owner(
    good: Evidence, kelurahan: Area, north: float, east: float
) -> None:
    pin = pin_from(kelurahan.code, north=north, east=east)
    finding = place.check(replace(good, kelurahan_code=kelurahan.code, pin=pin))
    assert finding.outcome in (Outcome.OK, Outcome.NEEDS_A_PERSON)
    assert finding.reason in ("", place.PIN_AT_THE_BORDER)


@given(st.sampled_from(KELURAHAN), st.floats(-7, -5), st.floats(106, 107.5))
def test_a_finding_can_be_stored_wherever_the_pin_is(
    good: Evidence, kelurahan: Area, lat: float, lon: float
) -> None:
    finding = place.check(replace(good, kelurahan_code=kelurahan.code, pin=(lat, lon)))
    assert finding.reason in place.REASONS | {""}
    assert json.loads(json.dumps(finding.params)) == finding.params
    assert (finding.step == place.STEP) is (finding.outcome is Outcome.FIX_BY_OWNER)


def test_a_place_without_a_pin_is_found_by_its_address(evidence: Changed) -> None:
    assert place.check(evidence(pin=None)).outcome is Outcome.OK


@pytest.mark.parametrize("code", ["", "31.74.07", "32.75.01.1001", "Cipete Utara"])
def test_a_place_is_a_kelurahan_of_jakarta(evidence: Changed, code: str) -> None:
    finding = place.check(evidence(kelurahan_code=code))
    assert (finding.outcome, finding.reason, finding.step) == (
        Outcome.FIX_BY_OWNER,
        place.KELURAHAN_UNKNOWN,
        "place",
    )


@pytest.mark.parametrize(
    ("east", "fixed", "mobile"),
    [
        (0.5, "", ""),
        (1.9, "", ""),
        (3.0, place.PIN_BESIDE_KELURAHAN, ""),
        (6.0, place.PIN_FAR_FROM_KELURAHAN, place.PIN_FAR_FROM_KELURAHAN),
    ],
)
def test_a_cart_may_sell_some_streets_away(
    evidence: Changed, east: float, fixed: str, mobile: str
) -> None:
    pin = pin_from(CIPETE_UTARA, east=east)
    assert place.check(evidence(pin=pin, premises="fixed")).reason == fixed
    assert place.check(evidence(pin=pin, premises="mobile")).reason == mobile


def test_a_pin_in_another_city_is_asked_again(evidence: Changed) -> None:
    bogor = (-6.595, 106.797)
    finding = place.check(evidence(pin=bogor))
    assert (finding.outcome, finding.reason) == (Outcome.FIX_BY_OWNER, place.PIN_OUTSIDE_JAKARTA)


def test_a_pin_just_over_the_border_is_not_refused_but_looked_at(evidence: Changed) -> None:
    duri_kosambi = next(a for a in KELURAHAN if a.name == "Duri Kosambi")
    ketapang = (-6.188, 106.692)  # in Tangerang
    finding = place.check(evidence(kelurahan_code=duri_kosambi.code, pin=ketapang))
    assert (finding.outcome, finding.reason) == (Outcome.NEEDS_A_PERSON, place.PIN_AT_THE_BORDER)


def test_an_islet_belongs_to_its_island(evidence: Changed) -> None:
    tidung = next(a for a in KELURAHAN if a.name == "Pulau Tidung")
    beside = pin_from(tidung.code, east=6)
    assert place.check(evidence(kelurahan_code=tidung.code, pin=beside)).outcome is Outcome.OK
    finding = place.check(evidence(kelurahan_code=tidung.code, pin=pin_from(CIPETE_UTARA)))
    assert finding.reason == place.PIN_FAR_FROM_KELURAHAN
