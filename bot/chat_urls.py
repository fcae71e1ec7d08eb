"""Chats with the service: the URLs that open them, by the settings that name bot and number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class OurChats:
    """Where people can write to us: the bot's name, and the number in E.164."""

    telegram: str | None = None
    whatsapp: str | None = None

    def starting(self, payload: str) -> Iterator[tuple[str, str]]:
        """Yield each channel's name with the URL that begins a chat with this payload."""
        if self.whatsapp:
            yield "WhatsApp", whatsapp(self.whatsapp, typed(payload))
        if self.telegram:
            yield "Telegram", telegram(self.telegram, payload)


NO_CHATS = OurChats()


def typed(payload: str) -> str:
    """Return the words that do the same as a link with this payload, in any chat."""
    return f"/start {payload}"


def telegram(username: str, start: str = "") -> str:
    """Return the URL of a bot; its start button sends the payload `start` with `/start`.

    Source: https://core.telegram.org/bots/features#deep-linking
    """
    return f"https://t.me/{username}" + (f"?start={start}" if start else "")


def whatsapp(number: str, text: str) -> str:
    """Return the URL of a number in E.164, with `text` typed and not sent yet."""
    return f"https://wa.me/{number.removeprefix('+')}?text={quote(text, safe='')}"


def spaced(number: str) -> str:
    """Return an Indonesian number as it is read, "+62 811 1234 567"; another one as it is."""
    if not number.startswith("+62"):
        return number
    rest = number.removeprefix("+62")
    return " ".join(["+62", rest[:3], *re.findall(r"\d{1,4}", rest[3:])])
