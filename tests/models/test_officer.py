"""Officers and supervisors: who works where, and who has joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import officer
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.officer import Officer
from models.person import Person
from tests import world
from tests.clock import now
from tests.world import person, staff

HERE = "31.74.07.1010"


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as session:
        yield session


def badges(rows: object) -> list[str]:
    return [row.badge for row in rows]  # type: ignore[attr-defined]


def test_an_area_holds_all_that_lies_in_it(tx: Session) -> None:
    for badge, area in {
        "1": "31",
        "2": "31.74",
        "3": "31.74.07",
        "4": HERE,
        "5": "31.74.07.1001",
        "6": "31.7",
        "7": "31.74.0",
        "8": "31.71",
    }.items():
        staff(tx, badge, areas=(area,))
    assert badges(officer.covering(tx, HERE)) == ["1", "2", "3", "4"]


def test_who_covers_a_place_twice_is_named_once(tx: Session) -> None:
    staff(tx, "1", areas=("31.74", HERE, HERE))
    assert badges(officer.covering(tx, HERE)) == ["1"]


def test_supervisors_are_no_officers_and_the_inactive_are_neither(tx: Session) -> None:
    staff(tx, "S1", role="supervisor")
    staff(tx, "1")
    staff(tx, "2").active = False
    tx.flush()
    assert badges(officer.covering(tx, HERE)) == ["1"]
    assert badges(officer.covering(tx, HERE, "supervisor")) == ["S1"]
    assert badges(officer.everyone(tx)) == ["1", "S1"]


def test_only_who_can_be_written_to_is_available(tx: Session) -> None:
    staff(tx, "1")
    staff(tx, "2", joined=False)
    tx.get_one(Person, staff(tx, "3").person_id).opted_out_at = now()
    world.silence(tx, staff(tx, "4").person_id, "unreachable_at")
    tx.flush()
    assert badges(officer.available(tx, HERE)) == ["1"]


def test_where_nobody_supervises_all_supervisors_do(tx: Session) -> None:
    near = staff(tx, "S1", role="supervisor", areas=("31.74",)).person_id
    far = staff(tx, "S2", role="supervisor", areas=("31.71",)).person_id
    staff(tx, "S3", role="supervisor", areas=("31.72",), joined=False)
    head = staff(tx, "H1", role="head", areas=("31",)).person_id
    assert officer.supervisors_of(tx, HERE) == [near]
    assert officer.supervisors_of(tx, "31.72.01.1001") == [near, far], "the third has not joined"
    assert officer.supervisors_of(tx, None) == [near, far]
    assert sorted(officer.supervised(tx)) == ["31.71", "31.74"]
    assert head is not None and near is not None and far is not None
    for area in (HERE, "31.72.01.1001", None):
        assert officer.may_supervise(tx, head, area)
    assert not officer.may_supervise(tx, far, HERE)


def test_where_no_supervisor_has_joined_the_heads_are_told(tx: Session) -> None:
    staff(tx, "S1", role="supervisor", joined=False)
    assert officer.supervisors_of(tx, HERE) == []
    head = staff(tx, "H1", role="head", areas=("31",)).person_id
    ended = staff(tx, "H2", role="head", areas=("31",))
    ended.active = False
    tx.flush()
    assert officer.supervisors_of(tx, HERE) == officer.supervisors_of(tx, None) == [head]


@pytest.mark.parametrize("typed", ["0417", "417", " 0417 ", "00417"])
def test_a_badge_is_found_however_its_zeros_are_typed(tx: Session, typed: str) -> None:
    staff(tx, "0417")
    found = officer.by_badge(tx, typed)
    assert found is not None and found.badge == "0417"


def test_a_badge_with_letters_is_found_in_any_case(tx: Session) -> None:
    staff(tx, "K12")
    assert officer.by_badge(tx, "k12") is not None
    assert officer.by_badge(tx, "k13") is None


SAME = [
    ("0417", "417"),
    ("417", "0417"),
    ("0417", "00417"),
    ("JP-12", "JP 12"),
    ("JP-12", "jp12"),
    ("JP-12", "JP-012"),
    ("K12", "k-12"),
    ("12/B", "12b"),
    ("198503152010011004", "19850315 201001 1 004"),
    ("0", "000"),
    ("A-0", "a0"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_a_badge_in_another_spelling_is_refused(tx: Session, first: str, second: str) -> None:
    staff(tx, first)
    with pytest.raises(officer.BadgeRefused, match=re.escape(f"{first} is the badge of Petugas")):
        staff(tx, second)
    tx.add(Officer(name="Rahmat", badge=second))
    with pytest.raises(IntegrityError, match="uq_officers_badge_key"):
        tx.flush()


@pytest.mark.parametrize("badges", [("12", "102"), ("JP-12", "JP-120"), ("K1", "1K"), ("10", "1")])
def test_badges_that_differ_are_two(tx: Session, badges: tuple[str, str]) -> None:
    one, other = (staff(tx, badge) for badge in badges)
    assert [officer.by_badge(tx, badge) for badge in badges] == [one, other]


@pytest.mark.parametrize("badge", ["", " ", "--", "/ /", "\u200b", "–"])
def test_an_empty_badge_is_refused(tx: Session, badge: str) -> None:
    with pytest.raises(officer.BadgeRefused, match="at least one letter or digit"):
        staff(tx, badge)


@pytest.mark.parametrize(("first", "second"), SAME)
def test_the_badge_of_one_who_ended_is_free_in_any_spelling(
    tx: Session, first: str, second: str
) -> None:
    gone = staff(tx, first)
    gone.active = False
    tx.flush()
    new = staff(tx, second)
    assert officer.by_badge(tx, first) is new
    with pytest.raises(officer.BadgeRefused):
        staff(tx, first)


def test_a_badge_given_anew_does_not_give_its_old_chat_any_rights(tx: Session) -> None:
    gone = staff(tx, "0417")
    person_id = gone.person_id or 0
    gone.active = False
    tx.flush()
    officer.invite(tx, role="officer", name="Dewi", badge="0417", areas=["31.74"])
    assert officer.of_person(tx, person_id) is None


def test_an_invitation_is_known_by_its_hash_only_works_once_and_expires(tx: Session) -> None:
    token = officer.invite(tx, role="officer", name="Rahmat", badge="1", areas=["31.74"])
    row = tx.scalars(select(Officer)).one()
    assert token.encode() not in (row.invitation_hash or b"")
    assert officer.join(tx, token[:-1], person(tx)) is None
    row.invited_at = now() - officer.INVITATION_LIFE - timedelta(seconds=1)
    tx.flush()
    assert officer.join(tx, token, person(tx)) is None
    row.invited_at = now()
    joined = officer.join(tx, token, person(tx))
    assert joined is row and row.joined_at is not None
    assert officer.join(tx, token, person(tx)) is None


def test_a_renewed_invitation_makes_the_earlier_one_useless(tx: Session) -> None:
    first = officer.invite(tx, role="officer", name="Rahmat", badge="1", areas=["31.74"])
    again = officer.invite(tx, role="officer", name="Rahmat H", badge="1", areas=["31.71"])
    assert officer.join(tx, first, person(tx)) is None
    joined = officer.join(tx, again, person(tx))
    assert joined is not None and joined.name == "Rahmat H"
    assert officer.areas_of(tx, joined.id) == ["31.71"]


def test_a_person_holds_one_badge_at_a_time(tx: Session) -> None:
    first = staff(tx, "1")
    person_id = first.person_id or 0
    token = officer.invite(tx, role="officer", name="Rahmat", badge="2", areas=["31.74"])
    assert officer.join(tx, token, person_id) is None
    first.active = False
    tx.flush()
    joined = officer.join(tx, token, person_id)
    assert joined is not None and joined.badge == "2"
    tx.flush()
    assert officer.of_person(tx, person_id) is joined
