"""Hostile values, and ways to spoil what is well-formed with them."""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from PIL import Image

from demo.sample_photo import draw

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
#: What a button may say it is about.
SUBJECTS: Final = ("0", "-1", "99999", "9" * 19, "9" * 30, "1.0", "x", " 1", "1;2", "\u0661")
#: What Twilio may say became of a message, and why.
STATUSES: Final = ("sent", "delivered", "read", "failed", "undelivered", "canceled", "?", "\0", "")
CODES: Final = ("", "0", "30410", "63016", "63024", "63019", "63032", "12345", "-1", "x", "9" * 30)
METHODS: Final = ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "FOO", "post")
#: Parts of a path that lead elsewhere, or nowhere.
_STEPS: Final = (
    "",
    ".",
    "..",
    "%2e%2e",
    "%2f",
    "%00",
    "%ff",
    "%",
    "a" * 3000,
    "%E2%80%AE",
    "~",
    ";x",
)
#: Headers that nobody asks for, or that say nothing sensible.
HEADERS: Final = (
    *(("X-Request-Id", one) for one in ("x", "A" * 64, "a b", "\u00e9" * 9, "x" * 4000)),
    *(("Content-Type", one) for one in ("", "multipart/form-data", "text/plain; charset=x", "/")),
    *(("Host", one) for one in ("[", "[::1", "a:x", "a@b", "\u00e9", "x" * 300, "a b", "//")),
    *(("Accept", one) for one in ("application/json", "*/*;q=x", "\u00e9")),
    *(("Origin", one) for one in ("null", "https://example.org", "http://[::", "x" * 2000)),
    *(("Referer", one) for one in ("http://[", "javascript:1")),
    *(("Sec-Fetch-Site", one) for one in ("cross-site", "none", "?")),
    *(("Cookie", one) for one in ("a=b", "=;=", "x" * 4000)),
    *(("Forwarded", one) for one in ("for=_", 'for="[::1"')),
    *(("X-Forwarded-For", one) for one in ("", "x", "1.2.3.4, 5.6.7.8", "::1", "," * 500)),
    *(("X-Forwarded-Proto", one) for one in ("https", "x")),
    *(("Range", one) for one in ("bytes=0-1", "bytes=9-1", "bytes=-", "x=0-", "bytes=0-0," * 99)),
    *(("If-None-Match", one) for one in ("*", '"x"', "\u00e9")),
    *(("If-Modified-Since", one) for one in ("never", "Thu, 99 Foo 9999 99:99:99 GMT")),
    *(("Content-Encoding", one) for one in ("gzip", "br")),
    *(("Authorization", one) for one in ("Bearer", "Basic \u00e9", "Bearer " + "x" * 4000)),
    *(("X-Twilio-Signature-Settings", one) for one in ("alg=sha256", "alg=", "\u00e9", "=;=")),
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


def spoiled_path(path: str, chance: Random) -> str:
    """A path with a step of it replaced, added, or taken out."""
    steps = path.split("/")[1:]
    place = chance.randrange(len(steps))
    match chance.randrange(3):
        case 0:
            steps[place] = chance.choice(_STEPS)
        case 1:
            steps.insert(place + 1, chance.choice(_STEPS))
        case _:
            steps.pop(place)
    return "/" + "/".join(steps)


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


def multipart(
    fields: Mapping[str, str], kind: str = "", picture: bytes | None = None
) -> tuple[bytes, str]:
    """Return a form as a browser posts it, with a photo or without, and its content type."""
    edge = "fuzzed-form"
    head = f"--{edge}\r\nContent-Disposition: form-data; name="
    parts = [
        f'{head}"{quote(name)}"\r\n\r\n{value}\r\n'.encode(errors="replace")
        for name, value in fields.items()
    ]
    if picture is not None:
        parts.append(
            f'--{edge}\r\nContent-Disposition: form-data; name="photo"; filename="x"\r\n'
            f"Content-Type: {kind}\r\n\r\n".encode()
            + picture
            + b"\r\n"
        )
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
