"""Messages as Telegram's payloads: texts split at its limits, and keyboards.

Source: https://core.telegram.org/bots/api#sendmessage
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from bot.channels.base import token
from bot.channels.texts import split, units
from bot.errors import Rejected
from conversations.catalogue import Catalogue
from conversations.messages import Button, Json, Message, Say

MAX_TEXT = 4096  # UTF-16 units; sendMessage
MAX_CAPTION = 1024  # UTF-16 units; sendDocument, sendPhoto
MAX_DATA = 64  # bytes; InlineKeyboardButton.callback_data
SHORT_LABEL = 12  # characters; two such buttons fit side by side on a 320-point screen


@dataclass(frozen=True, slots=True)
class Payload:
    """One Bot API message: a text; or the stored file, with the text as its caption.

    The file is the document if there is a `filename`, or the picture.

    `markup` is the keyboard as JSON; the library's own objects cost as much as all the rest of a
    message.
    """

    text: str
    markup: Json = None
    filename: str | None = None
    picture: bool = False


def render(message: Message, locale: str, catalogue: Catalogue) -> list[Payload]:
    """Render a message as payloads, in the order to send; the last one has the keyboard.

    No parse mode is set, so people's own text can neither break nor format a message.

    Raises:
        Rejected: the choices have no question, or one is too long for a button.
    """
    if message.clears and message.choices:
        return _cleared_first(message, locale, catalogue)
    text = catalogue.text(message, locale)
    markup = _markup(message, locale, catalogue)
    if message.picture is not None and units(text) <= MAX_CAPTION:
        return [Payload(text, markup, picture=True)]
    if message.document is None:
        *first, last = split(text, MAX_TEXT)
        before = [Payload("", picture=True)] if message.picture is not None else []
        return [*before, *map(Payload, first), Payload(last, markup)]
    filename = message.filename or PurePosixPath(message.document).name
    if units(text) <= MAX_CAPTION:
        return [Payload(text, markup, filename)]
    return [*map(Payload, split(text, MAX_TEXT)), Payload("", markup, filename)]


def _cleared_first(message: Message, locale: str, catalogue: Catalogue) -> list[Payload]:
    """Remove the old keyboard in a separate message: a message can have only one markup."""
    said = message.parts[:-1] or (Say("common.all_right"),)
    question = replace(message, parts=message.parts[-1:], clears=False)
    return [
        *render(Message(said, clears=True), locale, catalogue),
        *render(question, locale, catalogue),
    ]


def _markup(message: Message, locale: str, catalogue: Catalogue) -> Json:
    """Return a message's keyboard: Telegram allows one per message.

    A button that requests the location or the phone number exists only in a reply keyboard. So the
    choices of a message with a wish are in that keyboard too; a tap on one arrives as text, and the
    question parses it as if typed. A one-time keyboard is hidden after its first use but not
    removed, and it stays if the person types instead: the next message clears it. A message with
    buttons just after its use leaves that to the message after, so as to be one message, not two.
    """
    if message.wish in ("location", "contact"):
        label = catalogue.say(Say(f"common.send_{message.wish}"), locale)
        button = {"text": label, f"request_{message.wish}": True}
        rows = _rows([{"text": catalogue.say(c.label, locale)} for c in message.choices])
        return {"keyboard": [[button], *rows], "resize_keyboard": True, "one_time_keyboard": True}
    if message.choices:
        buttons = [_button(message, choice, locale, catalogue) for choice in message.choices]
        return {"inline_keyboard": _rows(buttons)}
    return {"remove_keyboard": True} if message.clears else None


def _button(message: Message, choice: Button, locale: str, catalogue: Catalogue) -> Json:
    if message.question is None:
        raise Rejected(f"the choice {choice.value!r} belongs to no question: give the message one")
    data = token(message.question, choice.value)
    if len(data.encode()) > MAX_DATA:
        raise Rejected(
            f"the button {data!r} holds {len(data.encode())} bytes, Telegram takes {MAX_DATA}:"
            " shorten the name of the flow or step, or the choice's value"
        )
    return {"text": catalogue.say(choice.label, locale), "callback_data": data}


def _rows(buttons: Sequence[Json]) -> list[Sequence[Json]]:
    """Put two buttons in a row if all are short, else one: a longer list beats a cut label."""
    width = 2 if all(len(button["text"]) <= SHORT_LABEL for button in buttons) else 1
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]
