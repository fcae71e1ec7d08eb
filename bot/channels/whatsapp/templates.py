"""Templates: messages allowed on WhatsApp to a person who has not written for a day.

They are declared in `templates.toml`, created and approved for each account (`izin templates
push`), and stored with their SIDs in the database. A changed text is a new template.
Sources: https://www.twilio.com/docs/whatsapp/tutorial/message-template-approvals-statuses,
https://static1.twilio.com/docs/api/errors/63013
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources
from time import monotonic
from typing import Any

from sqlalchemy.exc import DBAPIError

from conversations.catalogue import LOCALES, Catalogue
from conversations.messages import Message
from models import template
from models.infrastructure.database import Database
from models.template import Approved

CATEGORY = "utility"  # marketing may be refused (63049)
MAX_BODY = 1024  # characters, with its values
MAX_NAME = 512
FRESH = 60.0  # seconds for which approvals from the database are cached

_VARIABLE = re.compile(r"\{\{(\d+)\}\}")
_BLANKS = re.compile(r"\s{2,}|[\n\r\t\v\f]")
_NAME = re.compile(r"[a-z0-9_]+")
_EDGE = " .,;:!?\"'()"  # ignored when checking whether a body begins or ends with a variable


@dataclass(frozen=True, slots=True)
class Template:
    """An approved message: its Content SID, None if not approved yet, and its variables."""

    name: str
    locale: str
    content_sid: str | None
    variables: Mapping[str, str]
    body: str

    @property
    def words(self) -> str:
        """The text as it arrives."""
        return _VARIABLE.sub(lambda found: self.variables[found[1]], self.body)


@dataclass(frozen=True, slots=True)
class Declared:
    """One template in one language, as the file declares it."""

    key: str  # of the catalogue; if it ends with a dot or "_", a prefix of keys
    locale: str
    body: str
    samples: Mapping[str, str]  # parameter of the sentence -> sample value; {{1}} is the first
    was: str = ""  # the key under which WhatsApp approved it, if the key has changed

    @property
    def name(self) -> str:
        """Its name at WhatsApp, where an approved name's body can't be changed."""
        named = (self.was or self.key).strip("._").replace(".", "_")
        return f"{named}_{self.hash[:6]}"

    @property
    def hash(self) -> str:
        """A fingerprint of its text, for the database."""
        parts = (self.was or self.key, self.locale, self.body, *self.samples)
        return sha256("\0".join(parts).encode()).hexdigest()

    @property
    def variables(self) -> Mapping[str, str]:
        """The samples in Twilio's form, by number."""
        return {str(number): sample for number, sample in enumerate(self.samples.values(), 1)}


@cache
def declared() -> tuple[Declared, ...]:
    """Return all templates of the file, in its order, each in every language."""
    file = resources.files("bot.channels.whatsapp").joinpath("templates.toml")
    return tuple(read(tomllib.loads(file.read_text(encoding="utf-8"))))


def read(table: Mapping[str, Any]) -> Iterator[Declared]:
    """Yield the templates of a parsed file."""
    for key, entry in table.items():
        if isinstance(entry, Mapping):
            for locale in LOCALES:
                yield Declared(
                    key,
                    locale,
                    entry.get(locale, ""),
                    entry.get("samples", {}),
                    entry.get("was", ""),
                )


@dataclass(slots=True)
class Templates:
    """Finds the approved template that corresponds to a message."""

    catalogue: Catalogue
    db: Database | None = None
    every: tuple[Declared, ...] = field(default_factory=declared)
    _approved: Mapping[Approved, str] = field(default_factory=dict)
    _asked_at: float = float("-inf")

    def of(self, message: Message, locale: str) -> Template | None:
        """Return the template of a message's first sentence; None if there is none."""
        first = message.parts[0] if message.parts else None
        found = _declared(self.every, first.key, locale) if first is not None else None
        if first is None or found is None:
            return None
        values = {
            str(number): mended(self.catalogue.value(first.params.get(name, ""), locale))
            for number, name in enumerate(found.samples, 1)
        }
        sid = self._approved.get(Approved(found.name, locale, found.hash))
        return Template(found.name, locale, sid, shortened(found.body, values), found.body)

    async def refresh(self) -> None:
        """Load the approvals from the database, unless they are fresh or it is unavailable."""
        if self.db is None or monotonic() - self._asked_at < FRESH:
            return
        try:
            self._approved = await self.db.ask(template.approved)
            self._asked_at = monotonic()
        except DBAPIError:
            return


def _declared(every: Iterable[Declared], key: str, locale: str) -> Declared | None:
    """Return the template of a sentence: that of its key, else that of a prefix of its key.

    A service's own notice without a template uses that of the general notice.
    """
    mine = [one for one in every if one.locale == locale]
    own = next((one for one in mine if key in (one.key, one.was)), None)
    shared = (one for one in mine if one.key.endswith((".", "_")) and key.startswith(one.key))
    found = own or next(shared, None)
    owner, notice, event = key.partition(".notices.")
    return _declared(every, f"notices.{event}", locale) if not found and owner and notice else found


def mended(value: str) -> str:
    """Return a value as WhatsApp requires it: one line, single spaces, never empty (63013)."""
    return _BLANKS.sub(" ", value).strip() or "-"


def shortened(body: str, values: Mapping[str, str]) -> Mapping[str, str]:
    """Truncate the longest values so that the body with its values stays within `MAX_BODY`."""
    room = MAX_BODY - len(_VARIABLE.sub("", body))
    kept = dict(values)
    while kept and sum(map(len, kept.values())) > room:
        number = max(kept, key=lambda one: len(kept[one]))
        over = sum(map(len, kept.values())) - room
        cut = max(1, len(kept[number]) - over - 1)
        kept[number] = kept[number][:cut].rstrip() + "…"
    return kept


def problems(every: Iterable[Declared], catalogue: Catalogue) -> list[str]:
    """Return the problems with WhatsApp's rules or the catalogue, one line each, with the fix."""
    return [
        f"bot/channels/whatsapp/templates.toml: [{one.key!r}] {one.locale}: {problem}"
        for one in every
        for problem in _problems(one, catalogue)
    ]


def _problems(one: Declared, catalogue: Catalogue) -> Iterator[str]:
    if not one.body.strip():
        yield "has no body"
        return
    if not _NAME.fullmatch(one.name) or len(one.name) > MAX_NAME:
        yield f"its name {one.name!r} may hold a-z, 0-9 and _ alone"
    bare = one.body.strip(_EDGE)
    if bare.startswith("{{") or bare.endswith("}}"):
        yield "begins or ends with a variable: put words around it"
    if re.search(r"\}\}\s*\{\{", one.body):
        yield "two variables stand side by side: put a word between them"
    numbers = [int(number) for number in _VARIABLE.findall(one.body)]
    if sorted(numbers) != list(range(1, len(one.samples) + 1)):
        yield f"has the variables {numbers}, but {len(one.samples)} samples: each once, from 1"
    if "{" in _VARIABLE.sub("", one.body):
        yield "has a brace that is no variable: {{1}}, {{2}}"
    filled = _VARIABLE.sub(lambda found: one.variables.get(found[1], ""), one.body)
    if len(filled) > MAX_BODY:
        yield f"is {len(filled)} characters long with its samples: at most {MAX_BODY}"
    if mended(one.body) != one.body:
        yield "has a line's end, a tab or several blanks in a row"
    for name, sample in one.samples.items():
        if mended(sample) != sample:
            yield f"the sample of {name!r} is empty, or has a line's end or several blanks"
    yield from _unknown(one, catalogue)


def _unknown(one: Declared, catalogue: Catalogue) -> Iterator[str]:
    """Yield samples whose parameter is missing in a sentence of the key."""
    lines = [
        line
        for key, entry in catalogue.entries.items()
        if key == one.key or (one.key.endswith((".", "_")) and key.startswith(one.key))
        for line in entry.values()
        if not key.endswith(".short")
    ]
    if not lines:
        yield "the catalogues have no such key"
    for name in one.samples:
        if not all(name in _placeholders(line) for line in lines):
            yield f"the sentence has no {{{name}}}"


def _placeholders(line: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(line) if name}
