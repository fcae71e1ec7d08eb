"""Differences: what an officer says differs at the door, each with its value if the words hold one.

"Jualannya beda, mie ayam; alamatnya salah, no 13" names two answers and gives both anew.
"""

from __future__ import annotations

import re

from msgspec import structs

from conversations import lexicon
from conversations.engine import answers, drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.corrections import reads_as, trimmed, without_name
from conversations.flow import Flow
from conversations.lexicon import lists
from conversations.mending import DIFFERS, same
from conversations.messages import Lines, Say
from conversations.parsers import Refused
from conversations.parsers.address import street_amended
from conversations.parsers.asking import asks_whether
from conversations.words import plain, standardised

#: Between two things that differ; a part that names nothing belongs to the one before it.
_BETWEEN = re.compile(
    r"([,;\n]+|\.\s|\b(?:dan|terus|trus|lalu|sama|juga|sekalian|and|also|plus)\b)", re.IGNORECASE
)
#: Words around what is said anew: "beda", "harusnya".
_DIFFERS = re.compile(rf"(?:{lists.one_of('mending', 'differs')})", re.IGNORECASE)
_BESIDE = re.compile(rf"(?:{lists.one_of('mending', 'beside')})", re.IGNORECASE)
_FITS = re.compile(rf"\b(?:{lists.one_of('mending', 'fits')})\b", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:tidak|belum|kurang|bukan|not|isn't)(?: \w+)?"
    rf" (?:{lists.one_of('mending', 'fits')}|dengan)\b"
)
_UNCHANGED = re.compile(
    rf"\b(?:tidak|belum|not|isn't)(?: (?:ada|yang))* (?:{lists.one_of('mending', 'changes')})\b"
)
_COURTESY = lists.words("mending", "courtesy")
_MARKS = " ,.:;!"
LEAST = 2.0  # weight of words that name something and that it differs
_PLACE, _PREMISES = "place", "premises"  # "tempatnya keliling" names the second


def told(turn: TurnBuilder, text: str) -> dict[str, str]:
    """Return the answers that the words name as different, with the new words or ""."""
    found: dict[str, str] = {}
    for step, words in _groups(turn, text):
        value = _value(turn, step, words)
        value = "" if _says_nothing(value) else value
        if value or not _fits(words):  # "jualannya sama kok"
            found[step] = found.get(step) or value
    return found


def fitting(turn: TurnBuilder, text: str) -> list[str]:
    """Return the answers that the words name as right already: "jualannya sama kok"."""
    differ = told(turn, text)
    named = [step for step, words in _groups(turn, text) if _fits(words)]
    return [step for step in dict.fromkeys(named) if step not in differ]


def _groups(turn: TurnBuilder, text: str) -> list[tuple[str, str]]:
    """Return each answer that the words name, with the words about it."""
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    if draft is None or flow is None or text.rstrip().endswith("?") or asks_whether(text):
        return []
    mendable = flow.mends(draft.subject, turn.facts)
    groups: list[tuple[str, str]] = []
    between = ""
    for at, part in enumerate(_BETWEEN.split(text)):
        if at % 2:
            between = part
            continue
        step = _named(flow, part, mendable)
        if step and not (groups and groups[-1][0] == step):
            groups.append((step, part))
        elif groups:
            groups[-1] = (groups[-1][0], f"{groups[-1][1]}{between}{part}")
        elif part.strip():
            between = ""
    return groups


def _fits(words: str) -> bool:
    if _UNCHANGED.search(standardised(words)) is not None:
        return True
    return _FITS.search(plain(words)) is not None and _DENIED.search(standardised(words)) is None


def _says_nothing(value: str) -> bool:
    """Whether a new value is none: "udah bener", "kurang pas"."""
    said = re.findall(r"[^\W_]+", plain(value))
    return all(
        _FITS.fullmatch(word) or _BESIDE.fullmatch(word) or word in _COURTESY for word in said
    )


def _named(flow: Flow, part: str, mendable: frozenset[str]) -> str:
    """Return the answer that a part of the words names; "" if it names none."""
    named = lexicon.answers(flow.id)
    ranked = [one.name for one in (named.rank(part) if named else []) if one.name in mendable]
    if not ranked and street_amended("-", part.strip(_MARKS)) != part.strip(_MARKS):
        return _KINDS["address"] if _KINDS["address"] in mendable else ""  # "nomornya 15"
    kinds = lexicon.desk("at_door").rank(part)
    kind = kinds[0].name if kinds and kinds[0].weight >= LEAST else ""
    if ranked and ranked[0] == _PLACE and _is_premises(flow, part):
        return _PREMISES
    if ranked and ranked[0] == _PLACE and kind in _KINDS and _KINDS[kind] in ranked:
        return _KINDS[kind]
    if kind in _KINDS and _KINDS[kind] in mendable and (not ranked or kind in _RATHER):
        return _KINDS[kind]
    return ranked[0] if ranked else ""


#: The answer that a kind of difference means first, and kinds that mean more than a word alone.
_KINDS = {
    "trade": "trade",
    "business": "business_name",
    "address": "street",
    "person": "owner_name",
}
_RATHER = frozenset({"business"})


def _is_premises(flow: Flow, part: str) -> bool:
    listed = lexicon.options(flow.id, _PREMISES)
    words = (word for word in part.split() if not _DIFFERS.fullmatch(word))
    return listed is not None and bool(listed.rank(" ".join(words)))


def _value(turn: TurnBuilder, step_id: str, words: str) -> str:
    """Return the new words for an answer, if its step reads them."""
    draft, flow = turn.open_draft(), turn.flow(turn.session.draft)
    step = flow.step(step_id) if flow is not None else None
    if step is None:
        return ""
    named = lexicon.answers(draft.flow)
    names = named.words_of(step_id) if named is not None else frozenset()
    rest = _behind(words, step_id)
    if rest == words.strip(_MARKS) and names.intersection(lexicon.words(words)):
        rest = without_name(draft.flow, step_id, words)
    rest = trimmed(re.sub(r"\bbukan\b.*$", "", rest))
    if not step.takes_words:
        return words if reads_as(turn, draft, step, words) else ""
    for said in (words, rest) if step.numeric or step.optional else (rest,):
        if {*lexicon.words(said)} - names and reads_as(turn, draft, step, said):
            return said
    return ""


def _behind(text: str, step_id: str) -> str:
    """Return what stands behind the last word that says that something differs.

    Before it stand only such words and those that name what differs: "nama jadi Berkah".
    """
    kinds = [kind for kind, step in _KINDS.items() if step == step_id]
    names = frozenset[str]().union(*(lexicon.desk("at_door").words_of(kind) for kind in kinds))
    end = 0
    for found in re.finditer(r"[^\W_]+(?:'[^\W_]+)?", text):
        word = found.group().lower()
        if _DIFFERS.fullmatch(word) or (end and _BESIDE.fullmatch(word)):
            end = found.end()
        elif lexicon.root(plain(word)) not in names and not _BESIDE.fullmatch(word):
            break
    return text[end:].strip(_MARKS)


def at_list(turn: TurnBuilder, text: str) -> bool:
    """Whether words at the list of what differs name an answer."""
    asked = turn.session.asked
    listed = asked is not None and asked.step == DIFFERS and not turn.session.clarifying
    return listed and bool(told(turn, text) or fitting(turn, text))


def take(turn: TurnBuilder, text: str) -> None:
    """Keep what the words give anew, and ask for the first thing that they only name."""
    found = told(turn, text)
    if not found:
        drafts.digress(turn, *_as_they_are(turn, fitting(turn, text)))
        return
    draft = structs.replace(turn.open_draft(), editing=None)
    turn.session = structs.replace(turn.session, draft=draft, clarifying=False, refusals=0)
    open_ones: list[str] = []
    for step_id, words in found.items():
        if not (words and _keep(turn, step_id, words)):
            open_ones.append(step_id)
    turn.lasting = True
    if not open_ones:
        drafts.go_on(turn)
        return
    first, *others = open_ones
    if others:
        context = turn.context(turn.open_draft())
        labels = tuple(Say(context.key(one, "label")) for one in others)
        turn.says.append(Say("mending.others", {"labels": Lines(labels)}))
    answers.correct(turn, first, found[first])


def _as_they_are(turn: TurnBuilder, steps: list[str]) -> list[Say]:
    """Say that these answers stay as they are."""
    draft, flow = turn.open_draft(), turn.flow(turn.session.draft)
    context = turn.context(draft)
    found = [flow.step(one) for one in steps] if flow is not None else []
    return [
        Say(
            "common.as_it_is",
            {
                "label": Say(context.key(step.id, "label")),
                "new": step.show(draft.answers.get(step.id), context),
            },
        )
        for step in found
        if step is not None
    ]


def _keep(turn: TurnBuilder, step_id: str, words: str) -> bool:
    """Keep an answer that is read without a question; False if one is needed."""
    draft, flow = turn.open_draft(), turn.flow(turn.session.draft)
    step = flow.step(step_id) if flow is not None else None
    if step is None:
        return False
    try:
        answer = answers.read_again(turn, step, words)
    except Refused:
        return False
    if same(draft.answers.get(step_id), answer):
        context = turn.context(draft)
        said = {"label": Say(context.key(step_id, "label")), "new": step.show(answer, context)}
        turn.says.append(Say("common.as_it_is", said))
        return True
    turn.session = structs.replace(
        turn.session, draft=structs.replace(draft, answers={**draft.answers, step_id: answer})
    )
    turn.effects += step.then(turn.context(turn.open_draft()), answer)
    return True
