"""Words of a supervisor about what waits for an answer: taken, answered, closed, or looked at.

The flow `ticket` shows the words once more before they are sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conversations import lexicon
from conversations.engine import deciding, drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.confirming import ask, choice, no
from conversations.engine.naming import Named
from conversations.facts import TicketFact
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.parsers import verdicts
from conversations.phrases import Intent, whole_intent
from conversations.session import Draft
from conversations.ticketing import LONGEST, TakeTicket
from conversations.words import standardised, tidy

FLOW = "ticket"
SHOWN = 9  # tickets to choose from
LEAST_REST = 2  # words after the verb that are an answer
COMPLAINTS = "complaints"  # what was told last: the list of complaints

_TICKET = lists.any_of("tickets", "called")
_TAKES = lists.any_of("tickets", "takes")
_OPENS = lists.any_of("tickets", "opens")
_LISTS = lists.any_of("tickets", "lists")
_ANSWERS = re.compile(
    rf"^\W*(?:tolong |eh |please )*(?:{lists.one_of('tickets', 'answers')})\b"
    rf"(?:\W+(?:{lists.one_of('tickets', 'whom')})\b)*[\s:,\"]*(.*)$",
    re.I | re.S,
)
_CLOSES = re.compile(
    rf"^\W*(?:tolong |oke |ok |please )*(?:{lists.one_of('tickets', 'closes')})\b"
    rf"(?:\W+(?:{lists.one_of('tickets', 'it')})\b)*[\s:,\"]*(.*)$",
    re.I | re.S,
)
_CLOSES_LAST = re.compile(
    rf"[,.;]\s*(?:{lists.one_of('tickets', 'closes')})(?: (?:saja|aja|deh|dong|ya|it))*\W*$", re.I
)
_REWRITES = re.compile(
    r"\b(?:ganti|gantikan|ubah|ralat|revisi|change)(?:nya)?(?: (?:it|jadi|jd|dengan|to|jawaban\w*"
    r"|kata\w*|saja|aja))*\s*:?\s+(\S.*)$",
    re.I | re.S,
)
_OF_NUMBER = re.compile(r"^(?:(?:yg|yang|no|nomor|tiket|nr|number)\W+)*\d[\d-]*\W+", re.I)
_DIGITS = re.compile(r"(?<![\d-])\d{2,6}(?![\d-])")
_ASKS = re.compile(r"\?|\b(?:apa|siapa|gimana|mana|berapa|puas|isi|isinya|what|who|how)\b")
_OBJECTION = lists.any_of("tickets", "objections")
_ASKED = lists.any_of("tickets", "asked")
_CALLED = re.compile(
    r"^(?!.*\b(?:tidak|belum|not)\b).*\b(?:sudah|tadi|barusan|already|have)\b.*"
    r"\b(?:telepon|telpon|telp|ditelepon|ditelpon|hubungi|dihubungi|called)\b"
)
_OFFICE = re.compile(r"\b(?:kantor|office|jam berapa)\b")


@dataclass(frozen=True, slots=True)
class Order:
    """An act on a ticket ("" only shows it), and the words for its owner."""

    act: str
    words: str = ""
    outcome: str = ""
    verdict: str = ""  # on an objection


def hears(turn: TurnBuilder, text: str, named: Sequence[Named]) -> bool:
    """Whether words are about a ticket: the open one, one that they name, or the only one."""
    if not turn.facts.desk.tickets or _OFFICE.search(standardised(text)):
        return False
    if _at(turn, "sure"):
        return _REWRITES.search(tidy(text)) is not None or _closes_instead(turn, text)
    numbered = _numbered(turn, text)
    by_number = numbered is not None and deciding.short_number(turn, text) is None
    if by_number or _ruled(turn, text) is not None:
        return True
    if _at(turn, "outcome", "verdict"):
        bare = whole_intent(text) in (Intent.YES, Intent.NO) and not _outcome(text)
        return bare or _ordered(text) is not None
    if _at(turn, "act"):
        return _was_called(turn, text) or _ordered(text) is not None or _shows(text)
    said = standardised(text)
    ordered, told = _ordered(text), bool(turn.told(COMPLAINTS) or turn.told(FLOW))
    objects = _OBJECTION.search(said) and any(one.objects for one in turn.facts.desk.tickets)
    if (_TICKET.search(said) or objects) and not _LISTS.search(said):
        return ordered is not None or _OPENS.search(said) is not None
    if named or not (turn.at_home() or turn.session.draft is None):
        return False
    if turn.told(FLOW) and _sends_anew(text):
        return True
    asked = told and (_OPENS.search(said) is not None or _shows(text))
    return asked or (ordered is not None and (told or ordered.act != "close" or _is_short(text)))


def answer(turn: TurnBuilder, text: str) -> None:
    """Open the ticket that is meant with what the words say; ask which one if several fit."""
    if _at(turn, "sure") and not _closes_instead(turn, text):
        _rewrite(turn, text)
        return
    ruled = _ruled(turn, text)
    order = ruled or _ordered(text) or _implied(turn, text)
    meant = _meant(turn, text)
    if ruled is not None:
        objections = [one for one in turn.facts.desk.tickets if one.objects]
        meant = [one for one in meant if one.objects] or objections
    if len(meant) == 1:
        _take_up(turn, meant[0], order)
        return
    choices = (
        choice(f"ticket-{one.id}", deciding.cut(f"{one.number} {one.name or ''}".strip()),
               "ticket_which", str(one.id), [order.act, order.words, order.outcome, order.verdict])
        for one in meant[:SHOWN]
    )  # fmt: skip
    ask(turn, Say("supervising.which_ticket"), *choices, no())


def _closes_instead(turn: TurnBuilder, text: str) -> bool:
    """Whether words at an answer that is about to be sent close the ticket: "tutup aja, beres"."""
    answers = turn.open_draft().answers.get("act") == "answer"
    return answers and _CLOSES.match(tidy(text)) is not None


def _implied(turn: TurnBuilder, text: str) -> Order:
    """Return what is meant where the words name no act: other words, or a call that was made."""
    anew = _REWRITES.search(tidy(text)) if turn.at_home() and _sends_anew(text) else None
    if anew is not None:
        return Order("answer", _rest(anew[1]))
    again = _at(turn, "outcome", "verdict") and _numbered(turn, text) is None
    closes = again or (_at(turn, "act") and _was_called(turn, text))
    return Order("close") if closes else Order("")


def _was_called(turn: TurnBuilder, text: str) -> bool:
    """Whether somebody who asked for a call was called; a complaint needs more than that."""
    one = opened(turn)
    asks = one is not None and not one.about.startswith("complaint")
    return asks and _CALLED.search(standardised(text)) is not None


def _sends_anew(text: str) -> bool:
    """Whether words give an answer again, just after it was sent: "ganti jadi: …"."""
    return ":" in text and _REWRITES.search(tidy(text)) is not None


def chosen(turn: TurnBuilder, subject: str, argument: Json) -> None:
    """Go on with the ticket that was picked."""
    one = turn.facts.desk.ticket(subject)
    if one is None:
        drafts.digress(turn, Say("common.gone"))
    else:
        _take_up(turn, one, Order(*map(str, argument)))


def _take_up(turn: TurnBuilder, one: TicketFact, order: Order) -> None:
    flow = turn.flows.by_id[FLOW]
    given = {**flow.prefill(str(one.id), turn.facts)}
    act = "" if order.act == "take" and one.mine else order.act
    if act == "take":
        turn.lasting = True
        drafts.switch_to(turn, Draft(FLOW, str(one.id), given))
        drafts.go_on(turn)
        turn.prompt = None  # the effect replies, and the card stays the open question
        turn.effects.append(TakeTicket(one.id))
        return
    if act:
        given["act"] = act
    if order.outcome and one.accuses and act == "close":
        given["outcome"] = order.outcome
    if order.verdict and one.objects:
        given["verdict"] = order.verdict
    if order.words:
        given["words"] = order.words
    drafts.switch_to(turn, Draft(FLOW, str(one.id), given))
    drafts.go_on(turn)


def _rewrite(turn: TurnBuilder, text: str) -> None:
    """Take other words for the answer that is about to be sent, and show it again."""
    found = _REWRITES.search(tidy(text))
    draft = turn.open_draft()
    if found is not None:
        answers = {**draft.answers, "words": found[1][:LONGEST]}
        drafts.switch_to(turn, Draft(FLOW, draft.subject, answers))
    drafts.go_on(turn)


def _ordered(text: str) -> Order | None:
    """Return what the words say is to be done with a ticket, or None."""
    said, whole = standardised(text), tidy(text)
    answers = _ANSWERS.match(whole)
    if answers is not None:
        return Order("answer", _rest(answers[1]))
    closes = _CLOSES.match(whole)
    if closes is not None:
        return Order("close", _rest(closes[1]), _outcome(text))
    if _CLOSES_LAST.search(whole):
        return Order("close", "", _outcome(text))
    return Order("take") if _TAKES.search(said) and not _ASKS.search(said) else None


def _ruled(turn: TurnBuilder, text: str) -> Order | None:
    """Return the order of words that uphold an objection or not: "kabulkan keberatannya".

    Words that only wonder show the objection.
    """
    objections = [one for one in turn.facts.desk.tickets if one.objects]
    draft = turn.session.draft if _at(turn, "act", "verdict") else None
    here = draft is not None and any(str(one.id) == draft.subject for one in objections)
    verdict = _verdict(text)
    said = standardised(text)
    if not verdict or not (here or (objections and _OBJECTION.search(said))):
        return None
    if _ASKS.search(said) or verdicts.wonders(text):
        return Order("")
    return Order("close", deciding.reason_after_because(text), verdict=verdict)


def _rest(words: str) -> str:
    """Return the words after a verb, if they can be an answer."""
    rest = _OF_NUMBER.sub("", words.strip(" \"'"))
    return rest[:LONGEST] if len(rest.split()) >= LEAST_REST else ""


def _outcome(text: str) -> str:
    return _option("outcome", text)


def _verdict(text: str) -> str:
    return _option("verdict", text)


def _option(step: str, text: str) -> str:
    """Return the option of a step that the words name most clearly; "" if they name none."""
    listed = lexicon.options(FLOW, step)
    ranked = listed.rank(text) if listed is not None else []
    return ranked[0].name if ranked else ""


def _shows(text: str) -> bool:
    """Whether words ask what a ticket says: "yang diadukan siapa"."""
    said = standardised(text)
    return _ASKS.search(said) is not None and _ASKED.search(said) is not None


def asks_after(text: str) -> bool:
    """Whether words ask about complaints, and make none: "keluhan soal uang itu gimana"."""
    said = standardised(text)
    return _TICKET.search(said) is not None and _ASKS.search(said) is not None


def _is_short(text: str) -> bool:
    return len(text.split()) <= LEAST_REST


def _meant(turn: TurnBuilder, text: str) -> Sequence[TicketFact]:
    """Return the tickets that may be meant: of the number, the open one, of the name, or all."""
    numbered = _numbered(turn, text)
    if numbered is not None:
        return (numbered,)
    tickets, draft = turn.facts.desk.tickets, turn.session.draft
    if draft is not None and draft.flow == FLOW:
        return [one for one in tickets if str(one.id) == draft.subject] or tickets
    told = [one for one in tickets if str(one.id) == turn.told(FLOW)]
    names = {id for flow, id, _ in deciding.waiting_named(turn, text) if flow == FLOW}
    some = [one for one in tickets if str(one.id) in names]
    if not some and not told and _TICKET.search(standardised(text)):
        some = [one for one in tickets if one.about.startswith("complaint")]
    if not some and _OBJECTION.search(standardised(text)):
        some = [one for one in tickets if one.objects]
    return some or told or tickets


def _numbered(turn: TurnBuilder, text: str) -> TicketFact | None:
    """Return the ticket whose number, or the end of it, stands in the words."""
    tickets, number = turn.facts.desk.tickets, deciding.number_in(text)
    if number is not None:
        opens = _ordered(text) is not None or _OPENS.search(standardised(text)) is not None
        return next((one for one in tickets if one.number == number and opens), None)
    ends = {digits.lstrip("0") for digits in _DIGITS.findall(text)}
    some = [one for one in tickets if one.number.split("-")[-1].lstrip("0") in ends]
    waits = any(case.number.split("-")[-1].lstrip("0") in ends for case in turn.facts.desk.cases)
    return some[0] if len(some) == 1 and not waits else None


def opened(turn: TurnBuilder) -> TicketFact | None:
    """Return the ticket whose page is open."""
    draft = turn.session.draft
    return turn.facts.desk.ticket(draft.subject) if draft and draft.flow == FLOW else None


def _at(turn: TurnBuilder, *steps: str) -> bool:
    asked = turn.session.asked
    return asked is not None and asked.flow == FLOW and asked.step in steps
