"""Gathering of what one message tells of a loan: its lender, sums, arrears and reasons. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from conversations import lexicon
from conversations.events import Said
from conversations.facts import Facts
from conversations.flow import Flow
from conversations.lenders import names_branch, told_kind
from conversations.lexicon import lists
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.loan import left, long_sum, overdue
from conversations.parsers.money import money
from conversations.several import picked
from conversations.step import Context
from conversations.words import standardised

TOLD = "can_pay"  # the step that only forms about loans have
_REASON, _ARREARS, _OTHER = "reason", "arrears", "other"
_TURNOVER = "turnover"  # words for sales, of which others tell whether they are those before
_SUMS = ("instalment", "before", "now", "can_pay", "remaining")
_PERIOD = r"(?: ?(?:/|per|tiap|a)? ?(?:se)?(?:hari|minggu|bulan|bln|day|week|month)\b)?"
_SUM = re.compile(
    r"(?:\brp\.? ?)?\b\d[\d.,]* ?(?:juta|jutaan|jt|ribu|ribuan|rb|k|million|thousand)(?:an)?\b"
    rf"{_PERIOD}|\brp\.? ?\d[\d.,]*\d{_PERIOD}|\b\d{{1,3}}(?:[.,]\d{{3}})+\b{_PERIOD}"
    rf"|\b\d{{5,9}}\b{_PERIOD}"
)
_LENGTH = r"\w+ ?(?:hari|minggu|bulan|tahun|days?|weeks?|months?|years?)(?:an)?\b(?: lebih)?"
_LATE = re.compile(rf"\b(?:{lists.one_of('loan_told', 'late')})\b")
_BEHIND = re.compile(rf"(?:\W+\w+){{0,3}}?\W+({_LENGTH}|se(?:hari|minggu|bulan|tahun)\w*)")
_AHEAD = re.compile(rf"({_LENGTH}|se(?:hari|minggu|bulan|tahun)\w*)\W+(?:\w+ )?$")
_CLAUSE = re.compile(r"[,;\n]|\.\s|\.$")


def tells_of_loan(text: str) -> bool:
    """Whether words hold a sign of such facts; cheap, for every message."""
    said = text.lower()
    signs = ("late", "instalment", TOLD, "before")
    return sum(lists.any_of("loan_told", one).search(said) is not None for one in signs) > 1


def told_of_loan(flow: Flow, text: str, facts: Facts) -> tuple[dict[str, Json], str]:
    """Return the answers of a form about a loan that words hold, and the words that are left.

    A sum belongs to the name nearest to it: "cicilan 850rb sanggup 500rb".
    """
    rest = standardised(text)
    if flow.step(TOLD) is None or long_sum(text):
        return {}, text
    found, rest = _sums(rest, facts)
    late, rest = _late(rest, facts, flow)
    found |= late
    reasons = _reasons(rest, facts, flow)
    found |= reasons
    of_lender, rest = _lender(rest, facts, flow)
    return found | of_lender, rest


@dataclass(frozen=True, slots=True)
class _Label:
    step: str
    start: int
    end: int


def _labels(said: str) -> list[_Label]:
    """Return the names of sums in a message, the longer of two that overlap."""
    found = [
        _Label(step, match.start(), match.end())
        for step in (*_SUMS, _TURNOVER)
        for match in lists.any_of("loan_told", step).finditer(said)
    ]
    kept: list[_Label] = []
    for one in sorted(found, key=lambda label: label.start - label.end):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda label: label.start)


def _sums(said: str, facts: Facts) -> tuple[dict[str, Json], str]:
    """Return the sums with the steps that their names ask for, and the words without them."""
    labels, found = _labels(said), dict[str, Json]()
    spans = [match.span() for match in _SUM.finditer(said)]
    cut: list[tuple[int, int]] = []
    for at, (start, end) in enumerate(spans):
        before = spans[at - 1][1] if at else 0
        after = spans[at + 1][0] if at + 1 < len(spans) else len(said)
        near = [one for one in labels if before <= one.start and one.end <= after]
        step, used = _nearest(near, start, end, taken=found.keys(), said=said)
        if not step:
            continue
        answer = _read(step, said[start:end], facts)
        if answer is not None:
            found[step] = answer
            cut += [(start, end), *((one.start, one.end) for one in used)]
    for start, end in sorted(cut, reverse=True):
        said = f"{said[:start]},{said[end:]}"
    return found, said


def _nearest(
    near: list[_Label], start: int, end: int, *, taken: Collection[str], said: str
) -> tuple[str, list[_Label]]:
    """Return the step whose name is nearest to a sum, one before it if two are as near."""
    free = [one for one in near if one.step not in taken]

    def far(one: _Label) -> tuple[int, bool]:
        behind = one.start >= end
        between = said[end : one.start] if behind else said[one.end : start]
        distance = len(between.strip()) + (40 if _CLAUSE.search(between) else 0)
        return distance, behind

    ranked = sorted((one for one in free if far(one)[0] <= _FAR), key=far)
    if not ranked:
        return "", []
    first = ranked[0]
    if first.step != _TURNOVER:
        return first.step, [first, *(one for one in ranked if one.step == _TURNOVER)]
    when = next((one for one in ranked if one.step in ("before", "now")), None)
    step = when.step if when is not None else "now" if "now" not in taken else "before"
    return step, [first, *([when] if when is not None else [])]


_FAR = 60  # characters between a sum and its name


def _read(step: str, words: str, facts: Facts) -> Json:
    parse: Parser = left() if step == "remaining" else money(at_least=0, period="month")
    try:
        return parse(words, facts)
    except Refused as refused:
        return refused.readings[0].answer if len(refused.readings) == 1 else None


def _late(said: str, facts: Facts, flow: Flow) -> tuple[dict[str, Json], str]:
    """Return how long somebody is behind with payments, and the words without it."""
    for label in _LATE.finditer(said):
        start = max((one.end() for one in _CLAUSE.finditer(said[: label.start()])), default=0)
        length = _BEHIND.match(said, label.end()) or _AHEAD.search(said[start : label.start()])
        told = length[1] if length is not None else ""
        answer = _overdue(f"{label[0]} {told}", facts, flow)
        if answer:
            rest = f"{said[: label.start()]},{said[label.end() :]}"
            return {_ARREARS: answer}, rest.replace(told, ",", 1) if told else rest
    return {}, said


def _overdue(words: str, facts: Facts, flow: Flow) -> str:
    try:
        return str(overdue()(words, facts))
    except Refused:
        listed = lexicon.options(flow.id, _ARREARS)
        ranked = listed.rank(words) if listed is not None else []
        return ranked[0].name if ranked else ""


def _reasons(said: str, facts: Facts, flow: Flow) -> dict[str, Json]:
    step = flow.step(_REASON)
    if step is None:
        return {}
    try:
        answer = step.hear(Said(said), Context(flow.id, "", {}, facts))
    except Refused:
        return {}
    named = [one for one in picked(answer) if one != _OTHER]
    return {_REASON: {"picked": named, "done": True}} if named else {}


def _lender(said: str, facts: Facts, flow: Flow) -> tuple[dict[str, Json], str]:
    """Return the lender, its kind and branch, and the product that a part of the words names."""
    found: dict[str, Json] = {}
    if lists.any_of("loan_told", "kur").search(said):
        found["product"] = "kur"
    for part in (one.strip() for one in _CLAUSE.split(said)):
        named = facts.lenders.read(part) if part else None
        if named is None or not named.sure:
            continue
        lender = named.lenders[0]
        found |= {"lender_kind": lender.kind, "lender": {"id": lender.id, "name": lender.name}}
        if named.beside and names_branch(named.beside):
            found["branch"] = named.beside
        return found, said.replace(part, " ", 1)
    kind = told_kind(said) or _kind(said, flow)
    return found | ({"lender_kind": kind} if kind else {}), said


def _kind(said: str, flow: Flow) -> str:
    """Return the kind of lender that words name which mean nothing else: "mekaar", "fif"."""
    listed = lexicon.options(flow.id, "lender_kind")
    ranked = listed.rank(said) if listed is not None else []
    return ranked[0].name if ranked and ranked[0].name in _SURE_KINDS else ""


_SURE_KINDS = frozenset({"pnm", "leasing"})
