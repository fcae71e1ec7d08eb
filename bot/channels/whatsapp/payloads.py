"""Messages as Twilio's payloads for WhatsApp: texts, buttons, lists, and files by URL.

Buttons and lists are sent as Content: a resource at Twilio defines the shape, and a message fills
in its variables. A variable may not contain a newline, so the shape defines the lines. A few shapes
therefore serve all messages, and each is created once (`whatsapp_contents`).

Source: https://www.twilio.com/docs/content/twilio-quick-reply and …/twiliolist-picker;
https://www.twilio.com/docs/content/using-variables-with-content-api;
https://www.twilio.com/docs/api/errors/21656 and …/21617.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.channels.base import token
from bot.channels.texts import numbered, split, units
from bot.errors import Rejected
from conversations.catalogue import Catalogue
from conversations.messages import Button, Json, Message, Say

# Lengths are counted in UTF-16 units, never fewer than the characters in which Twilio counts.
MAX_TEXT = 1600  # Body, and all variables of a Content together: 21617, 21658
MAX_BODY = 1024  # above buttons and lists
MAX_REPLIES, MAX_REPLY = 3, 20  # buttons that need no approval; a button's label
MAX_ITEMS, MAX_ITEM = 10, 24  # items of a list; an item's label
MAX_ID = 200  # the id of a button or an item
MAX_VARIABLES = 100  # of one Content


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a Content: each non-empty line of its body is a variable."""

    lines: tuple[bool, ...]  # False for an empty line
    choices: int
    as_list: bool

    @property
    def key(self) -> str:
        """A fingerprint of the shape."""
        return hashlib.sha256(json.dumps(self.types, sort_keys=True).encode()).hexdigest()

    @property
    def types(self) -> Json:
        """The Content's `types`; variables are numbered: lines, list button, choices."""
        number = 0

        def variable() -> str:
            nonlocal number
            number += 1
            return f"{{{{{number}}}}}"

        body = "\n".join(variable() if filled else "" for filled in self.lines)
        if not self.as_list:
            replies = [
                {"type": "QUICK_REPLY", "title": variable(), "id": variable()}
                for _ in range(self.choices)
            ]
            return {"twilio/quick-reply": {"body": body, "actions": replies}}
        button = variable()
        items = [{"item": variable(), "id": variable()} for _ in range(self.choices)]
        return {"twilio/list-picker": {"body": body, "button": button, "items": items}}

    @property
    def samples(self) -> dict[str, str]:
        """A sample of each variable; Twilio requires them."""
        count = sum(self.lines) + int(self.as_list) + 2 * self.choices
        return {str(number): f"contoh {number}" for number in range(1, count + 1)}


@dataclass(frozen=True, slots=True)
class Pick:
    """Choices to tap, each with its token and its label; `button` is the label of a list's button.

    Without `button` the choices are reply buttons.
    """

    choices: tuple[tuple[str, str], ...]
    button: str = ""

    @property
    def labels(self) -> list[str]:
        """The labels, in order."""
        return [label for _, label in self.choices]


@dataclass(frozen=True, slots=True)
class Payload:
    """One message at Twilio: a text, optionally with choices; or a file.

    The file is the document if there is a `filename`; or the picture, with the text as its caption.
    """

    text: str
    pick: Pick | None = None
    filename: str | None = None
    picture: bool = False

    @property
    def shape(self) -> Shape | None:
        """The Content that it needs, if any."""
        if self.pick is None:
            return None
        lines = tuple(bool(line) for line in _lines(self.text))
        return Shape(lines, len(self.pick.choices), bool(self.pick.button))

    @property
    def variables(self) -> dict[str, str]:
        """The values for the shape's variables."""
        if self.pick is None:
            return {}
        given = [line for line in _lines(self.text) if line]
        if self.pick.button:
            given.append(self.pick.button)
        for value, label in self.pick.choices:
            given += [" ".join(label.split()), value]
        return {str(number): value for number, value in enumerate(given, 1)}

    @property
    def shown(self) -> str:
        """The text as it arrives."""
        return "\n".join(_lines(self.text)) if self.pick is not None else self.text


def render(message: Message, locale: str, catalogue: Catalogue) -> list[Payload]:
    """Render a message as payloads, in the order to send; the choices are with the last text.

    A file follows its text: WhatsApp shows no caption under a document, and a text sent after a
    file may arrive before it; nor is a text late or lost because of its picture. Choices that fit
    on neither buttons nor a list are numbered.

    Raises:
        Rejected: the choices have no question.
    """
    text = catalogue.text(message, locale)
    if message.wish in ("location", "contact"):
        how = Say(f"whatsapp.send_{message.wish}")
        text = f"{text}\n\n{catalogue.say(how, locale)}"
    pick = _pick(message, locale, catalogue)
    files = list(_files(message, locale, catalogue))
    if pick is not None:
        *first, last = split(text, MAX_BODY)
        payloads = [*map(Payload, first), Payload(last, pick)]
        if _fits(payloads[-1]):
            return [*payloads, *files]
    labels = [catalogue.say(choice.label, locale) for choice in message.choices]
    payloads = _texts(numbered(text, labels))
    return [*(one for one in payloads if one.text), *files] if files else payloads


def floor(payload: Payload) -> list[Payload]:
    """Return the payload as plain text, with numbered choices."""
    if payload.pick is None:
        return [payload]
    return _texts(numbered(payload.text, payload.pick.labels))


def linked(payload: Payload, words: str) -> list[Payload]:
    """Replace a file by `words`, a text with a link to it."""
    return [*(_texts(payload.text) if payload.text else ()), *_texts(words)]


def _texts(text: str) -> list[Payload]:
    return [Payload(part) for part in split(text, MAX_TEXT)]


def _files(message: Message, locale: str, catalogue: Catalogue) -> Iterator[Payload]:
    if message.document is not None:
        name = message.filename or PurePosixPath(message.document).name
        yield Payload("", filename=name)
    if message.picture is not None:
        yield Payload(catalogue.say(Say("whatsapp.picture"), locale), picture=True)


def _pick(message: Message, locale: str, catalogue: Catalogue) -> Pick | None:
    """Return buttons if all choices fit on them, else a list if they fit on it, else None."""
    choices = tuple(_choice(message, choice, locale, catalogue) for choice in message.choices)
    if not choices or any(len(value) > MAX_ID for value, _ in choices):
        return None
    longest = max(units(label) for _, label in choices)
    if len({label for _, label in choices}) < len(choices):  # WhatsApp requires distinct labels
        return None
    if len(choices) <= MAX_REPLIES and longest <= MAX_REPLY:
        return Pick(choices)
    if len(choices) <= MAX_ITEMS and longest <= MAX_ITEM:
        return Pick(choices, catalogue.say(Say("whatsapp.choose"), locale))
    return None


def _choice(message: Message, choice: Button, locale: str, catalogue: Catalogue) -> tuple[str, str]:
    if message.question is None:
        raise Rejected(f"the choice {choice.value!r} belongs to no question: give the message one")
    return token(message.question, choice.value), catalogue.say(choice.label, locale)


def _fits(payload: Payload) -> bool:
    """Whether all variables together are within the limits of one Content."""
    variables: Mapping[str, str] = payload.variables
    whole = sum(map(units, variables.values()))
    return bool(payload.text) and whole <= MAX_TEXT and len(variables) <= MAX_VARIABLES


def _lines(text: str) -> list[str]:
    """Split a body into lines, each without the whitespace that a variable may not contain."""
    return [" ".join(line.split()) for line in text.split("\n")]
