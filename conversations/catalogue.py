"""The catalogue: every sentence of every flow, in every language."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache, lru_cache
from importlib import resources

from babel.dates import format_date
from babel.numbers import format_currency

from conversations.facts import WIB
from conversations.messages import Json, Lines, Message, Rupiah, Say, Value
from conversations.words import MARK

LOCALES = ("id", "en")
HIDDEN = "common.number_hidden"
EARLIER = "earlier"  # the catalogue of sentences that only messages of an earlier version use
_BABEL = {"id": "id_ID", "en": "en_GB"}


class MissingLine(LookupError):
    """The catalogue has no such line: add it to `conversations/catalogues/` under this key."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sentences by key: `business_permit.premises.mobile` -> {"id": "…", "en": "…"}.

    `earlier` holds sentences of an earlier version, for its messages that are still pending.
    """

    entries: Mapping[str, Mapping[str, str]]
    earlier: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def say(self, say: Say | str, locale: str) -> str:
        """Render a sentence; a plain string is a name and is returned unchanged.

        Raises:
            MissingLine: the key, the language, or a parameter of the sentence is missing.
        """
        if isinstance(say, str):
            return say
        params = say.params
        if params:  # a label has none
            params = {name: self.value(value, locale) for name, value in params.items()}
        try:
            return self.entries[say.key][locale].format_map(params)
        except KeyError as error:
            earlier = self.earlier.get(say.key, {}).get(locale)
            if earlier is not None:
                return earlier.format_map(params)
            raise MissingLine(f"{say.key} ({locale}): no {error.args[0]!r}") from error

    def text(self, message: Message, locale: str) -> str:
        """Render the message's sentences, a paragraph each."""
        return "\n\n".join(self.say(part, locale) for part in message.parts)

    def has(self, key: str) -> bool:
        """Whether the catalogue has a line with this key."""
        return key in self.entries

    def overridden(self, key: str, *owners: str) -> str:
        """Return the key `<owner>.<key>` of the first owner that has one, or `key` itself."""
        own = (f"{owner}.{key}" for owner in owners)
        return next((one for one in own if one in self.entries), key)

    def value(self, value: Value, locale: str) -> str:
        """Render the value of a placeholder."""
        match value:
            case str():  # the most common first
                return self._shown(value, locale) if MARK in value else value
            case Say():
                return self.say(value, locale)
            case int():
                return str(value)
            case Lines(items):
                return "\n".join(self.say(item, locale) for item in items)
            case Rupiah(amount):
                return rupiah(amount)
            case datetime():
                local = value.astimezone(WIB)
                return f"{day(local.date(), locale)}, {clock(local.time())} WIB"
            case date():
                return day(value, locale)
            case time():
                return clock(value)

    def _shown(self, said: str, locale: str) -> str:
        """Return a person's words with words for a number that was withheld."""
        return said.replace(MARK, self.say(Say(HIDDEN), locale))

    def problems(self, wanted: Iterable[str]) -> list[str]:
        """Return the missing and inconsistent lines, one text each: what to add, and where."""
        found = [
            f"{_place(key)} is missing" for key in sorted(set(wanted)) if key not in self.entries
        ]
        for key, lines in sorted(self.entries.items()):
            for locale in LOCALES:
                if not lines.get(locale, "").strip():
                    found.append(f"{_place(key)} has no {locale!r}")
            names = {locale: _placeholders(line) for locale, line in lines.items()}
            if len({frozenset(value) for value in names.values()}) > 1:
                found.append(f"{_place(key)} has other placeholders in one language: {names}")
        return found


@lru_cache(4096)  # the same sums and days are shown again and again
def rupiah(amount: int) -> str:
    """Format a sum: Rp2.500.000."""
    return format_currency(amount, "IDR", format="¤#,##0", locale="id_ID", currency_digits=False)


@lru_cache(4096)
def day(on: date, locale: str) -> str:
    """Format a day in full: Rabu, 25 November 2026."""
    return format_date(on, "full" if locale == "id" else "EEEE, d MMMM y", locale=_BABEL[locale])


def clock(at: time) -> str:
    """Format an hour as in Jakarta: 09.30."""
    return f"{at.hour:02d}.{at.minute:02d}"


@cache
def load() -> Catalogue:
    """Read all catalogues of the package; a file's name is the first part of its keys."""
    entries: dict[str, Mapping[str, str]] = {}
    earlier: dict[str, Mapping[str, str]] = {}
    for file in sorted(
        resources.files("conversations").joinpath("catalogues").iterdir(), key=lambda f: f.name
    ):
        if file.name.endswith(".toml"):
            table, name = tomllib.loads(file.read_text(encoding="utf-8")), file.name[:-5]
            if name == EARLIER:
                earlier = {k: v for part in table for k, v in read(table[part], part)}
            else:
                entries |= dict(read(table, name))
    return Catalogue(entries, earlier)


def read(table: Mapping[str, Json], prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Flatten a catalogue's tables: a table with strings is an entry; others nest more tables."""
    words = {name: value for name, value in table.items() if isinstance(value, str)}
    if words:
        yield prefix, words
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from read(value, f"{prefix}.{name}")


def _placeholders(line: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(line) if name}


def _place(key: str) -> str:
    file, _, rest = key.partition(".")
    return f"conversations/catalogues/{file}.toml: [{rest}]"
