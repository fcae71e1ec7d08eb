"""Hostile values, and ways to spoil what is well-formed with them."""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, TypeAlias

from PIL import Image

from web.sample_photo import draw

Json: TypeAlias = Any

WORDS: Final = (
    *("", " ", ".", "-1", "0", "1", "99", "ya", "tidak", "menu", "batal", "status", "bantuan"),
    *("halo", "Siti Aminah", "nasi uduk", "5jt", "2½ juta", "-5 juta", "2 x 500rb", "5000 dolar"),
    *("besok", "in 99999999 days", "31 februari", "5️⃣ desember", "setengah 3", "005/003"),
    *("bicara dengan orang", "lapor pungli", "data saya", "hapus data", "berhenti", "mulai"),
    *("cek izin IUMK-2026-3174-000001", "cek petugas 0417", "hubungkan", "ganti bahasa"),
    *("3174075705900012", "3174 - 0757 - 0590 - 0012", "/start join-x", "/start 3174075705900012"),
    *(
        "\u2068\u2069",
        "\u3164\u3164",
        "\u200b",
        "\u202etxet",
        "é",
        "İ",
        "ﷺ",
        "👩‍👩‍👧‍👦" * 40,
        "1 " * 2000,
    ),
    *("a" * 5000, "\x00", "ha\x00lo", "%s%n{0}{}", "<script>", "'; --", "../../etc/passwd"),
)
VALUES: Final[tuple[Json, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, 1e308, -1e308),
    *([], {}, [[]], {"a": {}}, [None], "0", "NaN", "1e999", "9" * 400),
)


def value(chance: Random) -> Json:
    """Any value at all."""
    return chance.choice(WORDS) if chance.random() < 0.5 else copy.deepcopy(chance.choice(VALUES))


def spoiled(given: Json, chance: Random, times: int = 1) -> Json:
    """JSON with some of its values replaced, removed, doubled or put elsewhere."""
    spoilt = copy.deepcopy(given)
    for _ in range(times):
        places = list(_places(spoilt))
        if not places:
            return value(chance)
        inside, key = chance.choice(places)
        match chance.randrange(5):
            case 0 | 1:
                inside[key] = value(chance)
            case 2:
                inside.pop(key)
            case 3:
                inside[key] = [copy.deepcopy(inside[key])] * 2
            case _:
                other, another = chance.choice(places)
                inside[key] = copy.deepcopy(_at(other, another))
    return spoilt


def _places(given: Json) -> Sequence[tuple[Any, Any]]:
    """Every key of every object and every position of every list."""
    found: list[tuple[Any, Any]] = []
    todo = [given]
    while todo:
        here = todo.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here)) if here else ()
        if isinstance(here, dict | list):
            found += [(here, key) for key in keys]
            todo += [here[key] for key in keys if isinstance(here[key], dict | list)]
    return found


def _at(inside: Json, key: Json) -> Json:
    try:
        return inside[key]
    except (KeyError, IndexError):
        return None


def spoiled_fields(given: Mapping[str, str], chance: Random) -> dict[str, str]:
    """A form with fields replaced, removed or added."""
    fields = dict(given)
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        name = chance.choice([*fields, "Surprise"])
        if chance.random() < 0.2:
            fields.pop(name, None)
        else:
            fields[name] = chance.choice((*WORDS, *map(str, VALUES)))
    return fields


def spoiled_token(data: str, chance: Random, known: Sequence[str]) -> str:
    """What a button carries, with a part of it forged."""
    parts = data.split("|")
    for _ in range(chance.choice((1, 1, 2))):
        place = chance.randrange(len(parts))
        others = chance.choice(known).split("|")
        forged = (others[place % len(others)], str(chance.randrange(60)), chance.choice(WORDS)[:60])
        parts[place] = chance.choice((*forged, "9" * 5000, "-1", ""))
    return "|".join(parts)


def pictures() -> list[tuple[str, bytes]]:
    """Files as (type as told, content): good ones, broken ones, and ones that grow when opened."""
    good = draw("Warung", 1)
    with Image.open(io.BytesIO(good)) as image:
        scene = image.convert("RGB")
    large = Image.new("RGBA", (7000, 7000))
    return [
        ("image/jpeg", good),
        ("image/jpeg", good[: len(good) // 2]),
        ("image/jpeg", b""),
        ("image/jpeg", b"\xff\xd8\xff" + bytes(2000)),
        ("image/png", _encoded(scene, "PNG")),
        ("image/png", _encoded(scene.convert("L").convert("I;16"), "PNG")),
        ("image/png", _encoded(large, "PNG")),
        ("image/webp", _encoded(scene, "WEBP")),
        (
            "image/jpeg",
            _encoded(scene, "MPO", save_all=True, append_images=[scene.resize((80, 60))]),
        ),
        ("image/gif", _encoded(scene, "GIF")),
        ("image/tiff", _encoded(scene, "TIFF")),
        ("application/pdf", b"%PDF-1.7\n%%EOF"),
        ("image/heic", b"\x00\x00\x00\x18ftypheic" + bytes(200)),
    ]


def _encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **how)
    return content.getvalue()
