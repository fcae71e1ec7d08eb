"""Reads free words: a reason, a remark."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.hesitation import gives_reason, later, puts_off, without_lead
from conversations.words import tidy

LETTERS = 5  # of a reason, at least


def note(*, at_most: int = 300) -> Parser:
    """Return the words as typed, without invisible characters.

    Raises:
        Refused: ``note_too_short`` under three characters, or without letter and digit;
            ``note_too_long`` with the limit.
    """

    def parse(text: str, facts: Facts) -> Json:
        words = tidy(text)
        if len(words) < 3 or not re.search(r"[^\W_]", words):
            raise Refused("note_too_short")
        if len(words) > at_most:
            raise Refused("note_too_long", {"at_most": at_most})
        return words

    return parse


def reason(*, at_most: int = 300) -> Parser:
    """Return a reason that somebody will read: a note that is no question and not put off.

    Raises:
        Refused: as `note`; ``no_reason`` for words that give none, or that are a few letters.
    """
    parse_note = note(at_most=at_most)

    def parse(text: str, facts: Facts) -> Json:
        if len(re.findall(r"[^\W\d_]", text)) < LETTERS:
            raise Refused("no_reason")
        words = parse_note(text, facts)  # no long text is searched for what it means
        if not gives_reason(text):
            raise Refused("no_reason")
        return parse_note(without_lead(str(words)), facts)

    return parse


def story(*, at_most: int = 1000, at_least: int = 2) -> Parser:
    """Return what somebody tells, as typed: a note that does not evade the question.

    Raises:
        Refused: as `note`; ``story_later`` for "nanti aja"; ``story_too_short`` under `at_least`
            words, and for words that evade the question.
    """
    parse_note = note(at_most=at_most)

    def parse(text: str, facts: Facts) -> Json:
        words = parse_note(text, facts)
        if later(text):
            raise Refused("story_later")
        if len(text.split()) < at_least or puts_off(text):
            raise Refused("story_too_short")
        return words

    return parse
