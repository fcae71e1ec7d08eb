"""Evidence of a case with nothing to object to, to be changed one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from models.reference import area
from tests.workers.verification.samples import CIPETE_UTARA, KIND, Changed, encoded, photo, scene
from workers.verification.evidence import Evidence, Identity


@pytest.fixture(scope="session")
def good() -> Evidence:
    """A sound case."""
    areas = area.load()
    place = areas.get(CIPETE_UTARA)
    assert place is not None
    return Evidence(
        today=date(2026, 11, 23),
        owner_name="Siti Aminah",
        trade_code=KIND.code,
        trade_version=KIND.version,
        trade_text="nasi uduk",
        kind=KIND,
        business_name=None,
        kelurahan_code=place.code,
        pin=(place.lat, place.lon),
        premises="fixed",
        areas=areas,
        capital=5_000_000,
        turnover_year=72_000_000,
        workers=1,
        identity=Identity("Siti Aminah", "3174015203870001", date(1987, 3, 12), "Jl. Damai 3"),
        photos=(photo(encoded(scene())),),
    )


@pytest.fixture(scope="session")
def evidence(good: Evidence) -> Changed:
    """`good` with some fields changed."""
    return lambda **fields: replace(good, **fields)
