"""The areas of Jakarta: names as people type them, points as phones send them."""

import csv
from pathlib import Path

import pytest

from models.reference.area import Areas, load

PHRASES = Path(__file__).with_name("area_phrases.csv")
NAMES_UNDERSTOOD = 0.98  # of our own table; lower it only with a reason


@pytest.fixture(scope="module")
def areas() -> Areas:
    return load()


def test_the_table_is_whole(areas: Areas) -> None:
    levels = [area.level for area in areas]
    assert (levels.count("kota"), levels.count("kecamatan"), levels.count("kelurahan")) == (
        6,
        44,
        267,
    )
    assert len({area.code for area in areas}) == 317
    for area in areas:
        parent = areas.parent(area)
        assert (parent is None) == (area.level == "kota")
        assert parent is None or area.code.startswith(parent.code + ".")


def test_an_area_knows_what_it_lies_in(areas: Areas) -> None:
    kecamatan, kota = areas.kecamatan_of("31.74.07.1010"), areas.kota_of("31.74.07.1010")
    assert kecamatan and kecamatan.name == "Kebayoran Baru"
    assert kota and kota.name == "Jakarta Selatan"
    assert areas.kecamatan_of("31.74") is None
    assert areas.kota_of("99.99") is None


def understood(areas: Areas, text: str) -> set[str]:
    if areas.outside(text):
        assert not areas.find(text), "a place outside is not also one inside"
        return {"OUTSIDE"}
    return {area.code for area in areas.find(text)} or {"NONE"}


def test_names_are_understood_as_people_type_them(areas: Areas) -> None:
    with PHRASES.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missed = [
        (row["text"], row["expected"], got)
        for row in rows
        if (got := understood(areas, row["text"])) != set(row["expected"].split(";"))
    ]
    assert 1 - len(missed) / len(rows) >= NAMES_UNDERSTOOD, missed


def test_every_official_name_finds_its_area(areas: Areas) -> None:
    for area in areas:
        if area.level != "kota":
            assert area in areas.find(f"{area.level} {area.name}"), area


def test_every_ward_is_found_alone_once_its_district_is_said(areas: Areas) -> None:
    for area in areas:
        if area.level == "kelurahan":
            district = areas.kecamatan_of(area.code)
            assert district
            said = f"Kel. {area.name}, Kec. {district.name}"
            assert areas.find(said) == (area,), said


def test_the_ward_comes_before_the_district_of_the_same_name(areas: Areas) -> None:
    assert [area.level for area in areas.find("menteng")] == ["kelurahan", "kecamatan"]


@pytest.mark.parametrize("text", ["", " ", "😀😀", "x" * 5000, "kel " * 2000, "1 2 3", "kel."])
def test_nonsense_names_nothing(areas: Areas, text: str) -> None:
    assert areas.find(text) == ()
    assert not areas.outside(text)


def test_the_nearest_wards_come_in_order(areas: Areas) -> None:
    near = areas.nearest(-6.1754, 106.8272)  # Monas
    assert near[0].name == "Gambir"
    distances = [areas.distance_km(-6.1754, 106.8272, area.code) for area in near]
    assert len(near) == 3
    assert distances == sorted(distances)
    assert len(areas.nearest(-6.1754, 106.8272, limit=5)) == 5


def test_distances_are_kilometres_on_the_sphere(areas: Areas) -> None:
    gambir = areas.get("31.71.01.1001")
    assert gambir
    one_degree_north = areas.distance_km(gambir.lat + 1, gambir.lon, gambir.code)
    assert one_degree_north == pytest.approx(111.195, abs=0.01)
    assert areas.distance_km(gambir.lat, gambir.lon, gambir.code) == 0


@pytest.mark.parametrize(
    ("place", "lat", "lon"),
    [
        ("Kota Tua", -6.1352, 106.8133),
        ("Blok M", -6.2443, 106.7985),
        ("Terminal Kalideres", -6.1541, 106.7050),
        ("Terminal Pulogebang", -6.2119, 106.9527),
        ("Stasiun Lenteng Agung", -6.3306, 106.8350),
        ("MRT Lebak Bulus", -6.2893, 106.7740),
        ("Rusun Marunda", -6.0960, 106.9590),
        ("Muara Angke", -6.1080, 106.7720),
        ("Pulau Pramuka", -5.7455, 106.6135),
        ("Pulau Untung Jawa", -5.9775, 106.7070),
    ],
)
def test_places_in_jakarta_are_in(areas: Areas, place: str, lat: float, lon: float) -> None:
    assert areas.in_jakarta(lat, lon), place


@pytest.mark.parametrize(
    ("place", "lat", "lon"),
    [
        ("Margonda, Depok", -6.3731, 106.8346),
        ("Pasar Ciputat", -6.3120, 106.7475),
        ("Bintaro Plaza", -6.2736, 106.7370),
        ("Stasiun Tangerang", -6.1768, 106.6330),
        ("Stasiun Kranji", -6.2243, 106.9794),
        ("Kota Wisata Cibubur", -6.3790, 106.9590),
        ("Terminal 3, Soekarno-Hatta", -6.1195, 106.6656),
        ("Bogor", -6.5944, 106.7892),
        ("Mauk", -6.0610, 106.5110),
        ("null island", 0.0, 0.0),
    ],
)
def test_places_across_the_border_are_out(areas: Areas, place: str, lat: float, lon: float) -> None:
    assert not areas.in_jakarta(lat, lon), place


def test_every_centroid_is_in(areas: Areas) -> None:
    assert all(areas.in_jakarta(area.lat, area.lon) for area in areas if area.level == "kelurahan")


def test_priority_kampung_mark_their_wards(areas: Areas) -> None:
    assert areas.priority("31.72.01.1001")  # Penjaringan: Akuarium, Marlina, ...
    assert not areas.priority("31.74.07.1010")
    marked = [area for area in areas if areas.priority(area.code)]
    assert len(marked) == 4
    assert all(area.level == "kelurahan" for area in marked)
