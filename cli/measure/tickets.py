"""Situations of complaints: what is answered while one is told, and what staff say to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cli.measure import labels
from conversations import flows
from conversations.effects import Effect, Reply, Submit
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.turn import Turn, advance
from conversations.events import Said
from conversations.facts import Desk, Facts, Me, Mine, TicketFact
from conversations.messages import Json
from conversations.session import ChatSession, Draft
from conversations.ticketing import AddToTicket, AnswerTicket, CloseTicket, DropTicket, TakeTicket

TICKET = 91
COMPLAINT, OWN, DESK = "complaint", "my_ticket", "ticket"
ANSWERS: dict[str, Json] = {
    "what": "petugas minta uang rokok ke saya tadi pagi",
    "proof": {"ids": [], "done": True},
    "officer": {"badge": "0417", "name": "Rahmat Hidayat"},
    "may_call": "yes",
}
_LETTER: dict[str, Json] = {"act": "answer", "words": "Kami periksa dulu, mohon ditunggu."}


@dataclass(frozen=True, slots=True)
class _Heard:
    """The result of one line."""

    turn: Turn

    @property
    def given(self) -> dict[str, Json]:
        """The answers of the open draft, or of the complaint that was sent."""
        for effect in self.turn.effects:
            if isinstance(effect, Submit):
                return dict(effect.answers)
        draft = self.turn.session.draft
        return dict(draft.answers) if draft is not None else {}

    @property
    def flow(self) -> str:
        """The flow that is open, or nothing."""
        draft = self.turn.session.draft
        return draft.flow if draft is not None else ""

    @property
    def editing(self) -> bool:
        """Whether an answer is to be changed, or it is asked which."""
        draft = self.turn.session.draft
        edits = [one for one in self.turn.session.shown if one.act == "edit"]
        return bool(edits) or (draft is not None and draft.editing is not None)

    @property
    def step(self) -> str:
        """The question that is open, or nothing."""
        asked = self.turn.session.asked
        return asked.step if asked is not None else ""

    @property
    def keys(self) -> set[str]:
        """The keys of the sentences that are said."""
        said = (one.message for one in self.turn.effects if isinstance(one, Reply))
        return {part.key for one in said for part in one.parts}

    def has(self, kind: type[Effect]) -> bool:
        """Whether the line has an effect of a kind."""
        return any(isinstance(one, kind) for one in self.turn.effects)


def situations(facts: Callable[[], Facts]) -> dict[str, Callable[[str], set[str]]]:
    """Return what is read at each question of a complaint; `facts` are of an owner with a visit."""

    def own() -> Facts:
        mine = facts()
        return replace(mine, mine=replace(mine.mine, tickets=(ticket(facts()),)))

    def desk() -> Facts:
        me = Me(roles=frozenset({"owner", "supervisor"}))
        held = Desk(tickets=(ticket(facts()),))
        return replace(facts(), me=me, mine=Mine(), desk=held)

    return {
        "complaint_what": lambda said: _what(_at(_before("what"), said, facts())),
        "complaint_officer": lambda said: _officer(_at(_before("officer"), said, facts())),
        "complaint_call": lambda said: _call(_at(_before("may_call"), said, facts())),
        "complaint_confirm": lambda said: _confirm(_at(_before("confirm"), said, facts())),
        "my_ticket": lambda said: _own(_at(_of(OWN), said, own())),
        "my_ticket_words": lambda said: _own_words(_at(_of(OWN, show="add"), said, own())),
        "ticket": lambda said: _act(_at(_of(DESK, accuses=True), said, desk())),
        "ticket_outcome": lambda said: _outcome(
            _at(_of(DESK, accuses=True, act="close"), said, desk())
        ),
        "ticket_words": lambda said: _desk_words(_at(_of(DESK, act="answer"), said, desk())),
        "ticket_sure": lambda said: _sure(_at(_of(DESK, **_LETTER), said, desk())),
    }


def _what(heard: _Heard) -> set[str]:
    if "what" in heard.given:
        return {"story", *labels.of(heard.keys)}
    if "complaint.what.why" in heard.keys:
        return {"explains"}
    return _left(heard)


def _officer(heard: _Heard) -> set[str]:
    officer = heard.given.get("officer")
    if isinstance(officer, dict):
        return {"words" if "words" in officer else str(officer["badge"])}
    return {str(officer)} if officer else _left(heard)


def _call(heard: _Heard) -> set[str]:
    answer = heard.given.get("may_call")
    return {str(answer)} if answer else _left(heard)


def _confirm(heard: _Heard) -> set[str]:
    if heard.has(Submit):
        return {"send"}
    return {"change"} if heard.editing or heard.given not in ({}, ANSWERS) else _left(heard)


def _left(heard: _Heard) -> set[str]:
    """Whether the complaint is let be, for good or until later, or that is asked once more."""
    if heard.step == "cancel":
        return {"stops"}
    if heard.flow == COMPLAINT:
        return {"open", *labels.of(heard.keys)}
    if heard.turn.session.clarifying:
        return {"asked_back"}
    return {"stops", "later", *labels.of(heard.keys)}


def _own(heard: _Heard) -> set[str]:
    if heard.has(DropTicket) or heard.step == "sure":
        return {"drop"}
    if heard.has(AddToTicket) or (heard.flow, heard.step) == (OWN, "words"):
        return {"add"}
    return {"enough"} if heard.flow != OWN else {"open"}


def _own_words(heard: _Heard) -> set[str]:
    return {"words"} if heard.has(AddToTicket) else {"not_words"}


def _act(heard: _Heard) -> set[str]:
    if heard.has(TakeTicket):
        return {"take"}
    act = heard.given.get("act") if heard.flow == DESK else None
    return {str(act)} if act else ({"later"} if heard.flow != DESK else {"open"})


def _outcome(heard: _Heard) -> set[str]:
    return {str(heard.given.get("outcome", "open"))}


def _desk_words(heard: _Heard) -> set[str]:
    return {"words"} if "words" in heard.given and heard.step == "sure" else {"open"}


def _sure(heard: _Heard) -> set[str]:
    if heard.has(AnswerTicket) or heard.has(CloseTicket):
        return {"yes"}
    return {"no"} if heard.flow != DESK else {"open"}


# -- the questions -------------------------------------------------------------------------------


def _before(step: str) -> Draft:
    """Return a complaint that is asked a question, with the answers before it."""
    given: dict[str, Json] = {}
    for one, answer in ANSWERS.items():
        if one == step:
            break
        given[one] = answer
    return Draft(COMPLAINT, "", given)


def _of(flow: str, **given: Json) -> Draft:
    return Draft(flow, str(TICKET), given)


def _at(draft: Draft, said: str, facts: Facts) -> _Heard:
    asking = TurnBuilder(
        flows.load(), ChatSession(greeted=True, tongue_known=True, draft=draft), facts
    )
    drafts.go_on(asking)
    asking.flush()
    return _Heard(advance(flows.load(), asking.session, Said(said), facts))


def ticket(facts: Facts) -> TicketFact:
    """Return an open complaint."""
    return TicketFact(
        id=TICKET,
        number=f"26-{TICKET:06d}",
        about="complaint",
        since=facts.now,
        answer_by=facts.now.date(),
        close_by=facts.now.date(),
        words=str(ANSWERS["what"]),
        name="Aminah",
        officer="Rahmat Hidayat (0417)",
        accuses=True,
    )
