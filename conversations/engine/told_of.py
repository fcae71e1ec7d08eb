"""Told of: words about somebody else's business outside its form. Pure."""

from __future__ import annotations

from conversations.engine.builder import TurnBuilder
from conversations.engine.leading import open_form
from conversations.engine.matters import Matter
from conversations.engine.meanings import Aside, Unread
from conversations.engine.precedence import ACCUSES, accuses_another, fills_in
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.parsers.referred import OWN, WHO, worry
from conversations.phrases import Intent
from conversations.words import standardised

#: Matters that such words seem to raise.
_SEEMS = frozenset({Intent.RETALIATION, Intent.WITHDRAWS})
_BESIDE = frozenset({Intent.FEAR, Intent.BANTUAN_MONEY})  # to those who told of a place


def heard(turn: TurnBuilder, raised: Matter | None, text: str) -> Unread | Aside | None:
    """Return what words about somebody else's business mean: an accusation, or a worry."""
    if accuses_another(turn, text, raised):
        return Aside(Intent.REFERRAL, ACCUSES)
    if raised is not None and raised.intent is Intent.RETALIATION and _tells(turn):
        return Unread(Say(f"referral.any_time.{WHO}"))  # "nanti dia marah ga sama saya"
    return _wonders(turn, raised, text)


def _tells(turn: TurnBuilder) -> bool:
    """Whether the form about somebody else's business is open."""
    form = open_form(turn)
    service = turn.flows.services.get(form.id) if form is not None else None
    return service is not None and service.about_others


def _wonders(turn: TurnBuilder, raised: Matter | None, text: str) -> Unread | Aside | None:
    """Return the answer to "dia tau ga saya yg lapor?", asked at no form.

    Where a complaint was made and no place told of, it is about the complaint.
    """
    mine, services = turn.facts.mine, turn.flows.services
    if turn.facts.me.desk != "owner" or fills_in(turn):
        return None
    told = any(services[case.service].about_others for case in mine.cases)
    if raised is not None and raised.intent not in (_SEEMS | _BESIDE if told else _SEEMS):
        return None
    about = worry(text)
    if about is None or about == OWN or (about != WHO and not told):
        return None
    if mine.tickets and not told:
        return Aside(Intent.RETALIATION) if raised is None else None
    if not told and lists.any_of("referral", "of_mine").search(standardised(text)):
        return None  # "takut ketauan petugasnya" is about an officer
    return Unread(Say(f"referral.any_time.{about}"))
