"""A phone on WhatsApp as the demo plays it: the channel's own rules and words, without Twilio.

Choices are numbered, as where there is no Content for them; every template counts as approved.
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
    """Puts messages into bubbles."""

    catalogue: Catalogue
    templates: Templates

    def bubbles(self, outgoing: OutgoingMessage) -> Iterator[Bubble]:
        """The bubbles of a message, in order.

        Raises:
            WindowClosed: they have not written for a day, and no template says this.
        """
        if window_open(outgoing):
            for payload in render(outgoing.message, outgoing.locale, self.catalogue):
                for one in floor(payload):
                    yield Bubble(one.text, has_file=one.filename is not None)
            return
        template = self.templates.of(outgoing.message, outgoing.locale)
        if template is None:
            raise WindowClosed("no template says this")
        yield Bubble(template.words)
