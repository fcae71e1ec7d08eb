"""The areas of Jakarta, found by name or by a point on the map.

Sources: README.md here.
"""

import csv
import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from models.reference.area_names import ISLANDS_CODE, Area, Level, NameReader, Names, load_names

REFERENCE = Path(__file__).parent
EARTH_RADIUS_KM = 6371.0088
REACH = 1.0  # an area's reach, as a multiple of the mean distance to its three nearest neighbours
REACH_FLOOR_KM = 0.8
ISLAND_REACH_KM = 10.0  # an island's centroid also represents the sea and islets around it


class Areas:
    """The table of areas, and its look-ups; immutable and thread-safe."""

    def __init__(
        self,
        areas: Iterable[Area],
        names: Names,
        kampung: Iterable[tuple[str, str | None]],
        neighbours: Iterable[tuple[float, float]],
    ) -> None:
        self._by_code = {area.code: area for area in areas}
        self._kelurahan = [area for area in self._by_code.values() if area.level == "kelurahan"]
        names_of = Counter(area.name.lower() for area in self._kelurahan)
        self._named = {a.name.lower(): a for a in self._kelurahan if names_of[a.name.lower()] == 1}
        self._names = {a.name.lower() for a in self._by_code.values() if a.level != "kota"}
        self._reach_km = {area.code: self._reach(area) for area in self._kelurahan}
        self._vectors = [_on_sphere(area.lat, area.lon) for area in self._kelurahan]
        self._neighbours = [_on_sphere(lat, lon) for lat, lon in neighbours]
        kampung = list(kampung)
        self._priority = frozenset(code for _, code in kampung if code)
        self._reader = NameReader(self, names, kampung)

    def __iter__(self) -> Iterator[Area]:
        return iter(self._by_code.values())

    def get(self, code: str) -> Area | None:
        return self._by_code.get(code)

    def parent(self, area: Area) -> Area | None:
        """Return the kecamatan of a kelurahan, the kota of a kecamatan, None for a kota."""
        return self._by_code[area.parent_code] if area.parent_code else None

    def kecamatan_of(self, code: str) -> Area | None:
        """Return the kecamatan that `code` is or is in; None for a kota or an unknown code."""
        return self._ancestor(code, "kecamatan")

    def kota_of(self, code: str) -> Area | None:
        """Return the kota that `code` is or is in; None for an unknown code."""
        return self._ancestor(code, "kota")

    def priority(self, code: str) -> bool:
        """Whether the kelurahan has a priority kampung (Kepgub DKI 878/2018).

        The kelurahan of eight of the decree's 21 kampung is unknown, so False is no proof.
        """
        return code in self._priority

    def distance_km(self, lat: float, lon: float, code: str) -> float:
        """Return the great-circle distance from a point to an area's centroid.

        Raises:
            KeyError: the code is unknown.
        """
        area = self._by_code[code]
        return _distance_km(lat, lon, area.lat, area.lon)

    def nearest(self, lat: float, lon: float, *, limit: int = 3) -> tuple[Area, ...]:
        """Return the kelurahan with the nearest centroids, nearest first."""
        x, y, z = _on_sphere(lat, lon)
        nearness = [x * a + y * b + z * c for a, b, c in self._vectors]  # cosines of the angles
        near = heapq.nlargest(limit, range(len(nearness)), key=nearness.__getitem__)
        return tuple(self._kelurahan[number] for number in near)

    def in_jakarta(self, lat: float, lon: float) -> bool:
        """Whether a point is in Jakarta, estimated from centroids.

        True if the nearest kelurahan is within its reach, and no known place across the border is
        nearer. Accurate to a few hundred metres at the border: refuse nobody because of it alone.
        """
        (nearest,) = self.nearest(lat, lon, limit=1)
        distance = self.distance_km(lat, lon, nearest.code)
        if distance > self._reach_km[nearest.code]:
            return False
        here = _on_sphere(lat, lon)
        most = _nearness(here, _on_sphere(nearest.lat, nearest.lon))
        return all(most >= _nearness(here, place) for place in self._neighbours)

    def find(self, text: str) -> tuple[Area, ...]:
        """Return the kelurahan and kecamatan that `text` may mean; several if it is ambiguous.

        Reads "kel cipete utara", "kec. tebet", "cipete utara jaksel", "kb jeruk", "benhil", small
        misspellings. A kecamatan named with its kelurahan only confirms it. Empty if `text` names
        nothing in Jakarta, or a place outside.
        """
        return self._reader.find(text)

    def kelurahan_named(self, name: str) -> Area | None:
        """Return the kelurahan with exactly this name, in lower case; None if several have it."""
        return self._named.get(name)

    def has_name(self, name: str) -> bool:
        """Whether a kelurahan or kecamatan has exactly this name, in lower case."""
        return name in self._names

    def outside(self, text: str) -> bool:
        """Whether `text` names a place outside Jakarta ("Bekasi", "tangsel", "Bogor").

        False if it is a street's name ("jl raya bekasi") or a city of Jakarta is named as well.
        """
        return self._reader.outside(text)

    def _ancestor(self, code: str, level: Level) -> Area | None:
        area = self._by_code.get(code)
        while area is not None and area.level != level:
            area = self.parent(area)
        return area

    def _reach(self, area: Area) -> float:
        if area.code.startswith(ISLANDS_CODE):
            return ISLAND_REACH_KM
        near = sorted(
            _distance_km(area.lat, area.lon, other.lat, other.lon)
            for other in self._kelurahan
            if other is not area
        )[:3]
        return max(REACH_FLOOR_KM, REACH * sum(near) / len(near))


@cache
def load() -> Areas:
    """Read the reference tables, once a process."""
    return Areas(
        [
            Area(
                row["code"],
                _level(row["level"]),
                row["name"],
                row["parent_code"] or None,
                float(row["lat"]),
                float(row["lon"]),
            )
            for row in _rows("areas.csv")
        ],
        load_names(),
        [(row["name"], row["kelurahan_code"] or None) for row in _rows("priority_kampung.csv")],
        [(float(row["lat"]), float(row["lon"])) for row in _rows("neighbours.csv")],
    )


def _rows(table: str) -> list[dict[str, str]]:
    with (REFERENCE / table).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _level(text: str) -> Level:
    match text:
        case "kota" | "kecamatan" | "kelurahan":
            return text
    raise ValueError(f"areas.csv: {text!r} is not kota, kecamatan or kelurahan")


def _distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance by the haversine formula; degrees in, kilometres out."""
    a, b = math.radians(lat), math.radians(other_lat)
    h = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def _on_sphere(lat: float, lon: float) -> tuple[float, float, float]:
    """Return a point as a unit vector from the centre of the earth; degrees in."""
    phi, theta = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)


def _nearness(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Return the cosine of the angle between two points: larger means nearer."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
