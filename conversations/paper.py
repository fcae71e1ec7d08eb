"""Paper: what will be printed on a document, told before it is. Pure.

The sheet, its check page and these sentences take the same lines from the document's kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from conversations.assisting import BY, form_of
from conversations.facts import City
from conversations.flow import Flow, summary
from conversations.mending import MENDING
from conversations.messages import Lines, Say, Value
from conversations.parsers.name import cased
from conversations.service import DocumentKind, Printed, Service
from conversations.session import Answers
from conversations.step import Context
from conversations.whose import of_somebody
from conversations.words import tidy

SHOUTED = 4  # letters of a word in capitals, among others, that is no abbreviation


def holder(on_card: str | None, typed: str) -> str:
    """Return the holder's name as it is printed: that of the KTP, else the one they typed.

    Names all in small letters or all in capitals, as on a KTP, are set as names are: "Siti Aminah".
    """
    name, comma, degrees = tidy(on_card or typed).partition(",")
    if name not in (name.lower(), name.upper()):
        name = " ".join(map(_calm, name.split()))
    return cased(name + comma + degrees)


def _calm(word: str) -> str:
    """Return "SITI" and "sITI" in small letters, but "RM", "KRMT" and "McKay" unchanged."""
    letters = "".join(letter for letter in word if letter.isalpha())
    slipped = len(letters) > 1 and letters[0].islower() and letters[1:].isupper()
    shouted = letters.isupper() and len(letters) >= SHOUTED
    vowels = not {*letters.lower()}.isdisjoint("aeiou")
    return word.lower() if slipped or (shouted and vowels) else word


def printed(
    service: Service, kind: DocumentKind, name: str, answers: Answers, city: City
) -> tuple[Say, ...]:
    """Return what will be printed on a document of this kind: a heading, and a line each."""
    return _sheet(service, kind, name, kind.printed(answers, city)) if kind.prints else ()


def _sheet(
    service: Service, kind: DocumentKind, name: str, lines: Iterable[Printed]
) -> tuple[Say, ...]:
    named = [_line("common.holder", name)] if name else []
    told = (
        _line(one.label, Say("common.left") if one.value is None else one.value) for one in lines
    )
    return (Say(f"{service.id}.{kind.id}.printed"), *named, *told)


def printed_at(
    service: Service, stage: str, name: str, answers: Answers, city: City
) -> tuple[Say, ...]:
    """Return what will be printed on the document that a stage issues; () if it issues none."""
    kind = service.issued_at(stage)
    return printed(service, kind, name, answers, city) if kind is not None else ()


def review(service: Service, flow: Flow, context: Context) -> Lines:
    """Return all answers of a form, a line each: first what will be printed, then the others.

    Of a case that is mended, only what will be printed.
    """
    kinds = [kind for kind in service.documents if kind.prints]
    if not kinds:
        return summary(flow, context)
    facts, answers = context.facts, context.answers
    form = facts.rounds.form(form_of(context.subject))
    own = facts.me.on_card if not of_somebody(answers) else None
    card = own if context.whom is None else form.on_card if form is not None else None
    name = holder(card, service.holder(answers))
    sheets = [(kind, kind.printed(answers, facts)) for kind in kinds]
    first = [line for kind, lines in sheets for line in _sheet(service, kind, name, lines)]
    if answers.get(BY) == MENDING:
        return Lines(tuple(first))
    told = {step for _, lines in sheets for line in lines for step in line.steps}
    if service.holder(answers):
        told.update(service.named_in)
    rest = summary(flow, context, but=told)
    others = (Say("common.not_printed"), *rest.items) if rest.items else ()
    return Lines((*first, *others))


def _line(label: str, value: Value) -> Say:
    return Say("common.line", {"label": Say(label), "answer": value})
