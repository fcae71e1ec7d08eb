"""The city file: dated facts about our office and other authorities, in TOML (`CITY_FILE`).

Only facts that somebody checked are told to people; an empty row is not told. Without the setting
the example beside this module is read, in which every row is empty.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models.infrastructure.errors import OperatorError

EXAMPLE = Path(__file__).with_name("city.toml")
STALE = timedelta(days=180)  # since a row was checked
NONE = "-"  # the value of a row whose fact does not exist: checked, and not told

MAX_SIZE = 100_000  # bytes of the file
MAX_TEXT, MAX_URL, MAX_SOURCE = 120, 100, 200  # characters

_LANGUAGES = ("id", "en")
_NOTES = ("checked", "source")


class BadCityFile(OperatorError):
    """The city file can't be read; the message names every wrong row and the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fact in both languages, the day on which somebody checked it, and where."""

    said: Mapping[str, str]
    checked: date
    source: str

    @property
    def told(self) -> bool:
        """Whether people are told it: not if there is no such fact."""
        return self.said["id"] != NONE


@dataclass(frozen=True, slots=True)
class CityFile:
    """The filled rows of a city file, by key: `office.landline`."""

    path: Path
    rows: Mapping[str, Row]

    @property
    def directory(self) -> Mapping[str, Mapping[str, str]]:
        """The facts that people are told, by key and language."""
        return {key: row.said for key, row in self.rows.items() if row.told}

    def empty(self) -> list[str]:
        """Return the keys of rows that are not filled in."""
        return [key for key in KEYS if key not in self.rows]

    def stale(self, today: date) -> dict[str, Row]:
        """Return the rows that were checked too long ago."""
        return {key: row for key, row in self.rows.items() if today - row.checked > STALE}

    def early(self, today: date) -> dict[str, Row]:
        """Return the rows whose day of the check is still to come."""
        return {key: row for key, row in self.rows.items() if row.checked > today}


def read(path: str | Path | None = None) -> CityFile:
    """Read a city file; without a path, the example.

    Raises:
        BadCityFile: the file or rows of it are wrong; the message lists all.
    """
    file = Path(path or EXAMPLE)
    rows: dict[str, Row] = {}
    problems: list[str] = []
    for key, given in _flat(_table(file)):
        try:
            row = _row(key, given)
        except ValueError as error:
            problems.append(f"{key}: {error}")
        else:
            if row is not None:
                rows[key] = row
    if problems:
        raise BadCityFile("\n".join([f"The city file {file} is not right:", *problems]))
    return CityFile(file, {key: rows[key] for key in KEYS if key in rows})


def _table(file: Path) -> Mapping[str, Any]:
    try:
        content = file.read_bytes()
        if len(content) > MAX_SIZE:
            raise BadCityFile(f"The city file {file} is larger than {MAX_SIZE} bytes.")
        return tomllib.loads(content.decode())
    except OSError as error:
        why = f"The city file {file} can't be read: {error.strerror}."
        raise BadCityFile(f"{why} Correct CITY_FILE.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadCityFile(f"The city file {file} is not TOML in UTF-8: {error}.") from error


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the rows with their keys: [office.landline] is "office.landline"."""
    for group, rows in table.items():
        if not isinstance(rows, Mapping):
            yield group, rows
            continue
        for name, row in rows.items():
            yield f"{group}.{name}", row


def _row(key: str, given: Any) -> Row | None:
    """Read one row; None if it is empty.

    Raises:
        ValueError: the row is wrong; the message says how.
    """
    if key not in KEYS:
        raise ValueError("there is no such row; see the example")
    if not isinstance(given, Mapping):
        raise ValueError(f"a table is needed: [{key}]")
    names = _LANGUAGES if key.endswith(_SENTENCES) else ("value",)
    if unknown := sorted(set(given) - {*names, *_NOTES}):
        raise ValueError(f"{', '.join(unknown)} is unknown; known are {', '.join(names + _NOTES)}")
    values = [_text(name, given.get(name, ""), MAX_SOURCE) for name in names]
    if not any(values):
        return None
    if not all(values):
        missing = ", ".join(name for name, value in zip(names, values, strict=True) if not value)
        raise ValueError(f"{missing} is missing")
    if values != [NONE] * len(values):
        values = [KEYS[key](value) for value in values]
    said = dict(zip(_LANGUAGES, [values[0], values[-1]], strict=True))
    return Row(said, _checked(given.get("checked")), _source(given.get("source", "")))


def _text(name: str, value: Any, at_most: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text in quotes")
    if any(unicodedata.category(sign).startswith(("C", "Zl", "Zp")) for sign in value):
        raise ValueError(f"{name} contains a line break or an invisible character")
    if len(value) > at_most:
        raise ValueError(f"{name} has {len(value)} characters, at most {at_most}")
    return value.strip()


def _checked(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("checked is not the day of the check, such as checked = 2026-11-27")
    return value


def _source(value: Any) -> str:
    source = _text("source", value, MAX_SOURCE)
    if not source:
        raise ValueError("source is missing: where the fact was checked")
    return source


def _sentence(value: str) -> str:
    """Return a line of text."""
    if not 3 <= len(value) <= MAX_TEXT:
        raise ValueError(f"{value!r} has {len(value)} characters; 3 to {MAX_TEXT} are needed")
    return value


def phone(value: str) -> str:
    """Return a telephone number: of a line (021…, +62…), or a short one (112, 1500…)."""
    digits = re.sub(r"[ ().-]", "", value)
    if not re.fullmatch(r"\+[1-9]\d{7,13}|0\d{7,12}|[1-9]\d{2,7}", digits):
        raise ValueError(f"{value!r} is no telephone number, such as (021) followed by 7 digits")
    return value


def _landline(value: str) -> str:
    """Return the number of a landline; people trust it since anybody can buy a mobile number."""
    if re.match(r"(?:\+62|0)8", re.sub(r"[ ().-]", "", value)):
        raise ValueError(f"{value!r} is a mobile number; a landline is needed")
    return phone(value)


def url(value: str) -> str:
    """Return an https URL of a public host."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if (
        parts.scheme != "https"
        or not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", host)
        or "@" in parts.netloc
        or not re.fullmatch(r"[!-~]+", value)
    ):
        raise ValueError(f"{value!r} is no https address, such as https://….go.id")
    if len(value) > MAX_URL:
        raise ValueError(f"{value!r} has {len(value)} characters, at most {MAX_URL}")
    return value


def _email(value: str) -> str:
    """Return an e-mail address."""
    if not re.fullmatch(r"[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", value, re.ASCII):
        raise ValueError(f"{value!r} is no e-mail address, such as ...@....go.id")
    if len(value) > MAX_URL:
        raise ValueError(f"{value!r} has {len(value)} characters, at most {MAX_URL}")
    return value


AUTHORITIES = (
    "dukcapil",
    "jaki",
    "ombudsman",
    "police",
    "samsat",
    "immigration",
    "bpjph",
    "bpom",
    "health",
    "bpjs",
    "education",
)
_SENTENCES = (".address", ".hours")  # rows with a value per language
_CONTACT: Mapping[str, Callable[[str], str]] = {
    "phone": phone,
    "url": url,
    "address": _sentence,
}
#: The rows of a city file: the reader of each one's value, by key.
KEYS: Mapping[str, Callable[[str], str]] = {
    "office.page": url,
    "office.landline": _landline,
    "office.email": _email,
    "office.address": _sentence,
    "office.hours": _sentence,
    **{
        f"{authority}.{name}": reader
        for authority in AUTHORITIES
        for name, reader in _CONTACT.items()
    },
}
