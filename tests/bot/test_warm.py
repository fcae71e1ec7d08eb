"""Whatever reading needs is loaded when the bot starts, and not by somebody's message."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.city import City
from bot.service import warm
from conversations import flows, lexicon
from conversations.engine.turn import advance
from conversations.events import Said
from conversations.facts import Facts, Me, Role
from conversations.lexicon import lists, whole
from models.reference import area, business_type


def _forget() -> None:
    """Forget what was read from the lists of words."""
    for module in (lexicon, lists, whole):
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()


@pytest.mark.parametrize("desk", ["owner", "officer", "supervisor"])
def test_no_message_loads_the_words(monkeypatch: pytest.MonkeyPatch, desk: Role) -> None:
    city = City(area.load(), business_type.load(), flows.load(), {}, "https://izin.example", 3)
    _forget()
    warm(city)

    def refuse(*_: Any) -> None:
        pytest.fail("a message loaded a list of words")

    monkeypatch.setattr(tomllib, "load", refuse)
    monkeypatch.setattr(tomllib, "loads", refuse)
    known = Facts(datetime.now(UTC), city.places, city.trades, me=Me(frozenset({"owner", desk})))
    for said in ("ini beneran?", "petugasnya minta uang", "telat 20 menit", "siapa yang libur"):
        assert advance(city.flows, None, Said(said), known).effects
