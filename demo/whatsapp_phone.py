"""The demo's simulation of a WhatsApp phone: the channel's rules and texts, without Twilio.

Choices are numbered, as for messages without Twilio Content; every template counts as approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.base import Bubble, OutgoingMessage
from bot.channels.whatsapp.channel import window_open
from bot.channels.whatsapp.payloads import floor, render
from bot.channels.whatsapp.templates import Templates
from bot.errors import WindowClosed
from conversations.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Phone:
    """Renders messages as bubbles."""

    catalogue: Catalogue
    templates: Templates

    def bubbles(self, outgoing: OutgoingMessage) -> Iterator[Bubble]:
        """Yield the bubbles of a message, in order.

        Raises:
            WindowClosed: the person has not written for a day, and no template has this message.
        """
        if window_open(outgoing):
            for payload in render(outgoing.message, outgoing.locale, self.catalogue):
                for one in floor(payload):
                    has_file = one.filename is not None
                    yield Bubble(one.text, has_file=has_file, has_picture=one.picture)
            return
        template = self.templates.of(outgoing.message, outgoing.locale)
        if template is None:
            raise WindowClosed("no template has this message")
        yield Bubble(template.words)
