"""The file that is sent with a message: its document, or its picture."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from bot.channels.base import File
from conversations.messages import Message
from models.infrastructure import pictures
from models.infrastructure.storage import Storage
from models.sending import Claimed

PICTURE = "foto.jpg"  # the file name of every picture

log = structlog.get_logger(__name__)


async def of(storage: Storage, message: Message, due: Claimed) -> tuple[Message, File | None]:
    """Return the message with its file; without its picture, if that can't be shown.

    After a try whose outcome is unknown, the text goes alone: it may be the picture that the
    provider can't take in time.

    Raises:
        OSError: the document is not there (yet), or the file store is unavailable.
    """
    if message.document is not None:
        content = await asyncio.to_thread(storage.read, message.document)
        return message, File(message.filename or message.document.rsplit("/", 1)[-1], content)
    if message.picture is None:
        return message, None
    if not due.unsure:
        try:
            content = await asyncio.to_thread(storage.read, message.picture)
            return message, File(PICTURE, await pictures.alone(partial(pictures.shown, content)))
        except (OSError, ValueError, pictures.TooLarge, pictures.Unreadable) as error:
            log.warning("sender.no_picture", message=due.id, error=type(error).__name__)
    return replace(message, picture=None), None
