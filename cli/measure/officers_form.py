"""Situations of officers at a visit: around the form that they fill in, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from msgspec import structs

from cli.measure.played import Played
from conversations import flows, services
from conversations.assisted_facts import AssistedFact
from conversations.assisting import BY, OFFICER, subject_of
from conversations.facts import Facts, Me, Mine, Rounds, VisitFact
from conversations.lifecycle import VisitState
from conversations.mending import MENDING
from conversations.messages import Json
from conversations.session import Draft

PERMIT, FORM = "business_permit", 9
#: Sentences of a reply -> what was heard.
_SAID = {
    "rounds_desk.waiting": "wait",
    "common.as_it_is": "fits",
    "assisted.hurry": "hurry",
    "assisted.paused": "pause",
    "assisted.here": "resume",
    "assisted.not_now": "not_now",
    "assisted.signed_early": "signed",
    "assisted.signed": "signed",
    "assisted.no_phone_yet": "no_phone",
    "assisted.card_later": "card_later",
    "assisted.handed": "status",
    "rounds_desk.wish_not_now": "not_now",
    "rounds_desk.kept": "keep",
    "rounds_desk.nik_differs": "nik",
    "rounds_desk.name_differs": "name",
    "refusals.which_trade": "trade",
}
#: Effects -> what was heard.
_DONE = {
    "AskForSignature": "signature",
    "DropForm": "drop",
    "EditForm": "edit",
    "HandOverForm": "chat",
    "OfferCode": "code",
    "ProposeForm": "hand_over",
    "ProveCode": "code",
    "TakeBackForm": "take_back",
}
_STEPS = ("ktp", "wish", "failure", "leaving")  # of a visit


Play = Callable[[Draft, str, Facts], Played]


def situations(
    play: Play, facts: Callable[[Me], Facts], visit: VisitFact, answers: Mapping[str, Json]
) -> Mapping[str, Callable[[str], set[str]]]:
    """Return the situations; `visit` is one of an officer, `answers` are those of a case."""
    there = replace(visit, state=VisitState.ARRIVED, code_proved=True, mendable=True)
    held = {step: answer for step, answer in answers.items() if step != "consent"}
    form = AssistedFact(FORM, PERMIT, 1, visit.id, "Aminah", waits=False, hosted=True)
    mends = replace(form, mendable=services.load()[PERMIT].mended, held=held)

    def at(draft: Draft, one: VisitFact, *forms: AssistedFact) -> Callable[[str], set[str]]:
        known = facts(Me(roles=frozenset({"owner", "officer"}), name="Rahmat"))
        known = replace(known, mine=Mine(), rounds=Rounds((one,), assisted=forms))
        if draft.flow == "visit":
            prefilled = flows.load().by_id["visit"].prefill(draft.subject, known)
            draft = structs.replace(draft, answers={**prefilled, **draft.answers})
        return lambda said: _heard(play(draft, said, known), draft)

    subject, number = subject_of(FORM), str(visit.id)
    written = {BY: OFFICER, "consent": "yes", "read_out": "yes", "owner_name": "Aminah"}
    helps = replace(there, purpose="help")
    asked_code = replace(there, code_proved=False)
    return {
        "officer_form": at(Draft(PERMIT, subject, written, on_behalf=1), helps, form),
        "form_way": at(Draft("assisted", str(FORM)), helps, replace(form, waits=True)),
        "form_handed": at(Draft("officer_desk"), helps, replace(form, taken=True, untouched=True)),
        "form_listed": at(Draft("officer_desk"), helps, form),
        "at_ktp": at(Draft("visit", number), there),
        "at_wish": at(Draft("visit", number), helps),
        "at_failure": at(Draft("visit", number, {"code": "failed"}), asked_code),
        "mend_list": at(
            Draft(PERMIT, subject, {**held, BY: MENDING, "consent": "yes"}, on_behalf=1),
            there,
            mends,
        ),
    }


def _heard(played: Played, before: Draft) -> set[str]:
    """Return what was heard: a matter, an act, or the answers that were given or asked."""
    got = {_SAID[key] for key in played.keys if key in _SAID}
    done = (type(effect).__name__ for effect in played.turn.effects)
    got |= {_DONE[name] for name in done if name in _DONE}
    draft, asked = played.turn.session.draft, played.turn.session.asked
    shown = {choice.value for choice in played.turn.session.shown}
    if played.asks_back:
        got.add("asked_back")
    if shown == {"signature", "paper"}:
        got.add("no_phone")
    if asked is not None and asked.step == "sheet":
        got.add("paper")
    if draft is None:
        return got
    if draft.editing:
        got.add(draft.editing)
    if draft.flow == PERMIT and before.flow == "officer_desk":
        got.add("resume")
    changed = {s for s, answer in played.answers.items() if answer != before.answers.get(s)}
    if draft.flow == PERMIT and before.flow == PERMIT:
        got |= {"card_later" if step == "identity" else step for step in changed}
    if draft.flow == "visit":
        got |= {str(played.answers[step]) for step in _STEPS if step in changed}
    return got
