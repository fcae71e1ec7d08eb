"""URLs that open a chat with the service, by the settings that name the bot and the number."""

from __future__ import annotations

from urllib.parse import quote


def telegram(username: str, start: str = "") -> str:
    """Return the URL of a bot; its start button sends the payload `start` with `/start`.

    Source: https://core.telegram.org/bots/features#deep-linking
    """
    return f"https://t.me/{username}" + (f"?start={start}" if start else "")


def whatsapp(number: str, text: str) -> str:
    """Return the URL of a number in E.164, with `text` typed and not sent yet."""
    return f"https://wa.me/{number.removeprefix('+')}?text={quote(text, safe='')}"
