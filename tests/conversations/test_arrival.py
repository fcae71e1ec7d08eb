"""An owner hears that the officer is there only when the officer is, or says so knowingly."""

from dataclasses import replace

import pytest
from msgspec import structs

from conversations import flows
from conversations.messages import Question, Say
from conversations.session import Choice
from tests.conversations import city
from tests.conversations.transcript import Chat

FLOWS = flows.load()
LAT, LON = -6.2706, 106.8023  # the owner's pin
DEGREE = 111.2  # km


def on_the_way() -> Chat:
    chat = Chat(FLOWS)
    chat.heard("~ officer Rahmat Hidayat")
    chat.heard("~ now 2026-11-25 08.30")
    chat.heard("~ visit 7 on_the_way 2026-11-25 morning")
    chat.heard("> menu")
    chat.heard("> 1")
    return chat


def arrived(lines: list[str]) -> bool:
    return any(line.startswith("! Arrive") for line in lines)


def at(km: float, *, live: bool = False) -> str:
    return f"~ {'live' if live else 'location'} {LAT + km / DEGREE:.6f}, {LON}"


def without_a_pin() -> Chat:
    chat = on_the_way()
    visits = tuple(replace(v, pin=None) for v in chat.facts.rounds.visits)
    chat.facts = city.changed(chat.facts, visits=visits)
    return chat


@pytest.mark.parametrize("place", ["-6.9175, 107.6191", "-6.1754, 106.8272", "-6.1214, 106.7741"])
def test_without_a_pin_a_location_in_another_part_of_the_city_is_asked_about(place: str) -> None:
    chat = without_a_pin()
    asked = chat.heard(f"~ location {place}")
    assert not arrived(asked) and "Sudah di tempat?" in asked[0]
    assert arrived(chat.heard("> sudah, gps meleset"))


@pytest.mark.parametrize("km", [0.0, 0.5, 1.2, 2.0])
def test_without_a_pin_a_location_in_the_kelurahan_is_the_arrival(km: float) -> None:
    assert arrived(without_a_pin().heard(at(km)))


@pytest.mark.parametrize("km", [0.0, 0.05, 0.1, 0.2, 0.28, 0.3])
def test_a_location_near_the_pin_is_the_arrival(km: float) -> None:
    assert arrived(on_the_way().heard(at(km)))


@pytest.mark.parametrize(
    ("km", "shown"),
    [(0.32, "300 meter"), (0.97, "950 meter"), (1.02, "1,0 km"), (8.01, "8,0 km"), (40.0, "40,0")],
)
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("sudah, pin salah", "pin_wrong"),
        ("sudah, gps meleset", "gps"),
        ("2", "pin_wrong"),
        ("3", "address"),
        ("4", "gps"),
        ("alamatnya beda", "address"),
    ],
)
def test_a_location_far_from_the_pin_is_told_only_with_a_reason(
    km: float, shown: str, answer: str, why: str
) -> None:
    chat = on_the_way()
    asked = chat.heard(at(km))
    assert not arrived(asked)
    assert shown in asked[0]
    said = chat.heard(f"> {answer}")
    (told,) = (line for line in said if line.startswith("! Arrive"))
    assert told.startswith(f"! Arrive visit_id 7, km {km}, why {why}, pin (")


@pytest.mark.parametrize("said", ["~ tap Sudah tiba", "> sudah sampai", "> 1", "> nyampe"])
@pytest.mark.parametrize(
    "then", ["> tak bisa kirim lokasi", "> ga ada sinyal di sini", "> 4", "> lokasi hp saya mati"]
)
def test_a_tap_without_a_location_is_told_only_with_a_reason(said: str, then: str) -> None:
    chat = on_the_way()
    assert not arrived(chat.heard(said))
    assert "! Arrive visit_id 7, why signal" in chat.heard(then)


def test_a_tap_is_told_once_a_location_shows_it() -> None:
    chat = on_the_way()
    chat.heard("~ tap Sudah tiba")
    assert not arrived(chat.heard(at(3)))
    told = next(line for line in chat.heard(at(0.1)) if line.startswith("! Arrive"))
    assert told.startswith("! Arrive visit_id 7, km 0.1, pin (")


def test_the_reason_goes_with_the_last_location() -> None:
    chat = on_the_way()
    chat.heard(at(8))
    chat.heard(at(2))
    place = at(2).removeprefix("~ location ")
    told = chat.heard("~ tap Sudah, GPS meleset")
    assert f"! Arrive visit_id 7, km 2.0, why gps, pin ({place})" in told


def test_where_nobody_is_told_a_tap_is_enough() -> None:
    chat = on_the_way()
    visits = tuple(replace(v, hosted=False) for v in chat.facts.rounds.visits)
    chat.facts = city.changed(chat.facts, visits=visits)
    chat.heard("> menu")
    chat.heard("> 1")
    assert "! Arrive visit_id 7" in chat.heard("~ tap Sudah tiba")


@pytest.mark.parametrize("value", ["pin_wrong", "gps"])
def test_an_answer_that_an_earlier_version_asked_for_goes_on(value: str) -> None:
    chat = on_the_way()
    assert chat.session is not None and chat.session.draft is not None
    chat.session = structs.replace(
        chat.session,
        draft=chat.session.draft.answered("arrive", {"km": 5.0}),
        asked=Question("visit", "7", "far", chat.session.version),
        shown=(Choice(value, Say(f"visit.far.{value}"), value),),
    )
    said = chat.heard("> 1")
    assert f"! Arrive visit_id 7, km 5.0, why {value}" in said


def test_a_script_that_an_earlier_version_began_goes_on() -> None:
    chat = on_the_way()
    chat.heard("~ visit 7 arrived 2026-11-25 morning")
    assert chat.session is not None and chat.session.draft is not None
    chat.session = structs.replace(
        chat.session,
        draft=chat.session.draft.answered("arrive", {"km": None}),
        asked=Question("visit", "7", "code", chat.session.version),
        shown=(),
    )
    assert "! ProveCode visit_id 7" in chat.heard("> 482915")
    assert chat.session.asked is not None and chat.session.asked.step == "ktp"


@pytest.mark.parametrize("km", [1.02, 3.0, 8.01])
@pytest.mark.parametrize("answer", ["belum, masih di jalan", "1", "kunjungan gagal", "5"])
def test_an_officer_who_is_not_there_is_not_announced(km: float, answer: str) -> None:
    chat = on_the_way()
    chat.heard(at(km))
    assert not arrived(chat.heard(f"> {answer}"))


def test_who_was_still_on_the_way_arrives_later() -> None:
    chat = on_the_way()
    chat.heard(at(8))
    chat.heard("> belum")
    chat.heard("> menu")
    chat.heard("> 1")
    assert arrived(chat.heard(at(0.1)))


@pytest.mark.parametrize("km", [0.0, 0.2, 0.99, 1.5, 8.0])
def test_a_moving_location_is_no_arrival_wherever_it_begins(km: float) -> None:
    chat = on_the_way()
    shown = chat.heard(at(km, live=True))
    assert not arrived(shown)
    assert not any("Lokasi Anda" in line for line in shown)
    assert not arrived(chat.heard("~ tap Sudah tiba"))


@pytest.mark.parametrize(
    "lines",
    [
        [at(8, live=True), at(0.1, live=True)],
        [at(8), at(0.1, live=True)],
        [at(8), at(9)],
        [at(8, live=True), at(8)],
        [at(8), "> menu", at(0.1)],
    ],
)
def test_locations_in_any_order_announce_nobody_who_has_not_said_so(lines: list[str]) -> None:
    chat = on_the_way()
    assert not any(arrived(chat.heard(line)) for line in lines)


def test_a_second_arrival_is_not_announced_again() -> None:
    chat = on_the_way()
    assert arrived(chat.heard(at(0.1)))
    assert not arrived(chat.heard(at(0.1)))
    assert not arrived(chat.heard(at(8)))
