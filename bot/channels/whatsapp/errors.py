"""Decisions for Twilio's error codes, in a response or in a later delivery report.

later       rate limit, or a provider is down      TryLater: for a day
window      only a template is allowed now         WindowClosed, after a template was tried
elsewhere   WhatsApp holds the message back        HeldBack, and an alarm: try another address
nobody      the recipient can't be reached         Unreachable
file        the file was not accepted              FileNotTaken: a link is sent instead
content     the Content is gone                    ContentGone: it is created again
language    the template lacks this language       LanguageMissing: Indonesian is sent instead
ours        our mistake                            Rejected, and an alarm
others      not listed here                        Unlisted: a few tries

Source: https://www.twilio.com/docs/api/errors, each under its number. Only codes documented as
permanent are final: Twilio adds codes, and a new one may be temporary.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog

from bot.errors import ChannelError, Rejected, TryLater, Unlisted, Unreachable, WindowClosed

SOON = timedelta(seconds=15)  # after a limit per second
A_WHILE = timedelta(minutes=2)
PERSON_NEEDED = timedelta(minutes=5)  # an operator must fix the account: wait, lose nothing

CLOSED = 63016

_LATER: Mapping[int, timedelta] = {
    20003: PERSON_NEEDED,  # wrong account or token
    20005: PERSON_NEEDED,  # the account is not active
    30002: PERSON_NEEDED,  # the account is suspended
    63001: PERSON_NEEDED,  # Twilio can't sign in at WhatsApp
    63007: PERSON_NEEDED,  # Twilio does not find our number
    20500: A_WHILE,  # Twilio failed
    20503: A_WHILE,  # a service of Twilio's is unavailable
    20429: SOON,  # too many requests
    21611: A_WHILE,  # our queue at Twilio is full
    63009: A_WHILE,  # WhatsApp failed
    63012: A_WHILE,
    63017: A_WHILE,  # WhatsApp's own rate
    63018: SOON,
    21730: A_WHILE,  # maintenance
    30001: A_WHILE,  # the queue overflowed
    30003: A_WHILE,  # the phone is off
    30008: A_WHILE,  # unknown to Twilio itself
    30017: A_WHILE,  # the network is congested
    30021: A_WHILE,  # Twilio failed
    30410: A_WHILE,  # the provider behind it did not answer
    63010: A_WHILE,  # Twilio failed
    63023: A_WHILE,  # WhatsApp gives no reason
}
_NOBODY: Mapping[int, str] = {
    21211: "is no valid number: have it corrected",
    21610: "said STOP",
    63003: "has no WhatsApp",
    63014: "has blocked us",
    63015: "has not joined the sandbox",
    63024: "can't be written to",
}
_OURS: Mapping[int, str] = {
    20001: "a parameter that Twilio does not know, or a wrong one",
    21609: "the address for reports is wrong",
    21617: "the text is too long",
    21619: "there is no text",
    21654: "variables without Content",
    21656: "the Content's variables are wrong",
    21658: "the Content's variables are too long",
    63005: "WhatsApp refuses the content",
    63006: "the content can't be put into WhatsApp's form",
    63013: "it breaks a rule of WhatsApp's",
    63021: "WhatsApp does not take such content",
    63028: "the template has another number of variables",
    63030: "WhatsApp does not know a parameter",
}
_FILE = frozenset({12300, 21620, 63019, 63034})
_CONTENT = frozenset({20404, 21655})
_LANGUAGE = frozenset({63027})
#: WhatsApp holds back this message, or all of ours: an operator must act.
_ELSEWHERE: Mapping[int, str] = {
    63032: "WhatsApp restricts this recipient",
    63038: "the account's messages of this day are used up",
    63041: "the template is paused",
    63049: "WhatsApp refuses it as marketing: have the template approved as utility",
}

_log = structlog.get_logger(__name__)


class FileNotTaken(Rejected):
    """Twilio or WhatsApp could not fetch the file at its URL, or refused it."""


class ContentGone(Rejected):
    """There is no Content of this SID."""


class LanguageMissing(Rejected):
    """The template is not approved in this language."""


class HeldBack(WindowClosed):
    """WhatsApp delivers this neither as free text nor as a template."""


def decision(code: int, why: str = "") -> ChannelError:
    """Map an error code to a decision; `why` is Twilio's text without personal data.

    If a response has no code of Twilio's, `code` is its HTTP status: a proxy answered, or an
    operator must fix the account. `code` is 0 for a report without a code.
    """
    text = f"Twilio {code}{': ' if why else ''}{why}"
    if code == CLOSED:
        return WindowClosed(text)
    if code in _LATER or 100 <= code < 600:
        return TryLater(text, after=_LATER.get(code, PERSON_NEEDED))
    if code in _NOBODY:
        return Unreachable(f"Twilio {code}: the number {_NOBODY[code]}")
    if code in _ELSEWHERE:
        _log.error("whatsapp.held_back", code=code, why=_ELSEWHERE[code])
        return HeldBack(f"Twilio {code}: {_ELSEWHERE[code]}")
    if code in _FILE:
        return FileNotTaken(text)
    if code in _CONTENT:
        return ContentGone(text)
    if code in _LANGUAGE:
        return LanguageMissing(text)
    if code in _OURS:
        return Rejected(f"{text} ({_OURS[code]})")
    return Unlisted(text)
