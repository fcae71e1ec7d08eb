"""Links of invitations, which open the chat."""

from __future__ import annotations

from bot import chat_urls
from bot.settings import Settings


def invitation(settings: Settings, payload: str) -> str:
    """Return a link that opens the chat with the invitation, or the words to type there."""
    typed = chat_urls.typed(payload)
    if settings.telegram_bot_username:
        return chat_urls.telegram(settings.telegram_bot_username, payload)
    if settings.twilio_whatsapp_from:
        return chat_urls.whatsapp(settings.twilio_whatsapp_from, typed)
    return typed
