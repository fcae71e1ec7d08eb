"""Reads which lender an owner borrowed from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from conversations.facts import Facts
from conversations.lenders import Lender, Named, names_branch, said_beside, without_lead
from conversations.messages import Json, Say
from conversations.parsers import Parser, Reading, Refused, WithAnswers
from conversations.parsers.evasions import evasion
from conversations.words import bare, tidy

AT_LEAST, AT_MOST = 2, 80  # characters of a name
_SHOWN = 8  # lenders that are offered; with the words as they are, they fit a list
#: A number of a loan, an account, a card or a person, however it is grouped.
_NUMBER = re.compile(r"\d(?:[ ./-]{0,2}\d){7}")


def lender(kind_step: str = "lender_kind") -> Parser:
    """Read a lender's name, as {"id": id, "name": name}, with "branch" if its office is named.

    `kind_step` is the step that asks for the kind of lender. One that is not in the register, or a
    private person, has the id "" and the owner's words for a name.

    Raises:
        Refused: ``which_lender`` with those that the words may mean; ``lender_please`` for words
            that name none; ``lender_number`` for a long number; ``lender_too_long`` with the limit.
    """

    def read(text: str, facts: Facts, answers: Mapping[str, Json]) -> Json:
        words = tidy(bare(text))
        if _NUMBER.search(words):
            raise Refused("lender_number")
        if evasion(words) is not None or len(re.findall(r"[^\W\d_]", words)) < AT_LEAST:
            raise Refused("lender_please")
        kind = answers.get(kind_step)
        named = facts.lenders.read(words, kind if isinstance(kind, str) else "")
        if named.sure:
            return _answer(named.lenders[0], named, facts)
        told = said_beside(words)
        if not named.lenders and (not told or evasion(told) is not None):
            raise Refused("lender_please")
        name = without_lead(words)
        if len(name) > AT_MOST:
            raise Refused("lender_too_long", {"at_most": AT_MOST})
        as_typed: Json = {"id": "", "name": name}
        if not named.lenders:
            return as_typed
        raise Refused(
            "which_lender",
            readings=(
                *(
                    Reading(one.id, one.name, _answer(one, named, facts))
                    for one in named.lenders[:_SHOWN]
                ),
                Reading("as-typed", Say("common.as_typed"), as_typed),
            ),
        )

    return WithAnswers(read)


def _answer(one: Lender, named: Named, facts: Facts) -> Json:
    """Return the answer, with the words behind the name if they name an office or an area."""
    answer: dict[str, Json] = {"id": one.id, "name": one.name}
    beside = named.beside
    if beside and len(beside) <= AT_MOST and (names_branch(beside) or facts.places.find(beside)):
        answer["branch"] = beside
    return answer
