"""The NIK, its birth date and the owner's age."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.nik import PROVINCES
from models.finding import Finding, Outcome
from tests.workers.verification.samples import Changed
from workers.verification import identity
from workers.verification.evidence import Evidence, Identity

TODAY = date(2026, 11, 23)
BORN = date(1987, 3, 12)

births = st.dates(date(1915, 1, 1), date(2009, 11, 23))  # all at least 17 on TODAY


@st.composite
def niks(draw: st.DrawFn, born_on: date, *, woman: bool) -> str:
    """A NIK as a registrar anywhere in Indonesia would have given it."""
    province = draw(st.sampled_from(sorted(PROVINCES)))
    city, district = draw(st.integers(1, 99)), draw(st.integers(1, 99))
    serial = draw(st.integers(1, 9999))
    day = born_on.day + (40 if woman else 0)
    return f"{province}{city:02}{district:02}{day:02}{born_on:%m%y}{serial:04}"


def judge(evidence: Evidence, nik: str, born_on: date = BORN) -> Finding:
    return identity.check(
        replace(evidence, today=TODAY, identity=Identity("Siti", nik, born_on, "Jl. Damai"))
    )


@given(st.data(), births, st.booleans())
def test_a_nik_built_from_any_birth_date_passes(
    good: Evidence, data: st.DataObject, born_on: date, woman: bool
) -> None:
    nik = data.draw(niks(born_on, woman=woman))
    assert judge(good, nik, born_on).outcome is Outcome.OK


@given(st.data(), births, st.integers(6, 11), st.integers(1, 9))
def test_one_wrong_digit_in_the_birth_date_never_passes(
    good: Evidence, data: st.DataObject, born_on: date, at: int, more: int
) -> None:
    nik = data.draw(niks(born_on, woman=False))
    digit = (int(nik[at]) + more) % 10
    wrong = nik[:at] + str(digit) + nik[at + 1 :]
    outcome = judge(good, wrong, born_on).outcome
    as_a_woman = at == 6 and int(wrong[6]) == int(nik[6]) + 4
    assert (outcome is Outcome.OK) == as_a_woman


@given(st.text(max_size=20) | st.from_regex(r"\d{15,17}", fullmatch=True))
def test_no_text_breaks_the_check_or_is_repeated_by_it(good: Evidence, nik: str) -> None:
    finding = judge(good, nik)
    assert finding.reason in identity.REASONS | {""}
    assert not finding.params


@pytest.mark.parametrize(
    ("nik", "reason"),
    [
        ("3174011203870001", ""),
        ("3174015203870001", ""),  # a woman
        ("9171011203870001", ""),  # from Jayapura
        ("9603011203870001", ""),  # from a province of 2022
        ("317401120387000", identity.NIK_NOT_16_DIGITS),
        ("31740112038700011", identity.NIK_NOT_16_DIGITS),
        ("3174 0112 0387 01", identity.NIK_NOT_16_DIGITS),
        ("３１７４０１１２０３８７０００１", identity.NIK_NOT_16_DIGITS),  # digits, but not ASCII
        ("2074011203870001", identity.NIK_AREA_UNKNOWN),
        ("3100011203870001", identity.NIK_AREA_UNKNOWN),
        ("3174001203870001", identity.NIK_AREA_UNKNOWN),
        ("3174013203870001", identity.NIK_DATE_IMPOSSIBLE),
        ("3174010003870001", identity.NIK_DATE_IMPOSSIBLE),
        ("3174014003870001", identity.NIK_DATE_IMPOSSIBLE),
        ("3174017203870001", identity.NIK_DATE_IMPOSSIBLE),
        ("3174013002870001", identity.NIK_DATE_IMPOSSIBLE),
        ("3174012902870001", identity.NIK_DATE_IMPOSSIBLE),  # 1987 was no leap year
        ("3174011213870001", identity.NIK_DATE_IMPOSSIBLE),
        ("3174011203870000", identity.NIK_SERIAL_ZERO),
    ],
)
def test_a_slip_in_the_nik_goes_back_to_the_secure_page(
    good: Evidence, nik: str, reason: str
) -> None:
    finding = judge(good, nik)
    assert finding.reason == reason
    assert finding.step == (identity.STEP if reason else None)


@pytest.mark.parametrize(
    "nik",
    [
        f"317401{date_in_nik}0001"
        for date_in_nik in ("130387", "120487", "120388", "530387", "521287")
    ],
)
def test_a_birth_date_that_differs_was_asked_about_already_so_a_person_looks(
    good: Evidence, nik: str
) -> None:
    finding = judge(good, nik)
    assert (finding.outcome, finding.reason) == (
        Outcome.NEEDS_A_PERSON,
        identity.NIK_DATE_DIFFERS,
    )
    assert finding.step is None


@pytest.mark.parametrize(
    ("born_on", "outcome"),
    [
        (date(2009, 11, 22), Outcome.OK),
        (date(2009, 11, 23), Outcome.OK),  # the seventeenth birthday
        (date(2009, 11, 24), Outcome.NEEDS_A_PERSON),
        (date(2026, 11, 23), Outcome.NEEDS_A_PERSON),
        (date(2026, 11, 24), Outcome.FIX_BY_OWNER),  # not born yet
        (date(1905, 11, 23), Outcome.FIX_BY_OWNER),  # 121
    ],
)
def test_an_owner_is_at_least_seventeen(good: Evidence, born_on: date, outcome: Outcome) -> None:
    assert judge(good, f"317401{born_on:%d%m%y}0001", born_on).outcome is outcome


def test_the_typed_date_says_which_century_the_nik_means(good: Evidence) -> None:
    assert judge(good, "3174011203050001", date(2005, 3, 12)).outcome is Outcome.OK
    assert judge(good, "3174012902000001", date(2000, 2, 29)).outcome is Outcome.OK


def test_identity_may_wait_for_the_door(evidence: Changed) -> None:
    finding = identity.check(evidence(identity=None))
    assert finding.outcome is Outcome.OK
    assert finding.params == {"note": identity.SEEN_AT_THE_DOOR}
