"""Chats with the service: the URLs that open them, by the settings that name bot and number."""

from __future__ import annotations

import re
from urllib.parse import quote


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
