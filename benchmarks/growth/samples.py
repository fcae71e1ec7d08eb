"""Samples: conversations of a few owners with the product, whose encrypted rows are multiplied.

Each owner stops one line later than the one before, so there is a session at every question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.bot_api import BotApi
from benchmarks.growth.product import Place, served
from benchmarks.load import Answers, Chat, Load
from benchmarks.script import SCRIPT, Author
from benchmarks.webhook import Webhook

DRAFTS = range(3, len(SCRIPT))  # numbers of lines after which there is an open form
IDLE = (1, 2, len(SCRIPT))  # numbers of lines before the form, or after it was sent


@dataclass(frozen=True, slots=True)
class Learned:
    """The product's answers, and the keyboard by number of lines said."""

    answers: Answers
    keyboards: Mapping[int, Any]


async def talk(place: Place, api: BotApi) -> Learned:
    """Let one owner for each length of the script talk with the product, in an empty database.

    An owner's chat id is the number of lines said.
    """
    async with served(place, f"http://127.0.0.1:{api.port}") as port:
        webhook = Webhook(port, "/webhooks/telegram")
        load = Load(api, [webhook], Author(len(api.photo)))
        try:
            await load.learn()
            owners = [load.meet(Chat(lines, until=lines)) for lines in range(1, len(SCRIPT) + 1)]
            load.ready = lambda chat: None if chat.finished else load.say(chat)
            with load.watched():
                for owner in owners:
                    load.say(owner)
                while not all(owner.finished for owner in owners):
                    await asyncio.sleep(0.02)
        finally:
            api.listener = None
            webhook.close()
    return Learned(load.answers, {owner.step: owner.keyboard for owner in owners})
