"""At every question about a loan, numbers are forgotten, and despair stops the questions."""

from __future__ import annotations

import json

import pytest

from conversations import flows
from conversations.effects import CallPerson, ForgetWords, Help, Reply
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.turn import Turn, advance
from conversations.events import Said
from conversations.facts import Facts
from conversations.messages import Json
from conversations.session import ChatSession, Draft
from tests.conversations import city

FLOWS = flows.load()
FORM = FLOWS.by_id["credit_relaxation"]
#: Answers with which a question is asked that is not asked of everybody.
ASKED_WITH: dict[str, dict[str, Json]] = {
    "consent": {},
    "licence": {"lender_kind": "online"},
    "group": {"lender_kind": "pnm"},
    "told": {"reason": {"picked": ["other"], "done": True}},
    "sure": {"can_pay": 900_000},
    "goes_on": {"now": 0, "can_pay": 0},
    "others_online": {"others": "one"},
}
#: Asked only of an officer, or of an owner who has asked for something else before.
NOT_HERE = {"read_out", "differs", "business"}
STEPS = [step.id for step in FORM.steps if step.id not in NOT_HERE]


def told(step: str, said: str) -> Turn:
    """The turn of somebody who says something at a question of the form."""
    known = {**city.ANSWERS, **city.LOAN}
    order = [one.id for one in FORM.steps]
    before = {one: known[one] for one in order[: order.index(step)] if one in known}
    consents = frozenset({"applying"} if step == "consent" else {"applying", "credit_dossier"})
    facts: Facts = city.facts(consents=consents)
    draft = Draft(FORM.id, "", {**before, **ASKED_WITH.get(step, {})})
    asking = TurnBuilder(FLOWS, ChatSession(greeted=True, tongue_known=True, draft=draft), facts)
    drafts.go_on(asking)
    asking.flush()
    assert asking.session.asked is not None and asking.session.asked.step == step
    return advance(FLOWS, asking.session, Said(said), facts)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "said", ["no pinjaman 0012-01-000123-53-1", "norek 123456789012", "0012 01 000123 53 1"]
)
def test_the_number_of_a_loan_is_forgotten_at_every_question(step: str, said: str) -> None:
    turn = told(step, said)
    assert any(isinstance(effect, ForgetWords) for effect in turn.effects)
    session = json.dumps(turn.session.to_json())
    assert not any(part in session for part in ("000123", "123456"))
    assert turn.session.asked is not None and turn.session.asked.step == step


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("said", ["udah ga kuat hidup", "mending mati aja", "i want to die"])
def test_words_of_despair_stop_the_form_at_every_question(step: str, said: str) -> None:
    turn = told(step, said)
    called = [effect for effect in turn.effects if isinstance(effect, CallPerson)]
    assert [one.about for one in called] == [Help.DISTRESS]
    assert turn.session.asked is None and turn.session.draft is None
    replies = [effect for effect in turn.effects if isinstance(effect, Reply)]
    assert not any(reply.message.choices for reply in replies), "no question is asked"
    kept = [draft for draft in turn.session.parked if draft.flow == FORM.id]
    assert kept or step == "consent"


def test_a_number_in_the_first_words_is_forgotten_and_the_form_opens() -> None:
    facts = city.facts()
    said = Said("cicilan bri nunggak, no pinjaman 0012-01-000123-53-1")
    turn = advance(FLOWS, ChatSession(greeted=True, tongue_known=True), said, facts)
    assert any(isinstance(effect, ForgetWords) for effect in turn.effects)
    assert "000123" not in json.dumps(turn.session.to_json())
    assert turn.session.draft is not None and turn.session.draft.flow == FORM.id
