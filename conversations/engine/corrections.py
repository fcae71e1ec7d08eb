"""Corrections: words that change an earlier answer, at any question of a form. Pure."""

from __future__ import annotations

import re

from conversations import lexicon
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import Correction
from conversations.engine.reading import reads
from conversations.events import Said
from conversations.flow import Flow
from conversations.parsers import Refused
from conversations.session import Draft
from conversations.step import Stay, Step
from conversations.steps import Review
from conversations.words import plain

#: Words that tell that something is to be changed.
_CHANGES = re.compile(
    r"\b(?:salah\w*|keliru|ganti\w*|diganti|ubah\w*|rubah|diubah|ralat|koreksi|harusnya|seharusnya"
    r"|mestinya|(?:di)?perbaiki|(?:di)?bener(?:in|kan)|(?:di)?betul(?:in|kan)|kegedean|kekecilan"
    r"|kebanyakan|edit|revisi|update|typo|change|wrong|should be|correct\w*|bukan\w*|kurang"
    r"|jadi(?:kan|in)?)\b"
)
#: Words that correct even where free words are an answer, such as an address.
_CORRECTS = re.compile(
    r"\b(?:salah(?! satu)\w*|keliru|ganti(?!an)\w*|diganti|ubah|rubah|diubah|ralat|koreksi|harusnya"
    r"|seharusnya|wrong|should be)\b"
)
#: Words before the new answer.
_NEW = re.compile(
    r"\b(?:seharusnya|harusnya|mestinya|y(?:an)?g (?:benar|bener|betul)(?:nya)?(?: itu)?"
    r"|(?:ganti|ubah|rubah|diganti|diubah|jadi(?:kan|in)?)? ?(?:jadi|menjadi|ke|jd)|should be|to)"
    r"\b[\s:,]*"
)
_OLD = re.compile(r"\bbukan\b.*$")  # "… bukan aminah" names the old answer
#: Courtesies, and words that name or correct an answer, around the new one.
_AROUND = re.compile(
    r"^(?:(?:yang|yg|nya|itu|pak|bu|kak|min|mas|mbak|ya|eh|maaf|tadi|saya|sy|aku|tolong|mau|usaha"
    r"|jadi|jd|salah|ganti|ubah|rubah|ralat|koreksi|kurang|my|the|is|wrong|ke)\b[\s:,.]*)+"
    r"|[\s,.!]+(?:(?:ya|pak|bu|kak|min|dong|deh|bukan)\b[\s,.!]*)*$"
)


def correction(turn: TurnBuilder, text: str) -> Correction | None:
    """Return the earlier answer that the words change; None if they change none.

    The words must name an answer that was given, and say that it is to be changed. At the review
    a name with a new value is enough.
    """
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    if draft is None or flow is None or not flow.form or not draft.answers:
        return None
    words = lexicon.answers(flow.id)
    said = plain(text)
    changes = _CHANGES.search(said)
    step = turn.asked_step()
    if words is None or (changes is None and not isinstance(step, Review)):
        return None
    if step is not None and step.takes_words and not _CORRECTS.search(said) and reads(turn, text):
        return None  # an address may hold "jadi" or "bukan"
    known = {*draft.answers, *(one.id for one in flow.steps if one.optional)}
    given = [r for r in words.rank(_named_part(said)) if r.name in known] or [
        r for r in words.rank(text) if r.name in known
    ]
    if not given:
        return _by_option(flow, draft, text)
    named = flow.step(given[0].name)
    if named is None:
        return None
    value = _value(turn, draft, named, text)
    return Correction(named.id, value) if changes is not None or value else None


def _by_option(flow: Flow, draft: Draft, text: str) -> Correction | None:
    """Return the answer whose option the words deny while they name another one of the step."""
    said = {word for word in lexicon.words(text, topics=True) if word.startswith(lexicon.NOT)}
    for step in flow.steps:
        listed = lexicon.options(flow.id, step.id)
        answer = draft.answers.get(step.id)
        if listed is None or not isinstance(answer, str):
            continue
        denied = {lexicon.NOT + word for word in listed.words_of(answer)}
        named = [one.name for one in listed.rank(text) if one.name != answer]
        if said & denied and named:
            return Correction(step.id, text)
    return None


def _named_part(said: str) -> str:
    """Return the words before the new answer, which name what is wrong."""
    new = _NEW.search(said)
    return said[: new.start()] if new and new.start() > 0 else said


def _value(turn: TurnBuilder, draft: Draft, step: Step, text: str) -> str:
    """Return the words of the new answer, if the step reads them; else ""."""
    text = _OLD.sub("", text)
    new = _NEW.search(text.lower())
    parts = [text[new.end() :]] if new else []
    parts.append(_without_name(draft.flow, step.id, text))
    for part in parts:
        words = _trimmed(part)
        if words and _reads(turn, draft, step, words):
            return words
    return ""


def _without_name(flow: str, step: str, text: str) -> str:
    """Return the text after the last word that names the answer, or says that it is wrong."""
    words = lexicon.answers(flow)
    known = words.words_of(step) if words is not None else frozenset()
    found = list(re.finditer(r"[^\W_]+", text))
    ends = [
        m.end()
        for m in found
        if lexicon.root(plain(m.group())) in known or _CHANGES.fullmatch(plain(m.group()))
    ]
    return text[max(ends) :] if ends else ""


def _trimmed(words: str) -> str:
    before = ""
    while before != words:
        before, words = words, _AROUND.sub("", words.strip(" ,.:;!?"))
    return words


def _reads(turn: TurnBuilder, draft: Draft, step: Step, words: str) -> bool:
    if not step.takes_words:
        listed = lexicon.options(draft.flow, step.id)
        return listed is not None and bool(listed.rank(words))
    try:
        step.read(Said(words), turn.context(draft))
    except Stay:
        return False
    except Refused as refused:
        return bool(refused.readings)
    return True
